// One node of the topology through all its lives: its image outlives a kill (data, hints, as a disk would), everything
// else is made anew at each start. Works over either event loop; the CQL port is opened by whoever wants one.

import type { EventLoop } from '../world/event-loop.ts';
import { Gate } from '../world/gate.ts';
import type { Fabric } from '../world/network.ts';
import { openNodeWorld } from '../world/node-world.ts';
import type { NodeWorld } from '../world/node-world.ts';
import type { Disk, Endpoint, Random } from '../world/ports.ts';
import { DiskImage, VirtualDisk } from '../world/virtual/disk.ts';
import { CassandraNode } from '../node/node.ts';
import type { GossipOptions } from '../node/gossip/gossip-options.ts';
import type { NodeConfig } from '../node/node-config.ts';
import type { UserCodeRunner } from '../node/query/user-code.ts';
import type { SchemaCache } from '../node/schema/schema-cache.ts';
import type { DecodedRecords } from '../node/storage/decoded-records.ts';
import type { NodeStorage } from '../node/storage/node-storage.ts';
import type { Telemetry } from '../node/telemetry.ts';
import { RELEASE_VERSION } from '../node/query/system/local-tables.ts';
import type { ClientEvent } from '../protocol/responses/event.ts';
import type { NodePlacement } from './placement.ts';

/** The native transport of a node, where something listens for it (cql-port.ts); nothing does in virtual time. */
export interface NativeTransport {
  readonly isOpen: boolean;
  /** Rejects with PortProblem. */
  open(): Promise<void>;
  drain(): Promise<void>;
  kill(): void;
  /** The process stops and goes on: clients are neither read nor answered meanwhile. */
  freeze(): void;
  thaw(): void;
}

/** How a node first comes into a running cluster; null: it founds the cluster with the others. */
export interface JoinPlan {
  /** -Dcassandra.replace_address_first_boot. */
  readonly replaceAddress: Endpoint | null;
  readonly autoBootstrap: boolean;
  /** allocate_tokens_for_local_replication_factor, as the racks of the day allow. */
  readonly allocateForFactor: number | null;
  readonly seeds: readonly Endpoint[];
}

export type HostState = 'down' | 'starting' | 'up' | 'paused' | 'draining' | 'drained' | 'failed';

export interface NodeHostOptions {
  readonly placement: NodePlacement;
  readonly fabric: Fabric;
  readonly config: NodeConfig;
  readonly seeds: readonly Endpoint[];
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly schemaCache: SchemaCache;
  readonly decodedRecords: () => DecodedRecords | null;
  readonly userCode: UserCodeRunner;
  /** Storages of the nodes that run. */
  readonly siblings: () => readonly NodeStorage[];
  /** Makes the node's disk for one life; null: data lives in the image, in memory. */
  readonly disk: ((loop: EventLoop, gate: Gate) => Disk) | null;
  readonly onClientEvent: (host: NodeHost, event: ClientEvent) => void;
  readonly onFatal: (host: NodeHost, reason: string) => void;
}

interface Life {
  readonly world: NodeWorld;
  readonly node: CassandraNode;
}

export class NodeHost {
  readonly placement: NodePlacement;
  state: HostState = 'down';
  /** Set before the first start of a node that comes later; see membership-changes.ts. */
  joinPlan: JoinPlan | null = null;
  transport: NativeTransport | null = null;
  private readonly options: NodeHostOptions;
  private hintImage = new DiskImage();
  private storage: NodeStorage | null = null;
  private life: Life | null = null;
  private lives = 0;
  /** Nothing is known from an earlier life. */
  private isFresh = true;

  constructor(options: NodeHostOptions) {
    this.options = options;
    this.placement = options.placement;
  }

  /** The running node; null while it is down. */
  get node(): CassandraNode | null {
    return this.life?.node ?? null;
  }

  get world(): NodeWorld | null {
    return this.life?.world ?? null;
  }

  /** Starts a life; `done` hears null when the node is in the ring and may serve, else why not. */
  start(done: (error: string | null) => void): void {
    const { options, placement } = this;
    this.lives++;
    this.state = 'starting';
    const world = openNodeWorld({
      fabric: options.fabric,
      self: placement.endpoint,
      random: options.random.fork(`${placement.endpoint} life ${this.lives}`),
      disk: options.disk,
    });
    const node = new CassandraNode({
      world,
      config: this.lifeConfig(),
      identity: {
        datacenter: placement.datacenter,
        rack: placement.rack,
        releaseVersion: RELEASE_VERSION,
        nativeAddress: placement.address,
        nativePort: placement.nativePort,
        seeds: this.joinPlan?.seeds ?? options.seeds,
        replaceAddress: this.joinPlan?.replaceAddress ?? null,
        snitch: 'topology',
      },
      telemetry: options.telemetry,
      schemaCache: options.schemaCache,
      decodedRecords: options.decodedRecords,
      userCode: options.userCode,
      gossip: this.gossipOptions(),
      storage: options.disk === null ? this.storage : null,
      siblings: options.siblings,
      hintsDisk: world.disk ?? new VirtualDisk(this.hintImage, options.fabric.loop, world.gate, 0),
      onClientEvent: (event) => options.onClientEvent(this, event),
      onFatal: (decision, reason) => this.onFatal(node, decision, reason),
    });
    this.life = { world, node };
    this.storage = node.storage;
    node.start((error) => this.onStarted(node, error, done));
  }

