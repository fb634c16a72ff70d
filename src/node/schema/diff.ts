// What changed between two schemas: keyspaces, tables (views included), types, functions, aggregates created, dropped
// or altered; and the events clients hear of it. Objects are compared by content, not identity.
// Test: test/schema/diff.test.ts. Cassandra: schema/Keyspaces.KeyspacesDiff, SchemaChangeNotifier.

import type { UserType } from '../../data/cql-type.ts';
import type {
  AggregateMetadata,
  FunctionMetadata,
  IndexMetadata,
  KeyspaceMetadata,
  Schema,
  TableMetadata,
} from '../../data/schema.ts';
import { signatureTypeName, typeName, typesEqual } from '../../data/type-names.ts';
import type { SchemaChange, SchemaChangeKind } from '../../protocol/responses/schema-change.ts';

export interface Altered<T> {
  readonly before: T;
  readonly after: T;
}

export interface Changes<T> {
  readonly created: readonly T[];
  readonly dropped: readonly T[];
  readonly altered: readonly Altered<T>[];
}

export interface KeyspaceDiff {
  readonly before: KeyspaceMetadata;
  readonly after: KeyspaceMetadata;
  /** Replication or durable_writes changed. */
  readonly paramsChanged: boolean;
  readonly tables: Changes<TableMetadata>;
  readonly types: Changes<UserType>;
  readonly functions: Changes<FunctionMetadata>;
  readonly aggregates: Changes<AggregateMetadata>;
}

export interface SchemaDiff {
  readonly created: readonly KeyspaceMetadata[];
  readonly dropped: readonly KeyspaceMetadata[];
  readonly altered: readonly KeyspaceDiff[];
}

export function isEmptyDiff(diff: SchemaDiff): boolean {
  return diff.created.length + diff.dropped.length + diff.altered.length === 0;
}

export function diffSchemas(before: Schema, after: Schema): SchemaDiff {
  const created: KeyspaceMetadata[] = [];
  const dropped: KeyspaceMetadata[] = [];
  const altered: KeyspaceDiff[] = [];
  for (const [name, keyspace] of after.keyspaces) {
    const old = before.keyspaces.get(name);
    if (old === undefined) created.push(keyspace);
    else if (old !== keyspace) {
      const diff = diffKeyspaces(old, keyspace);
      if (hasChanges(diff)) altered.push(diff);
    }
  }
  for (const [name, keyspace] of before.keyspaces) {
    if (!after.keyspaces.has(name)) dropped.push(keyspace);
  }
  return { created, dropped, altered };
}

function diffKeyspaces(before: KeyspaceMetadata, after: KeyspaceMetadata): KeyspaceDiff {
  return {
    before,
    after,
    paramsChanged:
      before.durableWrites !== after.durableWrites ||
      before.replication.className !== after.replication.className ||
      !mapsEqual(before.replication.options, after.replication.options),
    tables: splitReplaced(diffMaps(before.tables, after.tables, tablesEqual)),
    types: diffMaps(before.types, after.types, typesEqual),
    functions: diffMaps(
      bySignature(before.functions),
      bySignature(after.functions),
      functionsEqual,
    ),
    aggregates: diffMaps(
      bySignature(before.aggregates),
      bySignature(after.aggregates),
      aggregatesEqual,
    ),
  };
}

/** `after` with its aggregates as they were in `before`, then those made or replaced since: messages list them so. */
export function inOrderOfCreation(
  before: KeyspaceMetadata | undefined,
  after: KeyspaceMetadata | null,
): KeyspaceMetadata | null {
  if (after === null || before === undefined || after.aggregates.length < 2) return after;
  const known = new Map([...bySignature(before.aggregates).keys()].map((key, i) => [key, i]));
  const { altered } = diffKeyspaces(before, after).aggregates;
  const placed = [...bySignature(after.aggregates)].map(([key, aggregate]) => ({
    aggregate,
    place: altered.some((change) => change.after === aggregate)
      ? known.size
      : (known.get(key) ?? known.size),
  }));
  placed.sort((a, b) => a.place - b.place);
  return { ...after, aggregates: placed.map(({ aggregate }) => aggregate) };
}

function hasChanges(diff: KeyspaceDiff): boolean {
  const groups = [diff.tables, diff.types, diff.functions, diff.aggregates];
  return (
    diff.paramsChanged ||
    groups.some(
      ({ created, dropped, altered }) => created.length + dropped.length + altered.length > 0,
    )
  );
}

