// Anti-entropy repair of one node: runs repairs that are asked for here and serves the sessions of others (validate,
// stream, remember what is repaired). Test: test/traces/repair-*.trace.
// Cassandra: repair/RepairCoordinator, RepairMessageVerbHandler, repair/consistent/LocalSessions.

import { TimeUuidGenerator } from '../../data/time-uuid.ts';
import { uuidText } from '../../data/uuid.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import { normalizeRanges, rangeText } from '../../ring/token-range.ts';
import type { Clock, Endpoint, Random } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { Message } from '../messaging/message.ts';
import type { PaxosCleanup } from '../coordinator/paxos-cleanup.ts';
import type { Coordinator } from '../coordinator/coordinator.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { LocalStore } from '../replica/local-store.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Telemetry } from '../telemetry.ts';
import type { LocalSession, SessionState } from './local-sessions.ts';
import { LocalSessions } from './local-sessions.ts';
import { RepairHistory } from './repair-history.ts';
import type { RepairOptions, RepairProgress, RepairResult } from './repair-options.ts';
import type { RepairSessionPlan } from './repair-plan.ts';
import { planRepair } from './repair-plan.ts';
import { RepairSession } from './repair-session.ts';
import type { Streaming } from './streaming.ts';
import { validate } from './validation.ts';

export interface RepairParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly messaging: Messaging;
  readonly cluster: ClusterState;
  readonly schema: SchemaView;
  readonly store: LocalStore;
  readonly config: NodeConfig;
  readonly telemetry: Telemetry;
  readonly streaming: Streaming;
  readonly paxos: Pick<PaxosCleanup, 'cleanUp'>;
  readonly coordinator: Pick<Coordinator, 'write'>;
}

/** What this node knows to be repaired incrementally. */
export interface RepairedRanges {
  readonly keyspace: string;
  readonly table: string;
  readonly ranges: readonly TokenRange[];
  readonly repairedAtMs: number;
}

const CLEANUP_INTERVAL_MS = 10 * 60_000;

export class RepairService {
  private readonly parts: RepairParts;
  private readonly ids: TimeUuidGenerator;
  private readonly sessions: LocalSessions;
  private readonly history: RepairHistory;
  private readonly running = new Map<string, RepairSession>();
  private nextCommand = 1;
  private isStopped = false;

  constructor(parts: RepairParts) {
    this.parts = parts;
    this.sessions = new LocalSessions(parts.store, parts.clock);
    const { clock, coordinator } = parts;
    this.history = new RepairHistory({ clock, coordinator, self: parts.cluster.self });
    this.ids = new TimeUuidGenerator(parts.random.fork('repair').bytes(8));
  }

  /** Serves the sessions of other nodes, and this node's part in its own. */
  serve(): void {
    const { messaging } = this.parts;
    messaging.serve('PREPARE_REQ', (message, from) => this.onPrepare(message, from));
    messaging.serve('VALIDATION_REQ', (message, from) => this.onValidation(message, from));
    messaging.serve('SYNC_REQ', (message, from) => this.onSync(message, from));
    messaging.serve('FINALIZE_PROPOSE_REQ', (message, from) => {
      const promised = (): void => messaging.respond(message, from, 'FINALIZE_PROPOSE_RSP', null);
      this.move(message, from, 'FINALIZE_PROMISED', promised);
    });
    messaging.serve('FINALIZE_COMMIT_REQ', (message, from) => {
      const ended = (): void => messaging.respond(message, from, 'FINALIZE_COMMIT_RSP', null);
      this.move(message, from, 'FINALIZED', ended);
    });
    messaging.serve('FAILED_SESSION_REQ', (message) => {
      this.sessions.move(message.payload.session, 'FAILED');
    });
    messaging.serve('REPAIR_STATUS_REQ', (message, from) => {
      const state = this.sessions.get(message.payload.session)?.state ?? null;
      messaging.respond(message, from, 'REPAIR_STATUS_RSP', { state });
    });
  }

