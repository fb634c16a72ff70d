// The table of `starfish ring --balance`.

import { expect, test } from 'vitest';
import { ringBalanceTable } from '../../src/cli/commands/ring-balance.ts';

test('allocation keeps every node near its share', () => {
  const lines = ringBalanceTable();
  const rows = lines.slice(2, -1).map((line) => line.trim().split(/ {2,}/));
  expect(rows.length).toBeGreaterThan(25);
  for (const [nodes, racks, , least, most, ratio] of rows) {
    const label = `${nodes} nodes in ${racks} racks: ${least} to ${most}`;
    expect(Number(ratio), label).toBeLessThan(1.4);
    expect(Number.parseFloat(least ?? ''), label).toBeGreaterThan(0);
  }
  expect(rows.some(([nodes]) => nodes === '48')).toBe(true);
});
