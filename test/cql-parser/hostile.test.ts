// Statements meant to hurt end in an answer: bounded stack, time linear in the text.

import { expect, test } from 'vitest';
import { outcome } from './fixtures.ts';

const MANY = 200_000;

const TOO_DEEP = /^SYNTAX_ERROR Statement too complex: /;
const NO_ROOM = /^SYNTAX_ERROR line 1:\d+ (mismatched|no viable)/;

const TABLE: readonly (readonly [string, string, RegExp])[] = [
  ['nested lists', `INSERT INTO t (a) VALUES (${'['.repeat(MANY)}`, TOO_DEEP],
  ['nested tuples', `INSERT INTO t (a) VALUES (${'('.repeat(MANY)}`, TOO_DEEP],
  ['nested maps', `INSERT INTO t (a) VALUES (${'{1:'.repeat(MANY)}`, TOO_DEEP],
  ['nested calls', `INSERT INTO t (a) VALUES (${'f('.repeat(MANY)}`, TOO_DEEP],
  ['nested hints', `INSERT INTO t (a) VALUES (${'(int)'.repeat(MANY)}1)`, TOO_DEEP],
  ['nested types', `CREATE TABLE t (a ${'list<'.repeat(MANY)}`, TOO_DEEP],
  ['nested relations', `SELECT * FROM t WHERE ${'('.repeat(MANY)}a = 1`, TOO_DEEP],
  ['nested selectors', `SELECT ${'('.repeat(MANY)}a FROM t`, TOO_DEEP],
  ['hinted selectors', `SELECT ${'(a)f('.repeat(MANY)} FROM t`, NO_ROOM],
  ['negations', `SELECT ${'- '.repeat(MANY)}a FROM t`, TOO_DEEP],
  ['a long sum', `SELECT a${' + a'.repeat(MANY)} FROM t`, TOO_DEEP],
  ['a long path', `SELECT a${'.a'.repeat(MANY)} FROM t`, TOO_DEEP],
  ['JSON JSON ...', `SELECT ${'JSON '.repeat(MANY)}`, NO_ROOM],
  ['an open string', `INSERT INTO t (a) VALUES ('${'x'.repeat(MANY)}`, NO_ROOM],
  ['a million values', `SELECT * FROM t WHERE a IN (${'1,'.repeat(1e6)}1)`, /^OK$/],
  ['a long literal', `INSERT INTO t (a) VALUES ('${'x'.repeat(16e6)}')`, /^OK$/],
  [
    'many columns',
    `CREATE TABLE t (${Array.from({ length: MANY }, (_, i) => `c${i} int`).join()})`,
    /^OK$/,
  ],
  [
    'many elements',
    `UPDATE t SET ${Array.from({ length: MANY }, (_, i) => `a.f${i}=1`).join()} WHERE k=1`,
    /^OK$/,
  ],
  ['400 levels', `INSERT INTO t (a) VALUES (${'['.repeat(400)}${']'.repeat(400)})`, /^OK$/],
];

test.each(TABLE)('%s', (_name, cql, expected) => {
  expect(outcome(cql)).toMatch(expected);
});

test('a message stays short when the text is long', () => {
  expect(outcome(`SELECT '${'x'.repeat(1e6)}' 'y' FROM t`).length).toBeLessThan(20_000);
});
