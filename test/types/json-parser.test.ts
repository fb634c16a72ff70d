// The reader against Jackson 2.19's answers: values with their Java classes, and every error's
// text.

import { expect, test } from 'vitest';
import { JsonParseError, parseJson, parseJsonObject } from '../../src/data/json-parser.ts';
import { javaTextOf, javaTypeOf } from '../../src/data/json-value.ts';
import { recorded } from './recorded.ts';

interface Row {
  readonly target: 'value' | 'object';
  readonly text: string;
  readonly result: string;
}

const rows = recorded<Row>('jackson');

test.each(rows.map((row) => [row.target, JSON.stringify(row.text), row] as const))(
  '%s %s',
  (_t, _n, row) => {
    let result: string;
    try {
      const value = row.target === 'value' ? parseJson(row.text) : parseJsonObject(row.text);
      result = value === null ? 'null' : `${javaTypeOf(value)}:${javaTextOf(value)}`;
    } catch (error) {
      if (!(error instanceof JsonParseError)) throw error;
      result = `!${error.javaText}`;
    }
    expect(result).toBe(row.result);
  },
);

test('nesting and number length are bounded', () => {
  expect(() => parseJson('['.repeat(1001))).toThrow(
    /^Document nesting depth \(1001\) exceeds the maximum allowed/,
  );
  expect(() => parseJson('1'.repeat(1001))).toThrow(
    /^Number value length \(1001\) exceeds the maximum allowed/,
  );
});
