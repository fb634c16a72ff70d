// Constants given to receivers of every type: whether they fit and what they become, as the
// original classes answered.

import { expect, test } from 'vitest';
import type { ConstantKind } from '../../src/data/constant.ts';
import { constantAssignment, constantToBytes } from '../../src/data/constant.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { outcome, recorded, settled, typeOf } from './recorded.ts';

type Row = [kind: ConstantKind, text: string, type: string, assignment: string, result: string];
const rows = recorded<Row>('constants');

test.each([...new Set(rows.map(([kind, text]) => `${kind} ${text}`))])('%s', (shown) => {
  for (const [kind, text, short, assignment, expected] of rows) {
    if (`${kind} ${text}` !== shown) continue;
    const constant = { type: kind, text };
    const type = typeOf(short);
    expect(`${short} ${constantAssignment(constant, type)}`).toBe(`${short} ${assignment}`);
    // What prepare() throws is an invalid request in either case.
    const result =
      outcome(() => constantToBytes(constant, type, 'v', 0))?.replace(/^M /, 'I ') ?? null;
    expect(`${short} ${settled(result, expected)}`).toBe(`${short} ${expected}`);
  }
});

test("'now' is the time it is given", () => {
  const bytes = constantToBytes(
    { type: 'STRING', text: 'now' },
    NATIVE.timestamp,
    'ts',
    1_700_000_000_123.9,
  );
  expect(bytes.readBigInt64BE(0)).toBe(1_700_000_000_123n);
});