  /** Reads the sessions of an earlier life and begins to clean up after those that nobody ends. */
  start(): void {
    this.sessions.load();
    const { clock } = this.parts;
    const round = (): void => {
      if (this.isStopped) return;
      for (const session of this.sessions.cleanUp()) this.askAbout(session);
      clock.after(CLEANUP_INTERVAL_MS, round);
    };
    clock.after(CLEANUP_INTERVAL_MS, round);
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Runs a repair from this node. `done` is called once. */
  repair(
    options: RepairOptions,
    progress: (progress: RepairProgress) => void,
    done: (result: RepairResult) => void,
  ): void {
    const { schema, cluster, clock } = this.parts;
    const command = this.nextCommand++;
    const sayFailed = (error: string): void => {
      const say = (message: string): void => progress({ progress: 0, total: 0, message });
      say(`Repair command #${command} failed with error ${error}`);
      say(`Repair command #${command} finished with error`);
    };
    const refuse = (error: string): void => {
      sayFailed(error);
      done(failed(command, error));
    };
    const keyspace = schema.current.keyspaces.get(options.keyspace);
    if (keyspace === undefined) {
      refuse(`Keyspace [${options.keyspace}] does not exist.`);
      return;
    }
    const tables = options.tables ?? [...keyspace.tables.keys()];
    const unknown = tables.find((name) => !keyspace.tables.has(name));
    if (unknown !== undefined) {
      refuse(`Unknown keyspace/cf pair (${options.keyspace}.${unknown})`);
      return;
    }
    const plan = planRepair({
      self: cluster.self,
      localDatacenter: cluster.localDatacenter,
      replication: cluster.replication(keyspace),
      options,
      datacenterOf: (node) => cluster.info(node)?.datacenter ?? '',
      isAlive: (node) => cluster.isAlive(node),
    });
    if (!plan.ok) {
      refuse(plan.error);
      return;
    }
    const ranges = plan.sessions.reduce((sum, session) => sum + session.ranges.length, 0);
    const total = plan.sessions.length;
    const id = uuidText(this.ids.next(clock.wallMs()));
    progress({ progress: 0, total, message: startText(`#${command} (${id})`, options, ranges) });
    const startedAtMs = clock.nowMs();
    const allRanges = plan.sessions.flatMap((session) => session.ranges);
    const isPreview = options.kind === 'preview';
    if (!isPreview) this.history.started(id, options, tables, allRanges);
    this.runSessions(plan.sessions, { options, tables, parentId: id }, progress, (result) => {
      if (!isPreview) this.history.ended(id, allRanges, result.error);
      const seconds = Math.floor((clock.nowMs() - startedAtMs) / 1000);
      const say = (message: string): void => progress({ progress: total, total, message });
      if (result.error === null) {
        say('Repair completed successfully');
        say(`Repair command #${command} finished in ${seconds} seconds`);
      } else sayFailed(result.error);
      done({ command, ...result });
    });
  }

  /** Ends a session that this node coordinates. False: it does not run. */
  cancel(session: string): boolean {
    const running = this.running.get(session);
    running?.cancel('Repair session was cancelled');
    return running !== undefined;
  }

  /** Incremental sessions this node takes part in, those that ended included; for repair_admin. */
  incrementalSessions(): readonly LocalSession[] {
    return this.sessions.all();
  }

  /** Ends an incremental session that another node coordinates: repair_admin cancel --force. */
  fail(session: LocalSession): boolean {
    const { messaging, cluster } = this.parts;
    if (!this.sessions.move(session.id, 'FAILED')) return false;
    for (const node of session.participants) {
      if (node !== cluster.self)
        messaging.tell(node, 'FAILED_SESSION_REQ', { session: session.id });
    }
    return true;
  }

  /** What incremental repairs have covered, by table. */
  repairedRanges(): readonly RepairedRanges[] {
    const keyspaces = [...this.parts.schema.current.keyspaces.values()];
    return keyspaces.flatMap(({ name: keyspace, tables }) =>
      [...tables.values()].flatMap(({ id, name: table }) => {
        const sections = this.sessions.repairedOf(id);
        const [newest] = sections;
        if (newest === undefined) return [];
        const ranges = normalizeRanges(sections.flatMap((section) => [...section.ranges]));
        return [{ keyspace, table, ranges, repairedAtMs: newest.value }];
      }),
    );
  }

  private runSessions(
    plans: readonly RepairSessionPlan[],
    wanted: {
      readonly options: RepairOptions;
      readonly tables: readonly string[];
      readonly parentId: string;
    },
    progress: (progress: RepairProgress) => void,
    done: (result: Omit<RepairResult, 'command'>) => void,
  ): void {
    const { history } = this;
    const sums = { differingRanges: 0, rowsStreamed: 0, bytesStreamed: 0 };
    const errors: string[] = [];
    const waiting = [...plans];
    const next = (): void => {
      const plan = waiting.shift();
      if (plan === undefined || errors.length > 0) {
        const error = errors[0] ?? null;
        done({ ok: error === null, error, sessions: plans.length, ...sums });
        return;
      }
      const id = uuidText(this.ids.next(this.parts.clock.wallMs()));
      const session = new RepairSession(
        { ...this.parts, history },
        { id, plan, ...wanted },
        (error) => {
          this.running.delete(id);
          sums.differingRanges += session.totals.differingRanges;
          sums.rowsStreamed += session.totals.rows;
          sums.bytesStreamed += session.totals.bytes;
          const finished = plans.length - waiting.length;
          const ranges = plan.ranges.map(rangeText).join(', ');
          const percent = Math.round((finished / plans.length) * 100);
          const message =
            error === null
              ? `Repair session ${id} for range [${ranges}] finished (progress: ${percent}%)`
              : `Repair session ${id} for range [${ranges}] failed with error ${error} (progress: ${percent}%)`;
          if (session.isPrepared) progress({ progress: finished, total: plans.length, message });
          if (error !== null) errors.push(error);
          next();
        },
      );
      this.running.set(id, session);
      session.start();
    };
    next();
  }

  private onValidation(message: Message<'VALIDATION_REQ'>, from: Endpoint): void {
    const { schema, messaging, config } = this.parts;
    const { session, keyspace, table, ranges, nowSeconds, replicas } = message.payload;
    this.sessions.move(session, 'REPAIRING');
    const metadata = schema.current.keyspaces.get(keyspace)?.tables.get(table);
    if (metadata === undefined) {
      messaging.fail(message, from, 'INCOMPATIBLE_SCHEMA');
      return;
    }
    const spaceBytes = config.repair_session_space;
    const work = { table: metadata, ranges, nowSeconds, replicas, spaceBytes };
    validate(this.parts, work, (trees) =>
      messaging.respond(message, from, 'VALIDATION_RSP', { trees }),
    );
  }

  private onSync(message: Message<'SYNC_REQ'>, from: Endpoint): void {
    const { messaging, streaming } = this.parts;
    const { session, keyspace, table, to, ranges } = message.payload;
    this.sessions.move(session, 'REPAIRING');
    streaming.send(to, { session, keyspace, tables: [table], ranges }, (totals) => {
      if (totals === null) messaging.fail(message, from, 'UNKNOWN');
      else messaging.respond(message, from, 'SYNC_RSP', totals);
    });
  }

  private onPrepare(message: Message<'PREPARE_REQ'>, from: Endpoint): void {
    const { messaging, schema } = this.parts;
    const { session: id, incremental, ...rest } = message.payload;
    const prepared = (): void => messaging.respond(message, from, 'PREPARE_RSP', null);
    if (!incremental) {
      prepared();
      return;
    }
    const known = schema.current.keyspaces.get(rest.keyspace)?.tables;
    const tableIds = rest.tables.flatMap((name) => known?.get(name)?.id ?? []);
    const { participants, ranges, repairedAtMs } = rest;
    this.sessions.begin({ id, coordinator: from, participants, tableIds, ranges, repairedAtMs });
    this.sessions.move(id, 'PREPARED', prepared);
  }

  /** A session that is unknown here, or over, cannot go on: its coordinator hears so. */
  private move(
    message: Message<'FINALIZE_PROPOSE_REQ' | 'FINALIZE_COMMIT_REQ'>,
    from: Endpoint,
    state: SessionState,
    done: () => void,
  ): void {
    if (!this.sessions.move(message.payload.session, state, done))
      this.parts.messaging.fail(message, from, 'UNKNOWN');
  }

  /** Whether a session of which nothing was heard for long has ended elsewhere. */
  private askAbout({ id, participants }: LocalSession): void {
    const { messaging, cluster } = this.parts;
    for (const node of participants) {
      if (node === cluster.self) continue;
      messaging.ask(node, 'REPAIR_STATUS_REQ', { session: id }, (answer) => {
        if (answer === null) return;
        const { state } = (answer as Message<'REPAIR_STATUS_RSP'>).payload;
        const own = this.sessions.get(id)?.state;
        if (state === 'FAILED') this.sessions.move(id, 'FAILED');
        if (state === 'FINALIZED' && own === 'FINALIZE_PROMISED')
          this.sessions.move(id, 'FINALIZED');
      });
    }
  }
}

function failed(command: number, error: string): RepairResult {
  const nothing = { sessions: 0, differingRanges: 0, rowsStreamed: 0, bytesStreamed: 0 };
  return { command, ok: false, error, ...nothing };
}

function startText(command: string, options: RepairOptions, ranges: number): string {
  const parallelism =
    options.parallelism === 'datacenter-parallel' ? 'dc_parallel' : options.parallelism;
  const parts = [
    `parallelism: ${parallelism}`,
    `primary range: ${options.primaryRange}`,
    `incremental: ${options.kind === 'incremental'}`,
    `job threads: ${options.jobThreads}`,
    `ColumnFamilies: [${(options.tables ?? []).join(', ')}]`,
    `dataCenters: [${options.datacenters.join(', ')}]`,
    `hosts: [${options.hosts.join(', ')}]`,
    `previewKind: ${options.kind === 'preview' ? 'ALL' : 'NONE'}`,
    `# of ranges: ${ranges}`,
    `pull repair: ${options.pull}`,
    `force repair: ${options.force}`,
    'optimise streams: false',
    'ignore unreplicated keyspaces: false',
    `repairPaxos: ${options.repairPaxos}`,
    `paxosOnly: ${options.paxosOnly}`,
  ];
  return `Starting repair command ${command}, repairing keyspace ${options.keyspace} with repair options (${parts.join(', ')})`;
}
