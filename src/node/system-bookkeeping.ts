// Rows of this node's own system tables that describe its data: which indexes and views are built, how large the tables
// are in each primary range. Sizes are counted when somebody reads them, at most once a second.
// Test: test/facts-conformance/system-rows.test.ts. Cassandra: db/SystemKeyspace, db/SizeEstimatesRecorder.

import { required } from '../base/assert.ts';
import type { ReadCommand } from '../data/read-command.ts';
import type { KeyspaceMetadata, Schema, TableMetadata } from '../data/schema.ts';
import { MIN_TOKEN, tokenText } from '../ring/token.ts';
import type { TokenRange } from '../ring/token-range.ts';
import { unwrap } from '../ring/token-range.ts';
import type { Clock } from '../world/ports.ts';
import type { Membership } from './membership/membership.ts';
import type { LocalTables } from './query/system/local-tables.ts';
import type { LocalStore } from './replica/local-store.ts';
import { booleanValue, longValue, textValue } from './schema/row-values.ts';
import { RowWriter } from './schema/row-writer.ts';
import { SYSTEM_KEYSPACE } from './schema/system-keyspaces.ts';
import type { NodeStorage } from './storage/node-storage.ts';
import { sizeEstimate } from './storage/table-stats.ts';
import { WHOLE_RING } from './storage/table-store.ts';

export interface BookkeepingParts {
  readonly clock: Clock;
  readonly store: LocalStore;
  readonly storage: NodeStorage;
  readonly membership: Membership;
  readonly schema: () => Schema;
  readonly tables: Pick<LocalTables, 'forgetTruncations'>;
}

const INDEX_INFO = table('IndexInfo');
const BUILT_VIEWS = table('built_views');
const SIZE_ESTIMATES = table('size_estimates');
const TABLE_ESTIMATES = table('table_estimates');
const REFRESH_MS = 1_000;

export class SystemBookkeeping {
  private readonly parts: BookkeepingParts;
  private estimatedAtMs = -Infinity;
  private lastTimestamp = 0;

  constructor(parts: BookkeepingParts) {
    this.parts = parts;
  }

  /** Indexes and views are built at once here: their rows appear and go with the schema. */
  onSchema(before: Schema, after: Schema): void {
    for (const keyspace of after.keyspaces.values()) {
      const earlier = before.keyspaces.get(keyspace.name);
      if (earlier !== keyspace) this.recordBuilt(keyspace.name, earlier, keyspace);
    }
    for (const keyspace of before.keyspaces.values()) {
      if (!after.keyspaces.has(keyspace.name)) this.recordBuilt(keyspace.name, keyspace, undefined);
    }
    const kept = new Set(tableIds(after));
    const dropped = tableIds(before).filter((id) => !kept.has(id));
    if (dropped.length > 0) this.parts.tables.forgetTruncations(dropped);
  }

  /** Called before a local table is read: size estimates are brought up to date. */
  beforeRead({ table: read }: ReadCommand): void {
    if (read.id !== SIZE_ESTIMATES.id && read.id !== TABLE_ESTIMATES.id) return;
    const now = this.parts.clock.nowMs();
    if (now - this.estimatedAtMs < REFRESH_MS) return;
    this.estimatedAtMs = now;
    for (const keyspace of this.parts.schema().keyspaces.values()) {
      if (keyspace.kind === 'regular' && !keyspace.replication.className.endsWith('LocalStrategy'))
        this.estimate(keyspace);
    }
  }

  private recordBuilt(
    name: string,
    before: KeyspaceMetadata | undefined,
    after: KeyspaceMetadata | undefined,
  ): void {
    const writer = this.writer(textValue(name));
    const indexes = { before: indexNames(before), after: indexNames(after) };
    for (const index of indexes.after)
      if (!indexes.before.has(index)) writer.row(INDEX_INFO, [textValue(index)]);
    for (const index of indexes.before)
      if (!indexes.after.has(index)) writer.row(INDEX_INFO, [textValue(index)]).delete();
    const views = { before: viewNames(before), after: viewNames(after) };
    for (const view of views.after) {
      if (!views.before.has(view))
        writer.row(BUILT_VIEWS, [textValue(view)]).set('status_replicated', booleanValue(true));
    }
    for (const view of views.before)
      if (!views.after.has(view)) writer.row(BUILT_VIEWS, [textValue(view)]).delete();
    const mutation = writer.build();
    if (mutation.updates.length > 0) this.parts.store.apply(mutation);
  }

  private estimate(keyspace: KeyspaceMetadata): void {
    const { membership, storage } = this.parts;
    const ranges = membership.cluster.ring
      .primaryRanges(membership.self)
      .flatMap((range) => unwrap(range));
    // What was counted before goes first, at an earlier timestamp: a deletion shadows what is as old as itself.
    const eraser = this.writer(textValue(keyspace.name));
    eraser.deletePartition(SIZE_ESTIMATES);
    eraser.deletePartition(TABLE_ESTIMATES);
    this.parts.store.apply(eraser.build());
    const writer = this.writer(textValue(keyspace.name));
    for (const one of keyspace.tables.values()) {
      const store = storage.store(one.id);
      if (store === undefined) continue;
      for (const range of ranges) {
        const { partitions, partitionBytesMean } = sizeEstimate(store, toPartitionRange(range));
        const bounds = [textValue(tokenText(range.left)), textValue(tokenText(range.right))];
        const size = (row: ReturnType<RowWriter['row']>): void => {
          row
            .set('partitions_count', longValue(partitions))
            .set('mean_partition_size', longValue(partitionBytesMean));
        };
        size(writer.row(SIZE_ESTIMATES, [textValue(one.name), ...bounds]));
        for (const type of ['primary', 'local_primary'])
          size(writer.row(TABLE_ESTIMATES, [textValue(one.name), textValue(type), ...bounds]));
      }
    }
    this.parts.store.apply(writer.build());
  }

  private writer(key: Buffer): RowWriter {
    const { clock } = this.parts;
    this.lastTimestamp = Math.max(clock.wallMicros(), this.lastTimestamp + 2);
    return new RowWriter({
      keyspace: 'system',
      key,
      timestamp: this.lastTimestamp,
      nowMs: clock.wallMs(),
    });
  }
}

function toPartitionRange(range: TokenRange): typeof WHOLE_RING {
  const isMin = (token: TokenRange['left']): boolean =>
    token.high === MIN_TOKEN.high && token.low === MIN_TOKEN.low;
  return {
    ...WHOLE_RING,
    left: isMin(range.left) ? null : range.left,
    leftInclusive: false,
    right: isMin(range.right) ? null : range.right,
    rightInclusive: true,
  };
}

function tableIds(schema: Schema): readonly string[] {
  return [...schema.keyspaces.values()].flatMap(({ tables }) =>
    [...tables.values()].map(({ id }) => id),
  );
}

function indexNames(keyspace: KeyspaceMetadata | undefined): ReadonlySet<string> {
  return new Set(
    [...(keyspace?.tables.values() ?? [])].flatMap(({ indexes }) =>
      indexes.map(({ name }) => name),
    ),
  );
}

function viewNames(keyspace: KeyspaceMetadata | undefined): ReadonlySet<string> {
  return new Set(
    [...(keyspace?.tables.values() ?? [])]
      .filter(({ view }) => view !== null)
      .map(({ name }) => name),
  );
}

function table(name: string): TableMetadata {
  return required(SYSTEM_KEYSPACE.tables.get(name), `system.${name}`);
}
