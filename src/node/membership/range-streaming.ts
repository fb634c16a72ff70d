// Which data must move when nodes come, go or are rebuilt: plans of (keyspace, peer, ranges), made from the ring and
// who is alive. Moving it is somebody else's work, behind RangeStreaming. Pure but for that interface.
// Test: test/gossip/membership.test.ts. Cassandra: dht/RangeStreamer.java, service/RangeRelocator.java.

import type { KeyspaceMetadata } from '../../data/schema.ts';
import { buildPendingTable, NO_MOVEMENTS } from '../../ring/pending-table.ts';
import type { RingMovements } from '../../ring/pending-table.ts';
import type { ReplicaList } from '../../ring/replica-table.ts';
import { isDistributed, replicationOf } from '../../ring/replication.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import { normalizeRanges, rangeText } from '../../ring/token-range.ts';
import type { RingMember, TokenRing } from '../../ring/token-ring.ts';
import type { Endpoint } from '../../world/ports.ts';

export type StreamOperation =
  | 'Bootstrap'
  | 'Unbootstrap'
  | 'Rebuild'
  | 'Relocation'
  | 'Restore replica count';

/** Rows of some ranges of one keyspace to take from, or give to, one peer. */
export interface StreamTask {
  readonly keyspace: string;
  readonly direction: 'fetch' | 'send';
  readonly peer: Endpoint;
  /** Sorted, not wrapping. */
  readonly ranges: readonly TokenRange[];
}

export interface StreamPlan {
  readonly operation: StreamOperation;
  readonly tasks: readonly StreamTask[];
}

/** How far a plan has come, counted in ranges. */
export interface StreamProgress {
  readonly ranges: number;
  readonly rangesTotal: number;
  readonly rows: number;
}

/** Moves the data of a plan. `done` is called once: null when every range has arrived, else why not. */
export interface RangeStreaming {
  stream(
    plan: StreamPlan,
    progress: (progress: StreamProgress) => void,
    done: (error: string | null) => void,
  ): void;
}

export type PlanResult =
  | { readonly ok: true; readonly plan: StreamPlan }
  | { readonly ok: false; readonly error: string };

/** What a plan is made from. */
export interface StreamContext {
  readonly self: Endpoint;
  readonly ring: TokenRing;
  readonly keyspaces: readonly KeyspaceMetadata[];
  isAlive(endpoint: Endpoint): boolean;
  /** Nearest first. */
  sorted(replicas: ReplicaList): readonly Endpoint[];
}

/** Everything a bootstrapping or replacing node needs. Strict: from the replica that loses the range, so that no acknowledged write is missed. */
export function bootstrapPlan(
  context: StreamContext,
  newcomer: RingMember,
  options: { readonly strict: boolean },
): PlanResult {
  const movements: RingMovements = { ...NO_MOVEMENTS, joining: [newcomer] };
  return fetchPlan(context, 'Bootstrap', options.strict, movements, context.ring.with(newcomer));
}

/** What this node, which moves to another token, gains and what others gain from it. */
export function movePlan(
  context: StreamContext,
  moved: RingMember,
  options: { readonly strict: boolean },
): PlanResult {
  const movements: RingMovements = { ...NO_MOVEMENTS, moving: [moved] };
  const after = context.ring.with(moved);
  const fetched = fetchPlan(context, 'Relocation', options.strict, movements, after);
  if (!fetched.ok) return fetched;
  const sends = sendTasks(context, movements);
  return { ok: true, plan: { operation: 'Relocation', tasks: [...fetched.plan.tasks, ...sends] } };
}

/** What others gain when this node leaves. */
export function leavePlan(context: StreamContext): StreamPlan {
  const movements: RingMovements = { ...NO_MOVEMENTS, leaving: new Set([context.self]) };
  return { operation: 'Unbootstrap', tasks: sendTasks(context, movements) };
}

/** What this node must fetch because `gone` is removed. Ranges without a live source are left out. */
export function restorePlan(context: StreamContext, gone: Endpoint): StreamPlan {
  const movements: RingMovements = { ...NO_MOVEMENTS, leaving: new Set([gone]) };
  const tasks = new TaskList();
  for (const keyspace of distributed(context.keyspaces)) {
    const pending = buildPendingTable(context.ring, movements, keyspace.replication);
    const now = context.ring.replicas(keyspace.replication);
    for (const range of pending.rangesOf(context.self)) {
      const source = nearestLive(context, now.at(range.right), (peer) => peer !== gone);
      if (source !== undefined) tasks.add(keyspace.name, 'fetch', source, range);
    }
  }
  return { operation: 'Restore replica count', tasks: tasks.all() };
}

/** Nodes that gain ranges when `gone` is removed, per all keyspaces. */
export function gainersFrom(context: StreamContext, gone: Endpoint): ReadonlySet<Endpoint> {
  const movements: RingMovements = { ...NO_MOVEMENTS, leaving: new Set([gone]) };
  const gainers = new Set<Endpoint>();
  for (const keyspace of distributed(context.keyspaces)) {
    const pending = buildPendingTable(context.ring, movements, keyspace.replication);
    for (const { endpoint } of context.ring.members) {
      if (endpoint !== gone && pending.rangesOf(endpoint).length > 0) gainers.add(endpoint);
    }
  }
  return gainers;
}

