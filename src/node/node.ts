// One node: the composition root. Makes the services, joins them, starts and stops them in Cassandra's order. It holds
// no rule of its own; what a node keeps over a kill is NodeImage (node-image.ts).
// Test: test/cluster/. Cassandra: service/CassandraDaemon, StorageService.

import type { ClientEvent } from '../protocol/responses/event.ts';
import type { Endpoint, World } from '../world/ports.ts';
import { NodeCql } from './node-cql.ts';
import { CoordinatorService } from './coordinator/coordinator-service.ts';
import { serveHints } from './hints/hint-receiver.ts';
import { Hints } from './hints/hints.ts';
import { Lifecycle } from './lifecycle.ts';
import { LoadBroadcaster } from './load-broadcaster.ts';
import { Maintenance } from './maintenance.ts';
import { Membership } from './membership/membership.ts';
import type { ClusterEvent, MembershipHooks, NodeIdentity } from './membership/membership-parts.ts';
import type { GossipOptions } from './gossip/gossip-options.ts';
import { Messaging } from './messaging/messaging.ts';
import { DiskUsage } from './disk-usage.ts';
import type { GuardrailSettings } from './guardrails/guardrail-settings.ts';
import type { NodeConfig } from './node-config.ts';
import { PeerTables } from './peer-tables.ts';
import { readLiteral } from './query/ddl/literals.ts';
import type { UserCodeRunner } from './query/user-code.ts';
import { LocalTables } from './query/system/local-tables.ts';
import { StorageStore } from './replica/storage-store.ts';
import { RepairService } from './repair/repair-service.ts';
import { Streaming } from './repair/streaming.ts';
import { CounterCache } from './replica/counter-cache.ts';
import { Replica } from './replica/replica.ts';
import { MeteredCoordinator } from './request-metrics.ts';
import { alignStores } from './schema-stores.ts';
import { StreamPlans } from './stream-plans.ts';
import type { SchemaCache } from './schema/schema-cache.ts';
import { schemaMessenger, serveSchema } from './schema/schema-messenger.ts';
import { SchemaService } from './schema/schema-service.ts';
import {
  isLocalSystemKeyspace,
  SYSTEM_KEYSPACE,
  SYSTEM_SCHEMA_KEYSPACE,
} from './schema/system-keyspaces.ts';
import type { DecodedRecords } from './storage/decoded-records.ts';
import { NodeStorage } from './storage/node-storage.ts';
import { SystemBookkeeping } from './system-bookkeeping.ts';
import { systemMembershipStore } from './system-membership-store.ts';
import type { Telemetry } from './telemetry.ts';
import { ViewBuildStatus } from './views/view-build-status.ts';
import { ViewWriter } from './views/view-writer.ts';

export interface NodeOptions {
  readonly world: World;
  readonly config: NodeConfig;
  readonly identity: NodeIdentity;
  readonly telemetry: Telemetry;
  /** Shared by the nodes of a cluster. */
  readonly schemaCache: SchemaCache;
  /** While nodes start together: what the others have read from their files. */
  readonly decodedRecords?: () => DecodedRecords | null;
  readonly userCode: UserCodeRunner;
  /** Gossip intervals that differ from what the configuration gives. */
  readonly gossip: Partial<GossipOptions>;
  /** Data of an earlier life in this process; null for a first start, or when the disk has it. */
  readonly storage: NodeStorage | null;
  /** Storages of the nodes of this process that run: equal content is shared with them. */
  readonly siblings?: () => readonly NodeStorage[];
  /** Where hints outlive a kill; the node's own disk, or a memory image. */
  readonly hintsDisk: World['disk'];
  readonly onClientEvent: (event: ClientEvent) => void;
  /** The node can go on no longer: `stop` leaves gossip and clients, `kill` ends it. */
  readonly onFatal: (decision: 'stop-node' | 'kill-node', reason: string) => void;
}

/** Peers that are told of a new schema version out of turn. */
const SCHEMA_ANNOUNCEMENTS_MAX = 11;

export type StartDone = (error: string | null) => void;

