// Keeps materialized views up to date from the base replica: each replica of the base row computes what its write changes
// in the views and sends it to its paired view replica, hinted when that is away. Nobody waits for it.
// Test: test/views/. Cassandra: db/view/ViewManager, TableViews, ViewUtils, service/StorageProxy.mutateMV.

import { emptyPartition } from '../../data/merge-partitions.ts';
import type { Mutation, PartitionData } from '../../data/partition.ts';
import type { KeyspaceMetadata, Schema, TableMetadata } from '../../data/schema.ts';
import type { Clock, Endpoint } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { HintSink } from '../coordinator/write-service.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { SchemaView } from '../schema-view.ts';
import type { NodeStorage } from '../storage/node-storage.ts';
import { WHOLE_RING } from '../storage/table-store.ts';
import { viewUpdates } from '../storage/view-updates.ts';
import { ViewFilters } from './view-filter.ts';

export interface ViewWriterParts {
  readonly clock: Clock;
  readonly cluster: ClusterState;
  readonly schema: SchemaView;
  readonly messaging: Messaging;
  readonly storage: NodeStorage;
  readonly hints: HintSink;
  /** Applies a view's mutation on this node. */
  readonly apply: (mutation: Mutation) => void;
}

/** A base partition about to change, as it was. */
export interface TouchedBase {
  readonly base: TableMetadata;
  readonly views: readonly TableMetadata[];
  readonly before: PartitionData;
}

export class ViewWriter {
  /** False while the schema has no view: the write path then asks nothing. */
  isNeeded = false;
  private readonly parts: ViewWriterParts;
  private readonly filters = new ViewFilters();
  private readonly byKeyspace = new WeakMap<
    KeyspaceMetadata,
    ReadonlyMap<string, readonly TableMetadata[]>
  >();

  constructor(parts: ViewWriterParts) {
    this.parts = parts;
  }

  /** After a change of the schema: new views are built from what this node holds of their base, when `builds`. */
  onSchema(before: Schema, after: Schema, builds: boolean): void {
    this.isNeeded = false;
    for (const keyspace of after.keyspaces.values()) {
      for (const table of keyspace.tables.values()) {
        if (table.view === null) continue;
        this.isNeeded = true;
        const isNew = before.keyspaces.get(keyspace.name)?.tables.has(table.name) !== true;
        if (builds && isNew) this.build(keyspace, table);
      }
    }
  }

  /** The base partitions with views that a mutation touches, as they are before it. */
  before(mutation: Mutation): readonly TouchedBase[] {
    const keyspace = this.parts.schema.current.keyspaces.get(mutation.keyspace);
    if (keyspace === undefined) return [];
    const views = this.viewsOf(keyspace);
    return mutation.updates.flatMap(({ table, key }) => {
      const own = views.get(table.name);
      if (own === undefined) return [];
      const base = keyspace.tables.get(table.name) ?? table;
      return [
        {
          base,
          views: own,
          before: this.parts.storage.store(table.id)?.partition(key) ?? emptyPartition(base, key),
        },
      ];
    });
  }

  /** The mutation is applied: sends what changed in the views. */
  after(touched: readonly TouchedBase[]): void {
    for (const { base, views, before } of touched) {
      const after =
        this.parts.storage.store(base.id)?.partition(before.key) ??
        emptyPartition(base, before.key);
      for (const view of views) this.update(base, view, before, after);
    }
  }

  private build(keyspace: KeyspaceMetadata, view: TableMetadata): void {
    const base = view.view === null ? undefined : keyspace.tables.get(view.view.baseTable);
    const store = base === undefined ? undefined : this.parts.storage.store(base.id);
    if (base === undefined || store === undefined) return;
    const partitions: PartitionData[] = [];
    store.forEachPartition(WHOLE_RING, (partition) => void partitions.push(partition));
    for (const partition of partitions)
      this.update(base, view, emptyPartition(base, partition.key), partition);
  }

  private update(
    base: TableMetadata,
    view: TableMetadata,
    before: PartitionData,
    after: PartitionData,
  ): void {
    const { clock, schema } = this.parts;
    const nowMs = clock.wallMs();
    const updates = viewUpdates({
      base,
      view,
      before,
      after,
      ...this.filters.of(view, base, schema.current),
      nowSeconds: Math.floor(nowMs / 1_000),
    });
    for (const update of updates) {
      this.send(
        { keyspace: view.keyspace, key: update.key, updates: [update], createdAtMs: nowMs },
        before,
      );
    }
  }

  private send(mutation: Mutation, base: PartitionData): void {
    const { cluster, schema, apply, hints, messaging } = this.parts;
    const keyspace = schema.current.keyspaces.get(mutation.keyspace);
    if (keyspace === undefined) return;
    const replication = cluster.replication(keyspace);
    const paired = this.pairedReplica(
      replication.natural(base.key),
      replication.natural(mutation.key),
    );
    const targets =
      paired === null
        ? replication.pending(mutation.key)
        : [paired, ...replication.pending(mutation.key)];
    for (const target of targets) {
      if (target === cluster.self) apply(mutation);
      else if (!cluster.isAlive(target)) hints.store(target, mutation);
      else {
        messaging.ask(target, 'MUTATION_REQ', mutation, (answer) => {
          if (answer === null) hints.store(target, mutation);
        });
      }
    }
  }

  /** Replicas of base and view in this datacenter are paired in order; a node that has both is its own pair. */
  private pairedReplica(
    baseReplicas: readonly Endpoint[],
    viewReplicas: readonly Endpoint[],
  ): Endpoint | null {
    const { self } = this.parts.cluster;
    const bases = baseReplicas.filter((node) => this.isLocal(node));
    const views = viewReplicas.filter((node) => this.isLocal(node));
    if (!bases.includes(self)) return null;
    if (views.includes(self)) return self;
    const onlyBase = bases.filter((node) => !views.includes(node));
    const onlyView = views.filter((node) => !bases.includes(node));
    return onlyView[onlyBase.indexOf(self)] ?? null;
  }

  private isLocal(node: Endpoint): boolean {
    return this.parts.cluster.info(node)?.datacenter === this.parts.cluster.localDatacenter;
  }

  private viewsOf(keyspace: KeyspaceMetadata): ReadonlyMap<string, readonly TableMetadata[]> {
    const known = this.byKeyspace.get(keyspace);
    if (known !== undefined) return known;
    const views = new Map<string, TableMetadata[]>();
    for (const table of keyspace.tables.values()) {
      if (table.view === null) continue;
      const list = views.get(table.view.baseTable);
      if (list === undefined) views.set(table.view.baseTable, [table]);
      else list.push(table);
    }
    this.byKeyspace.set(keyspace, views);
    return views;
  }
}
