// A running cluster as the library hands it out: where drivers connect, faults, checks, and a way
// back to empty tables. Test: test/api/*.test.ts.

import { checkConvergence } from '../check/convergence.ts';
import type { NodePlacement } from '../cluster/placement.ts';
import type { EngineEvent, NodeStatus, RepairReport } from '../engine/engine.ts';
import { radiusText } from '../fault/blast-radius.ts';
import type { FaultInput } from '../fault/fault.ts';
import { faultSchema, faultText } from '../fault/fault.ts';
import { validate } from '../topology/load-topology.ts';
import { nearest } from '../topology/place.ts';
import type { Topology } from '../topology/topology.ts';
import { InvalidDocument } from '../topology/load-topology.ts';
import type { AddOptions } from './growth.ts';
import { growCluster, replaceNode } from './growth.ts';
import type { Lab } from './lab.ts';
import { userTables } from './user-tables.ts';

/** What `new cassandra.Client(...)` takes. */
export interface DriverOptions {
  readonly contactPoints: string[];
  readonly localDataCenter: string;
  readonly protocolOptions: { readonly port: number };
}

/** A fault that holds until it is healed, or its block ends (`await using`). */
export interface FaultHandle extends AsyncDisposable {
  readonly id: string;
  /** `outage us-east-1/b`. */
  readonly text: string;
  /** `1 node, 1 instance`: what it took away. */
  readonly radius: string;
  /** Resolves when everything has been started again; see `settled` for when it has recovered. */
  heal(): Promise<void>;
}

export type ClusterCheck = 'lost-writes' | 'convergence';

export interface CheckReport {
  readonly check: ClusterCheck;
  /** Partitions that were looked at. */
  readonly checked: number;
  /** One line each; empty when all is well. */
  readonly violations: readonly string[];
  /** False: not everything could be looked at, so that no violation proves nothing. */
  readonly complete: boolean;
}

const CHECKS: readonly ClusterCheck[] = ['lost-writes', 'convergence'];
const EVENTS_MAX = 10_000;

export class RunningCluster implements AsyncDisposable {
  /** Give it to startCluster again to get the same random choices. */
  readonly seed: number;
  /** What happened, oldest first; the last ten thousand. */
  readonly events: readonly EngineEvent[];
  private readonly lab: Lab;
  private readonly unsubscribe: () => void;

  constructor(lab: Lab, seed: number) {
    this.lab = lab;
    this.seed = seed;
    const events: EngineEvent[] = [];
    this.events = events;
    this.unsubscribe = lab.engine.on((event) => {
      events.push(event);
      if (events.length > EVENTS_MAX) events.shift();
    });
  }

  /** The nodes as they are now, and whom each believes to be down. */
  get nodes(): readonly NodeStatus[] {
    return this.lab.engine.status();
  }

  /** Hears every event from now on; returns the way to stop. */
  onEvent(listener: (event: EngineEvent) => void): () => void {
    return this.lab.engine.on(listener);
  }

  /**
   * For `new cassandra.Client(...)`: nodes of the region, its datacenter, the port. Throws
   * InvalidDocument.
   */
  driverOptions(region?: string): DriverOptions {
    const [first] = this.nodesOf(region);
    return {
      contactPoints: [...this.contactPoints(region)],
      localDataCenter: this.localDataCenter(region),
      protocolOptions: { port: first?.nativePort ?? 9042 },
    };
  }

  /**
   * `127.0.1.1`, or `127.0.0.1:9043` where nodes differ by their port. The first region when
   * absent.
   */
  contactPoints(region?: string): readonly string[] {
    const ports = new Set(this.lab.engine.nodes.map(({ nativePort }) => nativePort));
    return this.nodesOf(region).map(({ address, nativePort }) =>
      ports.size > 1 ? `${address}:${nativePort}` : address,
    );
  }

  /** The datacenter's name: the region's. */
  localDataCenter(region?: string): string {
    return this.nodesOf(region)[0]?.datacenter ?? '';
  }

  /**
   * Breaks something: `{ kind: 'outage', at: 'us-east-1/b' }`, `{ kind: 'cut', at:
   * 'us-east-1..us-west-2' }`. Throws InvalidDocument, UnknownPlace, or an Error that says what
   * fits the kind.
   */
  async fault(fault: FaultInput): Promise<FaultHandle> {
    const parsed = validate(faultSchema, fault, 'fault');
    const active = await this.lab.injector.inject(parsed);
    const heal = (): Promise<void> => active.heal();
    return {
      id: active.id,
      text: faultText(parsed),
      radius: radiusText(active.radius),
      heal,
      [Symbol.asyncDispose]: heal,
    };
  }

