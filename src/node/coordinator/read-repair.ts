// Brings replicas together that answered a read differently: full data, merge, and with read_repair = 'BLOCKING' the
// write-back that the client waits for, so that quorum reads never go back. Test: test/traces/read-repair-*.trace.
// Cassandra: service/reads/repair/BlockingReadRepair, BlockingPartitionRepair, ReadOnlyReadRepair.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import { isDatacenterLocal } from '../../data/consistency.ts';
import type { CqlError, FailureReason } from '../../data/cql-error.ts';
import { mergePartitions } from '../../data/merge-partitions.ts';
import type { DecoratedKey, Mutation, PartitionData } from '../../data/partition.ts';
import type { ReadCommand } from '../../data/read-command.ts';
import type { Clock, Endpoint } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { Message } from '../messaging/message.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Telemetry } from '../telemetry.ts';
import type { AdditionalWrites } from './additional-writes.ts';
import type { RequestContext } from './coordinator.ts';
import type { DataReader } from './data-read.ts';
import { overloaded, readTimeout } from './errors.ts';
import type { PlanCache } from './plan-cache.ts';
import { planReadRepair } from './replica-plan.ts';
import type { Ask, Resolved, Source } from './resolution.ts';
import { Resolution } from './resolution.ts';

export interface RepairedRead {
  readonly command: ReadCommand;
  readonly level: ConsistencyLevel;
  readonly contacts: readonly Endpoint[];
  readonly blockFor: number;
  readonly context: RequestContext;
  readonly startedAtMs: number;
}

export type ResolvedDone = (
  partitions: readonly PartitionData[] | null,
  error: CqlError | null,
  limitReached: boolean,
) => void;

export class ReadRepair {
  private readonly parts: ReadRepairParts;

  constructor(parts: ReadRepairParts) {
    this.parts = parts;
  }

  /** Full data from the contacts, merged and repaired. `done` is called once. */
  readAndRepair(read: RepairedRead, done: ResolvedDone): void {
    const { command, level, contacts, blockFor, context } = read;
    const { trace } = context;
    const timeoutMs = this.remainingMs(read);
    if (trace !== null && command.kind === 'partition') {
      for (const node of contacts) trace.event(`Enqueuing full data read to /${node}`);
    }
    this.parts.reader.read(
      { command, level, contacts, blockFor, context, timeoutMs },
      (sources, error) => {
        if (sources === null) done(null, error, false);
        else this.resolve(read, sources, done);
      },
    );
  }

  private resolve(read: RepairedRead, sources: readonly Source[], done: ResolvedDone): void {
    const only = sources[0];
    if (sources.length === 1 && only !== undefined && read.blockFor === 1) {
      const { limits } = read.command;
      const isUnlimited = limits.rows === Infinity;
      if (isUnlimited || read.command.ann !== null) {
        done(only.partitions, null, false);
        return;
      }
    }
    this.advance(read, new Resolution(read.command, sources), done);
  }

  private advance(read: RepairedRead, resolution: Resolution, done: ResolvedDone): void {
    const step = resolution.next();
    switch (step.kind) {
      case 'ask':
        this.ask(read, resolution, step.asks, done);
        return;
      case 'too-many-rows':
        done(null, overloaded(filteringText(step.rows)), false);
        return;
      case 'resolved':
        this.repair(read, step.result, done);
    }
  }

  private ask(
    read: RepairedRead,
    resolution: Resolution,
    asks: readonly Ask[],
    done: ResolvedDone,
  ): void {
    let waiting = asks.length;
    let failed = false;
    for (const ask of asks) {
      const { command, node } = ask;
      const { level, context } = read;
      const timeoutMs = this.remainingMs(read);
      this.parts.reader.read(
        { command, level, contacts: [node], blockFor: 1, context, timeoutMs },
        (sources, error) => {
          if (failed) return;
          if (sources === null) {
            failed = true;
            done(null, error, false);
            return;
          }
          resolution.onAnswer(ask, sources[0]?.partitions ?? []);
          waiting--;
          if (waiting === 0) this.advance(read, resolution, done);
        },
      );
    }
  }

