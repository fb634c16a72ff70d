// One session of a repair: for each table, trees from every replica, compared pair by pair, and the differing ranges
// streamed both ways. A participant that dies ends it; nothing is marked repaired then. Test: test/traces/repair-*.trace.
// Cassandra: repair/RepairSession, RepairJob, ValidationTask, SyncTask.

import { eachInTurn } from '../../base/each-in-turn.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import { normalizeRanges } from '../../ring/token-range.ts';
import type { Clock, Endpoint } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { PaxosCleanup } from '../coordinator/paxos-cleanup.ts';
import type { Message, MessagePayloads } from '../messaging/message.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { RequestVerb } from '../messaging/verb.ts';
import type { NodeConfig } from '../node-config.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Telemetry } from '../telemetry.ts';
import type { MerkleTree } from './merkle-tree.ts';
import type { RepairHistory } from './repair-history.ts';
import type { RepairOptions } from './repair-options.ts';
import type { RepairSessionPlan } from './repair-plan.ts';

const WATCH_MS = 1_000;
/** A validation or a sync may take long; liveness, not time, ends it. */
const WORK_TIMEOUT_MS = 24 * 3_600_000;
/** Participants agree to take part at once, or the repair does not begin. Cassandra: ActiveRepairService.prepareForRepair. */
const PREPARE_TIMEOUT_MS = 10_000;
const UNPREPARED = 'Did not get replies from all endpoints.';

export interface SessionParts {
  readonly clock: Clock;
  readonly messaging: Messaging;
  readonly cluster: ClusterState;
  readonly telemetry: Telemetry;
  readonly config: NodeConfig;
  readonly schema: SchemaView;
  readonly paxos: Pick<PaxosCleanup, 'cleanUp'>;
  readonly history: RepairHistory;
}

export interface SessionTotals {
  differingRanges: number;
  rows: number;
  bytes: number;
}

interface Trees {
  readonly node: Endpoint;
  readonly trees: readonly MerkleTree[];
}

export class RepairSession {
  readonly id: string;
  readonly totals: SessionTotals = { differingRanges: 0, rows: 0, bytes: 0 };
  private readonly parts: SessionParts;
  private readonly plan: RepairSessionPlan;
  private readonly options: RepairOptions;
  private readonly tables: readonly string[];
  private readonly parentId: string;
  /** Tables whose end the history does not know. */
  private readonly open = new Set<string>();
  private readonly done: (error: string | null) => void;
  private readonly nowSeconds: number;
  private isOver = false;
  private hasBegun = false;

  constructor(
    parts: SessionParts,
    spec: {
      readonly id: string;
      readonly plan: RepairSessionPlan;
      readonly options: RepairOptions;
      readonly tables: readonly string[];
      readonly parentId: string;
    },
    done: (error: string | null) => void,
  ) {
    this.parts = parts;
    this.id = spec.id;
    this.plan = spec.plan;
    this.options = spec.options;
    this.tables = spec.tables;
    this.parentId = spec.parentId;
    this.done = done;
    this.nowSeconds = Math.floor(parts.clock.wallMs() / 1000);
  }

  /** All participants have agreed to take part. */
  get isPrepared(): boolean {
    return this.hasBegun;
  }

  start(): void {
    const { cluster, telemetry } = this.parts;
    const { keyspace } = this.options;
    const ranges = this.plan.ranges.length;
    telemetry.emit({
      kind: 'repair-started',
      by: cluster.self,
      session: this.id,
      keyspace,
      ranges,
    });
    this.beginHistory();
    this.watch();
    this.prepare(() => this.repairTables());
  }

  /** Ends the session from outside: `repair_admin cancel`, or another session of the repair failed. */
  cancel(error: string): void {
    this.finish(error);
  }

  private beginHistory(): void {
    const { kind, paxosOnly, keyspace } = this.options;
    if (kind === 'preview' || paxosOnly) return;
    const { ranges, participants } = this.plan;
    for (const table of this.tables) {
      const job = { keyspace, table, id: this.id };
      this.open.add(table);
      this.parts.history.jobStarted(job, this.parentId, ranges, participants);
    }
  }

  private endHistory(table: string, error: string | null): void {
    const { keyspace } = this.options;
    if (this.open.delete(table))
      this.parts.history.jobEnded({ keyspace, table, id: this.id }, error);
  }

