// Types and their literals, from small domains so that statements meet each other's rows. `plain` literals can also be
// bound; terms add what only CQL text can say: functions, casts, arithmetic, values of the wrong type.

const FIXED = {
  ascii: ["''", "'a'", "'b'", "'ab'", "'zz'"],
  bigint: ['0', '1', '2', '-1', '9223372036854775807', '-9223372036854775808'],
  blob: ['0x', '0x00', '0xff', '0xcafe', '0x00000001'],
  boolean: ['true', 'false'],
  counter: ['0', '1', '5', '-1'],
  date: ["'2020-01-01'", "'1970-01-01'", "'1969-12-31'", "'2020-02-29'"],
  decimal: ['0', '1.5', '-1', '1.50', '1E+3', '0.000001', '12345678901234567890.12345'],
  double: ['0', '1', '1.5', '-2.25', '1e300', '0.1', 'NaN', 'Infinity', '-Infinity'],
  duration: ['1mo', '2d', '1mo2d3ns', '3600000000000ns', '-1d'],
  float: ['0', '1', '1.5', '-2.25', '1e30', '0.1', 'NaN', 'Infinity'],
  inet: ["'127.0.0.1'", "'10.0.0.2'", "'::1'", "'fe80::1'"],
  int: ['0', '1', '2', '3', '-1', '2147483647', '-2147483648'],
  smallint: ['0', '1', '2', '-1', '32767', '-32768'],
  text: ["''", "'a'", "'b'", "'ab'", "'é'", "'it''s'", "'zz'", "'1'"],
  time: ["'00:00:00'", "'12:34:56.789'", "'23:59:59.999999999'", '0'],
  timestamp: [
    "'2020-01-01 00:00:00+0000'",
    '0',
    '-1',
    "'2020-01-01 12:30:00+0000'",
    '1577836800000',
  ],
  timeuuid: [
    '50554d6e-29bb-11e5-b345-feff819cdc9f',
    '50554d6e-29bb-11e5-b345-feff819cdc9e',
    '00000000-0000-1000-8080-808080808080',
    'd2177dd0-eaa2-11de-a572-001b779c76e3',
  ],
  tinyint: ['0', '1', '2', '-1', '127', '-128'],
  uuid: [
    '00000000-0000-0000-0000-000000000000',
    '50554d6e-29bb-11e5-b345-feff819cdc9f',
    'f47ac10b-58cc-4372-a567-0e02b2c3d479',
  ],
  varint: [
    '0',
    '1',
    '-1',
    '2',
    '12345678901234567890123',
    '-170141183460469231731687303715884105728',
  ],
};

export const NATIVES = Object.keys(FIXED).filter((name) => name !== 'counter');
export const NUMBERS = [
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'varint',
  'float',
  'double',
  'decimal',
];
const KEYS = NATIVES.filter((name) => name !== 'duration');

export function native(name) {
  return { kind: 'native', name };
}

export function typeText(type) {
  switch (type.kind) {
    case 'native':
      return type.name;
    case 'list':
    case 'set':
      return frozen(type, `${type.kind}<${typeText(type.element)}>`);
    case 'map':
      return frozen(type, `map<${typeText(type.key)}, ${typeText(type.value)}>`);
    case 'tuple':
      return `tuple<${type.elements.map(typeText).join(', ')}>`;
    case 'udt':
      return frozen(type, type.name);
    default:
      return `vector<${typeText(type.element)}, ${type.size}>`;
  }
}

function frozen(type, text) {
  return type.frozen ? `frozen<${text}>` : text;
}

/** The type as the codecs of the project know it. */
export function cqlType(type) {
  switch (type.kind) {
    case 'native':
      return type;
    case 'list':
    case 'set':
      return { kind: type.kind, frozen: true, element: cqlType(type.element) };
    case 'map':
      return { kind: 'map', frozen: true, key: cqlType(type.key), value: cqlType(type.value) };
    case 'tuple':
      return { kind: 'tuple', elements: type.elements.map(cqlType) };
    case 'udt':
      return {
        kind: 'udt',
        fieldNames: type.fields.map(({ name }) => name),
        fieldTypes: type.fields.map((field) => cqlType(field.type)),
      };
    default:
      return { kind: 'vector', element: cqlType(type.element), dimension: type.size };
  }
}

