// Many random schedules of requests and faults, one seed each: what must hold whatever happens. Conditional writes are
// linearizable and counters count, acknowledged writes are not lost, replicas agree after hints and repair.

import { describe, expect, it } from 'vitest';

import { counterTotal, counterUpdate } from '../../src/data/counter-context.ts';
import type { PartitionData } from '../../src/data/partition.ts';
import type { ConsistencyLevel } from '../../src/data/consistency.ts';
import type { PaxosVariant } from '../../src/node/node-config.ts';
import { DEFAULT_REPAIR } from '../../src/node/repair/repair-options.ts';
import type { RepairResult } from '../../src/node/repair/repair-options.ts';
import { WHOLE_RING } from '../../src/node/storage/table-store.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { disturb, heal, isRefused, load, pick } from './disturbance.ts';
import { ToyCluster, toyNodes } from './toy-cluster.ts';
import type { ToyNode } from './toy-cluster.ts';
import {
  KEYSPACE,
  mutation,
  readOf,
  rowsText,
  toyKeyspace,
  toySchema,
  toyTable,
  update,
} from './toy-schema.ts';

const table = toyTable();
const counts = toyTable({}, 'counts');

/** One region for odd seeds, two for even ones. */
function newCluster(seed: number, variant: PaxosVariant = 'v1'): ToyCluster {
  const isSmall = seed % 2 === 1;
  const racks = ['a', 'b', 'c'];
  return new ToyCluster({
    nodes: toyNodes(isSmall ? { dc1: racks } : { dc1: racks, dc2: racks }),
    schema: toySchema(toyKeyspace(isSmall ? { dc1: 3 } : { dc1: 3, dc2: 3 }, [table, counts])),
    seed,
    // Short timeouts: more happens in the same time.
    config: {
      read_request_timeout: 400,
      write_request_timeout: 300,
      counter_write_request_timeout: 600,
      paxos_variant: variant,
    },
    latency: (from, to, same) =>
      same
        ? { oneWayMs: 0, jitterMs: 0 }
        : { oneWayMs: from.datacenter === to.datacenter ? 1 : 10, jitterMs: 3 },
  });
}

function contents(node: ToyNode): string {
  const partitions: PartitionData[] = [];
  node.store.table(table).forEachPartition(WHOLE_RING, (one) => void partitions.push(one));
  return rowsText(partitions);
}

/** A register that is only ever changed from n to n + 1 by conditional writes. */
class Register {
  readonly outcomes: ('ok' | 'unknown')[] = [];
  private readonly cluster: ToyCluster;
  private readonly commitConsistency: ConsistencyLevel;

  constructor(cluster: ToyCluster, commitConsistency: ConsistencyLevel) {
    this.cluster = cluster;
    this.commitConsistency = commitConsistency;
  }

  increment(node: ToyNode, done: () => void): void {
    node.coordinator.cas(
      {
        table,
        read: readOf(table, { k: 'r' }),
        serialConsistency: 'SERIAL',
        commitConsistency: this.commitConsistency,
        evaluate: (current, ballotMicros) => {
          const next = update(table, {
            k: 'r',
            v: String(valueOf(current) + 1),
            timestamp: ballotMicros,
          });
          return { kind: 'apply', mutation: mutation(next, 0) };
        },
      },
      this.cluster.context(),
      (result) => {
        if (result.ok && result.applied) this.outcomes.push('ok');
        else if (!result.ok && !isRefused(result.error)) this.outcomes.push('unknown');
        done();
      },
    );
  }

  read(node: ToyNode): number {
    let value = -1;
    node.coordinator.read(
      [readOf(table, { k: 'r' })],
      'SERIAL',
      this.cluster.context(),
      (result) => {
        value = result.ok ? valueOf(result.partitions[0] as PartitionData) : -1;
      },
    );
    this.cluster.loop.runFor(15_000);
    return value;
  }
}

function valueOf(partition: PartitionData): number {
  const cell = partition.rows[0]?.data[0];
  return cell === undefined || !('value' in cell) ? 0 : Number(cell.value.toString());
}

const SEEDS = Array.from({ length: 60 }, (_, at) => at + 1);