function diffMaps<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  equal: (a: T, b: T) => boolean,
): Changes<T> {
  const created: T[] = [];
  const dropped: T[] = [];
  const altered: Altered<T>[] = [];
  for (const [name, value] of after) {
    const old = before.get(name);
    if (old === undefined) created.push(value);
    else if (old !== value && !equal(old, value)) altered.push({ before: old, after: value });
  }
  for (const [name, value] of before) if (!after.has(name)) dropped.push(value);
  return { created, dropped, altered };
}

/** A table whose id changed under the same name (both sides of a split created it) is another table. */
function splitReplaced(changes: Changes<TableMetadata>): Changes<TableMetadata> {
  const replaced = changes.altered.filter(({ before, after }) => before.id !== after.id);
  if (replaced.length === 0) return changes;
  return {
    created: [...changes.created, ...replaced.map(({ after }) => after)],
    dropped: [...changes.dropped, ...replaced.map(({ before }) => before)],
    altered: changes.altered.filter(({ before, after }) => before.id === after.id),
  };
}

/** Equal in everything a client or the storage could notice. Columns are interned: identity is equality. */
function tablesEqual(a: TableMetadata, b: TableMetadata): boolean {
  if (a === b) return true;
  return (
    a.id === b.id &&
    a.kind === b.kind &&
    a.columns.size === b.columns.size &&
    [...a.columns.values()].every((column) => b.columns.get(column.name) === column) &&
    setsEqual(a.flags, b.flags) &&
    paramsEqual(a.params, b.params) &&
    a.indexes.length === b.indexes.length &&
    a.indexes.every((index, i) => indexesEqual(index, b.indexes[i])) &&
    a.triggers.length === b.triggers.length &&
    a.triggers.every(
      (trigger, i) =>
        trigger.name === b.triggers[i]?.name && trigger.className === b.triggers[i]?.className,
    ) &&
    droppedColumnsEqual(a, b) &&
    viewsEqual(a, b)
  );
}

function viewsEqual(a: TableMetadata, b: TableMetadata): boolean {
  if (a.view === b.view) return true;
  if (a.view === null || b.view === null) return false;
  return (
    a.view.baseTableId === b.view.baseTableId &&
    a.view.includeAllColumns === b.view.includeAllColumns &&
    a.view.whereClause === b.view.whereClause
  );
}

function droppedColumnsEqual(a: TableMetadata, b: TableMetadata): boolean {
  if (a.droppedColumns.size !== b.droppedColumns.size) return false;
  return [...a.droppedColumns].every(([name, dropped]) => {
    const other = b.droppedColumns.get(name);
    return (
      other !== undefined &&
      other.droppedTimeMicros === dropped.droppedTimeMicros &&
      other.column === dropped.column
    );
  });
}

function indexesEqual(a: IndexMetadata, b: IndexMetadata | undefined): boolean {
  return (
    b !== undefined && a.name === b.name && a.kind === b.kind && mapsEqual(a.options, b.options)
  );
}

function paramsEqual(a: TableMetadata['params'], b: TableMetadata['params']): boolean {
  if (a === b) return true;
  return (Object.keys(a) as (keyof typeof a)[]).every((key) => {
    const left = a[key];
    const right = b[key];
    if (left instanceof Map && right instanceof Map) return mapsEqual(left, right);
    return left === right;
  });
}

function functionsEqual(a: FunctionMetadata, b: FunctionMetadata): boolean {
  return (
    a.body === b.body &&
    a.language === b.language &&
    a.calledOnNullInput === b.calledOnNullInput &&
    typesEqual(a.returnType, b.returnType) &&
    a.argumentNames.join('\u0000') === b.argumentNames.join('\u0000') &&
    a.argumentTypes.every((type, i) => {
      const other = b.argumentTypes[i];
      return other !== undefined && typesEqual(type, other);
    })
  );
}

function aggregatesEqual(a: AggregateMetadata, b: AggregateMetadata): boolean {
  return (
    a.stateFunction === b.stateFunction &&
    a.finalFunction === b.finalFunction &&
    a.initialCondition === b.initialCondition &&
    typesEqual(a.stateType, b.stateType) &&
    typesEqual(a.returnType, b.returnType)
  );
}