  private repair(read: RepairedRead, result: Resolved, done: ResolvedDone): void {
    const { repairs, partitions, limitReached } = result;
    const isBlocking = read.command.table.params.read_repair === 'BLOCKING';
    if (repairs.size === 0 || !isBlocking) {
      done(partitions, null, limitReached);
      return;
    }
    this.report(read, repairs);
    const byKey = groupByKey(repairs);
    let waiting = byKey.length;
    let failed = false;
    for (const one of byKey) {
      this.repairPartition(read, one, (error) => {
        if (failed) return;
        if (error !== null) {
          failed = true;
          done(null, error, false);
          return;
        }
        waiting--;
        if (waiting === 0) done(partitions, null, limitReached);
      });
    }
  }

  private report(read: RepairedRead, repairs: ReadonlyMap<Endpoint, unknown>): void {
    const { telemetry, cluster } = this.parts;
    if (!telemetry.detailed) return;
    const { keyspace, name } = read.command.table;
    const replicas = [...repairs.keys()];
    telemetry.emit({
      kind: 'read-repaired',
      by: cluster.self,
      keyspace,
      table: name,
      blocking: true,
      replicas,
    });
  }

  /** Replicas that lack nothing count as having acknowledged. */
  private repairPartition(
    read: RepairedRead,
    repair: PartitionRepair,
    done: (error: CqlError | null) => void,
  ): void {
    const { level, contacts, command, context } = read;
    const keyspace = this.parts.schema.current.keyspaces.get(command.table.keyspace);
    if (keyspace === undefined) {
      done(null);
      return;
    }
    const input = this.parts.plans.input(keyspace, repair.key, level, { sorted: false });
    const plan = planReadRepair(input, contacts);
    if (plan.kind === 'unavailable') {
      done(plan.error);
      return;
    }
    const isCounted = (node: Endpoint): boolean =>
      !isDatacenterLocal(level) || input.datacenterOf(node) === input.localDatacenter;
    let awaited = plan.blockFor;
    const targets: Endpoint[] = [];
    for (const node of plan.contacts) {
      const isStale = repair.lacking.has(node) || !contacts.includes(node);
      if (isStale) targets.push(node);
      else if (isCounted(node)) awaited--;
    }
    this.send(
      read,
      { targets, repair, awaited: Math.max(0, awaited), isCounted, spares: plan.spares },
      (acked) => {
        if (acked >= awaited) {
          done(null);
          return;
        }
        context.trace?.event(
          `Timed out while read-repairing after receiving all ${plan.blockFor} data and digest responses`,
        );
        const received = Math.min(plan.blockFor - (awaited - acked), plan.blockFor - 1);
        done(readTimeout(level, received, plan.blockFor, true));
      },
    );
  }

  /**
   * Sends each stale replica what it lacks, and when they are slow all of it to the replicas left out; `done` hears the
   * number of acks once they suffice or none can come.
   */
  private send(read: RepairedRead, writeBack: WriteBack, done: (acked: number) => void): void {
    const { targets, repair, awaited, isCounted, spares } = writeBack;
    const { trace } = read.context;
    const { clock, messaging, additionalWrites } = this.parts;
    const unacked = new Set(targets);
    let acked = 0;
    let open = targets.length;
    let isOver = awaited === 0;
    if (isOver) done(0);
    const settle = (node: Endpoint, isAcked: boolean): void => {
      open--;
      if (isAcked) unacked.delete(node);
      if (isAcked && isCounted(node)) acked++;
      if (isOver || (acked < awaited && open > 0)) return;
      isOver = true;
      done(acked);
    };
    for (const node of targets) {
      trace?.event(`Sending read-repair-mutation to /${node}`);
      this.writeBack(read, node, repair.lacking.get(node) ?? wholeDifference(repair), settle);
    }
    const thresholdMs = additionalWrites.thresholdMs(read.command.table);
    if (isOver || spares.length === 0 || thresholdMs >= this.remainingMs(read)) return;
    const onSlow = (): void => {
      const missed = unackedDifference(repair, unacked);
      if (isOver || missed === null) return;
      for (const node of spares) {
        trace?.event(`Sending speculative read-repair-mutation to ${node}`);
        open++;
        this.writeBack(read, node, missed, settle);
      }
    };
    clock.after(thresholdMs, messaging.faults.bind(onSlow));
  }