export class CassandraNode {
  readonly self: Endpoint;
  readonly options: NodeOptions;
  readonly storage: NodeStorage;
  readonly store: StorageStore;
  readonly views: ViewWriter;
  readonly viewStatus: ViewBuildStatus;
  readonly schema: SchemaService;
  readonly messaging: Messaging;
  readonly membership: Membership;
  readonly hints: Hints;
  readonly coordinator: CoordinatorService;
  readonly streaming: Streaming;
  readonly repair: RepairService;
  readonly cql: NodeCql;
  readonly tables: LocalTables;
  readonly bookkeeping: SystemBookkeeping;
  readonly streamPlans: StreamPlans;
  readonly lifecycle: Lifecycle;
  readonly maintenance: Maintenance;
  /** The coordinator as clients reach it: with its latencies noted. */
  readonly metered: MeteredCoordinator;
  /** Monotonic milliseconds of the start of this life. */
  readonly startedAtMs: number;
  /** nodetool settraceprobability: the share of requests that are traced unasked. */
  traceProbability = 0;
  readonly diskUsage: DiskUsage;
  /** As given, until nodetool changes them. */
  guardrails: GuardrailSettings;
  private readonly load: LoadBroadcaster;
  private readonly peerTables: PeerTables;
  private eventsToTell: ClientEvent[] = [];
  private isRefreshDue = false;
  private readonly replica: Replica;

  constructor(options: NodeOptions) {
    const { world, config, telemetry } = options;
    const { clock, network, random, disk } = world;
    this.options = options;
    this.guardrails = config;
    this.self = network.self;
    this.startedAtMs = clock.nowMs();
    this.storage = options.storage ?? this.openStorage();
    this.store = new StorageStore({
      storage: this.storage,
      schema: () => this.schema,
      clock,
      config,
      hasDisk: disk !== null,
    });
    this.tables = new LocalTables(this.store, clock);
    this.messaging = new Messaging({ clock, network }, config);
    this.schema = new SchemaService({
      self: this.self,
      clock,
      telemetry,
      store: this.store,
      cache: options.schemaCache,
      messenger: schemaMessenger(this.messaging),
      livePeers: () => this.membership.gossiper.liveEndpoints(),
      readLiteral,
    });
    this.schema.subscribe(({ before, after, changes }) => {
      alignStores(this.storage, before, after);
      this.bookkeeping.onSchema(before, after);
      this.views.onSchema(before, after, this.membership.mode !== 'STARTING');
      if (this.membership.mode === 'NORMAL') this.viewStatus.onSchema(before, after);
      for (const change of changes)
        options.onClientEvent({ type: 'SCHEMA_CHANGE', change } as ClientEvent);
      if (this.membership.mode !== 'STARTING') this.onSchemaVersion(after.version);
    });
    this.streamPlans = new StreamPlans({
      self: this.self,
      clock,
      telemetry,
      streaming: () => this.streaming,
    });
    this.membership = new Membership(
      {
        clock,
        random,
        telemetry,
        messaging: this.messaging,
        schema: this.schema,
        store: systemMembershipStore(this.tables),
        streaming: this.streamPlans,
        hooks: this.hooks(),
      },
      {
        config,
        identity: options.identity,
        gossip: options.gossip,
        consistentRangeMovement: true,
        randomTokensIfUnsupported: false,
      },
    );
    this.bookkeeping = new SystemBookkeeping({
      clock,
      store: this.store,
      storage: this.storage,
      membership: this.membership,
      schema: () => this.schema.current,
      tables: this.tables,
    });
    this.peerTables = new PeerTables(this.tables, this.membership);
    this.hints = new Hints({
      clock,
      telemetry,
      config,
      messaging: this.messaging,
      cluster: this.membership,
      disk: options.hintsDisk,
      tableById: (id) => this.storage.store(id)?.table,
    });
    const parts = {
      clock,
      random,
      config,
      telemetry,
      messaging: this.messaging,
      cluster: this.membership,
      schema: this.schema,
      store: this.store,
    };
    const counterCache = new CounterCache();
    this.coordinator = new CoordinatorService({ ...parts, hints: this.hints, counterCache });
    this.streaming = new Streaming(parts);
    this.repair = new RepairService({
      ...parts,
      streaming: this.streaming,
      paxos: this.coordinator.paxosCleanup,
      coordinator: this.coordinator,
    });
    this.views = new ViewWriter({
      clock,
      cluster: this.membership,
      schema: this.schema,
      messaging: this.messaging,
      storage: this.storage,
      hints: this.hints,
      apply: (mutation) => void this.store.apply(mutation),
    });
    this.store.views = this.views;
    this.viewStatus = new ViewBuildStatus({
      clock,
      hostId: () => this.membership.hostId,
      write: (mutation, context, done) => {
        const once = { kind: 'simple', consistency: 'ONE' } as const;
        this.coordinator.write([mutation], once, context, done);
      },
    });
    this.metered = new MeteredCoordinator(this.coordinator, clock);
    this.diskUsage = new DiskUsage({
      clock,
      membership: this.membership,
      dataBytes: () => this.storage.dataBytes,
      settings: () => this.guardrails,
    });
    this.cql = new NodeCql(this);
    this.maintenance = new Maintenance({ clock, random, storage: this.storage });
    this.load = new LoadBroadcaster({
      clock,
      membership: this.membership,
      dataBytes: () => this.storage.dataBytes,
    });
    this.lifecycle = new Lifecycle({
      membership: this.membership,
      storage: this.storage,
      hints: this.hints,
    });
    this.replica = new Replica({
      messaging: this.messaging,
      store: this.store,
      schema: this.schema,
      onTruncated: (table) => {
        counterCache.forget(table);
        this.tables.recordTruncation(table.id, clock.wallMs());
      },
      thresholds: config,
    });
  }