  private prepare(next: () => void): void {
    const request = {
      session: this.id,
      keyspace: this.options.keyspace,
      tables: this.tables,
      ranges: this.plan.ranges,
      incremental: this.options.kind === 'incremental',
      participants: this.plan.participants,
      repairedAtMs: this.plan.isPartial ? 0 : this.nowSeconds * 1000,
    };
    const { participants } = this.plan;
    let waiting = participants.length;
    for (const node of participants) {
      const answered = (): void => {
        waiting--;
        if (waiting > 0) return;
        this.hasBegun = true;
        next();
      };
      this.ask(node, 'PREPARE_REQ', request, UNPREPARED, answered, PREPARE_TIMEOUT_MS);
    }
  }

  private repairTables(): void {
    eachInTurn(
      this.tables,
      (table, next) =>
        this.repairTable(table, () => {
          this.endHistory(table, null);
          next(null);
        }),
      () => this.finalize(),
      this.options.jobThreads,
    );
  }

  private repairTable(table: string, next: () => void): void {
    this.repairPaxos(table, () => {
      if (this.options.paxosOnly) next();
      else this.repairData(table, next);
    });
  }

  /** What conditional writes left unfinished comes first. Cassandra: repair/RepairJob.run. */
  private repairPaxos(name: string, next: () => void): void {
    const { config, paxos, schema } = this.parts;
    const { repairPaxos, paxosOnly, kind, keyspace } = this.options;
    const isSecond = config.paxos_variant.startsWith('v2');
    const isWanted = (repairPaxos && isSecond) || paxosOnly;
    const table = schema.current.keyspaces.get(keyspace)?.tables.get(name);
    if (!isWanted || !config.paxos_repair_enabled || kind === 'preview' || table === undefined) {
      next();
      return;
    }
    const { ranges, participants: endpoints, isPartial } = this.plan;
    paxos.cleanUp({ table, ranges, endpoints, isPartial }, (error) => {
      if (this.isOver) return;
      if (error === null) next();
      else this.finish(error);
    });
  }

  private repairData(table: string, next: () => void): void {
    this.validateAll(table, (all) => {
      const pairs = this.compare(table, all);
      if (this.options.kind === 'preview') next();
      else this.syncAll(table, pairs, next);
    });
  }

  /** Parallel: all replicas at once. Sequential: one after the other. Datacenter-parallel: one of each at a time. */
  private validateAll(table: string, done: (all: readonly Trees[]) => void): void {
    const collected: Trees[] = [];
    const lanes = this.lanes().map((lane) => [...lane]);
    const step = (lane: Endpoint[]): void => {
      const node = lane.shift();
      if (node === undefined) return;
      this.validate(node, table, (trees) => {
        collected.push({ node, trees });
        if (collected.length === this.plan.participants.length) done(this.inOrder(collected));
        else step(lane);
      });
    };
    for (const lane of lanes) step(lane);
  }

  private inOrder(collected: readonly Trees[]): readonly Trees[] {
    const { participants } = this.plan;
    return [...collected].sort(
      (a, b) => participants.indexOf(a.node) - participants.indexOf(b.node),
    );
  }

  private lanes(): readonly (readonly Endpoint[])[] {
    const { participants } = this.plan;
    if (this.options.parallelism === 'sequential') return [participants];
    if (this.options.parallelism === 'parallel') return participants.map((node) => [node]);
    const byDatacenter = new Map<string, Endpoint[]>();
    for (const node of participants) {
      const datacenter = this.parts.cluster.info(node)?.datacenter ?? '';
      byDatacenter.set(datacenter, [...(byDatacenter.get(datacenter) ?? []), node]);
    }
    return [...byDatacenter.values()];
  }

  private validate(
    node: Endpoint,
    table: string,
    done: (trees: readonly MerkleTree[]) => void,
  ): void {
    const request = {
      session: this.id,
      keyspace: this.options.keyspace,
      table,
      ranges: this.plan.ranges,
      replicas: this.plan.participants.length,
      nowSeconds: this.nowSeconds,
    };
    const what = `Validation failed in /${node}`;
    this.ask(node, 'VALIDATION_REQ', request, what, (answer) => {
      const { trees } = (answer as Message<'VALIDATION_RSP'>).payload;
      const partitions = trees.reduce((sum, tree) => sum + tree.partitions, 0);
      const leaves = trees.reduce((sum, tree) => sum + tree.leafCount, 0);
      const { telemetry } = this.parts;
      const session = this.id;
      telemetry.emit({ kind: 'merkle-tree-built', by: node, session, table, partitions, leaves });
      done(trees);
    });
  }

