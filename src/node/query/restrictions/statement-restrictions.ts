// The WHERE clause of a statement, checked: which partitions, which rows, what is left to filter, whether an index
// helps. The order of the checks is Cassandra's, because the first failing one is what the client reads.
// What it means for bound values is in key-values.ts, clustering-values.ts and row-filter.ts.
// Cassandra: cql3/restrictions/StatementRestrictions.

import type { WhereClause } from '../../../cql/ast.ts';
import { printRelation } from '../../../cql/print.ts';
import type { CqlError } from '../../../data/cql-error.ts';
import { CqlException, invalid } from '../../../data/cql-error.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';
import type { TermScope } from '../terms/prepare-term.ts';
import type { PreparedTerm } from '../terms/term.ts';
import type { CustomIndexExpression } from './custom-expression.ts';
import { prepareCustomExpressions } from './custom-expression.ts';
import { groupNeedsFiltering, IndexRegistry } from './index-support.ts';
import { isCompactTable } from '../../schema/compact-tables.ts';
import type { TokenRestriction } from './relations.ts';
import { mergeTokenRestrictions, operatorOf, prepareRelation } from './relations.ts';
import type { Restriction } from './restriction.ts';
import { firstColumn } from './restriction.ts';
import { clusteringFilters, RestrictionSet } from './restriction-set.ts';

export type StatementType = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

const MIGHT_FILTER =
  'Cannot execute this query as it might involve data filtering and thus may have unpredictable performance. ';
export const REQUIRES_ALLOW_FILTERING =
  MIGHT_FILTER +
  'If you want to execute this query despite the performance unpredictability, use ALLOW FILTERING';
/** Restrictions that need ALLOW FILTERING are refused with this very object... */
export const NEEDS_ALLOW_FILTERING: CqlError = {
  code: 'INVALID',
  message: REQUIRES_ALLOW_FILTERING,
};
/** ...in whose place those hear this whom a guardrail keeps from it. */
export const CANNOT_USE_ALLOW_FILTERING =
  MIGHT_FILTER +
  'Executing this query despite the performance unpredictability with ALLOW FILTERING has been disabled by the ' +
  'allow_filtering_enabled property in cassandra.yaml';

export interface RestrictionsInput {
  readonly type: StatementType;
  readonly table: TableMetadata;
  readonly where: WhereClause;
  readonly scope: TermScope;
  /** Key columns whose values are prepared already (INSERT JSON). */
  readonly equalities?: readonly {
    readonly column: ColumnMetadata;
    readonly value: PreparedTerm;
  }[];
  /** The vector restriction that ORDER BY .. ANN OF makes; null without. */
  readonly ann: Restriction | null;
  readonly selectsOnlyStatics: boolean;
  readonly allowFiltering: boolean;
  /** Virtual tables that filter without being asked to. */
  readonly filtersImplicitly: boolean;
  /** The WHERE clause of a materialized view, where IS NOT NULL is meant. */
  readonly forView: boolean;
}

/** Which sets of restrictions rows are checked against. */
export interface FilteredSets {
  readonly partition: boolean;
  readonly clustering: boolean;
  readonly others: boolean;
}

export class StatementRestrictions {
  readonly type: StatementType;
  readonly table: TableMetadata;
  readonly indexes: IndexRegistry;
  partition: RestrictionSet = RestrictionSet.EMPTY;
  token: TokenRestriction | null = null;
  clustering: RestrictionSet = RestrictionSet.EMPTY;
  others: RestrictionSet = RestrictionSet.EMPTY;
  customExpressions: readonly CustomIndexExpression[] = [];
  filtered: FilteredSets = { partition: false, clustering: false, others: false };
  readonly notNullColumns: ColumnMetadata[] = [];
  isKeyRange = false;
  usesSecondaryIndexing = false;
  private readonly input: RestrictionsInput;

