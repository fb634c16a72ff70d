// Pending replicas: after a movement ends, natural and pending replicas must have been enough for the new ring.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildPendingTable, NO_MOVEMENTS } from '../../src/ring/pending-table.ts';
import type { RingMovements } from '../../src/ring/pending-table.ts';
import { networkReplication, simpleReplication } from '../../src/ring/replication.ts';
import { tokenFromBigInt } from '../../src/ring/token.ts';
import { TokenRing } from '../../src/ring/token-ring.ts';
import type { RingMember } from '../../src/ring/token-ring.ts';
import { endpoint } from '../../src/world/ports.ts';

const member = (n: number, tokens: readonly bigint[], rack = `r${n % 3}`): RingMember => ({
  endpoint: endpoint(`127.0.0.${n}`, 7000),
  datacenter: 'dc1',
  rack,
  tokens: tokens.map(tokenFromBigInt),
});
const at = (n: number) => endpoint(`127.0.0.${n}`, 7000);

describe('examples', () => {
  const ring = new TokenRing([member(1, [0n]), member(2, [100n]), member(3, [200n])]);
  const rf1 = simpleReplication(1);
  const pendingAt = (movements: Partial<RingMovements>, token: bigint, params = rf1) =>
    buildPendingTable(ring, { ...NO_MOVEMENTS, ...movements }, params).at(tokenFromBigInt(token));

  test('nothing moves', () => {
    const table = buildPendingTable(ring, NO_MOVEMENTS, rf1);
    expect(table.isEmpty).toBe(true);
    expect(table.at(tokenFromBigInt(5n))).toEqual([]);
  });

  test('a joining node takes the end of a range', () => {
    const joining = [member(4, [50n])];
    expect(pendingAt({ joining }, 50n)).toEqual([at(4)]);
    expect(pendingAt({ joining }, 1n)).toEqual([at(4)]);
    expect(pendingAt({ joining }, 51n)).toEqual([]);
    expect(pendingAt({ joining }, 0n)).toEqual([]);
  });

  test("a leaving node's range falls to the next", () => {
    const leaving = new Set([at(2)]);
    expect(pendingAt({ leaving }, 60n)).toEqual([at(3)]);
    expect(pendingAt({ leaving }, 160n)).toEqual([]);
    expect(pendingAt({ leaving }, 60n, simpleReplication(2))).toEqual([at(1)]);
  });

  test('a moving node gains here, its successor there', () => {
    const moving = [{ ...member(1, [150n]) }];
    expect(pendingAt({ moving }, 120n)).toEqual([at(1)]);
    expect(pendingAt({ moving }, 0n)).toEqual([at(2)]);
    expect(pendingAt({ moving }, 180n)).toEqual([]);
  });

  test('a replacing node gets all its predecessor had', () => {
    const joining = [member(9, [100n], 'r2')];
    const table = buildPendingTable(
      ring,
      { ...NO_MOVEMENTS, joining },
      networkReplication({ dc1: 2 }),
    );
    const natural = ring.replicas(networkReplication({ dc1: 2 }));
    for (const token of [-5n, 0n, 50n, 100n, 150n, 200n, 300n].map(tokenFromBigInt)) {
      expect(table.at(token).includes(at(9))).toBe(natural.at(token).includes(at(2)));
    }
  });
});

test('any movement: the ring after it is natural plus pending', () => {
  const tokens = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 8, maxLength: 24 });
  fc.assert(
    fc.property(
      tokens,
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom('join', 'leave', 'move'),
      (list, rf, what) => {
        const nodes = 5;
        const all = Array.from({ length: nodes }, (_, n) =>
          member(n + 1, list.filter((_token, i) => i % nodes === n).map(BigInt)),
        );
        const [subject, ...others] = all;
        if (subject === undefined) return;
        const params = networkReplication({ dc1: rf });
        const before = what === 'join' ? new TokenRing(others) : new TokenRing(all);
        const target = what === 'move' ? { ...subject, tokens: [tokenFromBigInt(51n)] } : subject;
        const after = what === 'leave' ? new TokenRing(others) : new TokenRing([...others, target]);
        const movements: RingMovements = {
          joining: what === 'join' ? [subject] : [],
          leaving: new Set(what === 'leave' ? [subject.endpoint] : []),
          moving: what === 'move' ? [target] : [],
        };
        const pending = buildPendingTable(before, movements, params);
        for (let i = -52n; i <= 52n; i++) {
          const token = tokenFromBigInt(i);
          const natural = before.replicas(params).at(token);
          const want = after
            .replicas(params)
            .at(token)
            .filter((one) => !natural.includes(one));
          const gained = pending.at(token);
          if (what === 'join')
            expect(gained).toEqual(want.filter((one) => one === subject.endpoint));
          else expect([...gained].toSorted()).toEqual([...want].toSorted());
        }
      },
    ),
  );
});
