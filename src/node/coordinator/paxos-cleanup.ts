// Paxos repair: finishes what conditional writes left unfinished in some ranges, on every replica, so that older state
// may be forgotten (`paxos_state_purging: repaired`) and ranges may change hands. Before `nodetool repair` repairs
// tables, and before nodes join, leave, move or rebuild. Test: test/coordinator/paxos-cleanup.test.ts.
// Cassandra: service/paxos/cleanup/*, service/paxos/PaxosRepair, service/ActiveRepairService.repairPaxosForTopologyChange.

import type { WorkDone } from '../../base/each-in-turn.ts';
import { eachInTurn } from '../../base/each-in-turn.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { isDistributed } from '../../ring/replication.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import { rangeText } from '../../ring/token-range.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { Message, MessagePayloads } from '../messaging/message.ts';
import type { RequestVerb } from '../messaging/verb.ts';
import type { UncommittedKey } from '../replica/paxos-store.ts';
import { ownContext } from './coordinator.ts';
import type { PaxosService } from './paxos.ts';
import type { Ballot, CleanupRequest } from './paxos-messages.ts';
import { ballotLevel, compareBallots, NO_BALLOT } from './paxos-messages.ts';
import { PaxosOperation } from './paxos-operation.ts';

export type CleanupDone = WorkDone;

export interface CleanupWork {
  readonly table: TableMetadata;
  readonly ranges: readonly TokenRange[];
  readonly endpoints: readonly Endpoint[];
  /** Replicas were left out: what is finished here need not be finished there. */
  readonly isPartial: boolean;
}

const WATCH_MS = 1_000;
const WORK_TIMEOUT_MS = 2 * 3_600_000;
/** cassandra.paxos_repair_on_topology_change_retries, ..._retry_delay_seconds. */
const RETRIES = 10;
const RETRY_DELAY_MS = 10_000;
const ATTEMPTS_PER_KEY = 10;
/** Replicated by the system for itself; nobody writes to them under conditions. */
const SYSTEM_KEYSPACES = new Set(['system_auth', 'system_distributed', 'system_traces']);

export class PaxosCleanup {
  private readonly paxos: PaxosService;

  constructor(paxos: PaxosService) {
    this.paxos = paxos;
  }

  /** Serves the repairs of other nodes, and this node's part in its own. */
  serve(): void {
    const { messaging, paxosStore } = this.paxos.parts;
    messaging.serve('PAXOS2_CLEANUP_START_PREPARE_REQ', (message, from) => {
      const { newest } = paxosStore;
      messaging.respond(message, from, 'PAXOS2_CLEANUP_START_PREPARE_RSP', { newest });
    });
    messaging.serve('PAXOS2_CLEANUP_FINISH_PREPARE_REQ', (message, from) => {
      paxosStore.refuseBelow(message.payload.bound);
      messaging.respond(message, from, 'PAXOS2_CLEANUP_FINISH_PREPARE_RSP', null);
    });
    messaging.serve('PAXOS2_CLEANUP_REQ', (message, from) =>
      this.finishAll(message.payload, (error) =>
        messaging.respond(message, from, 'PAXOS2_CLEANUP_RSP', { error }),
      ),
    );
    messaging.serve('PAXOS2_CLEANUP_COMPLETE_REQ', (message, from) => {
      const { ranges, bound } = message.payload;
      const table = this.tableOf(message.payload);
      if (table !== undefined) paxosStore.history.raise(table, ranges, bound);
      messaging.respond(message, from, 'PAXOS2_CLEANUP_COMPLETE_RSP', null);
    });
  }

  /** Repairs ranges that these nodes hold. `done` is called once. */
  cleanUp(work: CleanupWork, done: CleanupDone): void {
    const { clock, config } = this.paxos.parts;
    const { table, ranges, endpoints, isPartial } = work;
    const request = { keyspace: table.keyspace, table: table.name, ranges };
    const exchange = new CleanupExchange(this.paxos, endpoints, done);
    exchange.ask('PAXOS2_CLEANUP_START_PREPARE_REQ', request, (answers) => {
      const newest = (answers as Message<'PAXOS2_CLEANUP_START_PREPARE_RSP'>[]).map(
        ({ payload }) => payload.newest,
      );
      const bound = newest.reduce((a, b) => (compareBallots(a, b) < 0 ? b : a), NO_BALLOT);
      // Whoever is at work with an older ballot has the time to end it.
      const waitMs = Math.min(config.cas_contention_timeout, config.write_request_timeout);
      clock.after(waitMs, () =>
        exchange.ask('PAXOS2_CLEANUP_FINISH_PREPARE_REQ', { bound }, () =>
          eachInTurn(
            endpoints,
            (node, next) => exchange.askToFinish(node, request, next),
            (error) => {
              if (error !== null || isPartial) exchange.end(error);
              else
                exchange.ask('PAXOS2_CLEANUP_COMPLETE_REQ', { ...request, bound }, () =>
                  exchange.end(null),
                );
            },
          ),
        ),
      );
    });
  }