  /** Reads what was kept, joins the ring, serves. `done` is called once; a text says why the node does not run. */
  start(done: StartDone): void {
    const error = this.loadData();
    if (error !== null) {
      done(error);
      return;
    }
    // What was replayed is durable before others hear of it.
    this.storage.start(() => {
      this.serve();
      this.describeSelf();
      this.lifecycle.join((joinError) => this.onJoined(joinError, done));
    });
  }

  /** Changes settings of the running node, as nodetool's setters do; a restart brings the configured values back. */
  reconfigure(change: Partial<NodeConfig>): void {
    Object.assign(this.options.config, change);
  }

  /** Fetches the schema of the nearest live peer; the error's text when nobody answers. */
  pullSchema(done: (error: string | null) => void): void {
    const [peer] = this.membership.sortedByProximity(this.membership.gossiper.liveEndpoints());
    if (peer === undefined) {
      done('Cannot reset local schema when there are no live nodes');
      return;
    }
    schemaMessenger(this.messaging).pull(peer, (mutations) => {
      if (mutations !== null) this.schema.merge(mutations);
      done(mutations === null ? `/${peer} did not answer` : null);
    });
  }

  /** nodetool bootstrap resume: ends like `start`. */
  resumeBootstrap(done: StartDone): void {
    this.lifecycle.resumeBootstrap((error) => this.onJoined(error, done));
  }

  private onJoined(joinError: string | null, done: StartDone): void {
    if (joinError !== null) {
      done(joinError);
      return;
    }
    this.onSchemaVersion(this.schema.current.version);
    this.peerTables.refresh();
    this.hints.start();
    this.coordinator.start();
    this.repair.start();
    this.cql.auth.start();
    this.cql.restorePrepared();
    this.load.start();
    this.diskUsage.look();
    this.maintenance.start();
    done(null);
  }

  /** nodetool setguardrailsconfig: until the node ends. */
  setGuardrails(settings: GuardrailSettings): void {
    this.guardrails = settings;
    this.diskUsage.look();
  }

  /** Brings system.peers up to date with what membership knows. */
  refreshPeers(): void {
    this.peerTables.refresh();
  }

  /** Many changes of one moment, a cluster that starts, cost one refresh; clients hear of them after it. */
  private refreshPeersSoon(): void {
    if (this.isRefreshDue) return;
    this.isRefreshDue = true;
    this.options.world.clock.after(0, () => {
      this.isRefreshDue = false;
      const events = this.eventsToTell;
      this.eventsToTell = [];
      this.peerTables.refresh();
      for (const event of events) this.options.onClientEvent(event);
    });
  }

  /** nodetool drain: says goodbye, makes everything durable, serves no more. */
  drain(done: () => void): void {
    this.membership.mode = 'DRAINING';
    this.hints.stop();
    this.repair.stop();
    this.coordinator.stop();
    this.cql.auth.stop();
    this.load.stop();
    this.diskUsage.stop();
    this.maintenance.stop();
    this.schema.stop();
    this.membership.gossiper.shutdown(() => {
      this.storage.stop(() => {
        this.membership.mode = 'DRAINED';
        done();
      });
    });
  }

  private openStorage(): NodeStorage {
    const { world, config } = this.options;
    return new NodeStorage({
      clock: world.clock,
      disk: world.disk,
      config,
      ...(this.options.decodedRecords === undefined
        ? {}
        : { decoded: this.options.decodedRecords }),
      onFailure: (decision, { error, path }) => {
        this.tellDiskFailure(path, error, decision);
        if (decision === 'stop-node' || decision === 'kill-node')
          this.options.onFatal(decision, `${path}: ${error}`);
      },
    });
  }

