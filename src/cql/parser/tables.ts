// CREATE TABLE and ALTER TABLE.

import { invalid } from '../../data/cql-error.ts';
import type {
  AlterTableStatement,
  ClusteringOrder,
  ColumnDefinition,
  CreateTableStatement,
  PrimaryKeyDefinition,
  QualifiedName,
  TableAlteration,
} from '../ast.ts';
import { tableName } from './names.ts';
import { columnMask, properties, property } from './properties.ts';
import type { Properties } from './properties.ts';
import { crashed } from './syntax-failure.ts';
import type { TokenReader } from './token-reader.ts';
import { COLUMN_NAMES, kindSet, NAMES, T } from './tokens.ts';
import { type } from './types.ts';

/** Takes what follows CREATE TABLE. */
export function createTable(reader: TokenReader): CreateTableStatement {
  const ifNotExists = reader.ifNotExists();
  const table = tableName(reader);
  const columns = new Map<string, ColumnDefinition>();
  const primaryKeys: PrimaryKeyDefinition[] = [];
  reader.expect(T.LEFT_PAREN);
  tableColumns(reader, table, columns, primaryKeys);
  while (reader.take(T.COMMA)) {
    if (NAMES[reader.kind] === 1 || reader.kind === T.K_PRIMARY)
      tableColumns(reader, table, columns, primaryKeys);
  }
  reader.expect(T.RIGHT_PAREN);
  const found: Properties = new Map();
  const clusteringOrder = new Map<string, ClusteringOrder>();
  let compactStorage = false;
  if (reader.take(T.K_WITH)) {
    do {
      const option = tableOption(reader);
      if (option === 'property') property(reader, found);
      else if (option === 'compact') compactStorage = takeCompactStorage(reader);
      else clusteringOrders(reader, clusteringOrder, `table '${table.name}'`);
    } while (reader.take(T.K_AND));
  }
  return {
    kind: 'create-table',
    table,
    ifNotExists,
    columns: [...columns.values()],
    primaryKeys,
    properties: found,
    compactStorage,
    clusteringOrder: [...clusteringOrder.values()],
  };
}

function tableColumns(
  reader: TokenReader,
  table: QualifiedName,
  columns: Map<string, ColumnDefinition>,
  primaryKeys: PrimaryKeyDefinition[],
): void {
  if (reader.kind === T.K_PRIMARY) {
    primaryKeys.push(primaryKeyClause(reader, () => refuseSecond(table, primaryKeys)));
    return;
  }
  const column = columnDefinition(reader);
  if (columns.has(column.name)) {
    throw invalid(`Duplicate column '${column.name}' declaration for table '${table.name}'`);
  }
  columns.set(column.name, column);
  if (reader.take(T.K_PRIMARY)) {
    reader.expect(T.K_KEY);
    refuseSecond(table, primaryKeys);
    primaryKeys.push({ partitionKey: [column.name], clustering: [] });
  }
}

function refuseSecond(table: QualifiedName, primaryKeys: readonly PrimaryKeyDefinition[]): void {
  if (primaryKeys.length === 0) return;
  throw invalid(`Multiple PRIMARY KEY specified for table '${table.name}' (exactly one required)`);
}

function columnDefinition(reader: TokenReader): ColumnDefinition {
  const name = reader.name();
  const columnType = type(reader);
  const isStatic = reader.take(T.K_STATIC);
  const mask = reader.kind === T.K_MASKED ? columnMask(reader) : null;
  return { name, type: columnType, static: isStatic, mask };
}

/**
 * Takes `PRIMARY KEY (a, b)` or `PRIMARY KEY ((a, b), c)`; tables and views alike. `onPartitionKey`
 * may refuse it as soon as the partition key is read.
 */
export function primaryKeyClause(
  reader: TokenReader,
  onPartitionKey?: () => void,
): PrimaryKeyDefinition {
  reader.expect(T.K_PRIMARY);
  reader.expect(T.K_KEY);
  reader.expect(T.LEFT_PAREN);
  const partitionKey: string[] = [];
  if (reader.take(T.LEFT_PAREN)) {
    do partitionKey.push(reader.name());
    while (reader.take(T.COMMA));
    reader.expect(T.RIGHT_PAREN);
  } else {
    partitionKey.push(reader.name());
  }
  onPartitionKey?.();
  const clustering: string[] = [];
  while (reader.take(T.COMMA)) clustering.push(reader.name());
  reader.expect(T.RIGHT_PAREN);
  return { partitionKey, clustering };
}

/** Which option of WITH comes next: COMPACT and CLUSTERING are property names too. */
export function tableOption(reader: TokenReader): 'property' | 'compact' | 'clustering' {
  const second = reader.ahead(1);
  if (reader.kind === T.K_COMPACT) {
    if (second === T.K_STORAGE) return 'compact';
    if (second !== T.EQ) throw reader.noViable(1);
  } else if (reader.kind === T.K_CLUSTERING) {
    if (second === T.K_ORDER) return 'clustering';
    if (second !== T.EQ) throw reader.noViable(1);
  }
  return 'property';
}

function takeCompactStorage(reader: TokenReader): true {
  reader.next();
  reader.next();
  return true;
}

