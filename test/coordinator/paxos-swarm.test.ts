// Conditional writes and serial reads of one key from every node at once, under crashes, cuts and losses, one seed a
// schedule: each history must be linearizable, whichever variant a coordinator speaks. Planted bugs must be found.

import { describe, expect, it } from 'vitest';

import type { RegisterOperation, RegisterValue } from '../../src/check/linearizability.ts';
import { checkRegister } from '../../src/check/linearizability.ts';
import type { PartitionData } from '../../src/data/partition.ts';
import type { NodeConfig, PaxosVariant } from '../../src/node/node-config.ts';
import { FULL_RANGE } from '../../src/ring/token-range.ts';
import type { Random } from '../../src/world/ports.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { disturb, heal, isRefused, load, pick } from './disturbance.ts';
import { ToyCluster, toyNodes } from './toy-cluster.ts';
import type { ToyNode } from './toy-cluster.ts';
import { mutation, readOf, toyKeyspace, toySchema, toyTable, update } from './toy-schema.ts';

const table = toyTable();
const RACKS = ['a', 'b', 'c'];
const LOAD_MS = 5_000;

type Variants = PaxosVariant | 'mixed';

function newCluster(
  seed: number,
  variants: Variants,
  purging: Partial<NodeConfig> = {},
): ToyCluster {
  const isSmall = seed % 2 === 1;
  const cluster = new ToyCluster({
    nodes: toyNodes(isSmall ? { dc1: RACKS } : { dc1: RACKS, dc2: RACKS }),
    schema: toySchema(toyKeyspace(isSmall ? { dc1: 3 } : { dc1: 3, dc2: 3 }, [table])),
    seed,
    config: {
      read_request_timeout: 500,
      write_request_timeout: 400,
      cas_contention_timeout: 400,
      ...purging,
    },
    latency: (from, to, same) =>
      same
        ? { oneWayMs: 0, jitterMs: 0 }
        : { oneWayMs: from.datacenter === to.datacenter ? 1 : 10, jitterMs: 3 },
  });
  cluster.nodes.forEach(({ config }, at) => {
    const mixed = at % 2 === 0 ? 'v1' : 'v2';
    Object.assign(config, { paxos_variant: variants === 'mixed' ? mixed : variants });
  });
  return cluster;
}

function valueOf(partition: PartitionData): RegisterValue {
  const cell = partition.rows[0]?.data[0];
  return cell === undefined || !('value' in cell) ? null : cell.value.toString();
}

/** What the clients of one register were told. */
class History {
  readonly operations: RegisterOperation[] = [];
  failed = 0;
  private readonly cluster: ToyCluster;
  private known: RegisterValue = null;
  private writes = 0;

  constructor(cluster: ToyCluster) {
    this.cluster = cluster;
  }

  /** Changes what was last seen into something never written before. */
  write(node: ToyNode, done: () => void): void {
    const from = this.known;
    const to = `v${++this.writes}`;
    const startMs = this.cluster.loop.nowMs();
    const add = (applied: boolean | null, found?: RegisterValue): void => {
      const endMs = applied === null ? Infinity : this.cluster.loop.nowMs();
      const call = { kind: 'cas', from, to, applied } as const;
      this.operations.push({
        startMs,
        endMs,
        call: found === undefined ? call : { ...call, found },
      });
      if (applied !== null) this.known = applied ? to : (found ?? null);
    };
    node.coordinator.cas(
      {
        table,
        read: readOf(table, { k: 'r' }),
        serialConsistency: 'SERIAL',
        commitConsistency: 'QUORUM',
        evaluate: (current, timestamp) =>
          valueOf(current) === from
            ? { kind: 'apply', mutation: mutation(update(table, { k: 'r', v: to, timestamp }), 0) }
            : { kind: 'reject' },
      },
      this.cluster.context(),
      (result) => {
        if (!result.ok) {
          this.failed++;
          if (!isRefused(result.error)) add(null);
        } else add(result.applied, result.applied ? undefined : valueOf(result.current));
        done();
      },
    );
  }

  read(node: ToyNode, done: () => void): void {
    const startMs = this.cluster.loop.nowMs();
    const command = readOf(table, { k: 'r' });
    node.coordinator.read([command], 'SERIAL', this.cluster.context(), (result) => {
      if (result.ok) {
        const returned = valueOf(result.partitions[0] as PartitionData);
        const endMs = this.cluster.loop.nowMs();
        this.operations.push({ startMs, endMs, call: { kind: 'read', returned } });
        this.known = returned;
      } else this.failed++;
      done();
    });
  }
}