  /** nodetool bootstrap resume; `done` as of `start`. */
  resumeBootstrap(done: (error: string | null) => void): void {
    const { node } = this;
    if (node === null) {
      done('The node is down.');
      return;
    }
    node.resumeBootstrap((error) => this.onStarted(node, error, done));
  }

  /** Forgets data and hints, as a new machine in its place would have none. For a node that is down. */
  wipe(done: () => void): void {
    this.storage = null;
    this.hintImage = new DiskImage();
    this.isFresh = true;
    const { disk, fabric } = this.options;
    if (disk === null) {
      done();
      return;
    }
    const kept = disk(fabric.loop, new Gate());
    const paths = ['commitlog', 'data', 'hints'].flatMap((folder) =>
      kept.listSync(folder).map((name) => `${folder}/${name}`),
    );
    let left = paths.length;
    if (left === 0) done();
    for (const path of paths) {
      kept.remove(path, () => {
        left--;
        if (left === 0) done();
      });
    }
  }

  /**
   * The disk failed and the policy ends the node. `stop`: it says goodbye, as StorageService.stopTransports does; `kill`:
   * it is gone, and the others find out. Clients are turned away at once.
   */
  private onFatal(node: CassandraNode, decision: 'stop-node' | 'kill-node', reason: string): void {
    const { life } = this;
    if (life?.node !== node || this.state === 'failed') return;
    this.state = 'failed';
    this.transport?.kill();
    const end = (): void => {
      life.world.kill();
      if (this.life === life) this.life = null;
    };
    // In an event of its own: the failure may be heard in the middle of the node's work.
    life.world.clock.after(0, () => {
      if (decision === 'kill-node') end();
      else node.membership.gossiper.shutdown(end);
    });
    this.options.onFatal(this, `${decision}: ${reason}`);
  }

  /** A node whose bootstrap failed stays, silent to clients, until it is resumed or ended. */
  private onStarted(
    node: CassandraNode,
    error: string | null,
    done: (error: string | null) => void,
  ): void {
    if (this.life?.node !== node) return;
    // A resumption that is refused ends nothing.
    if (error !== null && this.state === 'up') {
      done(error);
      return;
    }
    if (error === null) this.state = 'up';
    else this.state = node.lifecycle.isResumable ? 'starting' : 'failed';
    if (this.state === 'failed') {
      this.life.world.kill();
      this.life = null;
    }
    done(error);
  }

  /** A copy a life: `nodetool settimeout` changes it, a restart brings cassandra.yaml's values back. */
  private lifeConfig(): NodeConfig {
    const { config } = this.options;
    const { joinPlan } = this;
    if (joinPlan === null) return { ...config };
    return {
      ...config,
      initial_token: null,
      auto_bootstrap: joinPlan.autoBootstrap,
      allocate_tokens_for_local_replication_factor: joinPlan.allocateForFactor,
    };
  }

  /**
   * Founders need not wait: everybody is introduced. A restart waits long enough to hear of everybody, not eight seconds
   * (cassandra.skip_wait_for_gossip_to_settle). A newcomer waits as Cassandra does: it chooses tokens by what it hears.
   */
  private gossipOptions(): Partial<GossipOptions> {
    const intervalMs = this.options.config.gossip_interval;
    const isFirst = this.isFresh;
    this.isFresh = false;
    if (isFirst && this.joinPlan !== null) return {};
    return {
      shadowRetryMs: 20,
      settleMinMs: isFirst ? 0 : intervalMs,
      settlePollMs: intervalMs / 2,
      settlePolls: isFirst ? 0 : 1,
    };
  }

  /** Ends the life without a goodbye. */
  kill(): void {
    this.life?.world.kill();
    this.life = null;
    this.state = 'down';
  }

  drain(done: () => void): void {
    const { life } = this;
    if (life === null) {
      done();
      return;
    }
    this.state = 'draining';
    life.node.drain(() => {
      if (this.life === life) {
        life.world.kill();
        this.life = null;
        this.state = 'drained';
      }
      done();
    });
  }

  pause(): void {
    this.life?.world.gate.pause();
    this.transport?.freeze();
    if (this.life !== null) this.state = 'paused';
  }

  resume(): void {
    if (this.state === 'paused') this.state = 'up';
    this.life?.world.gate.resume();
    this.transport?.thaw();
  }
}
