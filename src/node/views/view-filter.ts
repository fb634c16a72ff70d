// A view's WHERE clause as what it asks of base rows: slices of their clusterings, and a filter.
// Cassandra: db/view/View.matchesViewFilter.

import { parseWhereClause } from '../../cql/parse.ts';
import { CqlException } from '../../data/cql-error.ts';
import type { Slice } from '../../data/partition.ts';
import type { RowFilter } from '../../data/read-command.ts';
import type { Schema, TableMetadata } from '../../data/schema.ts';
import { constantContext } from '../query/ddl/literals.ts';
import { requestedSlices } from '../query/restrictions/clustering-values.ts';
import { viewRowFilter } from '../query/restrictions/row-filter.ts';
import { viewRestrictions } from '../query/restrictions/view-restrictions.ts';

export interface ViewFilter {
  /** null: any value will do. */
  readonly filter: RowFilter | null;
  readonly slices: readonly Slice[];
}

const NOTHING: ViewFilter = { filter: null, slices: [] };

/** Prepared once for a view and its base as they are. */
export class ViewFilters {
  private readonly known = new WeakMap<TableMetadata, { base: TableMetadata; made: ViewFilter }>();

  of(view: TableMetadata, base: TableMetadata, schema: Schema): ViewFilter {
    const known = this.known.get(view);
    if (known?.base === base) return known.made;
    const made = makeFilter(view, base, schema);
    this.known.set(view, { base, made });
    return made;
  }
}

function makeFilter(view: TableMetadata, base: TableMetadata, schema: Schema): ViewFilter {
  if (view.view === null) return NOTHING;
  try {
    const where = parseWhereClause(view.view.whereClause);
    const restrictions = viewRestrictions(where, base, schema);
    const context = constantContext(0);
    return {
      filter: viewRowFilter(restrictions, context),
      slices: requestedSlices(restrictions, context),
    };
  } catch (error) {
    // A clause with values that no row can have, like `k = null`, selects none.
    if (error instanceof CqlException) return NOTHING;
    throw error;
  }
}
