// Functions made to measure, and what depends on functions in the recorded selections: names of
// result columns, types and values.

import { describe, expect, test } from 'vitest';
import { internColumn } from '../../src/data/schema.ts';
import type { TableMetadata } from '../../src/data/schema.ts';
import type { CqlType, NativeTypeName } from '../../src/data/cql-type.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { CqlException, ERROR_CODES } from '../../src/data/cql-error.ts';
import { TimeUuidGenerator } from '../../src/data/time-uuid.ts';
import { typeName } from '../../src/data/type-names.ts';
import { typedArgument } from '../../src/cql/functions/function-argument.ts';
import type { CqlFunction, FunctionContext } from '../../src/cql/functions/function.ts';
import { resolveFunction } from '../../src/cql/functions/resolve-function.ts';
import { literalBytes, parseType } from '../types/cql-text.ts';
import { facts, recordedErrors } from '../read-facts.ts';

const generator = new TimeUuidGenerator(Buffer.alloc(8, 7));
const CONTEXT: FunctionContext = {
  nowMs: 1_795_600_000_000,
  nextTimeUuid: () => generator.next(1_795_600_000_000),
  randomBytes: (length) => Buffer.alloc(length, 0xab),
};

interface Selection {
  readonly cql: string;
  readonly columns?: [string, string][];
  readonly firstRow?: (string | null)[];
}
const selections = facts<Selection[]>('selectors.json');

/** The recorded column of a name, wherever it was selected. */
function recordedColumn(name: string): { type: string; value: string | null } {
  for (const { columns = [], firstRow = [] } of selections) {
    const at = columns.findIndex(([column]) => column === name);
    if (at >= 0) return { type: columns[at]?.[1] ?? '', value: firstRow[at] ?? null };
  }
  throw new Error(name);
}

const key = internColumn({
  keyspace: 'e',
  table: 'kv',
  name: 'k',
  type: NATIVE.int,
  kind: 'partition_key',
  position: 0,
  reversed: false,
  mask: null,
});
const table = { keyspace: 'e', name: 'kv', partitionKey: [key] } as unknown as TableMetadata;

function resolve(
  name: string,
  args: [text: string, type: CqlType][],
  receiverType: CqlType | null = null,
): CqlFunction {
  const found = resolveFunction({
    keyspace: 'system',
    name,
    args: args.map(([text, type]) => typedArgument(type, text)),
    currentKeyspace: 'e',
    receiverType,
    table,
    userFunctions: () => [],
  });
  if (found === null) throw new Error(name);
  return found;
}

/** Recorded values print text as text and everything else as 0x... */
function shown(bytes: Buffer | null, type: CqlType): string | null {
  if (bytes === null) return null;
  return type.kind === 'native' && (type.name === 'text' || type.name === 'ascii')
    ? bytes.toString()
    : `0x${bytes.toString('hex')}`;
}

function shownType(type: CqlType): string {
  return typeName(type)
    .replaceAll(/frozen<(.*)>/g, '$1')
    .replaceAll('text', 'varchar')
    .replaceAll(', ', ',');
}

/** Column name, function and its arguments as (name, type, literal). */
type Case = [
  column: string,
  name: string,
  ...args: [text: string, type: string, literal: string][],
];
const ts: [string, string, string] = ['ts', 'timestamp', "'2020-01-02T03:04:05Z'"];
const tu: [string, string, string] = ['tu', 'timeuuid', '50554d6e-29bb-11e5-b345-feff819cdc9f'];
const k: [string, string, string] = ['k', 'int', '1'];
const v: [string, string, string] = ['v', 'int', '1'];
const tx: [string, string, string] = ['tx', 'text', "'t'"];
const m: [string, string, string] = ['m', 'map<text,int>', "{'a':1,'b':2}"];
const l: [string, string, string] = ['l', 'list<int>', '[1,2]'];
const st: [string, string, string] = ['st', 'set<text>', "{'a'}"];
const vec: [string, string, string] = ['v', 'vector<float,3>', '[1,2,3]'];
const number = (name: string, type: string, literal: string): [string, string, string] => [
  name,
  type,
  literal,
];