  /**
   * All ranges this node holds or is about to, before they change hands; nothing under v1, or when the configuration
   * skips it. Tried again for some minutes; `done` hears why it could not be done.
   */
  beforeTopologyChange(reason: string, done: CleanupDone): void {
    const { clock, config } = this.paxos.parts;
    const isSecond = config.paxos_variant.startsWith('v2');
    const isWanted = isSecond && config.paxos_repair_enabled;
    if (!isWanted || config.skip_paxos_repair_on_topology_change) {
      done(null);
      return;
    }
    let retries = 0;
    const attempt = (): void =>
      this.cleanUpOwn(reason, (error) => {
        if (error === null || retries >= RETRIES) done(error);
        else clock.after(RETRY_DELAY_MS * ++retries, attempt);
      });
    attempt();
  }

  private cleanUpOwn(reason: string, done: CleanupDone): void {
    const { config } = this.paxos.parts;
    const skipped = config.skip_paxos_repair_on_topology_change_keyspaces;
    const works: CleanupWork[] = [];
    for (const keyspace of this.paxos.parts.schema.current.keyspaces.values()) {
      const { name, tables } = keyspace;
      if (!isDistributed(keyspace) || SYSTEM_KEYSPACES.has(name) || skipped.includes(name))
        continue;
      const found = this.ownRanges(name, reason);
      if (typeof found === 'string') {
        done(found);
        return;
      }
      for (const { ranges, endpoints } of found) {
        for (const table of tables.values())
          works.push({ table, ranges, endpoints, isPartial: false });
      }
    }
    eachInTurn(works, (work, next) => this.cleanUp(work, next), done);
  }

  /** This node's ranges, present and pending, by who holds them; or why they cannot be repaired. */
  private ownRanges(
    name: string,
    reason: string,
  ): string | readonly Pick<CleanupWork, 'ranges' | 'endpoints'>[] {
    const { cluster, schema } = this.paxos.parts;
    const keyspace = schema.current.keyspaces.get(name);
    if (keyspace === undefined) return [];
    const replication = cluster.replication(keyspace);
    const groups = new Map<string, { ranges: TokenRange[]; endpoints: readonly Endpoint[] }>();
    const own = replication.ranges.filter(({ right }) =>
      replication.natural(right).includes(cluster.self),
    );
    for (const range of [...own, ...replication.pendingRanges(cluster.self)]) {
      const natural = replication.natural(range.right);
      const endpoints = natural.filter((node) => cluster.isAlive(node));
      const down = natural.filter((node) => !cluster.isAlive(node));
      if (!isEachQuorum(natural, endpoints, (node) => cluster.info(node)?.datacenter ?? ''))
        return `Insufficient live nodes to repair paxos for ${rangeText(range)} in ${name} for ${reason}. There must be enough live nodes to satisfy EACH_QUORUM, but the following nodes are down: [${down.map((node) => `/${node}`).join(', ')}]`;
      const id = endpoints.join();
      const group = groups.get(id) ?? { ranges: [], endpoints };
      group.ranges.push(range);
      groups.set(id, group);
    }
    return [...groups.values()];
  }

  /** The replica's part: a ballot of its own on every partition it knows to be unfinished. */
  private finishAll(request: CleanupRequest, done: CleanupDone): void {
    const { clock, config, paxosStore } = this.paxos.parts;
    const table = this.tableOf(request);
    if (table === undefined) {
      done(`Unknown table: ${request.keyspace}.${request.table}`);
      return;
    }
    const keys = paxosStore.uncommitted(table, request.ranges);
    const newest = keys.reduce((max, { ballot }) => Math.max(max, ballot.micros), 0);
    const raceMs = Math.max(config.cas_contention_timeout, config.write_request_timeout);
    const waitMs = config.paxos_repair_race_wait ? newest / 1000 + raceMs - clock.wallMs() : 0;
    const finish = (): void =>
      eachInTurn(
        keys,
        (key, next) => this.finishKey(key, 1, next),
        done,
        config.paxos_repair_parallelism,
      );
    if (keys.length === 0 || waitMs <= 0) finish();
    else clock.after(waitMs, finish);
  }

