// Which tokens a node that joins for the first time gets: the operator's, allocated ones, or random ones.
// Test: test/ring/allocation.test.ts. Cassandra: dht/BootStrapper.java, dht/tokenallocator/TokenAllocation.java.

import { configError } from '../../data/cql-error.ts';
import type { ReplicationParams } from '../../data/schema.ts';
import type { Endpoint } from '../../base/endpoint.ts';
import type { RandomSource } from '../../base/random-source.ts';
import type { Replication } from '../replication.ts';
import { networkReplication, replicationFactorIn, replicationOf } from '../replication.ts';
import type { Token } from '../token.ts';
import { parseToken, tokenFromBigInt, tokenText, tokenToBigInt } from '../token.ts';
import type { RingMember, TokenRing } from '../token-ring.ts';
import type { AllocationStrategy } from './allocation-ring.ts';
import { AllocationRing, randomToken } from './allocation-ring.ts';
import { allocateWithoutReplication } from './no-replication-allocator.ts';
import { allocateWithReplication } from './replication-aware-allocator.ts';

export interface TokenRequest {
  readonly ring: TokenRing;
  /** Nodes that are bootstrapping, with their tokens. */
  readonly joining: readonly RingMember[];
  readonly newcomer: {
    readonly endpoint: Endpoint;
    readonly datacenter: string;
    readonly rack: string;
  };
  /** cassandra.yaml num_tokens. */
  readonly numTokens: number;
  /** cassandra.yaml initial_token, as decimal texts; wins over everything. */
  readonly initialTokens?: readonly string[] | undefined;
  /** Replication of cassandra.yaml allocate_tokens_for_keyspace. */
  readonly allocateForKeyspace?: ReplicationParams | undefined;
  /** cassandra.yaml allocate_tokens_for_local_replication_factor. */
  readonly allocateForLocalReplicationFactor?: number | undefined;
  /** Random tokens instead of an error where the racks are fewer than the replication factor. */
  readonly randomIfUnsupported?: boolean | undefined;
  readonly random: RandomSource;
}

export interface ChosenTokens {
  readonly tokens: readonly Token[];
  /** Cassandra's log warning when the allocation made the ring less even; null otherwise. */
  readonly warning: string | null;
}

const DEVIATION_GROWTH_MAX = 0.05;

/** Throws CqlException CONFIG_ERROR where a Cassandra node would refuse to start. */
export function chooseTokens(request: TokenRequest): ChosenTokens {
  const { initialTokens = [], numTokens } = request;
  if (initialTokens.length > 0) return { tokens: specified(request, initialTokens), warning: null };
  if (numTokens < 1) throw configError('num_tokens must be >= 1');
  const params = allocationReplication(request);
  if (params === null) return { tokens: randomTokens(request), warning: null };
  return allocate(request, params);
}

function specified({ ring }: TokenRequest, texts: readonly string[]): Token[] {
  return texts.map((text) => {
    const token = parseToken(text);
    if (ring.ownerOf(token) !== undefined) {
      throw configError(
        `Bootstrapping to existing token ${tokenText(token)} is not allowed (decommission/removenode the old node first).`,
      );
    }
    return token;
  });
}

/** The replication to allocate for, or null for random tokens. */
function allocationReplication(request: TokenRequest): ReplicationParams | null {
  if (request.allocateForKeyspace !== undefined) return request.allocateForKeyspace;
  const factor = request.allocateForLocalReplicationFactor;
  return factor === undefined
    ? null
    : networkReplication({ [request.newcomer.datacenter]: factor });
}

function randomTokens({ ring, numTokens, random }: TokenRequest): Token[] {
  const chosen = new Map<string, Token>();
  while (chosen.size < numTokens) {
    const token = tokenFromBigInt(randomToken(random));
    if (ring.ownerOf(token) === undefined) chosen.set(tokenText(token), token);
  }
  return [...chosen.values()];
}

/** Which nodes share ownership with the newcomer, and how. */
interface AllocationScope extends AllocationStrategy {
  readonly includes: (member: RingMember) => boolean;
}