const scalars: Case[] = [
  ['v + 1', '_add', v, number('1', 'int', '1')],
  ['v - 1', '_substract', v, number('1', 'int', '1')],
  ['v / 2', '_divide', v, number('2', 'int', '2')],
  ['v % 2', '_modulo', v, number('2', 'int', '2')],
  ['-v', '_negate', v],
  ['cast(v as text)', 'cast_as_text', v],
  ['system.token(k)', 'token', k],
  ['system.to_json(m)', 'to_json', m],
  ['system.tojson(tu)', 'tojson', ['tu', 'tuple<int,text>', "(1,'x')"]],
  ['system.to_json(u)', 'to_json', ['u', 'addr', "{street:'s',num:3}"]],
  ['system.todate(ts)', 'todate', ts],
  ['system.to_timestamp(tu)', 'to_timestamp', tu],
  ['system.to_unix_timestamp(ts)', 'to_unix_timestamp', ts],
  [
    "system.mintimeuuid('2020-01-01')",
    'mintimeuuid',
    ["'2020-01-01'", 'timestamp', "'2020-01-01'"],
  ],
  ['ts + 1d', '_add', ts, ['1d', 'duration', '1d']],
  ['d - 1d', '_substract', ['d', 'date', "'2020-01-02'"], ['1d', 'duration', '1d']],
  ['ts - 1h', '_substract', ts, ['1h', 'duration', '1h']],
  ['f + 1', '_add', number('f', 'float', '1.5'), number('1', 'int', '1')],
  ['f * vi', '_multiply', number('f', 'float', '1.5'), number('vi', 'varint', '7')],
  ['de + vi', '_add', number('de', 'decimal', '2.5'), number('vi', 'varint', '7')],
  ['vi + 1', '_add', number('vi', 'varint', '7'), number('1', 'int', '1')],
  ['k + 2147483647', '_add', k, number('2147483647', 'int', '2147483647')],
  ["tx + 'z'", '_add', tx, ["'z'", 'ascii', "'z'"]],
  ['system.abs(k)', 'abs', k],
  ['system.log(k)', 'log', k],
  ['system.log10(k)', 'log10', k],
  ['system.exp(f)', 'exp', number('f', 'float', '1.5')],
  ['system.round(de)', 'round', number('de', 'decimal', '2.5')],
  ['system.round(f)', 'round', number('f', 'float', '1.5')],
  ['system.exp(k)', 'exp', k],
  ['system.map_keys(m)', 'map_keys', m],
  ['system.map_values(m)', 'map_values', m],
  ['system.collection_count(l)', 'collection_count', l],
  ['system.collection_sum(l)', 'collection_sum', l],
  ['system.collection_avg(l)', 'collection_avg', l],
  ['system.collection_min(st)', 'collection_min', st],
  ['system.floor(ts, 1d)', 'floor', ts, ['1d', 'duration', '1d']],
  ['system.floor(d, 1mo)', 'floor', ['d', 'date', "'2020-01-02'"], ['1mo', 'duration', '1mo']],
  ['system.floor(ti, 1h)', 'floor', ['ti', 'time', "'01:02:03'"], ['1h', 'duration', '1h']],
  ['system.mask_default(tx)', 'mask_default', tx],
  [
    'system.mask_inner(tx, 0, 0)',
    'mask_inner',
    tx,
    number('0', 'int', '0'),
    number('0', 'int', '0'),
  ],
  ['system.mask_hash(tx)', 'mask_hash', tx],
  ['system.mask_null(k)', 'mask_null', k],
  ['system.mask_replace(k, 5)', 'mask_replace', k, number('5', 'int', '5')],
  ['system.intasblob(k)', 'intasblob', k],
  ['system.textasblob(tx)', 'textasblob', tx],
  ['system.similarity_euclidean(v, v)', 'similarity_euclidean', vec, vec],
  ['system.similarity_dot_product(v, v)', 'similarity_dot_product', vec, vec],
];