  private finishKey({ at, ballot }: UncommittedKey, attempt: number, done: CleanupDone): void {
    const { schema } = this.paxos.parts;
    const keyspace = schema.current.keyspaces.get(at.keyspace);
    const level = ballotLevel(ballot);
    // Who decides about it is not known: it is as old as the program that wrote it.
    if (keyspace === undefined || level === null) {
      done(null);
      return;
    }
    new PaxosOperation(this.paxos, {
      keyspace,
      at,
      level,
      commitLevel: 'ANY',
      replayLevel: level === 'SERIAL' ? 'QUORUM' : 'LOCAL_QUORUM',
      context: ownContext(this.paxos.parts.clock),
      propose: (_ballot: Ballot, decided) => decided({ mutation: null, rejected: null }),
      done: (outcome) => {
        if (!('error' in outcome)) done(null);
        else if (attempt >= ATTEMPTS_PER_KEY) done(outcome.error.message);
        else this.paxos.sleep(() => this.finishKey({ at, ballot }, attempt + 1, done));
      },
    }).begin();
  }

  private tableOf({ keyspace, table }: CleanupRequest): TableMetadata | undefined {
    return this.paxos.parts.schema.current.keyspaces.get(keyspace)?.tables.get(table);
  }
}

/** Questions to all nodes of one repair; it ends once, at the latest when one of them dies. */
class CleanupExchange {
  private readonly paxos: PaxosService;
  private readonly endpoints: readonly Endpoint[];
  private readonly done: CleanupDone;
  private isOver = false;

  constructor(paxos: PaxosService, endpoints: readonly Endpoint[], done: CleanupDone) {
    this.paxos = paxos;
    this.endpoints = endpoints;
    this.done = done;
    this.watch();
  }

  ask<V extends RequestVerb>(
    verb: V,
    payload: MessagePayloads[V],
    next: (answers: readonly Message[]) => void,
  ): void {
    const answers: Message[] = [];
    for (const node of this.endpoints) {
      this.askOne(node, verb, payload, (answer) => {
        answers.push(answer);
        if (answers.length === this.endpoints.length) next(answers);
      });
    }
  }

  private askOne<V extends RequestVerb>(
    node: Endpoint,
    verb: V,
    payload: MessagePayloads[V],
    next: (answer: Message) => void,
  ): void {
    const { messaging } = this.paxos.parts;
    const heard = (answer: Message | null): void => {
      if (this.isOver) return;
      if (answer === null) this.end(`Paxos cleanup failed: no answer to ${verb} from /${node}`);
      else next(answer);
    };
    messaging.ask(node, verb, payload, heard, WORK_TIMEOUT_MS);
  }

  /** The node finishes what it knows to be unfinished. */
  askToFinish(node: Endpoint, request: CleanupRequest, next: CleanupDone): void {
    this.askOne(node, 'PAXOS2_CLEANUP_REQ', request, (answer) => {
      const { error } = (answer as Message<'PAXOS2_CLEANUP_RSP'>).payload;
      next(
        error === null ? null : `Paxos cleanup session failed on /${node} with message: ${error}`,
      );
    });
  }

  end(error: string | null): void {
    if (this.isOver) return;
    this.isOver = true;
    this.done(error);
  }

  private watch(): void {
    if (this.isOver) return;
    const { cluster, clock } = this.paxos.parts;
    const dead = this.endpoints.find((node) => !cluster.isAlive(node));
    if (dead === undefined) clock.after(WATCH_MS, () => this.watch());
    else this.end(`Paxos cleanup session failed after /${dead} died`);
  }
}

function isEachQuorum(
  natural: readonly Endpoint[],
  live: readonly Endpoint[],
  datacenterOf: (node: Endpoint) => string,
): boolean {
  return [...new Set(natural.map(datacenterOf))].every((datacenter) => {
    const count = (nodes: readonly Endpoint[]): number =>
      nodes.filter((node) => datacenterOf(node) === datacenter).length;
    return count(live) > count(natural) / 2;
  });
}
