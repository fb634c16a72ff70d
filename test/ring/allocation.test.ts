// Token allocation against the rings that Cassandra 5.0.9 daemons chose for themselves, and its balance as rings grow.

import { describe, expect, test } from 'vitest';
import { chooseTokens } from '../../src/ring/allocation/choose-tokens.ts';
import { JavaRandom } from '../../src/ring/allocation/java-random.ts';
import { networkReplication, simpleReplication } from '../../src/ring/replication.ts';
import { growRing, ringBalance } from '../../src/ring/ring-balance.ts';
import { parseToken, tokenText, tokenToBigInt } from '../../src/ring/token.ts';
import { TokenRing } from '../../src/ring/token-ring.ts';
import type { RingMember } from '../../src/ring/token-ring.ts';
import { SeededRandom } from '../../src/world/random.ts';
import type { Random } from '../../src/world/ports.ts';
import { endpoint } from '../../src/world/ports.ts';
import { facts } from '../read-facts.ts';

interface RecordedNode {
  readonly address: string;
  readonly dc: string;
  readonly rack: string;
  readonly startOrder: number;
  readonly tokens: readonly string[];
}

const load = (name: string): readonly RecordedNode[] =>
  facts<{ nodes: readonly RecordedNode[] }>(`${name}.json`).nodes.toSorted(
    (a, b) => a.startOrder - b.startOrder,
  );

/** A stream whose first token is this one. */
function startingAt(token: bigint): Random {
  const words = [Number(BigInt.asUintN(32, token >> 32n)), Number(BigInt.asUintN(32, token))];
  const base = new SeededRandom(1);
  return {
    fork: (name) => base.fork(name),
    float: () => base.float(),
    below: (below) => base.below(below),
    bytes: (length) => base.bytes(length),
    uint32: () => words.shift() ?? base.uint32(),
  };
}

/** The largest distance between the i-th tokens of two sorted lists. */
function distance(ours: readonly bigint[], theirs: readonly string[]): bigint {
  const sort = (tokens: readonly bigint[]): bigint[] => tokens.toSorted((a, b) => (a < b ? -1 : 1));
  const sorted = sort(theirs.map(BigInt));
  return sort(ours).reduce((worst, token, i) => {
    const gap = token - (sorted[i] ?? 0n);
    const size = gap < 0n ? -gap : gap;
    return size > worst ? size : worst;
  }, 0n);
}

describe.each(['ring-3nodes-3racks', 'ring-6nodes-3racks', 'ring-6nodes-2dcs-3racks'])(
  '%s',
  (name) => {
    const nodes = load(name);

    test('every node but the first of a datacenter chooses the tokens its daemon chose', () => {
      let ring = new TokenRing([]);
      for (const node of nodes) {
        const newcomer = {
          endpoint: endpoint(node.address, 7000),
          datacenter: node.dc,
          rack: node.rack,
        };
        const choose = (random: Random): readonly bigint[] =>
          chooseTokens({
            ring,
            joining: [],
            newcomer,
            numTokens: 16,
            allocateForLocalReplicationFactor: 3,
            random,
          }).tokens.map(tokenToBigInt);
        // Only a datacenter's very first token is random: one of the recorded ones was it.
        const isFirst = !ring.datacenters.has(node.dc);
        const attempts = isFirst
          ? node.tokens.map((token) => startingAt(BigInt(token)))
          : [new SeededRandom(7)];
        const distances = attempts.map((random) => distance(choose(random), node.tokens));
        const best = distances.reduce((a, b) => (a < b ? a : b));
        expect(best, node.address).toBe(0n);
        const tokens = node.tokens.map(parseToken);
        ring = ring.with({ ...newcomer, tokens });
      }
    });
  },
);