/** Any type that a column of the place may have: 'key', 'regular', 'element'. */
export function anyType(choices, place, userTypes, depth = 0) {
  const inner = (where) => anyType(choices, where, userTypes, depth + 1);
  const kind = choices.weighted([
    [place === 'regular' ? 50 : depth > 1 ? 200 : 60, 'native'],
    [8, 'list'],
    [8, 'set'],
    [8, 'map'],
    [4, 'tuple'],
    [userTypes.length > 0 ? 5 : 0, 'udt'],
    [3, 'vector'],
  ]);
  const isFrozen = place !== 'regular' || choices.chance(30);
  const element = place === 'key' ? 'key' : 'element';
  switch (kind) {
    case 'native':
      return native(choices.one(place === 'regular' ? NATIVES : KEYS));
    case 'list':
      return { kind, frozen: isFrozen, element: inner(element) };
    case 'set':
      return { kind, frozen: isFrozen, element: inner('key') };
    case 'map':
      return { kind, frozen: isFrozen, key: inner('key'), value: inner(element) };
    case 'tuple':
      return { kind, elements: choices.times(1 + choices.below(3), () => inner(element)) };
    case 'udt':
      return { ...choices.one(userTypes), frozen: isFrozen };
    default:
      return {
        kind,
        element: choices.chance(70)
          ? native('float')
          : native(choices.one(['int', 'text', 'double'])),
        size: 1 + choices.below(3),
      };
  }
}

/** Each once: which of two spellings of one value a set or map keeps is chance in Cassandra; so is `{b, a}` for `{a, b}`. */
function unique(items) {
  const spelling = (text) =>
    [
      ...text
        .replaceAll('1.50', '1.5')
        .replaceAll("'00:00:00'", '0')
        .replaceAll("'2020-01-01 00:00:00+0000'", '1577836800000'),
    ]
      .sort()
      .join('');
  return [...new Map(items.map((item) => [spelling(item), item])).values()];
}

/** A literal that also can be bound. */
export function plain(choices, type) {
  switch (type.kind) {
    case 'native':
      return choices.one(FIXED[type.name]);
    case 'list':
      return `[${choices.times(choices.below(4), () => plain(choices, type.element)).join(', ')}]`;
    case 'set': {
      const items = unique(choices.times(choices.below(4), () => plain(choices, type.element)));
      return `{${items.join(', ')}}`;
    }
    case 'map': {
      const keys = unique(choices.times(choices.below(3), () => plain(choices, type.key)));
      return `{${keys.map((key) => `${key}: ${plain(choices, type.value)}`).join(', ')}}`;
    }
    case 'tuple':
      return `(${type.elements.map((element) => (choices.chance(8) ? 'null' : plain(choices, element))).join(', ')})`;
    case 'udt': {
      const fields = choices.some(type.fields, 80);
      return `{${fields.map(({ name, type: of }) => `${name}: ${plain(choices, of)}`).join(', ')}}`;
    }
    default:
      return `[${choices.times(type.size, () => plain(choices, type.element)).join(', ')}]`;
  }
}

const WILD = [
  'nows()',
  'blob',
  "'nothing'",
  '1.0e',
  '{}',
  '[]',
  '()',
  '(1, 2)',
  "{'a': 1}",
  '?x',
  'true',
  'NaN',
  '-NaN',
  '99999999999999999999',
  '1h',
  'P1M',
  '$$x$$',
  '0xabc',
  'null',
  "toTimestamp('a')",
  '- 1',
  "'a' + 'b'",
  'totimestamp(now)',
];

/** Mostly a fitting literal; sometimes something else that has the type, or has not. */
export function term(choices, type, odd = 6) {
  // Any constant passes for a tuple in Cassandra, which then cannot read it.
  if (type.kind === 'tuple' || !choices.chance(odd))
    return choices.chance(3) ? 'null' : plain(choices, type);
  const number = type.kind === 'native' && NUMBERS.includes(type.name);
  return choices.weighted([
    [3, () => plain(choices, native(choices.one(NATIVES)))],
    [2, () => choices.one(WILD)],
    [3, () => `(${typeText(type)}) ${plain(choices, type)}`],
    [2, () => `(${choices.one(NATIVES)}) ${plain(choices, type)}`],
    [
      number ? 6 : 1,
      () =>
        `${plain(choices, type)} ${choices.one(['+', '-', '*', '/', '%'])} ${plain(choices, type)}`,
    ],
    [number ? 2 : 0, () => `-(${plain(choices, type)})`],
    [2, () => `${choices.one(NATIVES)}asblob(${plain(choices, native(choices.one(NATIVES)))})`],
    [2, () => `blobas${choices.one(NATIVES)}(${plain(choices, native('blob'))})`],
  ])();
}
