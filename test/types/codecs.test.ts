// Every literal a running Cassandra was given: the bytes it stored, the JSON and the CAST text it
// answered.

import { describe, expect, test } from 'vitest';
import { codecFor } from '../../src/data/codec/codec.ts';
import type { CqlType } from '../../src/data/cql-type.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { fromJson } from '../../src/data/json-decode.ts';
import { nullableToJson } from '../../src/data/json.ts';
import { parseJsonObject } from '../../src/data/json-parser.ts';
import { NATIVE_FUNCTIONS } from '../../src/cql/functions/native-functions.ts';
import { facts } from '../read-facts.ts';
import { literalBytes, parseType } from './cql-text.ts';

interface Row {
  readonly type: string;
  readonly literal: string;
  readonly hex: string | null;
  readonly json: string;
  readonly castAsText?: string;
  readonly error?: string;
}

const { values } = facts<{
  values: Row[];
}>('codecs.json');
const stored = values.filter((row) => row.error === undefined);
const counters = stored.filter((row) => row.type === 'counter');
const written = stored.filter((row) => row.type !== 'counter');

test('the table is whole', () => {
  expect([
    values.length,
    stored.length,
    counters.length,
    new Set(values.map((row) => row.type)).size,
  ]).toEqual([191, 189, 2, 68]);
});

type Case = [name: string, row: Row, type: CqlType];
const cases = (rows: Row[]): Case[] =>
  rows.map((row) => [`${row.type} ${row.literal}`, row, parseType(row.type)]);
const bytesOf = (row: Row): Buffer => Buffer.from(row.hex ?? '', 'hex');

describe('literal to bytes', () => {
  test.each(cases(written))('%s', (_, row, type) => {
    expect(literalBytes(row.literal, type)?.toString('hex') ?? null).toBe(row.hex);
  });
});

describe('bytes are valid and equal to themselves', () => {
  test.each(cases(stored.filter((row) => row.hex !== null)))('%s', (_, row, type) => {
    const codec = codecFor(type);
    codec.validate(bytesOf(row));
    expect(codec.compare(bytesOf(row), bytesOf(row))).toBe(0);
  });
});

describe('bytes to JSON', () => {
  test.each(cases(stored))('%s', (_, row, type) => {
    const column = row.type === 'counter' ? 'n' : 'v';
    const json = nullableToJson(type, row.hex === null ? null : bytesOf(row));
    expect(`{"${column}": ${json}}`).toBe(row.json);
  });
});

/** JSON cannot say NaN, and reads decimals through a double; a zero duration prints as nothing. */
const readable = written.filter(
  (row) =>
    row.hex !== null &&
    !/NaN|Infinity/.test(row.literal) &&
    row.type !== 'decimal' &&
    row.literal !== '0s',
);

describe('JSON to bytes', () => {
  test.each(cases(readable))('%s', (_, row, type) => {
    const value = parseJsonObject(row.json)?.get('v') ?? null;
    expect(fromJson(type, value, 0).toString('hex')).toBe(row.hex);
  });
});

describe('CAST AS text', () => {
  const NO_CONTEXT = {
    nowMs: 0,
    nextTimeUuid: () => Buffer.alloc(16),
    randomBytes: (length: number) => Buffer.alloc(length),
  };
  test.each(cases(stored.filter((row) => row.castAsText !== undefined)))('%s', (_, row, type) => {
    const functions = NATIVE_FUNCTIONS.get('cast_as_text') ?? [];
    const cast = functions.find((candidate) => candidate.argumentTypes[0] === type);
    const shown = cast?.kind === 'scalar' ? cast.execute([bytesOf(row)], NO_CONTEXT) : bytesOf(row);
    expect(cast === undefined).toBe(type === NATIVE.text);
    expect(shown?.toString('utf8')).toBe(row.castAsText);
  });
});

describe('the CQL literal of the bytes reads back as the same bytes', () => {
  test.each(cases(readable))('%s', (_, row, type) => {
    const literal = codecFor(type)
      .toCqlLiteral(bytesOf(row))
      .replaceAll(', ', ',')
      .replaceAll(': ', ':');
    expect(literalBytes(literal, type)?.toString('hex')).toBe(row.hex);
  });
});
