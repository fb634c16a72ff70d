// Statements over the tables of a script: mostly valid, now and then nearly so.

import { columnsOf } from './schema.mjs';
import { cqlType, native, NATIVES, NUMBERS, plain, term, typeText } from './values.mjs';

/** Terms as text, or as markers with the values beside it. */
class Terms {
  constructor(choices, encode) {
    this.choices = choices;
    this.encode = encode;
    this.values = encode === null ? null : [];
  }

  of(type, odd) {
    const { choices } = this;
    if (this.values === null || !choices.chance(70)) return term(choices, type, odd);
    this.values.push(
      choices.weighted([
        [92, this.raw(type)],
        [4, 'null'],
        [3, 'unset'],
        [1, 'raw(0x00)'],
      ]),
    );
    return '?';
  }

  /** As bytes: what it is bound to may turn out to have another type. */
  raw(type) {
    return `raw(0x${this.encode(cqlType(type), plain(this.choices, type)).toString('hex')})`;
  }
}

const SELECTS = 55;

/** A time to come, so that what expires is not yet purged; requests choose it, or a little later. */
const NOW = 2_000_000_000;

/** `{ lines: directives, text }`. */
export function makeStatement(choices, schema, encode) {
  const chosen = choices.one(schema.tables);
  const terms = new Terms(choices, choices.chance(25) ? encode : null);
  const directives = [];
  const kind = choices.weighted([
    [SELECTS, 'select'],
    [22, 'insert'],
    [12, 'update'],
    [9, 'delete'],
    [4, 'batch'],
    [2, 'json'],
    [1, 'truncate'],
    [2, 'alter'],
  ]);
  // What is written to a view is refused: once in a while.
  const base = chosen.isView === true && kind !== 'select' && !choices.chance(5);
  const table = base ? choices.one(schema.tables.filter(({ isView }) => isView !== true)) : chosen;
  let text = WRITERS[kind](choices, table, terms, schema);
  if (kind === 'select' && choices.chance(40)) directives.push(`-- @page ${1 + choices.below(6)}`);
  if (choices.chance(12)) directives.push(`-- @protocol ${choices.one([3, 4])}`);
  else if (choices.chance(25)) directives.push(`-- @now ${NOW + choices.one([0, 5, 20])}`);
  if (choices.chance(2)) text = damaged(choices, text);
  if (terms.values !== null && terms.values.length > 0)
    directives.push(`-- @bind ${terms.values.join(', ')}`);
  return { lines: directives, text };
}

/** One token dropped, doubled or moved. */
function damaged(choices, text) {
  const tokens = text.match(/'(?:[^']|'')*'|\w+|\s+|./g) ?? [text];
  const at = choices.below(tokens.length);
  const copy = [...tokens];
  const what = choices.below(3);
  if (what === 0) copy.splice(at, 1);
  else if (what === 1) copy.splice(at, 0, copy[at]);
  else copy.splice(at, 0, ...copy.splice(choices.below(copy.length), 1));
  const changed = copy.join('').replaceAll(';', ' ').replaceAll('--', '-').replaceAll('/*', '/');
  const quotes = changed.match(/'/g)?.length ?? 0;
  return quotes % 2 === 0 && changed.trim() !== '' && !changed.includes('$$') ? changed : text;
}

const WRITERS = { select, insert, update, delete: remove, batch, json, truncate, alter };

function usingText(choices, table, isDelete = false) {
  if (table.counter || !choices.chance(20)) return '';
  const parts = [];
  if (!isDelete && choices.chance(40))
    parts.push(`TTL ${choices.one([0, 100000, 200000, 100000, 3, 10])}`);
  if (parts.length === 0 || choices.chance(50))
    parts.push(`TIMESTAMP ${choices.one([1, 1000, 1700000000000000, 1700000000000001])}`);
  return ` USING ${choices.shuffled(parts).join(' AND ')}`;
}

function insert(choices, table, terms) {
  const keys = [...table.partition, ...table.clustering].filter(() => !choices.chance(2));
  const others = choices.some([...table.statics, ...table.regulars], 65);
  const columns = choices.chance(80)
    ? [...keys, ...others]
    : choices.shuffled([...keys, ...others]);
  const condition = choices.chance(8) ? ' IF NOT EXISTS' : '';
  const values = columns.map(({ type }) => terms.of(type));
  return `INSERT INTO ${table.name} (${columns.map(({ name }) => name).join(', ')}) VALUES (${values.join(', ')})${condition}${usingText(choices, table)}`;
}