describe('recorded selections', () => {
  test.each(scalars)('%s', (column, name, ...args) => {
    const typed = args.map(([text, type]): [string, CqlType] => [text, parseType(type)]);
    const fn = resolve(name, typed);
    const expected = recordedColumn(column);
    expect(fn.columnName(args.map(([text]) => text))).toBe(column);
    expect(shownType(fn.returnType)).toBe(expected.type);
    const values = args.map(([, type, literal]) => literalBytes(literal, parseType(type)));
    expect(
      fn.kind === 'scalar' ? shown(fn.execute(values, CONTEXT), fn.returnType) : 'aggregate',
    ).toBe(expected.value);
  });

  test.each([
    ['system.max(v)', 'max'],
    ['system.min(v)', 'min'],
    ['system.sum(v)', 'sum'],
    ['system.avg(v)', 'avg'],
    ['system.count(v)', 'count'],
    ['count', 'count_rows'],
  ])('%s', (column, name) => {
    const fn = resolve(name, name === 'count_rows' ? [] : [['v', NATIVE.int]]);
    if (fn.kind !== 'aggregate') throw new Error('not an aggregate');
    const state = fn.newAggregate(CONTEXT);
    state.add([Buffer.of(0, 0, 0, 1)]);
    expect(fn.columnName(['v'])).toBe(column);
    expect([shownType(fn.returnType), shown(state.result(), fn.returnType)]).toEqual(
      Object.values(recordedColumn(column)),
    );
    state.reset();
    const empty = { max: null, min: null, sum: '0x00000000', avg: '0x00000000' }[name] ?? null;
    if (name.startsWith('count')) expect(state.result()).toEqual(Buffer.alloc(8));
    else expect(shown(state.result(), fn.returnType)).toBe(empty);
  });
});

describe('texts of a running server when a function fails', () => {
  const errors = recordedErrors();
  const failing: Case[] = [
    ['SELECT * FROM kv WHERE k=1/0', '_divide', number('1', 'int', '1'), number('0', 'int', '0')],
    ['SELECT * FROM kv WHERE k=5%0', '_modulo', number('5', 'int', '5'), number('0', 'int', '0')],
    ['SELECT k+1h FROM kv', '_add', ['k', 'date', "'2020-01-01'"], ['1h', 'duration', '1h']],
    ['SELECT blob_as_int(0x00) FROM kv', 'blob_as_int', ['0x00', 'blob', '0x00']],
    ['SELECT blob_as_int(0x0000000001) FROM kv', 'blob_as_int', ['0x', 'blob', '0x0000000001']],
    ['SELECT blob_as_text(0xff) FROM kv', 'blob_as_text', ['0xff', 'blob', '0xff']],
    [
      'SELECT similarity_cosine(v,[0.0,0.0,0.0]) FROM vec',
      'similarity_cosine',
      vec,
      ['x', 'vector<float,3>', '[0,0,0]'],
    ],
    ["SELECT mask_inner(t,1,1,'ab') FROM kv", 'mask_inner', tx, k, k, ["'ab'", 'text', "'ab'"]],
    ['SELECT floor(now(), -1h) FROM kv', 'floor', tu, ['-1h', 'duration', '-1h']],
    ['SELECT floor(to_timestamp(now()), 1ns) FROM kv', 'floor', ts, ['1ns', 'duration', '1ns']],
    [
      'SELECT floor(current_time(), 25h) FROM kv',
      'floor',
      ['ti', 'time', "'01:02:03'"],
      ['25h', 'duration', '25h'],
    ],
    [
      'SELECT floor(current_date(), 1h) FROM kv',
      'floor',
      ['d', 'date', "'2020-01-02'"],
      ['1h', 'duration', '1h'],
    ],
  ];
  test.each(failing)('%s', (cql, name, ...args) => {
    const fn = resolve(
      name,
      args.map(([text, type]) => [text, parseType(type)]),
    );
    const values = args.map(([, type, literal]) => literalBytes(literal, parseType(type)));
    const expected = errors.find((row) => row.cql === cql);
    let thrown: unknown;
    try {
      if (fn.kind === 'scalar') fn.execute(values, CONTEXT);
    } catch (error) {
      thrown = error;
    }
    if (!(thrown instanceof CqlException)) throw new Error(`no failure: ${String(thrown)}`);
    expect(thrown.message).toBe(expected?.message);
    expect(ERROR_CODES[thrown.error.code]).toBe(Number(expected?.protocolErrorCode));
  });

  test('a failed operation names itself', () => {
    const fn = resolve('_divide', [
      ['1', NATIVE.int],
      ['0', NATIVE.int],
    ]);
    const run = (): Buffer | null =>
      fn.kind === 'scalar' ? fn.execute([Buffer.alloc(4), Buffer.alloc(4)], CONTEXT) : null;
    expect(run).toThrow(
      expect.objectContaining({
        error: expect.objectContaining({
          keyspace: 'system',
          function: '_divide',
          argumentTypes: ['int', 'int'],
        }),
      }),
    );
  });
});