  private loadData(): string | null {
    const { storage, options } = this;
    for (const keyspace of [SYSTEM_KEYSPACE, SYSTEM_SCHEMA_KEYSPACE]) {
      for (const table of keyspace.tables.values()) storage.createTable(table);
    }
    const fromDisk = options.storage === null && storage.hasEarlierData;
    const systemError = fromDisk ? this.replay(isLocalSystemKeyspace) : null;
    if (systemError !== null) return systemError;
    this.schema.start();
    if (!fromDisk) return null;
    const error = this.replay((keyspace) => !isLocalSystemKeyspace(keyspace));
    const others = options.siblings?.().filter((other) => other !== storage) ?? [];
    if (error === null && others.length > 0) storage.shareWith(others);
    return error;
  }

  /** Damage is named, once a file: it ends the start, or the settings say that the node goes on without the rest. */
  private replay(wantsKeyspace: (keyspace: string) => boolean): string | null {
    const { error, passed, mutations } = this.storage.replay(wantsKeyspace);
    const isFirst = wantsKeyspace(SYSTEM_KEYSPACE.name);
    for (const one of isFirst ? passed : []) this.tellDiskFailure(one.path, one.message, 'go-on');
    if (error === null) {
      const { telemetry } = this.options;
      if (!isFirst) telemetry.emit({ kind: 'data-read', node: this.self, mutations });
      return null;
    }
    this.tellDiskFailure(error.path, error.message, 'refuse-start');
    return error.message;
  }

  private tellDiskFailure(path: string, error: string, policy: string): void {
    this.options.telemetry.emit({ kind: 'disk-failed', node: this.self, path, error, policy });
  }

  private serve(): void {
    this.replica.serve();
    serveSchema(this.messaging, this.schema);
    this.coordinator.serve();
    this.streaming.serve();
    this.repair.serve();
    serveHints({
      messaging: this.messaging,
      cluster: this.membership,
      schema: this.schema,
      store: this.store,
      hints: this.hints,
      writes: this.coordinator.writes,
    });
  }

  private describeSelf(): void {
    const { config, identity } = this.options;
    const [address = ''] = this.self.split(':');
    this.tables.updateLocal({
      broadcastAddress: address,
      broadcastPort: config.storage_port,
      listenAddress: address,
      listenPort: config.storage_port,
      clusterName: config.cluster_name,
      datacenter: identity.datacenter,
      rack: identity.rack,
      nativeAddress: identity.nativeAddress,
      nativePort: identity.nativePort,
    });
  }

  private onSchemaVersion(version: string): void {
    this.membership.publishSchemaVersion(version);
    this.tables.updateLocal({ schemaVersion: version });
    // Drivers wait for agreement: the nearest peers hear of it at once, the others by the usual rounds.
    const { gossiper } = this.membership;
    for (const peer of gossiper.liveEndpoints().slice(0, SCHEMA_ANNOUNCEMENTS_MAX))
      gossiper.gossipTo(peer);
  }

  private hooks(): MembershipHooks {
    return {
      isSchemaReady: () => this.schema.migrations.isAgreed(),
      onClusterEvent: (event) => {
        this.eventsToTell.push(toClientEvent(event));
        this.refreshPeersSoon();
      },
      onPeerSchema: (endpoint, version) => {
        this.schema.migrations.onVersion(endpoint, version);
        this.refreshPeersSoon();
      },
      onPeerAlive: () => undefined,
      onPeerDead: (endpoint) => this.streaming.onPeerDead(endpoint),
      onHostRemoved: (hostId, endpoint) => {
        this.hints.truncate(hostId);
        this.schema.migrations.onRemoved(endpoint);
      },
      replayBatchlog: (done) => this.coordinator.batchlog.replay(done),
      transferHints: (done) => this.lifecycle.transferHints(done),
      repairPaxos: (reason, done) =>
        this.coordinator.paxosCleanup.beforeTopologyChange(reason, done),
    };
  }
}

function toClientEvent({ kind, address, port }: ClusterEvent): ClientEvent {
  if (kind === 'UP' || kind === 'DOWN')
    return { type: 'STATUS_CHANGE', change: kind, address, port };
  return { type: 'TOPOLOGY_CHANGE', change: kind, address, port };
}
