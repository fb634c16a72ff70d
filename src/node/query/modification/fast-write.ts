// The frequent write, planned at preparation: one row, its key and plain columns from markers or constants. Executing
// checks lengths, hashes the key, and makes the row; nothing is looked up. Whatever does not fit takes build-update.ts.
// Test: test/query/fast-write.test.ts (both ways give the same mutation).

import { compositeKey } from '../../../data/partition-key.ts';
import type { Int64 } from '../../../base/int64.ts';
import type { Codec } from '../../../data/codec/codec.ts';
import { codecFor } from '../../../data/codec/codec.ts';
import { invalid } from '../../../data/cql-error.ts';
import { NO_ROWS } from '../../../data/merge-partitions.ts';
import { NO_RANGES } from '../../../data/range-tombstones.ts';
import type {
  Cell,
  Clustering,
  DecoratedKey,
  Liveness,
  Mutation,
  Row,
} from '../../../data/partition.ts';
import {
  LIVE,
  NO_CLUSTERING,
  NO_DELETION_TIME,
  NO_LIVENESS,
  NO_TTL,
} from '../../../data/partition.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';
import { compareColumns } from '../../../data/type-order.ts';
import type { BoundValue } from '../../../protocol/bound-value.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import { isCompactTable } from '../../schema/compact-tables.ts';
import { checkKey, decorateKey } from '../../../ring/token.ts';
import { guardCollectionBytes, guardItems, guardValue } from '../../guardrails/guarded-values.ts';
import type { Guard } from '../../guardrails/guardrails.ts';
import type { RestrictionSet } from '../restrictions/restriction-set.ts';
import type { PreparedTerm } from '../terms/term.ts';
import type { ModificationPlan } from './modification-plan.ts';

/** Where a value comes from: the marker `index`, or a constant when it is negative. */
interface Slot {
  readonly index: number;
  readonly constant: Buffer | null;
  readonly codec: Codec;
  readonly column: ColumnMetadata;
}

export interface FastWrite {
  readonly table: TableMetadata;
  readonly key: readonly Slot[];
  readonly clustering: readonly Slot[];
  /** Columns in the statement's order. */
  readonly written: readonly Slot[];
  /** Those of markers, which are checked. */
  readonly checked: readonly Slot[];
  /** The same in storage order. */
  readonly cells: readonly Slot[];
  readonly isInsert: boolean;
}

/** null: the statement is not that simple. */
export function planFastWrite(plan: ModificationPlan): FastWrite | null {
  const { table, restrictions, type } = plan;
  if (type === 'DELETE' || plan.conditions.kind !== 'none' || plan.staticOperations.length > 0)
    return null;
  if (plan.requiresRead || plan.isLocal || table.isCounter || isCompactTable(table.flags))
    return null;
  if (table.kind !== 'regular') return null;
  const key = keySlots(table.partitionKey, restrictions.partition);
  const clustering = keySlots(table.clustering, restrictions.clustering);
  if (key === null || clustering === null || restrictions.token !== null) return null;
  const cells: Slot[] = [];
  for (const operation of plan.regularOperations) {
    if (operation.kind !== 'set' || operation.column.isComplex) return null;
    const slot = slotOf(operation.value, operation.column);
    if (slot === null) return null;
    cells.push(slot);
  }
  const sorted = [...cells].sort((a, b) => compareColumns(a.column, b.column));
  const checked = cells.filter((slot) => slot.index >= 0);
  return {
    table,
    key,
    clustering,
    written: cells,
    checked,
    cells: sorted,
    isInsert: type === 'INSERT',
  };
}

function keySlots(columns: readonly ColumnMetadata[], set: RestrictionSet): readonly Slot[] | null {
  const slots: Slot[] = [];
  for (const column of columns) {
    const restriction = set.of(column);
    if (restriction === undefined || restriction.kind !== 'eq' || restriction.multi) return null;
    const slot = slotOf(restriction.value, column);
    if (slot === null) return null;
    slots.push(slot);
  }
  return slots;
}

/** Exported for fast-read.ts: the slot of a plain marker or constant, null for anything else. */
export function slotOf(term: PreparedTerm, column: ColumnMetadata): Slot | null {
  const codec = codecFor(column.type);
  if (term.kind === 'marker' && term.shape === 'plain') {
    return { index: term.index, constant: null, codec, column };
  }
  if (term.kind === 'constant' && term.value !== UNSET)
    return { index: -1, constant: term.value, codec, column };
  return null;
}

export type { Slot };

/** A key or clustering value, copied out of the frame. */
export function slotKeyValue(slot: Slot, values: readonly BoundValue[]): Buffer {
  if (slot.index < 0) {
    if (slot.constant === null)
      throw invalid(`Invalid null value in condition for column ${slot.column.name}`);
    return slot.constant;
  }
  const value = values[slot.index] as BoundValue;
  if (value === null)
    throw invalid(`Invalid null value in condition for column ${slot.column.name}`);
  if (value === UNSET) throw invalid(`Invalid unset value for column ${slot.column.name}`);
  slot.codec.validate(value);
  return copyOf(value);
}

const EMPTY = Buffer.alloc(0);