function allocate(request: TokenRequest, params: ReplicationParams): ChosenTokens {
  const { ring, joining, newcomer, numTokens, random } = request;
  const scope = scopeOf(request, replicationOf(params));
  if (scope === null) {
    if (request.randomIfUnsupported === true)
      return { tokens: randomTokens(request), warning: null };
    const racks = ring.datacenters.get(newcomer.datacenter)?.racks.size ?? 0;
    const factor = replicationFactorIn(replicationOf(params), newcomer.datacenter);
    throw configError(
      `Token allocation failed: the number of racks ${racks} in datacenter ${newcomer.datacenter} ` +
        `is lower than its replication factor ${factor}.`,
    );
  }
  const everyone = [...ring.members, ...joining];
  const owned = everyone
    .filter(scope.includes)
    .flatMap(({ tokens, endpoint }) =>
      tokens.map((token) => ({ token: tokenToBigInt(token), owner: endpoint })),
    );
  const allocation = new AllocationRing(owned);
  const chosen =
    scope.replicas === 1
      ? allocateWithoutReplication(allocation, newcomer.endpoint, numTokens, random)
      : allocateWithReplication(allocation, scope, newcomer.endpoint, numTokens, random);
  const tokens = chosen.map((token) => freeToken(ring, scope, token));
  return {
    tokens,
    // It compares two whole rings: for those who ask.
    get warning() {
      return growthWarning(request, params, scope, tokens);
    },
  };
}

function byNode(endpoint: Endpoint): string {
  return endpoint;
}

/** null: fewer racks than replicas, which the algorithm cannot balance. */
function scopeOf(request: TokenRequest, replication: Replication): AllocationScope | null {
  const { ring, joining, newcomer } = request;
  const racks = new Map([...ring.members, ...joining].map((m) => [m.endpoint, m.rack]));
  const byRack = (endpoint: Endpoint): string => racks.get(endpoint) ?? newcomer.rack;
  if (replication.kind !== 'network') {
    return { replicas: replication.total, groupOf: byNode, includes: () => true };
  }
  const inDatacenter = (member: RingMember): boolean => member.datacenter === newcomer.datacenter;
  const replicas = replicationFactorIn(replication, newcomer.datacenter);
  const known = ring.datacenters.get(newcomer.datacenter)?.racks;
  // A rack nobody stands in yet is taken for a place of its own.
  const rackCount = known !== undefined && known.has(newcomer.rack) ? known.size : 1;
  if (replicas <= 1) return { replicas: 1, groupOf: byNode, includes: inDatacenter };
  if (rackCount === replicas) {
    const includes = (member: RingMember): boolean =>
      inDatacenter(member) && member.rack === newcomer.rack;
    return { replicas: 1, groupOf: byNode, includes };
  }
  if (rackCount > replicas) return { replicas, groupOf: byRack, includes: inDatacenter };
  if (rackCount === 1) return { replicas, groupOf: byNode, includes: inDatacenter };
  return null;
}

/** A token another datacenter has is moved on until it is free. */
function freeToken(ring: TokenRing, scope: AllocationScope, chosen: bigint): Token {
  for (let value = chosen; ; value++) {
    const token = tokenFromBigInt(value);
    const owner = ring.ownerOf(token);
    if (owner === undefined) return token;
    const member = ring.member(owner);
    if (member !== undefined && scope.includes(member)) {
      throw configError(
        `Allocated token ${tokenText(token)} already assigned to node /${owner}. Is another node also allocating tokens?`,
      );
    }
  }
}

function growthWarning(
  { ring, newcomer }: TokenRequest,
  params: ReplicationParams,
  scope: AllocationScope,
  tokens: readonly Token[],
): string | null {
  const before = deviation(ring, params, scope);
  const growth = deviation(ring.with({ ...newcomer, tokens }), params, scope) - before;
  if (!(growth > DEVIATION_GROWTH_MAX)) return null;
  return (
    `Growth of ${(growth * 100).toFixed(2)}% in token ownership standard deviation after allocation ` +
    `above warning threshold of ${DEVIATION_GROWTH_MAX * 100}%`
  );
}

/** Standard deviation (of a sample) of replicated ownership per token; NaN for no node. */
function deviation(ring: TokenRing, params: ReplicationParams, scope: AllocationScope): number {
  const shares = ring.replicas(params).effectiveOwnership();
  const perToken = ring.members
    .filter((member) => scope.includes(member) && (shares.get(member.endpoint) ?? 0) > 0)
    .map((member) => (shares.get(member.endpoint) ?? 0) / member.tokens.length);
  if (perToken.length < 2) return perToken.length === 0 ? Number.NaN : 0;
  const mean = perToken.reduce((sum, share) => sum + share, 0) / perToken.length;
  const squares = perToken.reduce((sum, share) => sum + (share - mean) ** 2, 0);
  return Math.sqrt(squares / (perToken.length - 1));
}