function mapsEqual(
  a: ReadonlyMap<string, string | Buffer>,
  b: ReadonlyMap<string, string | Buffer>,
): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([key, value]) => {
    const other = b.get(key);
    if (typeof value === 'string' || typeof other === 'string') return value === other;
    return other !== undefined && value.equals(other);
  });
}

function setsEqual(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((value) => b.has(value));
}

interface Callable {
  readonly name: string;
  readonly argumentTypes: FunctionMetadata['argumentTypes'];
}

/** Distinguishes overloads within a keyspace. */
export function signature(of: Callable): string {
  return `${of.name}(${of.argumentTypes.map(typeName).join(', ')})`;
}

function bySignature<T extends Callable>(callables: readonly T[]): ReadonlyMap<string, T> {
  return new Map(callables.map((callable) => [signature(callable), callable]));
}

/** The events of a change, in the order in which clients receive them. */
export function schemaChanges(diff: SchemaDiff): SchemaChange[] {
  const events: SchemaChange[] = [];
  for (const { name, tables, types, functions, aggregates } of diff.dropped) {
    const parts = { tables: tables.values(), types: types.values(), functions, aggregates };
    events.push(...droppedEvents(name, parts));
    events.push({ change: 'DROPPED', target: 'KEYSPACE', keyspace: name });
  }
  for (const { name, tables, types, functions, aggregates } of diff.created) {
    const parts = { tables: tables.values(), types: types.values(), functions, aggregates };
    events.push({ change: 'CREATED', target: 'KEYSPACE', keyspace: name });
    events.push(...presentEvents('CREATED', name, parts));
  }
  for (const keyspace of diff.altered) events.push(...alteredEvents(keyspace));
  return events;
}

function alteredEvents(diff: KeyspaceDiff): SchemaChange[] {
  const { name } = diff.after;
  return [
    ...droppedEvents(
      name,
      partsOf(diff, ({ dropped }) => dropped),
    ),
    ...presentEvents(
      'CREATED',
      name,
      partsOf(diff, ({ created }) => created),
    ),
    ...(diff.paramsChanged
      ? [{ change: 'UPDATED', target: 'KEYSPACE', keyspace: name } as const]
      : []),
    ...presentEvents(
      'UPDATED',
      name,
      partsOf(diff, ({ altered }) => altered.map((a) => a.after)),
    ),
  ];
}

interface Parts {
  readonly tables: Iterable<TableMetadata>;
  readonly types: Iterable<UserType>;
  readonly functions: readonly FunctionMetadata[];
  readonly aggregates: readonly AggregateMetadata[];
}

function partsOf(diff: KeyspaceDiff, select: <T>(changes: Changes<T>) => readonly T[]): Parts {
  return {
    tables: select(diff.tables),
    types: select(diff.types),
    functions: select(diff.functions),
    aggregates: select(diff.aggregates),
  };
}

/** What uses something goes before what it uses. */
function droppedEvents(keyspace: string, parts: Parts): SchemaChange[] {
  return eventGroups('DROPPED', keyspace, parts).toReversed().flat();
}

function presentEvents(change: SchemaChangeKind, keyspace: string, parts: Parts): SchemaChange[] {
  return eventGroups(change, keyspace, parts).flat();
}

/** What is used comes before what uses it: types, tables, views, functions, aggregates. */
function eventGroups(
  change: SchemaChangeKind,
  keyspace: string,
  parts: Parts,
): readonly (readonly SchemaChange[])[] {
  const named = (target: 'TABLE' | 'TYPE', name: string): SchemaChange => ({
    change,
    target,
    keyspace,
    name,
  });
  const callable = (target: 'FUNCTION' | 'AGGREGATE', of: Callable): SchemaChange => ({
    change,
    target,
    keyspace,
    name: of.name,
    argumentTypes: of.argumentTypes.map(signatureTypeName),
  });
  const tables = [...parts.tables];
  const bases = tables.filter(({ kind }) => kind !== 'view');
  const views = tables.filter(({ kind }) => kind === 'view');
  return [
    [...parts.types].map(({ name }) => named('TYPE', name)),
    bases.map(({ name }) => named('TABLE', name)),
    views.map(({ name }) => named('TABLE', name)),
    parts.functions.map((function_) => callable('FUNCTION', function_)),
    parts.aggregates.map((aggregate) => callable('AGGREGATE', aggregate)),
  ];
}
