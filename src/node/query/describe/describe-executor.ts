// DESCRIBE, answered by the server as rows of "system.describe": what a name means, in which order its parts come,
// pages over an unchanging schema. Test: test/describe/. Cassandra: cql3/statements/DescribeStatement.

import type { DescribeStatement, DescribeTarget, QualifiedName } from '../../../cql/ast.ts';
import { unreachable } from '../../../base/assert.ts';
import { CqlException, invalid } from '../../../data/cql-error.ts';
import type { UserType } from '../../../data/cql-type.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import { quoteIfNeeded } from '../../../data/identifier.ts';
import { packList, packMap } from '../../../data/codec/packing.ts';
import type {
  AggregateMetadata,
  FunctionMetadata,
  IndexMetadata,
  KeyspaceMetadata,
  Schema,
  TableMetadata,
} from '../../../data/schema.ts';
import { listOf, mapOf, signatureTypeName, subTypes } from '../../../data/type-names.ts';
import type { ResultColumn } from '../../../protocol/responses/result-metadata.ts';
import type { ResultRow, RowsResult } from '../../../protocol/responses/rows.ts';
import type { SchemaView } from '../../schema-view.ts';
import { isSystemKeyspace } from '../../schema/system-keyspaces.ts';
import { compareText } from '../../schema/table-builder.ts';
import type { DescribeExecutor, ExecutorDone, StatementCall } from '../executors.ts';
import {
  aggregateText,
  functionText,
  indexText,
  keyspaceText,
  tableText,
  typeText,
} from './create-text.ts';
import { decodeOffset, encodeOffset } from './paging.ts';

/** What DESCRIBE CLUSTER tells. */
export interface ClusterDescription {
  readonly clusterName: string;
  /** Simple class names. */
  readonly partitioner: string;
  readonly snitch: string;
  /** Each range's right token (decimal) with its replicas as `/ip:port`, for the ring of the moment. */
  rangeOwnership(keyspace: KeyspaceMetadata): readonly {
    readonly token: string;
    readonly endpoints: readonly string[];
  }[];
}

export class DescribeStatements implements DescribeExecutor {
  private readonly schema: SchemaView;
  private readonly cluster: ClusterDescription;

  constructor(schema: SchemaView, cluster: ClusterDescription) {
    this.schema = schema;
    this.cluster = cluster;
  }

  execute(statement: DescribeStatement, call: StatementCall, done: ExecutorDone): void {
    try {
      done(this.run(statement, call));
    } catch (error) {
      if (!(error instanceof CqlException)) throw error;
      done({ kind: 'error', error: error.error });
    }
  }

  private run(statement: DescribeStatement, call: StatementCall): RowsResult {
    const schema = this.schema.current;
    const offset = decodeOffset(call.pagingState, schema.version);
    const { columns, rows } = this.describe(statement, schema, call.keyspace);
    const size = call.pageSize ?? 0;
    if (size <= 0) return { kind: 'rows', metadata: { columns }, rows: rows.slice(offset) };
    const page = rows.slice(offset, offset + size);
    const pagingState = page.length === size ? encodeOffset(offset + size, schema.version) : null;
    return { kind: 'rows', metadata: { columns, pagingState }, rows: page };
  }

  private describe(
    { target, withInternals }: DescribeStatement,
    schema: Schema,
    current: string | null,
  ): { columns: readonly ResultColumn[]; rows: readonly ResultRow[] } {
    if (target.kind === 'cluster') return this.describeCluster(schema, current);
    const elements = elementsOf(target, { schema, current });
    if (isListing(target)) return { columns: LIST_COLUMNS, rows: elements.map(listRow) };
    return {
      columns: ELEMENT_COLUMNS,
      rows: elements.map((element) => [
        ...listRow(element),
        Buffer.from(element.text(withInternals)),
      ]),
    };
  }

  private describeCluster(schema: Schema, current: string | null) {
    const { clusterName, partitioner, snitch } = this.cluster;
    const row = [clusterName, partitioner, snitch].map((text) => Buffer.from(text));
    const keyspace = current === null ? undefined : schema.keyspaces.get(current);
    if (keyspace === undefined || isSystemKeyspace(keyspace.name)) {
      return { columns: CLUSTER_COLUMNS, rows: [row] };
    }
    const entries = this.cluster
      .rangeOwnership(keyspace)
      .map(({ token, endpoints }): [Buffer, Buffer] => [
        Buffer.from(token),
        packList(endpoints.map((endpoint) => Buffer.from(endpoint))),
      ])
      .sort(([a], [b]) => Buffer.compare(a, b));
    return { columns: OWNERSHIP_COLUMNS, rows: [[...row, packMap(entries.flat())]] };
  }
}