function run(
  seed: number,
  variants: Variants,
  plant: (cluster: ToyCluster) => void = () => undefined,
  purging: Partial<NodeConfig> = {},
): History {
  const cluster = newCluster(seed, variants, purging);
  plant(cluster);
  const random: Random = new SeededRandom(seed).fork('schedule');
  const history = new History(cluster);
  disturb(cluster, random, LOAD_MS);
  load(cluster, random, { clients: 3, ms: LOAD_MS }, (node, done) => {
    if (random.below(3) === 0) history.read(node, done);
    else history.write(node, done);
  });
  heal(cluster);
  cluster.loop.runFor(10_000);
  for (let n = 0; n < 3; n++) history.read(pick(random, cluster.nodes), () => undefined);
  cluster.loop.runFor(10_000);
  return history;
}

/**
 * The verdict, without the writes of unknown outcome whose value nobody ever saw: values are written once only, so that
 * such a write changes nothing for the others, and the search is shorter.
 */
function verdict({ operations }: History) {
  const seen = new Set<RegisterValue>();
  for (const { call } of operations) {
    if (call.kind === 'read') seen.add(call.returned);
    else seen.add(call.from).add(call.found ?? null);
  }
  return checkRegister(
    operations.filter(
      ({ call }) => call.kind === 'read' || call.applied !== null || seen.has(call.to),
    ),
  );
}

const SEEDS = Array.from({ length: 40 }, (_, at) => at + 1);

describe.each(['v1', 'v2', 'mixed'] as const)('a register by paxos_variant %s', (variants) => {
  it.each(SEEDS)('is linearizable, seed %i', (seed) => {
    const history = run(seed, variants);
    expect(history.operations.length).toBeGreaterThan(20);
    expect(verdict(history)).toBe('linearizable');
  });
});

/** Paxos is repaired again and again while clients work; what it has finished is forgotten at once. */
function repairsAllTheTime(counts: { ended: number }): (cluster: ToyCluster) => void {
  return (cluster) => {
    const endpoints = cluster.nodes.map(({ address }) => address);
    const work = { table, ranges: [FULL_RANGE], endpoints, isPartial: false };
    let at = 0;
    const again = (): void => {
      const node = cluster.nodes[at++ % cluster.nodes.length] as ToyNode;
      let isHeard = false;
      const next = (error: string | null): void => {
        if (error === null) counts.ended++;
        if (!isHeard && cluster.loop.nowMs() < LOAD_MS * 2) cluster.loop.after(20, again);
        isHeard = true;
      };
      node.coordinator.paxosCleanup.cleanUp(work, next);
      // One that waits for a node that is cut off does not keep the others from trying.
      cluster.loop.after(500, () => next('slow'));
    };
    again();
  };
}

const FORGETFUL = {
  paxos_state_purging: 'repaired',
  paxos_purge_grace_period: 0,
  paxos_repair_race_wait: false,
} as const;

describe.each(['v1', 'v2', 'mixed'] as const)('with Paxos repaired meanwhile, %s', (variants) => {
  it('is linearizable, all seeds', () => {
    const counts = { ended: 0 };
    for (const seed of SEEDS) {
      const history = run(seed, variants, repairsAllTheTime(counts), FORGETFUL);
      expect(history.operations.length).toBeGreaterThan(20);
      expect({ seed, verdict: verdict(history) }).toEqual({ seed, verdict: 'linearizable' });
    }
    expect(counts.ended).toBeGreaterThan(SEEDS.length);
  });
});

/** Replaces a method of every replica's Paxos store. */
function inEveryStore(change: (store: Record<string, unknown>) => Record<string, unknown>) {
  return (cluster: ToyCluster): void => {
    for (const { coordinator } of cluster.nodes) {
      const store = coordinator.paxos.parts.paxosStore;
      Object.assign(store, change(store as unknown as Record<string, unknown>));
    }
  };
}

type Promised = { readonly before: object; readonly after?: object };
type Promise2 = (
  at: unknown,
  ballot: unknown,
  isWrite: boolean,
  done: (result: Promised) => void,
) => void;

const hidesAccepted = inEveryStore((store) => {
  const promise = (store['promise'] as Promise2).bind(store);
  const changed: Promise2 = (at, ballot, isWrite, done) =>
    promise(at, ballot, isWrite, ({ before, after, ...rest }) => {
      const hide = (one: object) => ({ ...one, accepted: null });
      const result = { ...rest, before: hide(before) };
      done(after === undefined ? result : { ...result, after: hide(after) });
    });
  return { promise: changed };
});

const PLANTED = {
  'replicas accept what they have promised not to': inEveryStore(() => ({
    accept: (_at: unknown, _proposal: unknown, done: (by: null) => void) => done(null),
  })),
  'replicas do not tell what they have accepted': hidesAccepted,
};

describe('planted bugs', () => {
  it.each(Object.entries(PLANTED))('are found: %s', (_what, plant) => {
    expect(SEEDS.some((seed) => verdict(run(seed, 'v2', plant)) === 'violated')).toBe(true);
  });
});