  constructor(input: RestrictionsInput) {
    this.input = input;
    this.type = input.type;
    this.table = input.table;
    this.indexes = IndexRegistry.of(input.table);
    this.addRelations();
    if (input.ann !== null) this.others = this.others.add(input.ann);
    const allowIndexes = input.type === 'SELECT';
    if (allowIndexes && input.where.expressions.length > 0) {
      this.customExpressions = prepareCustomExpressions(
        input.where.expressions,
        input.table,
        this.indexes,
        input.scope,
      );
    }
    const indexedClustering =
      allowIndexes && this.clustering.all.some((r) => this.indexes.supports(r));
    const indexed =
      allowIndexes &&
      (this.customExpressions.length > 0 ||
        indexedClustering ||
        this.partition.all.some((r) => this.indexes.supports(r)) ||
        this.others.all.some((r) => this.indexes.supports(r)));
    this.checkPartitionKey(indexed);
    const filterPartition = this.usesSecondaryIndexing || this.partitionNeedsFiltering;
    this.checkStaticSelection();
    this.checkClustering(indexed);
    if (this.isKeyRange && indexedClustering) this.usesSecondaryIndexing = true;
    const filterClustering = this.usesSecondaryIndexing || this.clusteringNeedsFiltering;
    if (!this.others.isEmpty) this.checkOthers(indexed);
    this.filtered = {
      partition: filterPartition && !this.partition.isEmpty,
      clustering: filterClustering && !this.clustering.isEmpty,
      others: !this.others.isEmpty,
    };
    if (this.usesSecondaryIndexing && this.keyIsIn) {
      throw invalid(
        'Select on indexed columns and with IN clause for the PRIMARY KEY are not supported',
      );
    }
  }

  // --------------------------------------------------------------------------------------------- what it amounts to

  /** token() narrows the ring; false when the whole key is also restricted, the token then only filters keys. */
  get isOnToken(): boolean {
    if (this.token === null) return false;
    if (this.partition.isEmpty) return true;
    return this.partitionNeedsFiltering || this.partition.size < this.table.partitionKey.length;
  }
  get keyIsIn(): boolean {
    return !this.isOnToken && this.partition.hasIn;
  }
  private get tokenOnly(): boolean {
    return this.token !== null && this.partition.isEmpty;
  }
  private get partitionIsEmpty(): boolean {
    return this.partition.isEmpty && !this.tokenOnly;
  }
  get hasPartitionRestrictions(): boolean {
    return !this.partitionIsEmpty;
  }
  private get hasUnrestrictedKeyColumns(): boolean {
    return !this.tokenOnly && this.partition.size < this.table.partitionKey.length;
  }
  get partitionNeedsFiltering(): boolean {
    if (this.partition.isEmpty) return false;
    return this.hasUnrestrictedKeyColumns || this.partition.hasSlice || this.partition.hasContains;
  }
  get clusteringNeedsFiltering(): boolean {
    return clusteringFilters(this.clustering).length > 0 || this.clustering.hasContains;
  }
  get hasUnrestrictedClustering(): boolean {
    return this.clustering.size !== this.table.clustering.length;
  }
  /** Rows come from slices rather than from full clusterings. */
  get isColumnRange(): boolean {
    return this.clustering.size < this.table.clustering.length || !this.clustering.onlyEqualities;
  }
  get hasRegularRestrictions(): boolean {
    return this.others.columns.some((column) => column.kind === 'regular');
  }
  /** A partition with static content only gives a row unless the statement asks for particular rows. */
  get returnsStaticOnlyPartitions(): boolean {
    return this.clustering.isEmpty && !this.hasRegularRestrictions;
  }
  get isTopK(): boolean {
    return this.others.ann !== null;
  }
  get allKeysByEquality(): boolean {
    return (
      !this.isOnToken &&
      !this.hasUnrestrictedKeyColumns &&
      this.partition.onlyEqualities &&
      !this.hasUnrestrictedClustering &&
      this.clustering.onlyEqualities
    );
  }

  isRestrictedByEquality(column: ColumnMetadata): boolean {
    return this.setOf(column).of(column)?.kind === 'eq';
  }
  isRestricted(column: ColumnMetadata): boolean {
    if (this.notNullColumns.includes(column)) return true;
    if (column.kind === 'partition_key' && this.token !== null) return true;
    return this.setOf(column).of(column) !== undefined;
  }
  private setOf(column: ColumnMetadata): RestrictionSet {
    if (column.kind === 'partition_key') return this.partition;
    return column.kind === 'clustering' ? this.clustering : this.others;
  }

