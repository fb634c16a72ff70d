// Which index answers which restriction. An index is known by its row in system_schema.indexes only: kind, target and
// class; what it does with a value is node/storage. Cassandra: index/internal/CassandraIndex*, index/sai/
// StorageAttachedIndex, index/sasi/conf/ColumnIndex.

import type { CqlType } from '../../../data/cql-type.ts';
import { isMultiCell } from '../../../data/cql-type.ts';
import type { ColumnMetadata, IndexMetadata, TableMetadata } from '../../../data/schema.ts';
import type { TargetKind } from '../../storage/index-target.ts';
import { parseTarget } from '../../storage/index-target.ts';
import type { Restriction, SliceRestriction } from './restriction.ts';

export type LikeOperator = 'LIKE_PREFIX' | 'LIKE_SUFFIX' | 'LIKE_CONTAINS' | 'LIKE_MATCHES';

export type IndexedOperator =
  | '='
  | 'IN'
  | '<'
  | '<='
  | '>'
  | '>='
  | 'CONTAINS'
  | 'CONTAINS KEY'
  | 'LIKE'
  | 'ANN';

type IndexImplementation = 'legacy' | 'sai' | 'sasi' | 'unknown';
/** An index with its target resolved. */
export interface TableIndex {
  readonly metadata: IndexMetadata;
  readonly implementation: IndexImplementation;
  readonly column: ColumnMetadata | null;
  readonly target: TargetKind;
}

function resolveIndex(table: TableMetadata, metadata: IndexMetadata): TableIndex {
  const { kind: target, name } = parseTarget(metadata.options.get('target') ?? '');
  const column = table.columns.get(name) ?? null;
  return { metadata, implementation: implementationOf(metadata), column, target };
}

/** Of a CUSTOM index its class decides; any other is the legacy secondary index. */
function implementationOf(metadata: IndexMetadata): IndexImplementation {
  if (metadata.kind !== 'CUSTOM') return 'legacy';
  const className = metadata.options.get('class_name') ?? '';
  const simple = className.slice(className.lastIndexOf('.') + 1).toLowerCase();
  if (simple === 'storageattachedindex' || simple === 'sai') return 'sai';
  return simple === 'sasiindex' ? 'sasi' : 'unknown';
}

/** The indexes of one table. */
export class IndexRegistry {
  static readonly NONE = new IndexRegistry([]);
  readonly indexes: readonly TableIndex[];

  private constructor(indexes: readonly TableIndex[]) {
    this.indexes = indexes;
  }

  static of(table: TableMetadata): IndexRegistry {
    if (table.indexes.length === 0) return IndexRegistry.NONE;
    return new IndexRegistry(table.indexes.map((metadata) => resolveIndex(table, metadata)));
  }

  isIndexed(column: ColumnMetadata): boolean {
    return this.indexes.some((index) => index.column === column);
  }

  /** Whether some index answers the restriction. */
  supports(restriction: Restriction): boolean {
    return this.indexes.some((index) => supportsRestriction(index, restriction));
  }

  /** Legacy indexes answer one restriction each, the storage-attached ones of a table all together. */
  get groups(): readonly (readonly TableIndex[])[] {
    const attached = this.indexes.filter((index) => index.implementation === 'sai');
    const others = this.indexes
      .filter((index) => index.implementation !== 'sai')
      .map((index) => [index]);
    return attached.length === 0 ? others : [...others, attached];
  }
}

/** True when the indexes of the group leave the restriction to be checked on rows. */
export function groupNeedsFiltering(
  group: readonly TableIndex[],
  restriction: Restriction,
): boolean {
  if (restriction.multi) {
    return restriction.columns.some(
      (column) => !group.some((index) => supportsColumn(index, restriction, column)),
    );
  }
  if (restriction.kind !== 'contains')
    return !group.some((index) => supportsRestriction(index, restriction));
  const several =
    restriction.values.length + restriction.keys.length + restriction.entries.length > 1;
  return !group.some(
    (index) =>
      supportsRestriction(index, restriction) && !(several && index.implementation !== 'sai'),
  );
}

export function supportsRestriction(index: TableIndex, restriction: Restriction): boolean {
  return restriction.columns.some((column) => supportsColumn(index, restriction, column));
}

function supportsColumn(
  index: TableIndex,
  restriction: Restriction,
  column: ColumnMetadata,
): boolean {
  return operatorsOf(restriction).some((operator) => supportsOperator(index, column, operator));
}

