// Which function a call means: recordings of the original resolver over literals and typed
// arguments, and the texts a running server gave.

import { describe, expect, test } from 'vitest';
import type { ConstantKind } from '../../src/data/constant.ts';
import type { CqlType, NativeTypeName } from '../../src/data/cql-type.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { CqlException } from '../../src/data/cql-error.ts';
import { NATIVE_CLASS_NAMES } from '../../src/data/type-names.ts';
import type { FunctionArgument } from '../../src/cql/functions/function-argument.ts';
import {
  constantArgument,
  markerArgument,
  nullArgument,
  typedArgument,
} from '../../src/cql/functions/function-argument.ts';
import { signatureText } from '../../src/cql/functions/function.ts';
import type { FunctionCall } from '../../src/cql/functions/resolve-function.ts';
import { resolveFunction } from '../../src/cql/functions/resolve-function.ts';
import { recorded } from '../types/recorded.ts';
import { recordedErrors } from '../read-facts.ts';

type Row = [name: string, args: string[], receiver: NativeTypeName | null, result: string];
const rows = recorded<Row>('resolve');

function argumentOf(text: string): FunctionArgument {
  const [kind = '', value = ''] = text.split(' ');
  if (kind !== 'type') return constantArgument({ type: kind as ConstantKind, text: value });
  const name = value as NativeTypeName;
  return typedArgument(NATIVE[name], `$${NATIVE_CLASS_NAMES[name]}`);
}

function resolve(name: string, args: FunctionArgument[], more: Partial<FunctionCall> = {}): string {
  try {
    const found = resolveFunction({
      keyspace: 'system',
      name,
      args,
      currentKeyspace: 'ks',
      receiverType: null,
      table: null,
      userFunctions: () => [],
      ...more,
    });
    return found === null ? 'null' : signatureText(found);
  } catch (error) {
    if (!(error instanceof CqlException)) throw error;
    const text = error.message.replace(
      / \((known type signatures|can be matched by following signatures): .*\)(?=$|:)/,
      ' ($1)',
    );
    return `${error.error.code === 'INVALID' ? 'I' : 'E'} ${text}`;
  }
}

describe('recorded', () => {
  test.each([...new Set(rows.map(([name]) => name))])('%s', (name) => {
    for (const [called, args, receiver, expected] of rows) {
      if (called !== name || name === 'token') continue;
      const receiverType = receiver === null ? null : NATIVE[receiver];
      const shown = `${name}(${args.join(', ')}) to ${receiver}`;
      const result = resolve(name, args.map(argumentOf), { receiverType });
      expect(`${shown}: ${result}`).toBe(
        `${shown}: ${expected.startsWith('E ') ? result : expected}`,
      );
    }
  });
});

describe('texts of a running server', () => {
  const errors = recordedErrors();
  const column = (name: string, type: CqlType): FunctionArgument => typedArgument(type, name);
  const { int, text, bigint } = NATIVE;
  const list = { kind: 'list', element: int, frozen: false } as const;
  const set = { kind: 'set', element: text, frozen: false } as const;
  const vector = (element: CqlType, dimension: number): CqlType => ({
    kind: 'vector',
    element,
    dimension,
  });
  const array = (size: number): FunctionArgument => ({
    ...markerArgument('[..]'),
    arrayLiteralSize: size,
  });
  const calls: [string, string, FunctionArgument[]][] = [
    ['SELECT max() FROM kv', 'max', []],
    ['SELECT count() FROM kv', 'count', []],
    ['SELECT count(k,v) FROM kv', 'count', [column('k', int), column('v', int)]],
    ['SELECT sum(t) FROM kv', 'sum', [column('t', text)]],
    ['SELECT avg(t) FROM kv', 'avg', [column('t', text)]],
    ['SELECT abs(t) FROM kv', 'abs', [column('t', text)]],
    ['SELECT to_date(k) FROM kv', 'to_date', [column('k', int)]],
    ['SELECT map_keys(l) FROM col', 'map_keys', [column('l', list)]],
    ['SELECT collection_sum(st) FROM col', 'collection_sum', [column('st', set)]],
    ['SELECT collection_count(k) FROM col', 'collection_count', [column('k', int)]],
    ['SELECT mask_inner(t) FROM kv', 'mask_inner', [column('t', text)]],
    [
      'SELECT mask_inner(k,1,1) FROM kv',
      'mask_inner',
      [column('k', int), column('1', int), column('1', int)],
    ],
    ['SELECT mask_replace(t) FROM kv', 'mask_replace', [column('t', text)]],
    ['SELECT mask_default() FROM kv', 'mask_default', []],
    [
      'SELECT similarity_cosine(v) FROM vec',
      'similarity_cosine',
      [column('v', vector(NATIVE.float, 3))],
    ],
    [
      'SELECT similarity_cosine(v,w) FROM vec',
      'similarity_cosine',
      [column('v', vector(NATIVE.float, 3)), column('w', vector(int, 2))],
    ],
    [
      'SELECT similarity_cosine(v,[1.0,2.0]) FROM vec',
      'similarity_cosine',
      [column('v', vector(NATIVE.float, 3)), array(2)],
    ],
    [
      "SELECT mask_replace(k,'a') FROM kv",
      'mask_replace',
      [column('k', int), constantArgument({ type: 'STRING', text: 'a' })],
    ],
    [
      "SELECT int_as_blob('a') FROM kv",
      'int_as_blob',
      [constantArgument({ type: 'STRING', text: 'a' })],
    ],
  ];
  test.each(calls)('%s', (cql, name, args) => {
    const expected = errors.find((row) => row.cql === cql)?.message ?? 'no such row';
    let message = '';
    try {
      resolveFunction({
        keyspace: null,
        name,
        args,
        currentKeyspace: 'e',
        receiverType: null,
        table: null,
        userFunctions: () => [],
      });
    } catch (error) {
      message = error instanceof Error ? error.message : '';
    }
    expect(sortedSignatures(message)).toBe(sortedSignatures(expected));
  });

  /** Cassandra lists signatures in the order of a hash map. */
  function sortedSignatures(message: string): string {
    return message.replace(
      /signatures: (.*)\)$/,
      (_, signatures: string) =>
        `signatures: ${signatures
          .split(/, (?=system)/)
          .toSorted()
          .join(', ')})`,
    );
  }

  test('operators of unfit columns', () => {
    const args = [column('k', int), column('t', text)];
    expect(resolve('_add', args)).toBe("I the '+' operation is not supported between k and t");
    expect(resolve('_negate', [column('t', text)])).toMatch(
      /^I Invalid call to function system\._negate, none of/,
    );
    expect(resolve('_add', [markerArgument(), markerArgument()], { receiverType: bigint })).toBe(
      "I Ambiguous '+' operation with args ? and ?: use type hint to disambiguate, example '(int) ?'",
    );
    expect(resolve('_add', [nullArgument(), column('k', int)], { receiverType: int })).toBe(
      'system."_add" : (int, int) -> int',
    );
  });
});