describe('chooseTokens', () => {
  const member = (n: number, rack: string, tokens: readonly string[]): RingMember => ({
    endpoint: endpoint(`127.0.1.${n}`, 7000),
    datacenter: 'dc1',
    rack,
    tokens: tokens.map(parseToken),
  });
  const newcomer = { endpoint: endpoint('127.0.1.9', 7000), datacenter: 'dc1', rack: 'r1' };
  const base = { joining: [], newcomer, numTokens: 4, random: new SeededRandom(3) };

  test('takes the tokens the operator gives', () => {
    const { tokens } = chooseTokens({
      ...base,
      ring: new TokenRing([]),
      initialTokens: ['-5', '7'],
    });
    expect(tokens.map(tokenText)).toEqual(['-5', '7']);
  });

  test('refuses a token that is taken', () => {
    const ring = new TokenRing([member(1, 'r1', ['7'])]);
    expect(() => chooseTokens({ ...base, ring, initialTokens: ['7'] })).toThrow(
      'Bootstrapping to existing token 7 is not allowed (decommission/removenode the old node first).',
    );
  });

  test('refuses racks fewer than the replication factor, or falls back to random tokens', () => {
    const ring = new TokenRing([member(1, 'r1', ['7']), member(2, 'r2', ['9'])]);
    const request = { ...base, ring, allocateForLocalReplicationFactor: 3 };
    expect(() => chooseTokens(request)).toThrow(
      'Token allocation failed: the number of racks 2 in datacenter dc1 is lower than its replication factor 3.',
    );
    expect(chooseTokens({ ...request, randomIfUnsupported: true }).tokens).toHaveLength(4);
  });

  test('num_tokens must be positive', () => {
    expect(() => chooseTokens({ ...base, ring: new TokenRing([]), numTokens: 0 })).toThrow(
      'num_tokens must be >= 1',
    );
  });

  test('a token of another datacenter is moved on by one', () => {
    const random = (): Random => startingAt(1000n);
    const first = chooseTokens({
      ...base,
      ring: new TokenRing([]),
      numTokens: 1,
      allocateForLocalReplicationFactor: 3,
      random: random(),
    });
    const ring = new TokenRing([
      { ...member(1, 'r1', []), datacenter: 'dc2', tokens: first.tokens },
    ]);
    const second = chooseTokens({
      ...base,
      ring,
      numTokens: 1,
      allocateForLocalReplicationFactor: 3,
      random: random(),
    });
    expect(second.tokens.map(tokenText)).toEqual(['1001']);
  });
});

test("JavaRandom gives the Java library's doubles", () => {
  const random = new JavaRandom(0);
  expect(random.nextDouble()).toBe(0.730967787376657);
  expect(random.nextDouble()).toBe(0.24053641567148587);
  expect(new JavaRandom(42).nextDouble()).toBe(0.7275636800328681);
});

describe('balance', () => {
  const replication = networkReplication({ dc1: 3 });
  // racks, nodes, the largest spread (max/min of effective ownership) seen plus a margin.
  const cases: readonly [number, number, number][] = [
    [1, 3, 1.01],
    [1, 6, 1.25],
    [1, 12, 1.25],
    [1, 24, 1.25],
    [1, 48, 1.25],
    [3, 3, 1.01],
    [3, 6, 1.2],
    [3, 12, 1.2],
    [3, 24, 1.2],
    [3, 48, 1.2],
    [4, 8, 1.35],
    [4, 24, 1.35],
    [5, 20, 1.35],
  ];
  test.each(cases)('%i racks, %i nodes: max/min below %f', (racks, count, spreadMax) => {
    const ring = growRing({
      nodes: { dc1: count },
      racks,
      numTokens: 16,
      allocateForLocalReplicationFactor: 3,
      random: new SeededRandom(11),
    });
    const balance = ringBalance(ring, replication)[0];
    expect(balance?.nodes).toHaveLength(count);
    const { effectivePercentMax = 0, effectivePercentMin = 0 } = balance ?? {};
    expect(effectivePercentMax / effectivePercentMin).toBeLessThan(spreadMax);
  });

  test('a SimpleStrategy keyspace can be allocated for', () => {
    let ring = new TokenRing([]);
    for (let i = 1; i <= 6; i++) {
      const newcomer = { endpoint: endpoint(`127.0.1.${i}`, 7000), datacenter: 'dc1', rack: 'r1' };
      const { tokens } = chooseTokens({
        ring,
        joining: [],
        newcomer,
        numTokens: 16,
        allocateForKeyspace: simpleReplication(2),
        random: new SeededRandom(i),
      });
      ring = ring.with({ ...newcomer, tokens });
    }
    const [balance] = ringBalance(ring, simpleReplication(2));
    expect(balance?.deviationPercent).toBeLessThan(12);
  });
});
