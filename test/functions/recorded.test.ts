// Operators, math, casts, time functions and aggregates against recordings of the original classes.

import { describe, expect, test } from 'vitest';
import { typeName } from '../../src/data/type-names.ts';
import type { CqlFunction, FunctionContext } from '../../src/cql/functions/function.ts';
import { NATIVE_FUNCTIONS } from '../../src/cql/functions/native-functions.ts';
import { outcome, recorded, settled } from '../types/recorded.ts';

const CONTEXT: FunctionContext = {
  nowMs: 0,
  nextTimeUuid: () => Buffer.alloc(16),
  randomBytes: (length) => Buffer.alloc(length),
};

interface Call {
  readonly name: string;
  readonly types: readonly string[];
  readonly args: readonly (string | null)[];
  readonly hex?: string | null;
  readonly error?: string;
}
const bytes = (hex: string | null): Buffer | null =>
  hex === null ? null : Buffer.from(hex, 'hex');

function find(name: string, types: readonly string[]): CqlFunction {
  const found = (NATIVE_FUNCTIONS.get(name) ?? []).find(
    (f) => f.argumentTypes.map(typeName).join() === types.join(),
  );
  if (found === undefined) throw new Error(`${name}(${types.join(', ')})`);
  return found;
}

const signature = (row: { name: string; types: readonly string[] }): string =>
  `${row.name}(${row.types.join(', ')})`;

describe.each(['operations', 'scalars'])('%s', (file) => {
  const rows = recorded<Call>(file);
  test.each([...new Set(rows.map(signature))])('%s', (shown) => {
    for (const row of rows.filter((r) => signature(r) === shown)) {
      const f = find(row.name, row.types);
      if (f.kind !== 'scalar') throw new Error('not scalar');
      const expected = row.error ?? row.hex;
      const result = settled(
        outcome(() => f.execute(row.args.map(bytes), CONTEXT)),
        expected,
      );
      expect(`${row.args.join(' ')} => ${nearly(row, result, expected)}`).toBe(
        `${row.args.join(' ')} => ${expected}`,
      );
    }
  });
});

/**
 * A NaN's sign is the processor's; exp, log and log10 of doubles may differ from Java's in the last
 * bit.
 */
function nearly(
  row: Call,
  result: string | null,
  expected: string | null | undefined,
): string | null {
  if (
    result !== null &&
    /^7f(?:c00000|f8000000000000)$/.test(result) &&
    expected === result.replace('7f', 'ff')
  ) {
    return expected;
  }
  const elementary = /^(?:exp|log|log10)$/.test(row.name) && row.types[0] === 'double';
  if (
    !elementary ||
    typeof expected !== 'string' ||
    result?.length !== 16 ||
    expected.length !== 16
  )
    return result;
  const distance = BigInt(`0x${result}`) - BigInt(`0x${expected}`);
  return distance >= -1n && distance <= 1n ? expected : result;
}

describe('aggregates', () => {
  const rows = recorded<Omit<Call, 'args'> & { values: (string | null)[] }>('aggregates');
  test.each([...new Set(rows.map(signature))])('%s', (shown) => {
    for (const row of rows.filter((r) => signature(r) === shown)) {
      const f = find(row.name, row.types);
      if (f.kind !== 'aggregate') throw new Error('not an aggregate');
      const state = f.newAggregate(CONTEXT);
      const expected = row.error ?? row.hex ?? null;
      const run = (): string | null =>
        outcome(() => {
          for (const value of row.values) state.add([bytes(value)]);
          return state.result();
        });
      const shownValues = row.values.join(' ');
      for (const round of [1, 2]) {
        const result = nearly({ ...row, args: [] }, settled(run(), expected), expected);
        expect(`${round}: ${shownValues} => ${result}`).toBe(
          `${round}: ${shownValues} => ${expected}`,
        );
        state.reset();
      }
    }
  });
});
