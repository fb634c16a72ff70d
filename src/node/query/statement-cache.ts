// Prepared statements by id, and plans of statements that come as text: both bounded, both dropped when what they
// were planned for changes. Cassandra: cql3/QueryProcessor (preparedStatements, StatementInvalidatingListener).

import type { KeyspaceMetadata, Schema, TableMetadata } from '../../data/schema.ts';
import type { PreparedStatement } from './prepared-statement.ts';

export interface CacheEntry {
  prepared: PreparedStatement;
  /** The schema the plan was last found to fit. */
  schema: Schema;
  /** Used since the cache last looked for something to drop. */
  isUsed: boolean;
  readonly bytes: number;
}

/** Keeps entries up to a number of bytes; drops what was not used lately. */
export class StatementCache {
  private readonly entries = new Map<string, CacheEntry>();
  private readonly bytesMax: number;
  private readonly onEviction: (id: string) => void;
  private bytes = 0;

  constructor(bytesMax: number, onEviction: (id: string) => void = () => undefined) {
    this.bytesMax = bytesMax;
    this.onEviction = onEviction;
  }

  get size(): number {
    return this.entries.size;
  }

  get(id: string): CacheEntry | undefined {
    return this.entries.get(id);
  }

  put(id: string, prepared: PreparedStatement, schema: Schema): CacheEntry {
    this.delete(id);
    const bytes = sizeOf(prepared);
    while (this.bytes + bytes > this.bytesMax && this.entries.size > 0) this.dropOne();
    const entry: CacheEntry = { prepared, schema, isUsed: true, bytes };
    this.entries.set(id, entry);
    this.bytes += bytes;
    return entry;
  }

  delete(id: string): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    this.entries.delete(id);
    this.bytes -= entry.bytes;
  }

  clear(): void {
    this.entries.clear();
    this.bytes = 0;
  }

  /** The oldest entry goes, unless it was used: then it goes to the end of the line. */
  private dropOne(): void {
    for (const [id, entry] of this.entries) {
      if (!entry.isUsed) {
        this.delete(id);
        this.onEviction(id);
        return;
      }
      entry.isUsed = false;
      this.entries.delete(id);
      this.entries.set(id, entry);
    }
  }
}

/** An estimate; plans hold little beside the statement. */
function sizeOf(prepared: PreparedStatement): number {
  return (
    2_000 +
    4 * prepared.text.length +
    300 * (prepared.markers + (prepared.resultColumns?.length ?? 0))
  );
}

/** What became of a plan whose schema is no longer the current one. */
type Fitness =
  /** Everything it holds is the same. */
  | 'fits'
  /** A table is another object that behaves the same: plan again, the client need not know. */
  | 'plan-again'
  /** The client must prepare again. */
  | 'gone';

export function fitnessOf(prepared: PreparedStatement, schema: Schema): Fitness {
  let fitness: Fitness = 'fits';
  for (const table of prepared.tables) {
    const current = schema.keyspaces.get(table.keyspace)?.tables.get(table.name);
    if (current === undefined || current.id !== table.id) return 'gone';
    if (current === table) continue;
    if (affectsStatements(table, current)) return 'gone';
    fitness = 'plan-again';
  }
  for (const keyspace of prepared.keyspaces) {
    const current = schema.keyspaces.get(keyspace.name);
    if (current !== keyspace && (current === undefined || functionsDiffer(keyspace, current)))
      return 'gone';
  }
  return fitness;
}

/** Cassandra: TableMetadata.changeAffectsPreparedStatements. */
function affectsStatements(before: TableMetadata, after: TableMetadata): boolean {
  if (!sameItems([...before.columns.values()], [...after.columns.values()])) return true;
  if (before.indexes.length !== after.indexes.length) return true;
  if (before.indexes.some((index, i) => index.name !== after.indexes[i]?.name)) return true;
  if (before.params.default_time_to_live !== after.params.default_time_to_live) return true;
  return before.params.gc_grace_seconds !== after.params.gc_grace_seconds;
}

function functionsDiffer(before: KeyspaceMetadata, after: KeyspaceMetadata): boolean {
  if (!sameItems(before.functions, after.functions)) return true;
  return !sameItems(before.aggregates, after.aggregates);
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