function json(choices, table) {
  const columns = choices.some(columnsOf(table), 85);
  const fields = columns.map(
    ({ name, type }) =>
      `"${choices.chance(3) ? name.toUpperCase() : name}": ${jsonText(choices, type)}`,
  );
  const end = choices.weighted([
    [6, ''],
    [2, ' DEFAULT UNSET'],
    [1, ' DEFAULT NULL'],
    [1, ' IF NOT EXISTS'],
  ]);
  return `INSERT INTO ${table.name} JSON '{${fields.join(', ').replaceAll("'", "''")}}'${end}`;
}

function jsonText(choices, type) {
  if (choices.chance(4)) return 'null';
  if (choices.chance(4))
    return choices.one(['1', '"a"', 'true', '[1]', '{"a": 1}', '1.5', '""', '"1"']);
  const all = (items) => items.join(', ');
  switch (type.kind) {
    case 'list':
    case 'set':
      return `[${all(choices.times(choices.below(3), () => jsonText(choices, type.element)))}]`;
    case 'vector':
      return `[${all(choices.times(type.size, () => jsonText(choices, type.element)))}]`;
    case 'map': {
      const key = () => {
        const text = jsonText(choices, type.key);
        return text.startsWith('"') ? text : JSON.stringify(text);
      };
      return `{${all(choices.times(choices.below(3), () => `${key()}: ${jsonText(choices, type.value)}`))}}`;
    }
    case 'tuple':
      return `[${all(type.elements.map((element) => jsonText(choices, element)))}]`;
    case 'udt':
      return `{${all(type.fields.map((field) => `"${field.name}": ${jsonText(choices, field.type)}`))}}`;
    default: {
      const text = plain(choices, type);
      if (text.startsWith("'")) return JSON.stringify(text.slice(1, -1).replaceAll("''", "'"));
      if (/^(true|false|-?\d+(\.\d+)?)$/.test(text)) return choices.chance(15) ? `"${text}"` : text;
      return `"${text}"`;
    }
  }
}

/** Equality on the key, complete but for a chance. */
function keyText(choices, table, terms, { ranges = false } = {}) {
  const parts = table.partition
    .filter(() => !choices.chance(1))
    .map(({ name, type }) =>
      choices.chance(6)
        ? `${name} IN (${terms.of(type)}, ${terms.of(type)})`
        : `${name} = ${terms.of(type, 2)}`,
    );
  const keep = ranges ? choices.below(table.clustering.length + 1) : table.clustering.length;
  table.clustering
    .slice(0, keep)
    .forEach((column, i) =>
      parts.push(clusteringText(choices, column, terms, ranges && i === keep - 1)),
    );
  return parts.join(' AND ');
}

function clusteringText(choices, { name, type }, terms, mayRange) {
  if (mayRange && choices.chance(40)) {
    const lower = `${name} ${choices.one(['>', '>='])} ${terms.of(type, 2)}`;
    const upper = `${name} ${choices.one(['<', '<='])} ${terms.of(type, 2)}`;
    return choices.weighted([
      [2, lower],
      [2, upper],
      [1, `${lower} AND ${upper}`],
    ]);
  }
  return choices.chance(7)
    ? `${name} IN (${terms.of(type)}, ${terms.of(type)})`
    : `${name} = ${terms.of(type, 2)}`;
}

function conditionText(choices, table, terms) {
  if (!choices.chance(12)) return '';
  if (choices.chance(30)) return ' IF EXISTS';
  const columns = choices
    .shuffled([...table.statics, ...table.regulars])
    .slice(0, 1 + choices.below(2));
  if (columns.length === 0) return ' IF EXISTS';
  const parts = columns.map(({ name, type }) => {
    const operator = choices.one(['=', '=', '!=', '<', '<=', '>', '>=']);
    if (type.kind === 'list' && choices.chance(30))
      return `${name}[${term(choices, native('int'))}] ${operator} ${terms.of(type.element)}`;
    if (type.kind === 'map' && choices.chance(30))
      return `${name}[${terms.of(type.key)}] ${operator} ${terms.of(type.value)}`;
    if (type.kind === 'udt' && choices.chance(30)) {
      const field = choices.one(type.fields);
      return `${name}.${field.name} ${operator} ${terms.of(field.type)}`;
    }
    return choices.chance(12)
      ? `${name} IN (${terms.of(type)}, ${terms.of(type)})`
      : `${name} ${operator} ${terms.of(type)}`;
  });
  return ` IF ${parts.join(' AND ')}`;
}