const LIST_COLUMNS = ['keyspace_name', 'type', 'name'].map(textColumn);
const ELEMENT_COLUMNS = [...LIST_COLUMNS, textColumn('create_statement')];
const CLUSTER_COLUMNS = ['cluster', 'partitioner', 'snitch'].map(textColumn);
const OWNERSHIP_COLUMNS: readonly ResultColumn[] = [
  ...CLUSTER_COLUMNS,
  { ...textColumn('range_ownership'), type: mapOf(NATIVE.text, listOf(NATIVE.text)) },
];

function textColumn(name: string): ResultColumn {
  return { keyspace: 'system', table: 'describe', name, type: NATIVE.text };
}

interface Element {
  readonly keyspace: string;
  readonly type:
    | 'keyspace'
    | 'type'
    | 'function'
    | 'aggregate'
    | 'table'
    | 'index'
    | 'materialized_view';
  /** Unquoted; of functions with their argument types. */
  readonly name: string;
  /** As printed when that is not the quoted name. */
  readonly printedName?: string;
  text(internals: boolean): string;
}

function listRow({ keyspace, type, name, printedName }: Element): Buffer[] {
  return [quoteIfNeeded(keyspace), type, printedName ?? quoteIfNeeded(name)].map((text) =>
    Buffer.from(text),
  );
}

function isListing({ kind }: DescribeTarget): boolean {
  return ['keyspaces', 'tables', 'types', 'functions', 'aggregates'].includes(kind);
}

interface Scope {
  readonly schema: Schema;
  readonly current: string | null;
}

function elementsOf(target: DescribeTarget, scope: Scope): Element[] {
  const { schema } = scope;
  switch (target.kind) {
    case 'cluster':
      return [];
    case 'keyspaces':
      return sorted([...schema.keyspaces.values()].map(keyspaceElement));
    case 'tables':
      return listed(scope, (keyspace) => baseTables(keyspace).map(tableElement));
    case 'types':
      return listed(scope, (keyspace) => [...keyspace.types.values()].map(typeElement));
    case 'functions':
      return listed(scope, (keyspace) => keyspace.functions.map(functionElement));
    case 'aggregates':
      return listed(scope, (keyspace) => keyspace.aggregates.map(aggregateElement));
    case 'schema':
      return sortedKeyspaces(schema)
        .filter(({ name }) => target.full || !isSystemKeyspace(name))
        .flatMap((keyspace) => keyspaceElements(keyspace, false));
    case 'keyspace': {
      const name = target.keyspace ?? currentKeyspace(scope);
      return keyspaceElements(existingKeyspace(schema, name), target.only);
    }
    case 'generic':
      return genericElements(target.name, scope);
    case 'table':
    case 'index':
    case 'view':
    case 'type':
    case 'function':
    case 'aggregate': {
      const keyspace = existingKeyspace(schema, target.name.keyspace ?? currentKeyspace(scope));
      return namedElements(target.kind, keyspace, target.name.name);
    }
    default:
      return unreachable(target);
  }
}

function currentKeyspace({ current }: Scope): string {
  if (current === null) throw invalid('No keyspace specified and no current keyspace');
  return current;
}

function existingKeyspace(schema: Schema, name: string): KeyspaceMetadata {
  const keyspace = schema.keyspaces.get(name);
  if (keyspace === undefined) throw invalid(`'${name}' not found in keyspaces`);
  return keyspace;
}

/** Of the current keyspace, or of all of them. */
function listed(
  { schema, current }: Scope,
  of: (keyspace: KeyspaceMetadata) => Element[],
): Element[] {
  if (current !== null) return sorted(of(existingKeyspace(schema, current)));
  return sortedKeyspaces(schema).flatMap((keyspace) => sorted(of(keyspace)));
}

function sortedKeyspaces(schema: Schema): KeyspaceMetadata[] {
  return [...schema.keyspaces.values()].sort((a, b) => compareIgnoringCase(a.name, b.name));
}

function sorted(elements: Element[]): Element[] {
  return elements.sort((a, b) => compareIgnoringCase(a.name, b.name));
}

function compareIgnoringCase(a: string, b: string): number {
  return compareText(a.toUpperCase().toLowerCase(), b.toUpperCase().toLowerCase());
}

function baseTables(keyspace: KeyspaceMetadata): TableMetadata[] {
  return [...keyspace.tables.values()].filter(({ kind }) => kind !== 'view');
}

function keyspaceElements(keyspace: KeyspaceMetadata, only: boolean): Element[] {
  const self = keyspaceElement(keyspace);
  if (only) return [self];
  const tables = baseTables(keyspace).sort((a, b) => compareIgnoringCase(a.name, b.name));
  return [
    self,
    ...typesInOrder(keyspace).map(typeElement),
    ...sorted(keyspace.functions.map(functionElement)),
    ...sorted(keyspace.aggregates.map(aggregateElement)),
    ...tables.flatMap((table) => tableElements(keyspace, table)),
  ];
}