  private writeBack(
    read: RepairedRead,
    node: Endpoint,
    update: PartitionData,
    settle: (node: Endpoint, isAcked: boolean) => void,
  ): void {
    const { clock, messaging } = this.parts;
    const { keyspace } = update.table;
    const createdAtMs = clock.wallMs();
    const mutation: Mutation = { keyspace, key: update.key, updates: [update], createdAtMs };
    const onAnswer = (answer: Message | null, reason: FailureReason): void => {
      // A refusal is not heard: the reader waits out its time.
      const isRefused = answer === null && reason !== 'TIMEOUT';
      if (isRefused) clock.after(this.remainingMs(read), () => settle(node, false));
      else settle(node, answer !== null);
    };
    messaging.ask(node, 'READ_REPAIR_REQ', mutation, onAnswer, this.remainingMs(read));
  }

  private remainingMs(read: RepairedRead): number {
    const { config, clock } = this.parts;
    const isRange = read.command.kind === 'range';
    const timeoutMs = isRange ? config.range_request_timeout : config.read_request_timeout;
    return Math.max(0, read.startedAtMs + timeoutMs - clock.nowMs());
  }
}

export interface ReadRepairParts {
  readonly clock: Clock;
  readonly messaging: Messaging;
  readonly reader: DataReader;
  readonly plans: PlanCache;
  readonly cluster: ClusterState;
  readonly schema: SchemaView;
  readonly config: NodeConfig;
  readonly telemetry: Telemetry;
  readonly additionalWrites: AdditionalWrites;
}

interface WriteBack {
  readonly targets: readonly Endpoint[];
  readonly repair: PartitionRepair;
  readonly spares: readonly Endpoint[];
  readonly awaited: number;
  readonly isCounted: (node: Endpoint) => boolean;
}

interface PartitionRepair {
  readonly key: DecoratedKey;
  readonly lacking: Map<Endpoint, PartitionData>;
}

function groupByKey(
  repairs: ReadonlyMap<Endpoint, readonly PartitionData[]>,
): readonly PartitionRepair[] {
  const byId = new Map<string, PartitionRepair>();
  for (const [node, partitions] of repairs) {
    for (const partition of partitions) {
      let repair = byId.get(partition.key.id);
      if (repair === undefined) {
        repair = { key: partition.key, lacking: new Map() };
        byId.set(partition.key.id, repair);
      }
      repair.lacking.set(node, partition);
    }
  }
  return [...byId.values()];
}

/** All that any replica lacks: for a replica that was not read but must have it. */
function wholeDifference(repair: PartitionRepair): PartitionData {
  const [first, ...rest] = repair.lacking.values();
  return rest.reduce((merged, one) => mergePartitions(merged, one), first as PartitionData);
}

/** What those lack that have not acknowledged; null: nobody. */
function unackedDifference(
  { key, lacking }: PartitionRepair,
  unacked: ReadonlySet<Endpoint>,
): PartitionData | null {
  const missed = [...lacking].filter(([node]) => unacked.has(node));
  return missed.length === 0 ? null : wholeDifference({ key, lacking: new Map(missed) });
}

/** What a read that had to hold too many rows back says. */
export function filteringText(rows: number): string {
  return `Replica filtering protection has cached over ${rows} rows during query. (See 'cached_replica_rows_fail_threshold' in cassandra.yaml.)`;
}