/**
 * Takes `CLUSTERING ORDER BY (a ASC, ...)`. `owner` names the table or view in the error for a
 * column named twice.
 */
export function clusteringOrders(
  reader: TokenReader,
  orders: Map<string, ClusteringOrder>,
  owner: string,
): void {
  reader.next();
  reader.next();
  reader.expect(T.K_BY);
  reader.expect(T.LEFT_PAREN);
  do {
    const column = reader.name();
    const ascending = reader.take(T.K_ASC);
    if (!ascending && !reader.take(T.K_DESC)) throw reader.noViable();
    if (orders.has(column)) {
      throw invalid(`Duplicate column '${column}' in CLUSTERING ORDER BY clause for ${owner}`);
    }
    orders.set(column, { column, ascending });
  } while (reader.take(T.COMMA));
  reader.expect(T.RIGHT_PAREN);
}

/** Takes what follows ALTER TABLE. */
export function alterTable(reader: TokenReader): AlterTableStatement {
  const ifExists = reader.ifExists();
  const table = tableName(reader);
  return { kind: 'alter-table', table, ifExists, alteration: tableAlteration(reader) };
}

function tableAlteration(reader: TokenReader): TableAlteration {
  switch (reader.kind) {
    case T.K_ALTER:
      return alterColumn(reader);
    case T.K_ADD:
      return addColumns(reader);
    case T.K_DROP:
      return dropColumns(reader);
    case T.K_RENAME: {
      reader.next();
      const ifColumnExists = reader.ifExists();
      return { kind: 'rename-columns', ifColumnExists, renames: renames(reader) };
    }
    case T.K_WITH:
      reader.next();
      return { kind: 'properties', properties: properties(reader) };
    default:
      throw reader.noViable();
  }
}

/** Takes `a TO b AND c TO d`. */
export function renames(
  reader: TokenReader,
): readonly { readonly from: string; readonly to: string }[] {
  const found: { from: string; to: string }[] = [];
  do {
    const from = reader.name();
    reader.expect(T.K_TO);
    found.push({ from, to: reader.name() });
  } while (reader.take(T.K_AND));
  return found;
}

const AFTER_ALTERED_COLUMN = kindSet([T.K_TYPE, T.K_DROP, T.K_MASKED]);

function alterColumn(reader: TokenReader): TableAlteration {
  if (reader.ahead(1) !== T.K_IF) {
    reader.require(COLUMN_NAMES, 1);
    reader.require(AFTER_ALTERED_COLUMN, 2);
    reader.touch(3);
  }
  reader.next();
  const ifColumnExists = reader.ifExists();
  const column = reader.columnName();
  if (!ifColumnExists && reader.take(T.K_TYPE)) {
    return { kind: 'alter-column-type', column, type: type(reader) };
  }
  if (reader.take(T.K_DROP)) {
    reader.expect(T.K_MASKED);
    return { kind: 'mask-column', column, ifColumnExists, mask: null };
  }
  return { kind: 'mask-column', column, ifColumnExists, mask: columnMask(reader) };
}

function addColumns(reader: TokenReader): TableAlteration {
  reader.next();
  const ifColumnNotExists = reader.ifNotExists();
  const columns: ColumnDefinition[] = [];
  if (reader.take(T.LEFT_PAREN)) {
    do columns.push(columnDefinition(reader));
    while (reader.take(T.COMMA));
    reader.expect(T.RIGHT_PAREN);
  } else {
    columns.push(columnDefinition(reader));
  }
  return { kind: 'add-columns', ifColumnNotExists, columns };
}

const AFTER_DROP = kindSet(NAMES, [T.LEFT_PAREN, T.K_IF]);
const AFTER_DROPPED_COLUMN = kindSet([T.SEMICOLON, T.EOF, T.K_USING, T.K_STORAGE]);

function dropColumns(reader: TokenReader): TableAlteration {
  reader.require(AFTER_DROP, 1);
  reader.touch(2);
  if (reader.ahead(1) === T.K_COMPACT) {
    reader.require(AFTER_DROPPED_COLUMN, 2);
    reader.touch(3);
    if (reader.ahead(2) === T.K_STORAGE) {
      for (let i = 0; i < 3; i++) reader.next();
      return { kind: 'drop-compact-storage' };
    }
  }
  reader.next();
  const ifColumnExists = reader.ifExists();
  const columns: string[] = [];
  if (reader.take(T.LEFT_PAREN)) {
    do columns.push(reader.name());
    while (reader.take(T.COMMA));
    reader.expect(T.RIGHT_PAREN);
  } else {
    columns.push(reader.name());
  }
  return { kind: 'drop-columns', ifColumnExists, columns, timestamp: dropTimestamp(reader) };
}

const INT64_MAX = 9223372036854775807n;

function dropTimestamp(reader: TokenReader): string | null {
  if (!reader.take(T.K_USING)) return null;
  reader.expect(T.K_TIMESTAMP);
  if (reader.kind !== T.INTEGER) throw reader.mismatched(T.INTEGER);
  const digits = reader.source();
  reader.next();
  const value = digits.length > 20 ? null : BigInt(digits);
  if (value === null || value > INT64_MAX || value < -INT64_MAX - 1n) {
    throw crashed(reader.text, 'statement', `NumberFormatException For input string: "${digits}"`);
  }
  return digits;
}