/** By name, but a type that another one uses comes before it. */
function typesInOrder(keyspace: KeyspaceMetadata): UserType[] {
  const ordered = new Map<string, UserType>();
  const add = (type: UserType): void => {
    for (const inner of usedTypes(type)) {
      const used = keyspace.types.get(inner);
      if (used !== undefined && !ordered.has(inner)) add(used);
    }
    ordered.set(type.name, type);
  };
  const byName = [...keyspace.types.values()].sort((a, b) => compareText(a.name, b.name));
  for (const type of byName) if (!ordered.has(type.name)) add(type);
  return [...ordered.values()];
}

function usedTypes(type: UserType): string[] {
  const used: string[] = [];
  const visit = (inner: Parameters<typeof subTypes>[0]): void => {
    for (const next of subTypes(inner)) {
      visit(next);
      if (next.kind === 'udt') used.push(next.name);
    }
  };
  visit(type);
  return used;
}

/** The table, its indexes, its views. */
function tableElements(keyspace: KeyspaceMetadata, table: TableMetadata): Element[] {
  const views = [...keyspace.tables.values()].filter(({ view }) => view?.baseTableId === table.id);
  return [
    tableElement(table),
    ...sorted(table.indexes.map((index) => indexElement(table, index))),
    ...sorted(views.map(tableElement)),
  ];
}

function genericElements({ keyspace, name }: QualifiedName, { schema, current }: Scope): Element[] {
  const whole = keyspace === null ? schema.keyspaces.get(name) : undefined;
  if (whole !== undefined) return keyspaceElements(whole, false);
  const within = existingKeyspace(schema, keyspace ?? current ?? name);
  const table = within.tables.get(name);
  if (table !== undefined && table.kind !== 'view') return tableElements(within, table);
  const index = findIndex(within, name);
  if (index !== null) return [index];
  if (table !== undefined) return [tableElement(table)];
  throw invalid(`'${name}' not found in keyspace '${within.name}'`);
}

function namedElements(
  kind: 'table' | 'index' | 'view' | 'type' | 'function' | 'aggregate',
  keyspace: KeyspaceMetadata,
  name: string,
): Element[] {
  const table = keyspace.tables.get(name);
  switch (kind) {
    case 'table':
      if (table === undefined || table.kind === 'view') {
        throw invalid(`Table '${name}' not found in keyspace '${keyspace.name}'`);
      }
      return tableElements(keyspace, table);
    case 'index': {
      const index = findIndex(keyspace, name);
      if (index !== null) return [index];
      throw invalid(`Table for existing index '${name}' not found in '${keyspace.name}'`);
    }
    case 'view':
      if (table?.kind === 'view') return [tableElement(table)];
      throw invalid(`Materialized view '${name}' not found in '${keyspace.name}'`);
    case 'type': {
      const type = keyspace.types.get(name);
      if (type !== undefined) return [typeElement(type)];
      throw invalid(`User defined type '${name}' not found in '${keyspace.name}'`);
    }
    case 'function':
    case 'aggregate': {
      const all: readonly Element[] =
        kind === 'function'
          ? keyspace.functions.filter((f) => f.name === name).map(functionElement)
          : keyspace.aggregates.filter((a) => a.name === name).map(aggregateElement);
      if (all.length > 0) return sorted([...all]);
      throw invalid(`User defined ${kind} '${name}' not found in '${keyspace.name}'`);
    }
    default:
      return unreachable(kind);
  }
}

function findIndex(keyspace: KeyspaceMetadata, name: string): Element | null {
  for (const table of keyspace.tables.values()) {
    const index = table.indexes.find((other) => other.name === name);
    if (index !== undefined) return indexElement(table, index);
  }
  return null;
}

function keyspaceElement(keyspace: KeyspaceMetadata): Element {
  const { name } = keyspace;
  return { keyspace: name, type: 'keyspace', name, text: () => keyspaceText(keyspace) };
}

function typeElement(type: UserType): Element {
  const { keyspace, name } = type;
  return { keyspace, type: 'type', name, text: () => typeText(type) };
}

function tableElement(table: TableMetadata): Element {
  const { keyspace, name, kind } = table;
  const type = kind === 'view' ? 'materialized_view' : 'table';
  return { keyspace, type, name, text: (internals) => tableText(table, internals) };
}

function indexElement(table: TableMetadata, index: IndexMetadata): Element {
  const { keyspace } = table;
  return { keyspace, type: 'index', name: index.name, text: () => indexText(table, index) };
}

function functionElement(function_: FunctionMetadata): Element {
  return callableElement(function_, 'function', () => functionText(function_));
}

function aggregateElement(aggregate: AggregateMetadata): Element {
  return callableElement(aggregate, 'aggregate', () => aggregateText(aggregate));
}

function callableElement(
  { keyspace, name, argumentTypes }: FunctionMetadata | AggregateMetadata,
  type: 'function' | 'aggregate',
  text: () => string,
): Element {
  const types = `(${argumentTypes.map(signatureTypeName).join(', ')})`;
  return { keyspace, type, name: name + types, printedName: quoteIfNeeded(name) + types, text };
}
