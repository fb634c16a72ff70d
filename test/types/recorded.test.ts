// The type system against recordings of the original classes: parsing, validation, order, JSON both
// ways, names.

import { describe, expect, test } from 'vitest';
import { codecFor } from '../../src/data/codec/codec.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import type { NativeTypeName } from '../../src/data/cql-type.ts';
import { fromJson } from '../../src/data/json-decode.ts';
import { toJson } from '../../src/data/json.ts';
import { parseJson } from '../../src/data/json-parser.ts';
import { typeClassName, typeName } from '../../src/data/type-names.ts';
import { parseType } from './cql-text.ts';
import { className, errorOf, outcome, recorded, settled, typeOf } from './recorded.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

test('names and masked values', () => {
  const rows = recorded<{ class: string; name: string; masked: string }>('type-names');
  for (const row of rows) {
    const type = typeOf(row.class);
    expect(typeClassName(type)).toBe(className(row.class));
    expect(typeName(type)).toBe(row.name);
    expect(`${row.name} ${codecFor(type).maskedValue().toString('hex')}`).toBe(
      `${row.name} ${row.masked}`,
    );
  }
});

interface FromString {
  readonly type: string;
  readonly text: string;
  readonly hex?: string;
  readonly error?: string;
}
const strings = recorded<FromString>('from-string');

describe.each([...new Set(strings.map((row) => row.type))])('text to %s', (name) => {
  const type = NATIVE[name as NativeTypeName] ?? parseType('tuple<int,text>');
  test.each(
    strings
      .filter((row) => row.type === name)
      .map((row) => [JSON.stringify(row.text), row] as const),
  )('%s', (_, row) => {
    const expected = row.error ?? row.hex;
    expect(
      settled(
        outcome(() => codecFor(type).fromString(row.text, 0)),
        expected,
      ),
    ).toBe(expected);
  });
});

describe('validation', () => {
  const rows = recorded<{ class: string; hex: string; error: string | null }>('validate');
  test.each([...new Set(rows.map((row) => row.class))])('%s', (short) => {
    const codec = codecFor(typeOf(short));
    for (const row of rows.filter((r) => r.class === short)) {
      let error: string | null = null;
      try {
        codec.validate(bytes(row.hex));
      } catch (thrown) {
        error = errorOf(thrown);
      }
      expect(`${row.hex}: ${settled(error, row.error)}`).toBe(`${row.hex}: ${row.error}`);
    }
  });
});

describe('order', () => {
  const rows = recorded<{ class: string; a: string; b: string; order: number }>('compare');
  test.each([...new Set(rows.map((row) => row.class))])('%s', (short) => {
    const codec = codecFor(typeOf(short));
    for (const { a, b, order, class: name } of rows) {
      if (name !== short) continue;
      expect(`${a} ${b} ${Math.sign(codec.compare(bytes(a), bytes(b)))}`).toBe(
        `${a} ${b} ${order}`,
      );
      expect(Math.sign(codec.compare(bytes(b), bytes(a))) + order).toBe(0);
    }
  });
});

describe('JSON to bytes', () => {
  const rows = recorded<{ class: string; json: string; hex?: string; error?: string }>('from-json');
  test.each([...new Set(rows.map((row) => row.class))])('%s', (short) => {
    const type = typeOf(short);
    for (const row of rows.filter((r) => r.class === short)) {
      const expected = row.error ?? row.hex;
      const result = settled(
        outcome(() => fromJson(type, parseJson(row.json), 0)),
        expected,
      );
      expect(`${row.json} => ${result}`).toBe(`${row.json} => ${expected}`);
    }
  });
});

describe('bytes to JSON and to literals', () => {
  const rows = recorded<{
    class: string;
    hex: string;
    json?: string;
    error?: string;
    literal: string | null;
  }>('to-json');
  test.each([...new Set(rows.map((row) => row.class))])('%s', (short) => {
    const type = typeOf(short);
    for (const row of rows.filter((r) => r.class === short)) {
      let json: string;
      try {
        json = toJson(type, bytes(row.hex));
      } catch (error) {
        json = errorOf(error);
      }
      const expected = row.json ?? row.error;
      expect(`${row.hex} ${settled(json, expected)}`).toBe(`${row.hex} ${expected}`);
      if (row.literal !== null)
        expect(codecFor(type).toCqlLiteral(bytes(row.hex))).toBe(row.literal);
    }
  });
});
