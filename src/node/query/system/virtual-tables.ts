// Virtual tables: rows are made when somebody reads them, from whatever a source says at that moment, and go through the
// same reading code as stored rows (slices, filters, limits). Nothing is kept between reads.
// Test: test/schema/virtual-tables.test.ts. Cassandra: db/virtual/VirtualTable, SimpleDataSet.

import { compositeKey, splitCompositeKey } from '../../../data/partition-key.ts';
import { required } from '../../../base/assert.ts';
import type { Codec } from '../../../data/codec/codec.ts';
import { codecFor } from '../../../data/codec/codec.ts';
import { packList, packMap } from '../../../data/codec/packing.ts';
import type { CqlError } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import type { DecoratedKey, Mutation, PartitionData } from '../../../data/partition.ts';
import type { PartitionRange, ReadCommand } from '../../../data/read-command.ts';
import type { TableMetadata } from '../../../data/schema.ts';
import { RowWriter } from '../../schema/row-writer.ts';
import { compareText } from '../../schema/table-builder.ts';
import type { ReplicaResult } from '../../storage/replica-result.ts';
import { TableStore } from '../../storage/table-store.ts';

/** A column's value: text for text, inet, uuid and the like, in CQL's spelling; null or absent for none. */
export type VirtualValue =
  | string
  | number
  | bigint
  | boolean
  | Buffer
  | readonly string[]
  | ReadonlyMap<string, string>
  | null
  | undefined;

/** Values by column name; every key column must be there. */
export type VirtualRow = Readonly<Record<string, VirtualValue>>;

export interface VirtualTable {
  readonly table: TableMetadata;
  rows(): Iterable<VirtualRow>;
  /** False: WHERE on other columns needs ALLOW FILTERING, as for system_logs. */
  readonly filtersImplicitly: boolean;
}

/** The virtual tables of one node. Implements what the node's local access asks for. */
export class VirtualTableRegistry {
  private readonly tables = new Map<string, VirtualTable>();

  constructor(tables: Iterable<VirtualTable>) {
    for (const table of tables) this.tables.set(table.table.id, table);
  }

  read(command: ReadCommand): ReplicaResult {
    const { table } = command;
    const store = new TableStore(table, { tombstoneFailureThreshold: Infinity });
    const rows = [...(this.tables.get(table.id)?.rows() ?? [])];
    const updates = rows.flatMap((row) => rowMutation(table, row).updates);
    if (command.kind === 'partition') {
      for (const update of updates) store.apply(update);
      return store.read(command);
    }
    const order = new KeyOrder(table, updates);
    for (const update of updates) store.apply({ ...update, key: order.place(update.key) });
    return store.read({ ...command, range: order.range(command.range) });
  }

  filtersImplicitly(table: TableMetadata): boolean {
    return this.tables.get(table.id)?.filtersImplicitly ?? true;
  }

  /** Nothing here can be changed by CQL. */
  write(mutations: readonly Mutation[]): CqlError | null {
    const table = mutations[0]?.updates[0]?.table;
    if (table === undefined) return null;
    const message = `Modification is not supported by table ${table.keyspace}.${table.name}`;
    return { code: 'INVALID', message };
  }
}

/**
 * Partitions of virtual tables lie in the order of their keys, not of their hashes: their tokens here are odd numbers in
 * that order, with room between them.
 * Cassandra: dht/LocalPartitioner.
 */
class KeyOrder {
  private readonly codecs: readonly Codec[];
  private readonly ordered: readonly DecoratedKey[];
  private readonly ranks: ReadonlyMap<string, number>;

  constructor(table: TableMetadata, updates: readonly PartitionData[]) {
    this.codecs = table.partitionKey.map(({ type }) => codecFor(type));
    const distinct = new Map(updates.map(({ key }) => [key.id, key]));
    this.ordered = [...distinct.values()].sort((a, b) => this.compare(a, b));
    this.ranks = new Map(this.ordered.map((key, rank) => [key.id, rank]));
  }

  place(key: DecoratedKey): DecoratedKey {
    const { bytes, id } = key;
    return { bytes, id, high: 0, low: 2 * (this.ranks.get(id) ?? 0) + 1 };
  }

  /** A page may start at a row that is no more: then at what comes after it. */
  range(range: PartitionRange): PartitionRange {
    const { startKey } = range;
    if (startKey === null) return range;
    if (this.ranks.has(startKey.id)) return { ...range, startKey: this.place(startKey) };
    const next = this.ordered.findIndex((key) => this.compare(key, startKey) > 0);
    const low = 2 * (next < 0 ? this.ordered.length : next);
    const { bytes, id } = startKey;
    return {
      ...range,
      startKey: { bytes, id, high: 0, low },
      startKeyInclusive: true,
      startAfter: null,
    };
  }

  private compare(a: DecoratedKey, b: DecoratedKey): number {
    const left = splitCompositeKey(a.bytes, this.codecs.length);
    const right = splitCompositeKey(b.bytes, this.codecs.length);
    for (const [i, codec] of this.codecs.entries()) {
      const order = codec.compare(left[i] ?? a.bytes, right[i] ?? b.bytes);
      if (order !== 0) return order;
    }
    return 0;
  }
}

function rowMutation(table: TableMetadata, row: VirtualRow): Mutation {
  const component = (name: string, type: CqlType): Buffer =>
    required(encode(type, row[name]), `${name} of a row of ${table.keyspace}.${table.name}`);
  const key = compositeKey(table.partitionKey.map(({ name, type }) => component(name, type)));
  const clustering = table.clustering.map(({ name, type }) => component(name, type));
  const writer = new RowWriter({ keyspace: table.keyspace, key, timestamp: 1, nowMs: 0 });
  const draft = writer.row(table, clustering);
  for (const { name, type } of table.regulars) {
    const value = encode(type, row[name]);
    if (value !== null) draft.set(name, value);
  }
  return writer.build();
}

function encode(type: CqlType, value: VirtualValue): Buffer | null {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Map || Array.isArray(value)) return encodeCollection(value);
  const name = type.kind === 'native' ? type.name : '';
  switch (name) {
    case 'boolean':
      return Buffer.from([value === true ? 1 : 0]);
    case 'int': {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(Number(value));
      return bytes;
    }
    case 'bigint':
    case 'timestamp': {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value))));
      return bytes;
    }
    case 'double': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(Number(value));
      return bytes;
    }
    default:
      return codecFor(type).fromString(String(value), 0);
  }
}

function encodeCollection(value: readonly string[] | ReadonlyMap<string, string>): Buffer {
  if (!(value instanceof Map)) {
    return packList([...(value as readonly string[])].map((text) => Buffer.from(text)));
  }
  const entries = [...(value as ReadonlyMap<string, string>)].sort(([a], [b]) => compareText(a, b));
  return packMap(entries.flat().map((text) => Buffer.from(text)));
}