function update(choices, table, terms) {
  const own = choices
    .shuffled([...table.statics, ...table.regulars])
    .slice(0, 1 + choices.below(2));
  const columns = own.length === 0 ? table.partition : own;
  const using = usingText(choices, table);
  const sets = columns.map((column) => assignment(choices, column, terms));
  const onlyStatic = columns.every(({ kind }) => kind === 's') && choices.chance(70);
  const where = keyText(choices, onlyStatic ? { ...table, clustering: [] } : table, terms);
  return `UPDATE ${table.name}${using} SET ${sets.join(', ')} WHERE ${where}${conditionText(choices, table, terms)}`;
}

function assignment(choices, { name, type }, terms) {
  const set = () => `${name} = ${terms.of(type)}`;
  if (type.kind === 'native' && type.name === 'counter')
    return `${name} = ${name} ${choices.one(['+', '-'])} ${terms.of(native('bigint'))}`;
  if (choices.chance(35)) return set();
  switch (type.kind) {
    case 'list':
      return choices.one([
        () => `${name} = ${name} + ${terms.of(type)}`,
        () => `${name} += ${terms.of(type)}`,
        () => `${name} = ${terms.of(type)} + ${name}`,
        () => `${name} = ${name} - ${terms.of(type)}`,
        () => `${name}[${term(choices, native('int'))}] = ${terms.of(type.element)}`,
      ])();
    case 'set':
      return `${name} = ${name} ${choices.one(['+', '-'])} ${terms.of(type)}`;
    case 'map':
      return choices.one([
        () => `${name} = ${name} + ${terms.of(type)}`,
        () => `${name}[${terms.of(type.key)}] = ${terms.of(type.value)}`,
        () => `${name} = ${name} - ${terms.of({ kind: 'set', element: type.key })}`,
      ])();
    case 'udt': {
      const field = choices.one(type.fields);
      return `${name}.${field.name} = ${terms.of(field.type)}`;
    }
    default:
      return choices.chance(15) ? `${name} = ${name} + ${terms.of(type)}` : set();
  }
}

/** Cassandra's counter cache remembers what was deleted: only counters that never counted are. */
function withoutCounted(text) {
  return text.replace(/\bk0 (=|IN) (\([^)]*\)|\S+)/, 'k0 = 77');
}

function remove(choices, table, terms) {
  if (!table.counter) return removal(choices, table, terms);
  return withoutCounted(removal(choices, table, new Terms(choices, null)));
}

function removal(choices, table, terms) {
  const columns = choices.chance(45)
    ? choices.shuffled([...table.statics, ...table.regulars]).slice(0, 1 + choices.below(2))
    : [];
  const targets = columns.map(({ name, type }) => {
    if (type.kind === 'list' && choices.chance(50))
      return `${name}[${term(choices, native('int'))}]`;
    if (type.kind === 'map' && choices.chance(50)) return `${name}[${terms.of(type.key)}]`;
    if (type.kind === 'set' && choices.chance(50)) return `${name}[${terms.of(type.element)}]`;
    if (type.kind === 'udt' && choices.chance(50))
      return `${name}.${choices.one(type.fields).name}`;
    return name;
  });
  const ranges = columns.length === 0 || choices.chance(15);
  const list = targets.length === 0 ? '' : ` ${targets.join(', ')}`;
  const using = usingText(choices, table, true);
  return `DELETE${list} FROM ${table.name}${using} WHERE ${keyText(choices, table, terms, { ranges })}${conditionText(choices, table, terms)}`;
}

function batch(choices, table, terms, schema) {
  const writers = [insert, update, remove];
  const of = () =>
    choices.one(writers)(
      choices,
      choices.chance(75)
        ? table
        : choices.one(schema.tables.filter(({ isView }) => isView !== true)),
      terms,
    );
  const parts = choices.times(1 + choices.below(3), of);
  const kind = choices.weighted([
    [5, ''],
    [4, 'UNLOGGED '],
    [table.counter ? 6 : 1, 'COUNTER '],
  ]);
  return `BEGIN ${kind}BATCH ${parts.map((part) => `${part}; `).join('')}APPLY BATCH`;
}

