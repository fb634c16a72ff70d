// Keeps materialized views up to date: a store before the store that, when a base table is written, reads the rows
// before and after and sends the view's changes to the view replica paired with this one. Tables without views pass
// straight through. Test: test/coordinator/views.test.ts.
// Cassandra: db/view/TableViews.pushViewReplicaUpdates, ViewUtils.getViewNaturalEndpoint, StorageProxy.mutateMV.

import type { FailureReason } from '../../data/cql-error.ts';
import { ALL_SLICES } from '../../data/clustering-order.ts';
import { isDeleted } from '../../data/deletion.ts';
import { emptyPartition, mergePartitions } from '../../data/merge-partitions.ts';
import type { DecoratedKey, Mutation, PartitionData, Token } from '../../data/partition.ts';
import type { ClusteringFilter, ReadCommand, RowFilter } from '../../data/read-command.ts';
import type { KeyspaceMetadata, Schema, TableMetadata } from '../../data/schema.ts';
import { normalizeRanges } from '../../ring/token-range.ts';
import type { Clock, Endpoint } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import { RangeScan } from '../repair/range-scan.ts';
import type { SchemaView } from '../schema-view.ts';
import type { ReplicaResult } from '../storage/replica-result.ts';
import { viewUpdates } from '../storage/view-updates.ts';
import type { ApplyDone, LocalStore } from './local-store.ts';

/** Sends a view's mutation to one replica and pending ones, hinted when they are away. Implemented by WriteService. */
export interface ViewSender {
  sendTo(replicas: readonly Endpoint[], mutation: Mutation): void;
}

export interface ViewStoreParts {
  readonly inner: LocalStore;
  readonly schema: SchemaView;
  readonly cluster: ClusterState;
  readonly clock: Clock;
  readonly sender: () => ViewSender;
  /** The WHERE clause of a view without its IS NOT NULL parts; null: none. */
  readonly filterOf: (view: TableMetadata, base: TableMetadata) => RowFilter | null;
}

const PARTITIONS_PER_EVENT = 500;

export class ViewStore implements LocalStore {
  readonly applyDurably: LocalStore['applyDurably'];
  private readonly parts: ViewStoreParts;
  private schema: Schema | null = null;
  /** Views by the id of their base table, of the schema seen last. */
  private views = new Map<string, TableMetadata[]>();

  constructor(parts: ViewStoreParts) {
    this.parts = parts;
    const durably = parts.inner.applyDurably;
    this.applyDurably =
      durably === null
        ? null
        : (mutation, done) => {
            const updates = this.beforeWrite(mutation);
            if (updates === null) durably(mutation, done);
            else durably(mutation, (failure) => this.afterWrite(updates, failure, done));
          };
  }

  apply(mutation: Mutation): FailureReason | null {
    const updates = this.beforeWrite(mutation);
    const failure = this.parts.inner.apply(mutation);
    if (updates !== null && failure === null) for (const one of updates) this.send(one);
    return failure;
  }

  read(command: ReadCommand): ReplicaResult {
    return this.parts.inner.read(command);
  }

  truncate(table: TableMetadata, done: ApplyDone): void {
    this.parts.inner.truncate(table, done);
  }

  /**
   * Fills a new view from what this node holds of its base, a portion an event. Every replica does so: the pairing
   * spreads the work and repetition is harmless.
   */
  build(view: TableMetadata, done: () => void): void {
    const { schema, cluster, clock, inner } = this.parts;
    const keyspace = schema.current.keyspaces.get(view.keyspace);
    const base = [...(keyspace?.tables.values() ?? [])].find((one) => one.id === view.view?.baseTableId);
    if (keyspace === undefined || base === undefined) {
      done();
      return;
    }
    const { ranges, natural } = bound(cluster.replication(keyspace));
    const own = normalizeRanges(ranges.filter((range) => natural(range.right).includes(cluster.self)));
    const scan = new RangeScan(inner, base, own, this.nowSeconds());
    const step = (): void => {
      const page = scan.nextPage(PARTITIONS_PER_EVENT);
      if (page === null) {
        done();
        return;
      }
      for (const partition of page) {
        const before = emptyPartition(base, partition.key);
        for (const one of this.updatesOf(view, base, before, partition)) this.send(one);
      }
      clock.after(0, step);
    };
    step();
  }