  /** Heals whatever is broken. */
  healAll(): Promise<void> {
    return this.lab.injector.healAll();
  }

  /**
   * Resolves when the running nodes agree about the ring and no hint waits for one of them. Rejects
   * at the limit.
   */
  settled(limitMs = 30_000): Promise<void> {
    return this.lab.engine.settled(limitMs);
  }

  /** Repairs a keyspace on all replicas. */
  repair(keyspace: string): Promise<RepairReport> {
    return this.lab.engine.repair(keyspace, { full: true });
  }

  /**
   * `lost-writes`: every write that was acknowledged, to whatever client, is on a running replica.
   * `convergence`: all replicas of every partition of the users' tables hold the same. Counters
   * count in the second only.
   */
  async check(check: ClusterCheck): Promise<CheckReport> {
    if (check === 'lost-writes') return this.checkLostWrites();
    if (check === 'convergence') return this.checkReplicas();
    const near = nearest(check, CHECKS);
    throw new InvalidDocument(
      `There is no check ${String(check)}. Known: ${(near.length > 0 ? near : CHECKS).join(', ')}.`,
    );
  }

  /**
   * Heals everything and empties the users' tables; the schema stays. For tests that share a
   * cluster.
   */
  async reset(): Promise<void> {
    await this.healAll();
    await this.settled();
    for (const { keyspace, table } of await userTables(this.lab.engine)) {
      await this.lab.engine.execute(`TRUNCATE "${keyspace}"."${table}"`);
    }
  }

  /** With the zones and regions that came later. */
  get topology(): Topology {
    return this.lab.engine.topology;
  }

  /**
   * Takes new nodes in while it runs: `us-east-1/d` bootstraps nodes into a zone, which may be new; `eu-west-1` builds a
   * region from another and extends every keyspace to it. Resolves when they serve. Rejects with what does not fit, or
   * with Cassandra's words.
   */
  add(place: string, options: AddOptions = {}): Promise<readonly NodePlacement[]> {
    return growCluster(this.lab.engine, place, options);
  }

  /** A dead node's place is taken, at its own address or by a new node of its zone. */
  replace(place: string, options: { readonly sameAddress?: boolean } = {}): Promise<NodePlacement> {
    const { sameAddress = false } = options;
    return replaceNode(this.lab.engine, place, { sameAddress });
  }

  /** nodetool's answer, as text: decommission, removenode, cleanup, repair ... Rejects with nodetool's words. */
  nodetool(place: string, verb: string, words: readonly string[] = []): Promise<string> {
    return this.lab.engine.nodetool(place, verb, words);
  }

  async stop(): Promise<void> {
    this.unsubscribe();
    await this.lab.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private nodesOf(region: string | undefined): Lab['placement']['nodes'] {
    const regions = Object.keys(this.topology.regions);
    const wanted = region ?? regions[0] ?? '';
    if (!regions.includes(wanted)) {
      const near = nearest(wanted, regions);
      throw new InvalidDocument(
        `There is no region ${wanted}. Known: ${(near.length > 0 ? near : regions).join(', ')}.`,
      );
    }
    return this.lab.engine.nodes.filter((node) => node.region === wanted);
  }

  private checkLostWrites(): CheckReport {
    const report = this.lab.engine.lostWrites?.() ?? null;
    if (report === null)
      return { check: 'lost-writes', checked: 0, violations: [], complete: false };
    const { checked, lost, dropped } = report;
    return { check: 'lost-writes', checked, violations: lost, complete: dropped === 0 };
  }

  private async checkReplicas(): Promise<CheckReport> {
    const { engine } = this.lab;
    const violations: string[] = [];
    let checked = 0;
    for (const { keyspace, table } of await userTables(engine)) {
      const contents = await engine.contents(keyspace, table);
      const result = checkConvergence(contents, (key) =>
        engine.replicasOf(keyspace, Buffer.from(key, 'latin1')),
      );
      checked += result.partitions;
      violations.push(
        ...result.violations.map(
          ({ key, places }) => `${keyspace}.${table} ${key} differs on ${places.join(', ')}`,
        ),
      );
    }
    return {
      check: 'convergence',
      checked,
      violations,
      complete: engine.status().every(({ state }) => state === 'up'),
    };
  }
}
