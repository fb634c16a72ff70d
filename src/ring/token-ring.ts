// The ring as it is at one moment: every token of every normal node, sorted, immutable. Looking up the replicas of a
// token is a binary search and an array read; tables are made once a (ring, replication) and kept.
// Test: test/ring/token-ring.test.ts. Cassandra: locator/TokenMetadata.java.

import type { Endpoint } from '../base/endpoint.ts';
import { assert } from '../base/assert.ts';
import type { ReplicationParams } from '../data/schema.ts';
import type { ReplicaTable } from './replica-table.ts';
import { buildReplicaTable } from './replica-table.ts';
import type { Token } from './token.ts';
import { compareTokens, rangeShare, tokenText } from './token.ts';
import type { TokenRange } from './token-range.ts';

/** A node that owns tokens, and where it stands. */
export interface RingMember {
  readonly endpoint: Endpoint;
  readonly datacenter: string;
  readonly rack: string;
  readonly tokens: readonly Token[];
}

/** The nodes of one datacenter, by rack, in ring members' order. */
export interface DatacenterTopology {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly racks: ReadonlyMap<string, readonly Endpoint[]>;
}

/** Immutable. Index i is the i-th token in order; a token t belongs to the first token >= t, else to the lowest. */
export class TokenRing {
  readonly members: readonly RingMember[];
  readonly tokens: readonly Token[];
  readonly datacenters: ReadonlyMap<string, DatacenterTopology>;
  /** Index into `members` by token index. */
  readonly owners: Int32Array;
  private readonly high: Int32Array;
  private readonly low: Uint32Array;
  private readonly byEndpoint: ReadonlyMap<Endpoint, RingMember>;
  private readonly tables = new WeakMap<ReplicationParams, ReplicaTable>();

  /** Two members must not share a token. */
  constructor(members: readonly RingMember[]) {
    this.members = members;
    this.byEndpoint = new Map(members.map((member) => [member.endpoint, member]));
    this.datacenters = topologyOf(members);
    const all = members.flatMap((member, owner) =>
      member.tokens.map((token) => ({ token, owner })),
    );
    all.sort((a, b) => compareTokens(a.token, b.token));
    this.tokens = all.map(({ token }) => token);
    this.owners = Int32Array.from(all, ({ owner }) => owner);
    this.high = Int32Array.from(all, ({ token }) => token.high);
    this.low = Uint32Array.from(all, ({ token }) => token.low);
    for (let i = 1; i < all.length; i++) {
      const same = this.high[i] === this.high[i - 1] && this.low[i] === this.low[i - 1];
      assert(!same, `two owners of token ${tokenText(this.tokenAt(i))}`);
    }
  }

  /** Number of tokens. */
  get size(): number {
    return this.high.length;
  }

  tokenAt(index: number): Token {
    return this.tokens[index] as Token;
  }

  /** The owner of the i-th token: primary for (token i-1, token i]. */
  ownerAt(index: number): Endpoint {
    return (this.members[this.owners[index] as number] as RingMember).endpoint;
  }

  member(endpoint: Endpoint): RingMember | undefined {
    return this.byEndpoint.get(endpoint);
  }

  has(endpoint: Endpoint): boolean {
    return this.byEndpoint.has(endpoint);
  }

  /** The owner of exactly this token, if it is one of the ring's. */
  ownerOf(token: Token): Endpoint | undefined {
    if (this.size === 0) return undefined;
    const index = this.indexFor(token);
    return compareTokens(this.tokenAt(index), token) === 0 ? this.ownerAt(index) : undefined;
  }

  /** Index of the token that owns `token`; 0 for an empty ring. */
  indexFor(token: Token): number {
    const { high, low } = this;
    const wantHigh = token.high;
    const wantLow = token.low;
    let from = 0;
    let to = high.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const at = high[middle] as number;
      if (at < wantHigh || (at === wantHigh && (low[middle] as number) < wantLow))
        from = middle + 1;
      else to = middle;
    }
    return from === high.length ? 0 : from;
  }

  /** (token i-1, token i]; with one token the whole ring. */
  rangeAt(index: number): TokenRange {
    const before = index === 0 ? this.size - 1 : index - 1;
    return { left: this.tokenAt(before), right: this.tokenAt(index) };
  }

  /** Ranges this node is the first owner of, in ring order. */
  primaryRanges(endpoint: Endpoint): readonly TokenRange[] {
    const ranges: TokenRange[] = [];
    for (let i = 0; i < this.size; i++) {
      if (this.ownerAt(i) === endpoint) ranges.push(this.rangeAt(i));
    }
    return ranges;
  }

  /** Share of the ring each node is primary for; sums to 1. */
  primaryOwnership(): ReadonlyMap<Endpoint, number> {
    const shares = new Map<Endpoint, number>(this.members.map(({ endpoint }) => [endpoint, 0]));
    for (let i = 0; i < this.size; i++) {
      const { left, right } = this.rangeAt(i);
      const owner = this.ownerAt(i);
      shares.set(owner, (shares.get(owner) ?? 0) + rangeShare(left, right));
    }
    return shares;
  }

  /** Who holds what under a keyspace's replication. `params` must be the schema's (immutable) object. */
  replicas(params: ReplicationParams): ReplicaTable {
    const known = this.tables.get(params);
    if (known !== undefined) return known;
    const table = buildReplicaTable(this, params);
    this.tables.set(params, table);
    return table;
  }

  /** This ring without some nodes. */
  without(endpoints: ReadonlySet<Endpoint>): TokenRing {
    return new TokenRing(this.members.filter(({ endpoint }) => !endpoints.has(endpoint)));
  }

  /** This ring with a node added, or its tokens taken over from whoever has them. */
  with(member: RingMember): TokenRing {
    const taken = new Set(member.tokens.map(tokenText));
    const others: RingMember[] = [];
    for (const other of this.members) {
      if (other.endpoint === member.endpoint) continue;
      const left = other.tokens.filter((token) => !taken.has(tokenText(token)));
      if (left.length === other.tokens.length) others.push(other);
      else if (left.length > 0) others.push({ ...other, tokens: left });
    }
    return new TokenRing([...others, member]);
  }
}

function topologyOf(members: readonly RingMember[]): ReadonlyMap<string, DatacenterTopology> {
  const result = new Map<string, DatacenterTopology>();
  const names = new Set(members.map(({ datacenter }) => datacenter));
  for (const name of names) {
    const racks = new Map<string, Endpoint[]>();
    const endpoints: Endpoint[] = [];
    for (const member of members) {
      if (member.datacenter !== name) continue;
      endpoints.push(member.endpoint);
      const rack = racks.get(member.rack);
      if (rack === undefined) racks.set(member.rack, [member.endpoint]);
      else rack.push(member.endpoint);
    }
    result.set(name, { name, endpoints, racks });
  }
  return result;
}