function truncate(choices, table) {
  return `TRUNCATE ${table.name}`;
}

function alter(choices, table) {
  const { name } = choices.one(columnsOf(table));
  return choices.weighted([
    [4, `ALTER TABLE ${table.name} ADD x${choices.below(3)} ${choices.one(NATIVES)}`],
    [1, `ALTER TABLE ${table.name} DROP x${choices.below(3)}`],
    [1, `ALTER TABLE ${table.name} ADD ${name} int`],
    [1, `ALTER TABLE ${table.name} RENAME ${name} TO ${name}`],
    [1, `CREATE INDEX ON ${table.name} (${name})`],
    [
      1,
      `ALTER TABLE ${table.name} WITH comment = 'x' AND gc_grace_seconds = ${choices.one([0, 1, -1, 864000])}`,
    ],
  ]);
}

// ------------------------------------------------------------------------------------------------------------ select

function select(choices, table, terms) {
  const isDistinct = choices.chance(5);
  const grouped = !isDistinct && choices.chance(12) ? groupColumns(choices, table) : [];
  const list = isDistinct
    ? [
        ...table.partition.map(({ name }) => name),
        ...choices.some(table.statics, 40).map(({ name }) => name),
      ].join(', ')
    : selectList(choices, table, terms, grouped.length > 0);
  const head = `SELECT ${choices.chance(5) ? 'JSON ' : ''}${isDistinct ? 'DISTINCT ' : ''}${list} FROM ${table.name}`;
  const where = whereText(choices, table, terms);
  const parts = [head];
  if (where !== '') parts.push(`WHERE ${where}`);
  if (grouped.length > 0) parts.push(`GROUP BY ${grouped.join(', ')}`);
  if (table.clustering.length > 0 && choices.chance(15))
    parts.push(`ORDER BY ${orderText(choices, table)}`);
  if (choices.chance(10)) parts.push(`PER PARTITION LIMIT ${choices.one([1, 2, 3, 0])}`);
  if (choices.chance(20))
    parts.push(
      `LIMIT ${terms.values !== null && choices.chance(30) ? terms.of(native('int')) : 1 + choices.below(8)}`,
    );
  if (choices.chance(55)) parts.push('ALLOW FILTERING');
  return parts.join(' ');
}

function groupColumns(choices, table) {
  const all = [...table.partition, ...table.clustering].map(({ name }) => name);
  const names = all.slice(0, 1 + choices.below(all.length));
  return choices.chance(90) ? names : choices.shuffled(names);
}

function orderText(choices, table) {
  const turn = choices.chance(50);
  const columns = table.clustering.slice(0, 1 + choices.below(table.clustering.length));
  return columns
    .map(
      ({ name, reversed }) =>
        `${name} ${(reversed !== turn) !== choices.chance(10) ? 'DESC' : 'ASC'}`,
    )
    .join(', ');
}

function selectList(choices, table, terms, isGrouped) {
  if (choices.chance(isGrouped ? 15 : 45)) return '*';
  const count = 1 + choices.below(4);
  return choices
    .times(count, () => {
      const text = selectorText(choices, table, terms, isGrouped || choices.chance(12), 0);
      return choices.chance(8) ? `${text} AS a${choices.below(9)}` : text;
    })
    .join(', ');
}

const AGGREGATES = ['count', 'min', 'max', 'sum', 'avg'];
const SCALARS = [
  'tojson',
  'to_json',
  'abs',
  'exp',
  'log',
  'log10',
  'round',
  'tounixtimestamp',
  'todate',
  'totimestamp',
  'mintimeuuid',
  'mask_inner',
  'mask_default',
  'mask_null',
  'mask_hash',
  'collection_count',
  'collection_min',
  'collection_max',
  'collection_sum',
  'collection_avg',
  'map_keys',
  'map_values',
  'writetime',
  'maxwritetime',
  'dateof',
  'nosuchfunction',
];