  /** Columns outside the primary key that rows are checked by. */
  filteredOtherColumns(): readonly ColumnMetadata[] {
    return this.others.columns;
  }

  /** True when rows must be checked after the index, if any, has answered. */
  get needsFiltering(): boolean {
    const checked = this.checkedRestrictions();
    if (checked.length + this.customExpressions.length > 0) {
      return !this.indexes.groups.some(
        (group) =>
          !checked.some((restriction) => groupNeedsFiltering(group, restriction)) &&
          this.customExpressions.every((e) =>
            group.some((index) => index.metadata.name === e.indexName),
          ),
      );
    }
    return !this.clustering.isEmpty;
  }

  private checkedRestrictions(): readonly Restriction[] {
    const { partition, clustering, others } = this.filtered;
    return [
      ...(partition ? this.partition.all : []),
      ...(clustering ? this.clustering.all : []),
      ...(others ? this.others.all : []),
    ];
  }

  // --------------------------------------------------------------------------------------------------------- checks

  private addRelations(): void {
    const { where, table, scope, type } = this.input;
    for (const relation of where.relations) {
      const operator = operatorOf(relation);
      if (operator.startsWith('CONTAINS') && (type === 'UPDATE' || type === 'DELETE')) {
        throw invalid(`Cannot use ${type} with ${operator}`);
      }
      if (relation.kind === 'single' && relation.operator === 'IS NOT') {
        if (!this.input.forView)
          throw invalid(`Unsupported restriction: ${printRelation(relation)}`);
        const column = table.columns.get(relation.column);
        if (column !== undefined) this.notNullColumns.push(column);
        continue;
      }
      const prepared = prepareRelation(relation, table, scope);
      if (prepared.kind === 'token') {
        this.token =
          this.token === null
            ? prepared.restriction
            : mergeTokenRestrictions(table, this.token, prepared.restriction);
        continue;
      }
      const { restriction } = prepared;
      if (
        restriction.kind === 'like' &&
        (type !== 'SELECT' || !this.indexes.supports(restriction))
      ) {
        throw invalid(
          `LIKE restriction is only supported on properly indexed columns. ${printRelation(relation)} is not valid.`,
        );
      }
      this.addRestriction(restriction);
    }
    for (const { column, value } of this.input.equalities ?? []) {
      this.addRestriction({ kind: 'eq', columns: [column], multi: false, tuple: false, value });
    }
  }

  private addRestriction(restriction: Restriction): void {
    const { kind } = firstColumn(restriction);
    if (kind === 'partition_key') this.partition = this.partition.add(restriction);
    else if (kind === 'clustering') {
      const indexes = this.type === 'SELECT' ? this.indexes : IndexRegistry.NONE;
      this.clustering = this.clustering.addClustering(
        restriction,
        this.input.allowFiltering,
        indexes,
      );
    } else this.others = this.others.add(restriction);
  }

  private checkPartitionKey(indexed: boolean): void {
    const { type, allowFiltering, filtersImplicitly, forView } = this.input;
    if (type !== 'SELECT') {
      if (this.isOnToken)
        throw invalid(`The token function cannot be used in WHERE clauses for ${type} statements`);
      if (this.hasUnrestrictedKeyColumns) {
        const missing = this.table.partitionKey.filter(
          (column) => this.partition.of(column) === undefined,
        );
        throw invalid(`Some partition key parts are missing: ${namesOf(missing)}`);
      }
      if (this.partition.hasSlice) {
        throw invalid(
          'Only EQ and IN relation are supported on the partition key (unless you use the token() function) ' +
            `for ${type} statements`,
        );
      }
      return;
    }
    if (this.isOnToken) this.isKeyRange = true;
    if (this.partitionIsEmpty && this.hasUnrestrictedKeyColumns) {
      this.isKeyRange = true;
      this.usesSecondaryIndexing = indexed;
    }
    if (this.partitionNeedsFiltering) {
      if (!allowFiltering && !forView && !indexed && !filtersImplicitly)
        throw new CqlException(NEEDS_ALLOW_FILTERING);
      this.isKeyRange = true;
      this.usesSecondaryIndexing = indexed;
    }
  }

