// The ring, its ranges and both strategies against rings and replicas recorded from Cassandra 5.0.9, and against a
// walker written straight from the rules.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpoint } from '../../src/world/ports.ts';
import type { Endpoint } from '../../src/world/ports.ts';
import { networkReplication, simpleReplication } from '../../src/ring/replication.ts';
import {
  compareTokens,
  decorateKey,
  parseToken,
  tokenFromBigInt,
  tokenText,
} from '../../src/ring/token.ts';
import type { Token } from '../../src/ring/token.ts';
import { rangeContains } from '../../src/ring/token-range.ts';
import { TokenRing } from '../../src/ring/token-ring.ts';
import type { RingMember } from '../../src/ring/token-ring.ts';
import { facts } from '../read-facts.ts';
import { int } from '../int-bytes.ts';

interface RecordedNode {
  readonly address: string;
  readonly dc: string;
  readonly rack: string;
  readonly tokens: readonly string[];
}
interface RecordedKey {
  readonly type: 'int' | 'text';
  readonly key: string;
  readonly replicas: readonly string[];
  readonly token: string;
}
type Keyspace = 'rf3' | 'rf2' | 'simple3';
interface Recorded {
  readonly nodes: readonly RecordedNode[];
  readonly ownershipPercent: Readonly<Record<Keyspace, Readonly<Record<string, number>>>>;
  readonly endpoints: Readonly<Record<Keyspace, readonly RecordedKey[]>>;
}

const FILES = ['ring-3nodes-3racks', 'ring-6nodes-3racks', 'ring-6nodes-2dcs-3racks'];

const load = (name: string): Recorded => facts<Recorded>(`${name}.json`);

const memberOf = (node: RecordedNode): RingMember => ({
  endpoint: endpoint(node.address, 7000),
  datacenter: node.dc,
  rack: node.rack,
  tokens: node.tokens.map(parseToken),
});

function keyBytes({ type, key }: RecordedKey): Buffer {
  return type === 'text' ? Buffer.from(key) : int(Number(key));
}

describe.each(FILES)('%s', (name) => {
  const recorded = load(name);
  const ring = new TokenRing(recorded.nodes.map(memberOf));
  const datacenters = [...ring.datacenters.keys()];
  const network = (rf: number) =>
    networkReplication(Object.fromEntries(datacenters.map((datacenter) => [datacenter, rf])));
  const keyspaces = { rf3: network(3), rf2: network(2), simple3: simpleReplication(3) };

  test.each(Object.entries(keyspaces))(
    'replicas of every key, in order: %s',
    (keyspace, params) => {
      const table = ring.replicas(params);
      const keys = recorded.endpoints[keyspace as Keyspace];
      expect(keys.length).toBeGreaterThanOrEqual(200);
      for (const key of keys) {
        const decorated = decorateKey(keyBytes(key));
        expect(tokenText(decorated)).toBe(key.token);
        expect(table.at(decorated)).toEqual(key.replicas.map((address) => endpoint(address, 7000)));
      }
    },
  );

  test.each(Object.entries(keyspaces))('effective ownership: %s', (keyspace, params) => {
    const shares = ring.replicas(params).effectiveOwnership();
    const expected = recorded.ownershipPercent[keyspace as Keyspace];
    for (const [address, percent] of Object.entries(expected)) {
      expect((shares.get(endpoint(address, 7000)) ?? 0) * 100).toBeCloseTo(percent, 0.99);
    }
  });
});

const arbitraryMembers = fc
  .array(
    fc.record({
      datacenter: fc.constantFrom('dc1', 'dc2', 'dc3'),
      rack: fc.constantFrom('r1', 'r2', 'r3', 'r4'),
      tokens: fc.array(fc.bigInt({ min: -(1n << 63n) + 1n, max: (1n << 63n) - 1n }), {
        minLength: 1,
        maxLength: 6,
      }),
    }),
    { maxLength: 12 },
  )
  .map((nodes) => {
    const used = new Set<bigint>();
    return nodes.map(({ datacenter, rack, tokens }, index): RingMember => {
      const own = tokens.filter((token) => !used.has(token) && used.add(token) !== undefined);
      return {
        endpoint: endpoint(`127.0.0.${index + 1}`, 7000),
        datacenter,
        rack,
        tokens: own.map(tokenFromBigInt),
      };
    });
  });

const arbitraryToken = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).map(tokenFromBigInt);

/** Every owner met clockwise from a token, by sorting the tokens by their distance from it. */
function walk(members: readonly RingMember[], from: Token): RingMember[] {
  const all = members.flatMap((member) => member.tokens.map((token) => ({ token, member })));
  all.sort((a, b) => compareTokens(a.token, b.token));
  const start = all.findIndex(({ token }) => compareTokens(token, from) >= 0);
  const turned = start <= 0 ? all : [...all.slice(start), ...all.slice(0, start)];
  return turned.map(({ member }) => member);
}

function naiveNetwork(
  members: readonly RingMember[],
  factors: Record<string, number>,
  token: Token,
): Endpoint[] {
  const result: RingMember[] = [];
  const repeats: Record<string, number> = {};
  for (const [name, rf] of Object.entries(factors)) {
    repeats[name] =
      rf - new Set(members.filter((m) => m.datacenter === name).map((m) => m.rack)).size;
  }
  for (const candidate of walk(members, token)) {
    const rf = factors[candidate.datacenter];
    if (rf === undefined || result.includes(candidate)) continue;
    const here = result.filter((m) => m.datacenter === candidate.datacenter);
    const inDatacenter = members.filter((m) => m.datacenter === candidate.datacenter).length;
    if (here.length >= Math.min(rf, inDatacenter)) continue;
    if (here.some((m) => m.rack === candidate.rack)) {
      const left = repeats[candidate.datacenter] ?? 0;
      if (left <= 0) continue;
      repeats[candidate.datacenter] = left - 1;
    }
    result.push(candidate);
  }
  return result.map((m) => m.endpoint);
}

describe('any ring', () => {
  test('SimpleStrategy is the first distinct nodes', () => {
    fc.assert(
      fc.property(
        arbitraryMembers,
        arbitraryToken,
        fc.integer({ min: 0, max: 5 }),
        (members, token, rf) => {
          const distinct = [...new Set(walk(members, token).map((m) => m.endpoint))].slice(0, rf);
          expect(new TokenRing(members).replicas(simpleReplication(rf)).at(token)).toEqual(
            distinct,
          );
        },
      ),
    );
  });

  test('NetworkTopologyStrategy equals the rules', () => {
    fc.assert(
      fc.property(
        arbitraryMembers,
        arbitraryToken,
        fc.record({ dc1: fc.nat(4), dc2: fc.nat(4), nowhere: fc.constant(2) }),
        (all, token, factors) => {
          const members = all.filter((m) => m.tokens.length > 0);
          const table = new TokenRing(members).replicas(networkReplication(factors));
          expect(table.at(token)).toEqual(naiveNetwork(members, factors, token));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('primary ranges cover the ring once, and each holds the keys of its owner', () => {
    fc.assert(
      fc.property(arbitraryMembers, arbitraryToken, (members, token) => {
        const ring = new TokenRing(members);
        if (ring.size === 0) return;
        const holders = members.filter((m) =>
          ring.primaryRanges(m.endpoint).some((range) => rangeContains(range, token)),
        );
        expect(holders.map((m) => m.endpoint)).toEqual([ring.ownerAt(ring.indexFor(token))]);
        const total = [...ring.primaryOwnership().values()].reduce((sum, share) => sum + share, 0);
        expect(total).toBeCloseTo(1, 9);
      }),
    );
  });
});