/** All this node replicates, from nodes of one datacenter (null: from anybody). */
export function rebuildPlan(context: StreamContext, datacenter: string | null): PlanResult {
  const tasks = new TaskList();
  const isSource = (peer: Endpoint): boolean =>
    datacenter === null || context.ring.member(peer)?.datacenter === datacenter;
  for (const keyspace of distributed(context.keyspaces)) {
    const table = context.ring.replicas(keyspace.replication);
    for (const range of table.rangesOf(context.self)) {
      const source = nearestLive(context, table.at(range.right), isSource);
      if (source !== undefined) {
        tasks.add(keyspace.name, 'fetch', source, range);
        continue;
      }
      // With one replica there may be nobody else to have it: Cassandra only warns.
      if (replicationOf(keyspace.replication).total === 1) continue;
      return { ok: false, error: noSources(keyspace, range) };
    }
  }
  return { ok: true, plan: { operation: 'Rebuild', tasks: tasks.all() } };
}

/** Keyspaces whose data is spread over nodes. */
function distributed(keyspaces: readonly KeyspaceMetadata[]): readonly KeyspaceMetadata[] {
  return keyspaces.filter((keyspace) => keyspace.kind === 'regular' && isDistributed(keyspace));
}

function fetchPlan(
  context: StreamContext,
  operation: StreamOperation,
  strict: boolean,
  movements: RingMovements,
  after: TokenRing,
): PlanResult {
  const tasks = new TaskList();
  for (const keyspace of distributed(context.keyspaces)) {
    const pending = buildPendingTable(context.ring, movements, keyspace.replication);
    const now = context.ring.replicas(keyspace.replication);
    const then = after.replicas(keyspace.replication);
    const { total } = replicationOf(keyspace.replication);
    // With as many nodes as replicas nobody loses a range: any source will do.
    const beStrict = strict && context.ring.members.length !== total;
    for (const range of pending.rangesOf(context.self)) {
      const owners = now.at(range.right);
      const losers = owners.filter((peer) => !then.at(range.right).includes(peer));
      const isStrict = beStrict && owners.length === total && losers.length > 0;
      const candidates = isStrict ? losers : owners;
      const source = nearestLive(context, candidates, () => true);
      if (source !== undefined) {
        tasks.add(keyspace.name, 'fetch', source, range);
      } else if (isStrict) {
        return { ok: false, error: strictSourceDown(losers, range) };
      } else if (total > 1 || beStrict) {
        return { ok: false, error: noSources(keyspace, range) };
      }
    }
  }
  return { ok: true, plan: { operation, tasks: tasks.all() } };
}

/** What every other node gains from the movement, out of what this node has. */
function sendTasks(context: StreamContext, movements: RingMovements): readonly StreamTask[] {
  const tasks = new TaskList();
  for (const keyspace of distributed(context.keyspaces)) {
    const pending = buildPendingTable(context.ring, movements, keyspace.replication);
    const now = context.ring.replicas(keyspace.replication);
    for (const { endpoint } of context.ring.members) {
      if (endpoint === context.self) continue;
      for (const range of pending.rangesOf(endpoint)) {
        if (now.at(range.right).includes(context.self))
          tasks.add(keyspace.name, 'send', endpoint, range);
      }
    }
  }
  return tasks.all();
}

function nearestLive(
  context: StreamContext,
  replicas: ReplicaList,
  isSource: (peer: Endpoint) => boolean,
): Endpoint | undefined {
  return context
    .sorted(replicas)
    .find((peer) => peer !== context.self && isSource(peer) && context.isAlive(peer));
}

function strictSourceDown(losers: readonly Endpoint[], range: TokenRange): string {
  const filtered = losers.map(
    (peer) => `Filtered Full(/${peer},${rangeText(range)}) out because it was down`,
  );
  return `Necessary replicas for strict consistency were removed by source filters: ${filtered.join(', ')}`;
}

function noSources(keyspace: KeyspaceMetadata, range: TokenRange): string {
  const base = `Unable to find sufficient sources for streaming range ${rangeText(range)} in keyspace ${keyspace.name}`;
  return replicationOf(keyspace.replication).total === 1
    ? `${base} with RF=1. Ensure this keyspace contains replicas in the source datacenter.`
    : base;
}

/** Gathers ranges by keyspace, direction and peer. */
class TaskList {
  private readonly byKey = new Map<
    string,
    { task: Omit<StreamTask, 'ranges'>; ranges: TokenRange[] }
  >();

  add(
    keyspace: string,
    direction: StreamTask['direction'],
    peer: Endpoint,
    range: TokenRange,
  ): void {
    const key = `${keyspace}/${direction}/${peer}`;
    const entry = this.byKey.get(key) ?? { task: { keyspace, direction, peer }, ranges: [] };
    entry.ranges.push(range);
    this.byKey.set(key, entry);
  }

  all(): readonly StreamTask[] {
    return [...this.byKey.values()].map(({ task, ranges }) => ({
      ...task,
      ranges: normalizeRanges(ranges),
    }));
  }
}