describe('swarm', () => {
  const variants = ['v1', 'v2'] as const;
  it.each(SEEDS.flatMap((seed) => variants.map((one) => [seed, one] as const)))(
    'conditional writes count exactly, seed %i, %s',
    (seed, variant) => {
      const cluster = newCluster(seed, variant);
      const random = new SeededRandom(seed).fork('schedule');
      const register = new Register(
        cluster,
        (['QUORUM', 'ONE', 'ANY'] as const)[seed % 3] ?? 'QUORUM',
      );
      disturb(cluster, random, 8_000);
      load(cluster, random, { clients: 3, ms: 10_000 }, (node, done) =>
        register.increment(node, done),
      );
      heal(cluster);
      cluster.loop.runFor(20_000);
      const applied = register.outcomes.filter((one) => one === 'ok').length;
      const unknown = register.outcomes.length - applied;
      const value = register.read(pick(random, cluster.nodes));
      expect(register.outcomes.length).toBeGreaterThan(0);
      expect(value).toBeGreaterThanOrEqual(applied);
      expect(value).toBeLessThanOrEqual(applied + unknown);
      expect(register.read(pick(random, cluster.nodes))).toBe(value);
    },
  );

  it.each(SEEDS)('counters lie between what succeeded and what was tried, seed %i', (seed) => {
    const cluster = newCluster(seed);
    const random = new SeededRandom(seed).fork('schedule');
    let applied = 0;
    let unknown = 0;
    let micros = 1;
    disturb(cluster, random, 8_000);
    load(cluster, random, { clients: 3, ms: 10_000 }, (node, done) => {
      const base = update(counts, { k: 'n', v: '', timestamp: micros++ });
      const rows = base.rows.map((row) => ({
        ...row,
        data: row.data.map((cell) => ({ ...cell, value: counterUpdate(1) })),
      }));
      const one = mutation({ ...base, rows } as PartitionData, 0);
      node.coordinator.write(
        [one],
        { kind: 'counter', consistency: 'LOCAL_QUORUM' },
        cluster.context(),
        (error) => {
          if (error === null) applied++;
          else if (!isRefused(error)) unknown++;
          done();
        },
      );
    });
    heal(cluster);
    cluster.loop.runFor(60_000);
    const totals = cluster.nodes.map((node) => {
      const read = node.store.read(readOf(counts, { k: 'n' }));
      const cell = read.kind === 'data' ? read.partitions[0]?.rows[0]?.data[0] : undefined;
      return cell === undefined || !('value' in cell) ? 0 : Number(counterTotal(cell.value));
    });
    expect(new Set(totals).size, `replicas ${totals.join()}`).toBe(1);
    expect(totals[0]).toBeGreaterThanOrEqual(applied);
    expect(totals[0]).toBeLessThanOrEqual(applied + unknown);
  });

  it.each(SEEDS)('no acknowledged write is lost and replicas converge, seed %i', (seed) => {
    const cluster = newCluster(seed);
    const random = new SeededRandom(seed).fork('schedule');
    const written = new Map<string, { readonly v: string; readonly at: number }>();
    let micros = 1;
    disturb(cluster, random, 8_000);
    load(cluster, random, { clients: 4, ms: 10_000 }, (node, done) => {
      const k = String(random.below(20));
      const at = micros++;
      const v = `v${at}`;
      const consistency = pick<ConsistencyLevel>(random, [
        'ONE',
        'LOCAL_QUORUM',
        'QUORUM',
        'EACH_QUORUM',
        'ALL',
        'ANY',
      ]);
      const one = mutation(
        update(table, { k, v, timestamp: at }),
        Math.floor(cluster.loop.wallMicros() / 1000),
      );
      node.coordinator.write([one], { kind: 'simple', consistency }, cluster.context(), (error) => {
        const known = written.get(k);
        if (error === null && (known === undefined || known.at < at)) written.set(k, { v, at });
        done();
      });
    });
    heal(cluster);
    cluster.loop.runFor(60_000);
    for (const node of cluster.nodes) expect(repair(cluster, node).error).toBeNull();
    const images = cluster.nodes.map(contents);
    expect(new Set(images).size).toBe(1);
    for (const [k, { at }] of written) {
      const found = new RegExp(`(?:^| )${k}/0=v(\\d+)`).exec(images[0] ?? '');
      expect(Number(found?.[1] ?? 0), `key ${k}`).toBeGreaterThanOrEqual(at);
    }
    expect(repair(cluster, cluster.nodes[0] as ToyNode).rowsStreamed).toBe(0);
    expect(cluster.nodes.flatMap((node) => node.hints.pendingHints())).toEqual([]);
    expect(cluster.nodes.filter((node) => node.messaging.pending() > 0)).toEqual([]);
  });

  it.each(SEEDS)('quorum reads never go back, seed %i', (seed) => {
    const cluster = newCluster(seed);
    const random = new SeededRandom(seed).fork('schedule');
    let micros = 1;
    let newest = 0;
    let reads = 0;
    disturb(cluster, random, 9_000);
    load(cluster, random, { clients: 2, ms: 10_000 }, (node, done) => {
      if (random.below(2) === 0) {
        const at = micros++;
        const one = mutation(update(table, { k: 'm', v: String(at), timestamp: at }), 0);
        node.coordinator.write(
          [one],
          { kind: 'simple', consistency: 'QUORUM' },
          cluster.context(),
          () => done(),
        );
        return;
      }
      const known = newest;
      node.coordinator.read([readOf(table, { k: 'm' })], 'QUORUM', cluster.context(), (result) => {
        if (result.ok) {
          const value = valueOf(result.partitions[0] as PartitionData);
          expect(value).toBeGreaterThanOrEqual(known);
          newest = Math.max(newest, value);
          reads++;
        }
        done();
      });
    });
    expect(reads).toBeGreaterThan(0);
  });
});

function repair(cluster: ToyCluster, node: ToyNode): RepairResult {
  let result: RepairResult | null = null;
  node.repairs.repair(
    { ...DEFAULT_REPAIR, keyspace: KEYSPACE, tables: ['t'], kind: 'full' },
    () => undefined,
    (one) => {
      result = one;
    },
  );
  cluster.loop.runUntilTrue(() => result !== null, 60_000);
  if (result === null) throw new Error('the repair did not end');
  return result;
}