  private compare(table: string, all: readonly Trees[]): readonly Difference[] {
    const found: Difference[] = [];
    for (let i = 0; i < all.length; i++) {
      for (let j = i + 1; j < all.length; j++) {
        const left = all[i] as Trees;
        const right = all[j] as Trees;
        const ranges = normalizeRanges(
          left.trees.flatMap((tree, at) => tree.difference(right.trees[at] as MerkleTree)),
        );
        this.report(table, left.node, right.node, ranges.length);
        if (ranges.length > 0) found.push({ left: left.node, right: right.node, ranges });
        this.totals.differingRanges += ranges.length;
      }
    }
    return found;
  }

  private report(table: string, left: Endpoint, right: Endpoint, differingRanges: number): void {
    const { telemetry, cluster } = this.parts;
    telemetry.emit({
      kind: 'merkle-trees-compared',
      by: cluster.self,
      session: this.id,
      table,
      left,
      right,
      differingRanges,
    });
  }

  private syncAll(table: string, pairs: readonly Difference[], next: () => void): void {
    const { self } = this.parts.cluster;
    const { pull, keyspace } = this.options;
    const orders = pairs.flatMap(({ left, right, ranges }) => {
      const both = [
        { from: left, to: right, ranges },
        { from: right, to: left, ranges },
      ];
      return pull ? both.filter(({ to }) => to === self) : both;
    });
    let waiting = orders.length;
    if (waiting === 0) next();
    for (const { from, to, ranges } of orders) {
      const request = { session: this.id, keyspace, table, to, ranges };
      const what = `Sync failed between /${from} and /${to}`;
      this.ask(from, 'SYNC_REQ', request, what, (answer) => {
        const { rows, bytes } = (answer as Message<'SYNC_RSP'>).payload;
        this.totals.rows += rows;
        this.totals.bytes += bytes;
        waiting--;
        if (waiting === 0) next();
      });
    }
  }

  /** Only now is anything marked as repaired, on all participants, once all have promised to. */
  private finalize(): void {
    if (this.options.kind !== 'incremental') {
      this.finish(null);
      return;
    }
    const request = { session: this.id };
    const { participants } = this.plan;
    this.askAll(participants, 'FINALIZE_PROPOSE_REQ', request, () =>
      this.askAll(participants, 'FINALIZE_COMMIT_REQ', request, () => this.finish(null)),
    );
  }

  private askAll<V extends RequestVerb>(
    nodes: readonly Endpoint[],
    verb: V,
    payload: MessagePayloads[V],
    next: () => void,
  ): void {
    let waiting = nodes.length;
    for (const node of nodes) {
      this.ask(node, verb, payload, `${verb} failed in /${node}`, () => {
        waiting--;
        if (waiting === 0) next();
      });
    }
  }

  private ask<V extends RequestVerb>(
    node: Endpoint,
    verb: V,
    payload: MessagePayloads[V],
    what: string,
    next: (answer: Message) => void,
    timeoutMs = WORK_TIMEOUT_MS,
  ): void {
    const { messaging } = this.parts;
    messaging.ask(
      node,
      verb,
      payload,
      (answer) => {
        if (this.isOver) return;
        if (answer === null) this.finish(what);
        else next(answer);
      },
      timeoutMs,
    );
  }

  private watch(): void {
    if (this.isOver) return;
    const dead = this.plan.participants.find((node) => !this.parts.cluster.isAlive(node));
    if (dead === undefined) this.parts.clock.after(WATCH_MS, () => this.watch());
    else this.finish(`Endpoint /${dead} died`);
  }

  private finish(error: string | null): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const table of this.open) this.endHistory(table, error);
    const { messaging, telemetry, cluster } = this.parts;
    if (error !== null && this.options.kind === 'incremental') {
      const request = { session: this.id };
      for (const node of this.plan.participants)
        messaging.tell(node, 'FAILED_SESSION_REQ', request);
    }
    const { keyspace } = this.options;
    const ok = error === null;
    const by = cluster.self;
    telemetry.emit({ kind: 'repair-finished', by, session: this.id, keyspace, ok, error });
    this.done(error);
  }
}

interface Difference {
  readonly left: Endpoint;
  readonly right: Endpoint;
  readonly ranges: readonly TokenRange[];
}