function operatorsOf(restriction: Restriction): readonly IndexedOperator[] {
  switch (restriction.kind) {
    case 'eq':
      return ['='];
    case 'in':
      return ['IN'];
    case 'like':
      return ['LIKE'];
    case 'ann':
      return ['ANN'];
    case 'slice':
      return sliceOperators(restriction);
    case 'contains': {
      const operators: IndexedOperator[] = [];
      if (restriction.values.length > 0) operators.push('CONTAINS');
      if (restriction.keys.length > 0) operators.push('CONTAINS KEY');
      if (restriction.entries.length > 0) operators.push('=');
      return operators;
    }
  }
}

function sliceOperators(slice: SliceRestriction): readonly IndexedOperator[] {
  const operators: IndexedOperator[] = [];
  if (slice.start !== null) operators.push(slice.start.inclusive ? '>=' : '>');
  if (slice.end !== null) operators.push(slice.end.inclusive ? '<=' : '<');
  return operators;
}

export function supportsOperator(
  index: TableIndex,
  column: ColumnMetadata,
  operator: IndexedOperator,
): boolean {
  if (index.column !== column) return false;
  switch (index.implementation) {
    case 'legacy':
      return legacySupports(index.target, column.type, operator);
    case 'sai':
      return attachedSupports(index.target, column.type, operator);
    case 'sasi':
      return sasiSupports(index.metadata, column.type, operator);
    case 'unknown':
      return false;
  }
}

function legacySupports(target: TargetKind, type: CqlType, operator: IndexedOperator): boolean {
  if (!isMultiCell(type) || type.kind === 'udt') return operator === '=';
  if (type.kind === 'set') return operator === 'CONTAINS';
  if (type.kind === 'list') return operator === 'CONTAINS';
  if (target === 'keys') return operator === 'CONTAINS KEY';
  if (target === 'entries') return operator === '=';
  return operator === 'CONTAINS';
}

const EQUALITY_ONLY = new Set(['text', 'ascii', 'boolean', 'uuid']);

function attachedSupports(target: TargetKind, type: CqlType, operator: IndexedOperator): boolean {
  if (operator === 'LIKE' || operator === 'IN') return false;
  if (type.kind === 'vector') return operator === 'ANN';
  if (operator === 'ANN') return false;
  const collection = type.kind === 'list' || type.kind === 'set' || type.kind === 'map';
  if (collection && isMultiCell(type)) {
    if (target === 'keys') return operator === 'CONTAINS KEY';
    if (target === 'entries') return operator === '=';
    return operator === 'CONTAINS';
  }
  if (operator === 'CONTAINS' || operator === 'CONTAINS KEY') return false;
  if (operator === '=') return true;
  return type.kind === 'native' && !EQUALITY_ONLY.has(type.name);
}

/** Whether a LIKE of one of the four kinds can be answered; plain LIKE is any of them. */
export function supportsLike(
  index: TableIndex,
  column: ColumnMetadata,
  operator: LikeOperator,
): boolean {
  if (index.implementation !== 'sasi' || !supportsOperator(index, column, 'LIKE')) return false;
  const { options } = index.metadata;
  const mode = options.get('mode')?.toUpperCase() ?? 'PREFIX';
  switch (operator) {
    case 'LIKE_PREFIX':
      return mode === 'PREFIX' || (mode === 'CONTAINS' && !isTokenized(options));
    case 'LIKE_MATCHES':
      return mode === 'PREFIX' || mode === 'CONTAINS';
    case 'LIKE_SUFFIX':
    case 'LIKE_CONTAINS':
      return mode === 'CONTAINS';
  }
}

function isTokenized(options: IndexMetadata['options']): boolean {
  const analyzer = options.get('analyzer_class');
  if (analyzer === undefined) return options.get('analyzed') === 'true';
  return !analyzer.endsWith('NonTokenizingAnalyzer');
}

function sasiSupports(metadata: IndexMetadata, type: CqlType, operator: IndexedOperator): boolean {
  const literal = type.kind === 'native' && (type.name === 'text' || type.name === 'ascii');
  switch (operator) {
    case '=':
      return !(literal && isTokenized(metadata.options));
    case 'LIKE':
      return literal;
    case '<':
    case '<=':
    case '>':
    case '>=':
      return !literal && metadata.options.get('mode')?.toUpperCase() !== 'CONTAINS';
    default:
      return false;
  }
}