describe('from_json', () => {
  const fromJson = (receiver: CqlType): CqlFunction =>
    resolve('from_json', [["'..'", NATIVE.text]], receiver);
  const run = (receiver: CqlType, json: string): Buffer | null => {
    const fn = fromJson(receiver);
    return fn.kind === 'scalar' ? fn.execute([Buffer.from(json)], CONTEXT) : null;
  };

  test('follows its receiver', () => {
    expect(run(parseType('set<int>'), '[2,1,2]')?.toString('hex')).toBe(
      '00000002000000040000000100000004' + '00000002',
    );
    expect(run(NATIVE.int, 'null')).toBeNull();
    expect(fromJson(NATIVE.int).returnType).toBe(NATIVE.int);
  });

  test('refusals', () => {
    expect(() => resolve('fromjson', [['x', NATIVE.text]])).toThrow(
      'fromjson() cannot be used in the selection clause of a SELECT statement',
    );
    expect(() => run(NATIVE.int, '"abc"')).toThrow(
      "org.apache.cassandra.serializers.MarshalException: Unable to make int from 'abc'",
    );
    expect(() => run(NATIVE.int, 'x')).toThrow(
      "execution of 'system.from_json[text]' failed: Could not decode JSON string 'x': com.fasterxml.jackson.core.JsonParseException: Unrecognized token 'x'",
    );
  });
});

describe('time and randomness come from the context', () => {
  const run = (name: string): string | null => {
    const fn = resolve(name, []);
    return fn.kind === 'scalar' ? (fn.execute([], CONTEXT)?.toString('hex') ?? null) : null;
  };
  test.each([
    ['current_timestamp', '000001a21219a400'],
    ['current_date', '8000512e'],
    ['currenttime', '00002003a37f0000'],
    ['uuid', 'abababababab4bababababababababab'],
  ])('%s', (name, hex) => {
    expect(run(name)).toBe(hex);
  });

  test('now() never repeats', () => {
    expect(new Set([run('now'), run('now'), run('current_timeuuid')]).size).toBe(3);
  });
});

describe('monotonic functions, for GROUP BY', () => {
  test.each([
    ['to_date', ['timestamp'], [false], true],
    ['floor', ['timestamp', 'duration'], [false, true], true],
    ['floor', ['timestamp', 'duration'], [true, false], false],
    ['floor', ['timestamp', 'duration', 'timestamp'], [false, true, true], true],
    ['floor', ['timestamp', 'duration', 'timestamp'], [false, true, false], false],
    ['abs', ['int'], [false], false],
  ] as [string, NativeTypeName[], boolean[], boolean][])(
    '%s(%s) %s: %s',
    (name, types, isConstant, expected) => {
      const fn = resolve(
        name,
        types.map((type) => ['x', NATIVE[type]]),
      );
      expect(fn.kind === 'scalar' && fn.isMonotonic(isConstant)).toBe(expected);
    },
  );
});

test('user functions are asked for first, and by keyspace', () => {
  const { int } = NATIVE;
  const own: CqlFunction = {
    kind: 'scalar',
    keyspace: 'e',
    name: 'fn',
    argumentTypes: [int],
    returnType: int,
    isNative: false,
    calledOnNullInput: true,
    isPure: false,
    isMonotonic: () => false,
    columnName: () => '',
    execute: () => null,
  };
  const call = {
    name: 'fn',
    currentKeyspace: 'e',
    receiverType: null,
    table: null,
    userFunctions: (keyspace: string, name: string) =>
      keyspace === 'e' && name === 'fn' ? [own] : [],
  };
  const arg = typedArgument(int, 'v');
  expect(resolveFunction({ ...call, keyspace: null, args: [arg] })).toBe(own);
  expect(resolveFunction({ ...call, keyspace: 'e', args: [arg] })).toBe(own);
  expect(resolveFunction({ ...call, keyspace: 'other', args: [arg] })).toBeNull();
  expect(() => resolveFunction({ ...call, keyspace: null, args: [] })).toThrow(
    'Invalid number of arguments in call to function e.fn: 1 required but 0 provided',
  );
  expect(() =>
    resolveFunction({ ...call, keyspace: null, args: [typedArgument(NATIVE.text, 't')] }),
  ).toThrow('Type error: t cannot be passed as argument 0 of function e.fn of type int');
});
