// Exchanges between tables: whatever the order, both end up with the newer of everything.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ApplicationState } from '../../src/node/gossip/endpoint-state.ts';
import { tokensValue } from '../../src/node/gossip/endpoint-state.ts';
import { EndpointTable } from '../../src/node/gossip/endpoint-table.ts';
import { NO_DIGESTS } from '../../src/node/gossip/gossip-messages.ts';
import { parseToken, tokenText } from '../../src/ring/token.ts';
import { at } from './gossip-cluster.ts';

/** SYN, ACK, ACK2 from a to b, in person. */
function exchange(a: EndpointTable, b: EndpointTable): void {
  const { requests, deltas } = b.examine(a.digests());
  for (const [node, delta] of deltas) a.apply(node, delta, 0, 1000);
  for (const [node, delta] of a.answer(requests)) b.apply(node, delta, 0, 1000);
}

const dump = (table: EndpointTable): unknown =>
  [...table.entries()]
    .map(([node, state]) => [
      node,
      state.generation,
      state.heartbeat,
      [...state.entries()].toSorted(),
    ])
    .toSorted();

describe('EndpointTable', () => {
  test('an exchange brings the news both ways', () => {
    const a = new EndpointTable(at(1));
    const b = new EndpointTable(at(2));
    a.startLife(10, [['DC', 'dc1']], 0);
    b.startLife(
      11,
      [
        ['DC', 'dc2'],
        ['RACK', 'r2'],
      ],
      0,
    );
    exchange(a, b);
    // b asked for a; a learns of b when b speaks first.
    expect(b.get(at(1))?.get('DC')).toBe('dc1');
    expect(a.get(at(2))).toBeUndefined();
    exchange(b, a);
    expect(dump(a)).toEqual(dump(b));
  });

  test('no digests ask for everything', () => {
    const a = new EndpointTable(at(1));
    a.startLife(10, [['DC', 'dc1']], 0);
    const { requests, deltas } = a.examine(NO_DIGESTS);
    expect(requests.endpoints).toEqual([]);
    expect(deltas.map(([node]) => node)).toEqual([at(1)]);
  });

  test('only what is newer travels', () => {
    const a = new EndpointTable(at(1));
    const b = new EndpointTable(at(2));
    const own = a.startLife(
      10,
      [
        ['DC', 'dc1'],
        ['RACK', 'r1'],
      ],
      0,
    );
    b.startLife(10, [], 0);
    exchange(a, b);
    a.beat(0);
    expect(a.answer(b.examine(a.digests()).requests)).toEqual([
      [at(1), { generation: 10, heartbeat: 3, states: [] }],
    ]);
    exchange(a, b);
    a.publish(own, [['LOAD', '7']]);
    const [[, delta] = []] = a.answer(b.examine(a.digests()).requests);
    expect(delta?.states.map(([key]) => key)).toEqual(['LOAD']);
  });

  test('generations: newer replaces, older is ignored, absurd is refused', () => {
    const table = new EndpointTable(at(1));
    const delta = (generation: number) => ({ generation, heartbeat: 5, states: [] });
    expect(table.apply(at(2), delta(100), 0, 1000).kind).toBe('replaced');
    expect(table.apply(at(2), delta(99), 0, 1000).kind).toBe('ignored');
    expect(table.apply(at(2), delta(100), 0, 1000).kind).toBe('known');
    expect(table.apply(at(2), delta(101), 0, 1000).kind).toBe('replaced');
    expect(table.apply(at(2), delta(40_000_000), 0, 1000).kind).toBe('ignored');
  });

  test('overruling a dead node wins over its own last words', () => {
    const a = new EndpointTable(at(1));
    const b = new EndpointTable(at(2));
    a.startLife(10, [], 0);
    b.startLife(10, [], 0);
    const last = { generation: 50, heartbeat: 900, states: [] };
    a.apply(at(3), last, 0, 1000);
    b.apply(at(3), last, 0, 1000);
    a.overrule(at(3), [['STATUS_WITH_PORT', 'removed,x,1']], 0);
    exchange(b, a);
    expect(b.get(at(3))?.status).toBe('removed');
    expect(b.get(at(3))?.isDeadStatus).toBe(true);
  });

  test('tokens survive their state', () => {
    const table = new EndpointTable(at(1));
    const tokens = ['-5', '9223372036854775807'].map(parseToken);
    const state = table.startLife(
      1,
      [
        ['TOKENS', tokensValue(tokens)],
        ['STATUS_WITH_PORT', 'NORMAL,-5'],
      ],
      0,
    );
    expect(state.tokens.map(tokenText)).toEqual(['-5', '9223372036854775807']);
    expect([state.status, state.statusArguments]).toEqual(['NORMAL', ['-5']]);
  });

  test('any history: after exchanges all round, all tables agree', () => {
    const count = 4;
    const step = fc.record({
      who: fc.nat(count - 1),
      what: fc.constantFrom('beat', 'publish', 'restart', 'talk'),
      to: fc.nat(count - 1),
      key: fc.constantFrom<ApplicationState>('LOAD', 'DC', 'SCHEMA'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tables = Array.from({ length: count }, (_, n) => new EndpointTable(at(n + 1)));
        tables.forEach((table) => table.startLife(1, [], 0));
        let generation = 1;
        for (const [i, { who, what, to, key }] of steps.entries()) {
          const table = tables[who];
          const other = tables[to];
          const own = table?.get(at(who + 1));
          if (table === undefined || other === undefined || own === undefined) continue;
          if (what === 'beat') table.beat(0);
          else if (what === 'publish') table.publish(own, [[key, String(i)]]);
          else if (what === 'restart') table.startLife(++generation, [[key, String(i)]], 0);
          else if (who !== to) exchange(table, other);
        }
        for (let round = 0; round < 2; round++) {
          for (const a of tables) for (const b of tables) if (a !== b) exchange(a, b);
        }
        for (const table of tables) table.beat(0);
        for (let round = 0; round < 2; round++) {
          for (const a of tables) for (const b of tables) if (a !== b) exchange(a, b);
        }
        for (const table of tables) expect(dump(table)).toEqual(dump(tables[0] ?? table));
      }),
      { numRuns: 200 },
    );
  });
});