function selectorText(choices, table, terms, aggregates, depth) {
  const { name, type } = choices.one(columnsOf(table));
  const inner = () => (depth > 1 ? name : selectorText(choices, table, terms, false, depth + 1));
  const isNumber = type.kind === 'native' && NUMBERS.includes(type.name);
  return choices.weighted([
    [aggregates ? 20 : 100, () => name],
    [
      aggregates ? 60 : 1,
      () => (choices.chance(25) ? 'count(*)' : `${choices.one(AGGREGATES)}(${inner()})`),
    ],
    [10, () => `cast(${name} AS ${choices.one(NATIVES)})`],
    [12, () => `${choices.one(SCALARS).replace(/^(max)?writetime$/, 'tojson')}(${inner()})`],
    [8, () => `${choices.one(NATIVES)}asblob(${name})`],
    [3, () => `token(${table.partition.map((column) => column.name).join(', ')})`],
    [
      isNumber ? 20 : 2,
      () =>
        `${name} ${choices.one(['+', '-', '*', '/', '%'])} ${choices.chance(60) ? plain(choices, isNumber ? type : native('int')) : name}`,
    ],
    [3, () => `(${typeText(type)}) ${terms.of(type)}`],
    [2, () => terms.of(type)],
    [
      type.kind === 'map' ? 40 : 0,
      () => `${name}[${terms.of(type.key)}${choices.chance(30) ? `..${terms.of(type.key)}` : ''}]`,
    ],
    [
      type.kind === 'set' ? 40 : 0,
      () =>
        `${name}[${terms.of(type.element)}${choices.chance(30) ? `..${terms.of(type.element)}` : ''}]`,
    ],
    [type.kind === 'udt' ? 40 : 0, () => `${name}.${choices.one(type.fields).name}`],
    [2, () => `[${inner()}]`],
    [2, () => `(${inner()}, ${inner()})`],
    [1, () => `{${inner()}}`],
  ])();
}

function whereText(choices, table, terms) {
  const parts = [];
  const shape = choices.weighted([
    [25, 'all'],
    [45, 'key'],
    [10, 'token'],
    [20, 'filter'],
  ]);
  if (shape === 'key') {
    parts.push(keyText(choices, table, terms, { ranges: true }));
    if (table.clustering.length > 1 && choices.chance(15)) {
      parts.length = 0;
      parts.push(
        keyText(choices, { ...table, clustering: [] }, terms),
        tupleText(choices, table, terms),
      );
    }
  }
  if (shape === 'token') {
    const names = table.partition.map(({ name }) => name).join(', ');
    const other = choices.chance(50)
      ? choices.one(['0', '-9223372036854775808', '1000000000000000000'])
      : `token(${table.partition.map(({ type }) => terms.of(type)).join(', ')})`;
    parts.push(`token(${names}) ${choices.one(['>', '>=', '<', '<=', '='])} ${other}`);
  }
  if (shape === 'filter' || choices.chance(15)) {
    const columns = choices.shuffled(columnsOf(table)).slice(0, 1 + choices.below(2));
    for (const column of columns) parts.push(filterText(choices, column, terms));
  }
  return parts.filter((part) => part !== '').join(' AND ');
}

function tupleText(choices, table, terms) {
  const columns = table.clustering.slice(0, 1 + choices.below(table.clustering.length));
  const names = `(${columns.map(({ name }) => name).join(', ')})`;
  const value = () => `(${columns.map(({ type }) => terms.of(type, 2)).join(', ')})`;
  const lower = `${names} ${choices.one(['>', '>='])} ${value()}`;
  return choices.weighted([
    [3, lower],
    [2, `${names} ${choices.one(['<', '<='])} ${value()}`],
    [1, `${lower} AND ${names} < ${value()}`],
    [2, `${names} = ${value()}`],
    [2, `${names} IN (${value()}, ${value()})`],
  ]);
}

function filterText(choices, { name, type }, terms) {
  if (['list', 'set'].includes(type.kind) && choices.chance(60))
    return `${name} CONTAINS ${terms.of(type.element)}`;
  if (type.kind === 'map' && choices.chance(70)) {
    return choices.one([
      () => `${name} CONTAINS ${terms.of(type.value)}`,
      () => `${name} CONTAINS KEY ${terms.of(type.key)}`,
      () => `${name}[${terms.of(type.key)}] = ${terms.of(type.value)}`,
    ])();
  }
  if (choices.chance(8)) return `${name} IN (${terms.of(type)}, ${terms.of(type)})`;
  const operator = choices.weighted([
    [6, '='],
    [2, '>'],
    [2, '>='],
    [2, '<'],
    [2, '<='],
    [1, '!='],
    [1, 'LIKE'],
    [1, 'IS NOT'],
  ]);
  return `${name} ${operator} ${operator === 'IS NOT' ? 'NULL' : terms.of(type)}`;
}
