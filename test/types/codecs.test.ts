// The bytes that a running Cassandra stored for literals: valid, and a literal of theirs reads back as the same bytes.
// Literals to bytes, JSON and CAST are asked of a node: test/facts-conformance/codecs.test.ts.

import { describe, expect, test } from 'vitest';
import { codecFor } from '../../src/data/codec/codec.ts';
import type { CqlType } from '../../src/data/cql-type.ts';
import { facts } from '../read-facts.ts';
import { literalBytes, parseType } from './cql-text.ts';

interface Row {
  readonly type: string;
  readonly literal: string;
  readonly hex: string | null;
  readonly error?: string;
}

const { values } = facts<{
  values: Row[];
}>('codecs.json');
const stored = values.filter((row) => row.error === undefined);
const written = stored.filter((row) => row.type !== 'counter');

type Case = [name: string, row: Row, type: CqlType];
const cases = (rows: Row[]): Case[] =>
  rows.map((row) => [`${row.type} ${row.literal}`, row, parseType(row.type)]);
const bytesOf = (row: Row): Buffer => Buffer.from(row.hex ?? '', 'hex');

describe('bytes are valid and equal to themselves', () => {
  test.each(cases(stored.filter((row) => row.hex !== null)))('%s', (_, row, type) => {
    const codec = codecFor(type);
    codec.validate(bytesOf(row));
    expect(codec.compare(bytesOf(row), bytesOf(row))).toBe(0);
  });
});

/** NaN has no literal of one form, decimals lose trailing zeros, a zero duration prints as nothing. */
const readable = written.filter(
  (row) =>
    row.hex !== null &&
    !/NaN|Infinity/.test(row.literal) &&
    row.type !== 'decimal' &&
    row.literal !== '0s',
);

describe('the CQL literal of the bytes reads back as the same bytes', () => {
  test.each(cases(readable))('%s', (_, row, type) => {
    const literal = codecFor(type)
      .toCqlLiteral(bytesOf(row))
      .replaceAll(', ', ',')
      .replaceAll(': ', ':');
    expect(literalBytes(literal, type)?.toString('hex')).toBe(row.hex);
  });
});