/** A copy that does not keep the received frame alive. */
function copyOf(value: Buffer): Buffer {
  const { length } = value;
  if (length === 0) return EMPTY;
  const copy = Buffer.allocUnsafe(length);
  if (length > 24) value.copy(copy);
  else for (let i = 0; i < length; i++) copy[i] = value[i] as number;
  return copy;
}

/** The partition key of a statement whose key columns are slots. */
export function slotKey(slots: readonly Slot[], values: readonly BoundValue[]): DecoratedKey {
  return slotKeyOf(slotKeyBytes(slots, values));
}

/** Its bytes, that may yet be none a key can have. */
export function slotKeyBytes(slots: readonly Slot[], values: readonly BoundValue[]): Buffer {
  const first = slots[0] as Slot;
  if (slots.length === 1) return slotKeyValue(first, values);
  return compositeKey(slots.map((slot) => slotKeyValue(slot, values)));
}

/** Throws INVALID for bytes that are no key. */
export function slotKeyOf(bytes: Buffer): DecoratedKey {
  checkKey(bytes);
  return decorateKey(bytes);
}

const CLUSTERING_BYTES_MAX = 65_535;

/** Throws INVALID when the values of a clustering are longer together than a key may be. */
export function checkClusteringSize(clustering: Clustering): void {
  let size = 0;
  for (const value of clustering) size += value?.length ?? 0;
  if (size > CLUSTERING_BYTES_MAX) {
    throw invalid(`Key length of ${size} is longer than maximum of ${CLUSTERING_BYTES_MAX}`);
  }
}

interface FastWriteTime {
  readonly timestamp: Int64;
  readonly ttl: number;
  readonly nowSeconds: number;
}

/** The mutation. Throws INVALID for values that do not fit. */
export function fastMutation(
  plan: FastWrite,
  values: readonly BoundValue[],
  time: FastWriteTime,
  createdAtMs: number,
  guard: Guard | null,
): Mutation {
  const { table } = plan;
  const key = slotKey(plan.key, values);
  const row = fastRow(plan, values, time, guard);
  const update = {
    table,
    key,
    deletion: LIVE,
    staticRow: null,
    rows: row === null ? NO_ROWS : [row],
    rangeTombstones: NO_RANGES,
  };
  return { keyspace: table.keyspace, key, updates: [update], createdAtMs };
}

/** The row; null: an UPDATE that sets nothing. */
export function fastRow(
  plan: FastWrite,
  values: readonly BoundValue[],
  time: FastWriteTime,
  guard: Guard | null,
): Row | null {
  const clustering = plan.clustering.length === 0 ? NO_CLUSTERING : fastClustering(plan, values);
  for (const slot of plan.checked) {
    const value = values[slot.index] as BoundValue;
    if (value !== null && value !== UNSET) slot.codec.validate(value);
  }
  if (guard !== null) guardValues(plan, values, guard);
  const { timestamp, ttl, nowSeconds } = time;
  const expires = ttl === NO_TTL ? NO_DELETION_TIME : nowSeconds + ttl;
  const data = fastCells(plan, values, time, expires);
  if (data.length === 0 && !plan.isInsert) return null;
  const liveness: Liveness = plan.isInsert
    ? { timestamp, ttl, localExpirationTime: expires }
    : NO_LIVENESS;
  return { clustering, liveness, deletion: LIVE, data };
}

function guardValues(plan: FastWrite, values: readonly BoundValue[], guard: Guard): void {
  for (const { index, constant, column } of plan.written) {
    const value = index < 0 ? constant : (values[index] as BoundValue);
    if (value === null || value === UNSET) continue;
    guardItems(guard, column, value);
    guardValue(guard, column, value);
    guardCollectionBytes(guard, column, value.length);
  }
}

function fastCells(
  plan: FastWrite,
  values: readonly BoundValue[],
  time: FastWriteTime,
  expires: number,
): Cell[] {
  const { cells } = plan;
  // The row keeps this array: one that grows by pushing would keep room for sixteen more.
  if (cells.length === 1) {
    const cell = fastCell(cells[0] as Slot, values, time, expires);
    return cell === null ? [] : [cell];
  }
  const data: Cell[] = Array.from({ length: cells.length });
  let length = 0;
  for (const slot of cells) {
    const cell = fastCell(slot, values, time, expires);
    if (cell !== null) data[length++] = cell;
  }
  data.length = length;
  return data;
}

/** null: unset. */
function fastCell(
  slot: Slot,
  values: readonly BoundValue[],
  { timestamp, ttl, nowSeconds }: FastWriteTime,
  expires: number,
): Cell | null {
  const { column } = slot;
  const value = slot.index < 0 ? slot.constant : (values[slot.index] as BoundValue);
  if (value === UNSET) return null;
  if (value === null)
    return {
      column,
      timestamp,
      ttl: NO_TTL,
      localDeletionTime: nowSeconds,
      value: EMPTY,
      path: null,
    };
  const bytes = slot.index < 0 ? value : copyOf(value);
  return { column, timestamp, ttl, localDeletionTime: expires, value: bytes, path: null };
}

function fastClustering(plan: FastWrite, values: readonly BoundValue[]): Clustering {
  const clustering: Buffer[] = [];
  for (const slot of plan.clustering) clustering.push(slotKeyValue(slot, values));
  checkClusteringSize(clustering);
  return clustering;
}