  private checkStaticSelection(): void {
    if (!this.input.selectsOnlyStatics || this.clustering.isEmpty) return;
    if (this.type === 'DELETE' || this.type === 'UPDATE') {
      throw invalid(
        `Invalid restrictions on clustering columns since the ${this.type} statement modifies only static columns`,
      );
    }
    if (this.type === 'SELECT')
      throw invalid('Cannot restrict clustering columns when selecting only static columns');
  }

  private checkClustering(indexed: boolean): void {
    const { type, allowFiltering, selectsOnlyStatics, forView } = this.input;
    if (type === 'INSERT' || type === 'UPDATE') {
      if (this.clustering.hasSlice) {
        throw invalid(
          `Slice restrictions are not supported on the clustering columns in ${type} statements`,
        );
      }
      if (!isCompactTable(this.table.flags) || this.clustering.isEmpty) {
        if (!selectsOnlyStatics && this.hasUnrestrictedClustering) {
          const missing = this.table.clustering.filter(
            (column) => this.clustering.of(column) === undefined,
          );
          throw invalid(`Some clustering keys are missing: ${namesOf(missing)}`);
        }
        return;
      }
    }
    if (this.clustering.hasContains && !indexed && !allowFiltering) {
      throw invalid(
        'Clustering columns can only be restricted with CONTAINS with a secondary index or filtering',
      );
    }
    if (this.clustering.isEmpty || !this.clusteringNeedsFiltering) return;
    if (indexed || forView) {
      this.usesSecondaryIndexing = true;
    } else if (!allowFiltering) {
      this.clustering.columns.forEach((restricted, i) => {
        const expected = this.table.clustering[i];
        if (expected === undefined || expected === restricted) return;
        throw invalid(
          `PRIMARY KEY column "${restricted.name}" cannot be restricted as preceding column "${expected.name}" ` +
            'is not restricted',
        );
      });
    }
  }

  private checkOthers(indexed: boolean): void {
    const { type, allowFiltering, filtersImplicitly } = this.input;
    if (type !== 'SELECT') {
      throw invalid(
        `Non PRIMARY KEY columns found in where clause: ${namesOf(this.others.columns)} `,
      );
    }
    if (this.others.ann !== null) this.checkAnn(firstColumn(this.others.ann));
    else if (
      this.others.columns.some((c) => c.type.kind === 'vector' && this.indexes.isIndexed(c))
    ) {
      throw invalid('Vector indexes only support ANN queries');
    }
    if (indexed) this.usesSecondaryIndexing = true;
    else if (!allowFiltering && !filtersImplicitly) throw new CqlException(NEEDS_ALLOW_FILTERING);
  }

  private checkAnn(column: ColumnMetadata): void {
    const { type } = column;
    if (type.kind !== 'vector' || type.element.kind !== 'native' || type.element.name !== 'float') {
      throw invalid('ANN ordering is only supported on float vector indexes');
    }
    if (!this.indexes.isIndexed(column))
      throw invalid('ANN ordering by vector requires the column to be indexed');
    const refusal = 'ANN ordering by vector requires all restricted column(s) to be indexed';
    if (this.partitionNeedsFiltering) throw invalid(refusal);
    const restricted = this.others.all.filter((r) => r.kind !== 'ann').map(firstColumn);
    const clustering = this.clustering.columns;
    const unindexed = [...restricted, ...clustering].filter((c) => !this.indexes.isIndexed(c));
    if (unindexed.length === 0) return;
    const outside = unindexed.some((c) => !clustering.includes(c));
    if (outside || this.hasUnrestrictedKeyColumns || this.clusteringNeedsFiltering)
      throw invalid(refusal);
  }
}

function namesOf(columns: readonly ColumnMetadata[]): string {
  return columns.map((column) => column.name).join(', ');
}