  /** What the views must be told once the mutation is applied; null when it touches no base table. */
  private beforeWrite(mutation: Mutation): readonly ViewUpdate[] | null {
    const { current } = this.parts.schema;
    if (current !== this.schema) this.remember(current);
    if (this.views.size === 0) return null;
    let updates: ViewUpdate[] | null = null;
    for (const update of mutation.updates) {
      const views = this.views.get(update.table.id);
      if (views === undefined) continue;
      const before = this.current(update);
      const after = mergePartitions(before, update);
      updates ??= [];
      for (const view of views) updates.push(...this.updatesOf(view, update.table, before, after));
    }
    return updates;
  }

  private afterWrite(
    updates: readonly ViewUpdate[],
    failure: FailureReason | null,
    done: ApplyDone,
  ): void {
    if (failure === null) for (const one of updates) this.send(one);
    done(failure);
  }

  private updatesOf(
    view: TableMetadata,
    base: TableMetadata,
    before: PartitionData,
    after: PartitionData,
  ): ViewUpdate[] {
    const filter = this.parts.filterOf(view, base);
    const nowSeconds = this.nowSeconds();
    return viewUpdates({ base, view, before, after, filter, nowSeconds }).map((update) => ({
      baseKey: before.key,
      update,
    }));
  }

  /** The rows the update touches, or all of them when it deletes more than rows. */
  private current(update: PartitionData): PartitionData {
    const { table, key, rows } = update;
    const touchesAll = isDeleted(update.deletion) || update.rangeTombstones.length > 0;
    const clustering: ClusteringFilter = touchesAll
      ? { kind: 'slices', slices: ALL_SLICES, reversed: false }
      : { kind: 'names', clusterings: rows.map((row) => row.clustering), reversed: false };
    const result = this.parts.inner.read({
      kind: 'partition',
      table,
      key,
      columns: { fetched: null },
      filter: null,
      indexName: null,
      ann: null,
      limits: {
        rows: Infinity,
        perPartition: Infinity,
        countedInFirstPartition: 0,
        distinct: false,
      },
      clustering,
      nowSeconds: this.nowSeconds(),
    });
    const found = result.kind === 'data' ? result.partitions[0] : undefined;
    return found ?? emptyPartition(table, key);
  }

  private send({ baseKey, update }: ViewUpdate): void {
    const { cluster, schema, clock, inner, sender } = this.parts;
    const keyspace = schema.current.keyspaces.get(update.table.keyspace);
    if (keyspace === undefined) return;
    const { key } = update;
    const createdAtMs = clock.wallMs();
    const mutation = { keyspace: keyspace.name, key, updates: [update], createdAtMs };
    const paired = pairedReplica(cluster, keyspace, baseKey, key);
    const pending = cluster.replication(keyspace).pending(key);
    if (paired === cluster.self && pending.length === 0) inner.apply(mutation);
    else if (paired !== null) sender().sendTo([paired, ...pending], mutation);
    else if (pending.length > 0) sender().sendTo(pending, mutation);
  }

  private remember(schema: Schema): void {
    this.schema = schema;
    this.views = new Map();
    for (const keyspace of schema.keyspaces.values()) {
      for (const table of keyspace.tables.values()) {
        if (table.view === null) continue;
        const { baseTableId } = table.view;
        this.views.set(baseTableId, [...(this.views.get(baseTableId) ?? []), table]);
      }
    }
  }

  private nowSeconds(): number {
    return Math.floor(this.parts.clock.wallMs() / 1000);
  }
}

interface ViewUpdate {
  readonly baseKey: DecoratedKey;
  readonly update: PartitionData;
}

function bound(replication: ReturnType<ClusterState['replication']>) {
  return {
    ranges: replication.ranges,
    natural: (token: Token): readonly Endpoint[] => replication.natural(token),
  };
}

/**
 * The n-th base replica of a datacenter writes to its n-th view replica; a node that is both writes to itself. null:
 * this node does not own the base key (any more).
 */
function pairedReplica(
  cluster: ClusterState,
  keyspace: KeyspaceMetadata,
  baseKey: Token,
  viewKey: Token,
): Endpoint | null {
  const replication = cluster.replication(keyspace);
  const isNear = (node: Endpoint): boolean =>
    replication.strategy !== 'NetworkTopologyStrategy' ||
    cluster.info(node)?.datacenter === cluster.localDatacenter;
  const base = replication.natural(baseKey).filter(isNear);
  const view = replication.natural(viewKey).filter(isNear);
  if (view.includes(cluster.self)) return base.includes(cluster.self) ? cluster.self : null;
  const baseOnly = base.filter((node) => !view.includes(node));
  const viewOnly = view.filter((node) => !base.includes(node));
  return viewOnly[baseOnly.indexOf(cluster.self)] ?? null;
}
