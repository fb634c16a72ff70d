// What an index covers and which terms a row gives it. Targets are written as in system_schema.indexes: `v`, `"V"`,
// values(c), keys(m), entries(m), full(f). Test: test/storage/index-manager.test.ts.
// Cassandra: cql3/statements/schema/IndexTarget, index/TargetParser.

import { partitionKeyComponent } from '../../data/partition-key.ts';
import type { CqlType } from '../../data/cql-type.ts';
import { isTombstone } from '../../data/deletion.ts';
import { columnData } from '../../data/live-view.ts';
import type { Cell, ComplexData, DecoratedKey, Row } from '../../data/partition.ts';
import type { RowFilterExpression } from '../../data/read-command.ts';
import { unpackElements } from '../../data/row-filter.ts';
import type { ColumnMetadata, IndexMetadata, TableMetadata } from '../../data/schema.ts';
import type { TextAnalyzer } from '../../data/text-analyzer.ts';
import { analyzerFor } from '../../data/text-analyzer.ts';

export type TargetKind = 'simple' | 'values' | 'keys' | 'entries' | 'full';

export type IndexClass = 'legacy' | 'sai' | 'sasi' | 'vector' | 'unknown';

export interface IndexTarget {
  readonly index: IndexMetadata;
  readonly className: IndexClass;
  readonly column: ColumnMetadata;
  readonly kind: TargetKind;
  /** The type of terms; of entries the map's value. */
  readonly termType: CqlType;
  readonly analyzer: TextAnalyzer | null;
  readonly keyColumns: number;
}

/** null: the index covers nothing this node knows (a custom class, a column that is gone). */
export function indexTarget(table: TableMetadata, index: IndexMetadata): IndexTarget | null {
  const parsed = parseTarget(index.options.get('target') ?? '');
  const column = table.columns.get(parsed.name);
  if (column === undefined) return null;
  const kind = parsed.kind === 'simple' && column.isComplex ? 'values' : parsed.kind;
  const termType = termTypeOf(column.type, kind);
  const keyColumns = table.partitionKey.length;
  const analyzer = analyzerFor(index, termType);
  return {
    index,
    className: indexClass(index, column),
    column,
    kind,
    termType,
    analyzer,
    keyColumns,
  };
}

/** Splits `values("My col")` into kind and column name. */
export function parseTarget(target: string): { readonly kind: TargetKind; readonly name: string } {
  const match = /^(values|keys|entries|full)\((.*)\)$/s.exec(target);
  const name = unquote(match?.[2] ?? target);
  return { kind: (match?.[1] ?? 'simple') as TargetKind, name };
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

function indexClass(index: IndexMetadata, column: ColumnMetadata): IndexClass {
  if (index.kind !== 'CUSTOM') return 'legacy';
  const name = (index.options.get('class_name') ?? '').toLowerCase();
  if (name.endsWith('storageattachedindex') || name === 'sai') {
    return column.type.kind === 'vector' ? 'vector' : 'sai';
  }
  return name.endsWith('sasiindex') ? 'sasi' : 'unknown';
}

function termTypeOf(type: CqlType, kind: TargetKind): CqlType {
  switch (type.kind) {
    case 'list':
    case 'set':
      return kind === 'values' ? type.element : type;
    case 'map':
      return kind === 'keys'
        ? type.key
        : kind === 'values' || kind === 'entries'
          ? type.value
          : type;
    default:
      return type;
  }
}

/** Static columns and partition key columns point to whole partitions, others to rows. */
export function isPartitionLevel(target: IndexTarget): boolean {
  return target.column.kind === 'static' || target.column.kind === 'partition_key';
}

/** The terms of a row (of the static row for a static column), tombstones left out, expired cells not. */
export function termsOf(
  target: IndexTarget,
  key: DecoratedKey,
  row: Row | null,
): readonly Buffer[] {
  const raw = rawTerms(target, key, row);
  const { analyzer } = target;
  return analyzer === null ? raw : raw.flatMap((term) => analyzed(analyzer, term));
}

export function analyzed(analyzer: TextAnalyzer, term: Buffer): readonly Buffer[] {
  return analyzer(term.toString('utf8')).map((text) => Buffer.from(text, 'utf8'));
}

function rawTerms(target: IndexTarget, key: DecoratedKey, row: Row | null): readonly Buffer[] {
  const { column, keyColumns } = target;
  if (column.kind === 'partition_key') {
    const component = partitionKeyComponent(key.bytes, column.position, keyColumns);
    return component === null ? [] : [component];
  }
  if (row === null) return [];
  if (column.kind === 'clustering') {
    const value = row.clustering[column.position] ?? null;
    return value === null ? [] : [value];
  }
  const data = columnData(row, column);
  if (data === undefined) return [];
  if (column.isComplex) {
    return (data as ComplexData).cells
      .filter((cell) => !isTombstone(cell))
      .map((cell) => elementTerm(target, cell));
  }
  const cell = data as Cell;
  if (isTombstone(cell)) return [];
  return target.kind === 'simple' || target.kind === 'full'
    ? [cell.value]
    : frozenTerms(target, cell.value);
}

function elementTerm({ kind, column }: IndexTarget, cell: Cell): Buffer {
  const path = cell.path as Buffer;
  if (kind === 'entries') return entryTerm(path, cell.value);
  return kind === 'keys' || column.type.kind === 'set' ? path : cell.value;
}

function frozenTerms({ kind, column }: IndexTarget, bytes: Buffer): readonly Buffer[] {
  return unpackElements(column.type, bytes).map(([key, value]) => {
    if (kind === 'entries') return entryTerm(key ?? value, value);
    return kind === 'keys' ? (key ?? value) : value;
  });
}

/** A map entry as one term: the key's length, key and value. */
export function entryTerm(key: Buffer, value: Buffer): Buffer {
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(key.length);
  return Buffer.concat([length, key, value]);
}

/** Whether an index can find the rows for a condition. */
export function serves(target: IndexTarget, expression: RowFilterExpression): boolean {
  if (expression.kind === 'custom') return false;
  if (expression.column.name !== target.column.name) return false;
  if (expression.kind === 'map-entry') return target.kind === 'entries';
  const { operator } = expression;
  switch (operator) {
    case 'CONTAINS':
      return target.kind === 'values';
    case 'CONTAINS KEY':
      return target.kind === 'keys';
    case '=':
    case 'IN':
      return target.kind === 'simple' || target.kind === 'full';
    case '<':
    case '<=':
    case '>':
    case '>=':
      return target.kind === 'simple' && target.className !== 'legacy' && target.analyzer === null;
    case 'LIKE_PREFIX':
    case 'LIKE_SUFFIX':
    case 'LIKE_CONTAINS':
    case 'LIKE_MATCHES':
      return target.className === 'sasi';
    default:
      return false;
  }
}
