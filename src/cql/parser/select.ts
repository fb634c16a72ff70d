// SELECT.

import type {
  Ordering,
  SelectorItem,
  SelectStatement,
  Selector,
  Term,
  WhereClause,
} from '../ast.ts';
import { tableName } from './names.ts';
import { selector, selectorItems } from './selectors.ts';
import { integerOrMarker, term } from './terms.ts';
import { speculate } from './token-reader.ts';
import type { TokenReader } from './token-reader.ts';
import { T } from './tokens.ts';
import { NO_WHERE, whereClause } from './where.ts';

interface Clause {
  readonly distinct: boolean;
  readonly selectors: readonly SelectorItem[];
}

/** Takes a SELECT; the current token is SELECT. */
export function selectStatement(reader: TokenReader): SelectStatement {
  reader.next();
  let json = false;
  let clause: Clause | null = null;
  if (reader.kind === T.K_JSON) {
    // JSON is a column's name too: it is the keyword only when a selection follows.
    reader.touch(2);
    clause = speculate(reader, jsonClause);
    json = clause !== null;
  }
  clause ??= selectClause(reader);
  reader.expect(T.K_FROM);
  const table = tableName(reader);
  const where: WhereClause = reader.take(T.K_WHERE) ? whereClause(reader) : NO_WHERE;
  const groupBy = groupByClause(reader);
  const orderBy = orderByClause(reader);
  const perPartitionLimit = perPartitionLimitClause(reader);
  const limit = reader.take(T.K_LIMIT) ? integerOrMarker(reader) : null;
  let allowFiltering = false;
  if (reader.take(T.K_ALLOW)) {
    reader.expect(T.K_FILTERING);
    allowFiltering = true;
  }
  return {
    kind: 'select',
    json,
    distinct: clause.distinct,
    selectors: clause.selectors,
    table,
    where,
    groupBy,
    orderBy,
    perPartitionLimit,
    limit,
    allowFiltering,
  };
}

function jsonClause(reader: TokenReader): Clause {
  reader.next();
  return selectClause(reader);
}

function selectClause(reader: TokenReader): Clause {
  if (reader.kind === T.K_DISTINCT) {
    reader.touch(2);
    const selectors = speculate(reader, distinctItems);
    if (selectors !== null) return { distinct: true, selectors };
  }
  return { distinct: false, selectors: selectorItems(reader) };
}

function distinctItems(reader: TokenReader): readonly SelectorItem[] {
  reader.next();
  return selectorItems(reader);
}

function groupByClause(reader: TokenReader): readonly Selector[] {
  const groups: Selector[] = [];
  if (!reader.take(T.K_GROUP)) return groups;
  reader.expect(T.K_BY);
  do groups.push(selector(reader));
  while (reader.take(T.COMMA));
  return groups;
}

function orderByClause(reader: TokenReader): readonly Ordering[] {
  const orderings: Ordering[] = [];
  if (!reader.take(T.K_ORDER)) return orderings;
  reader.expect(T.K_BY);
  do orderings.push(ordering(reader));
  while (reader.take(T.COMMA));
  return orderings;
}

function ordering(reader: TokenReader): Ordering {
  const column = reader.columnName();
  let ann: Term | null = null;
  if (reader.take(T.K_ANN)) {
    reader.expect(T.K_OF);
    ann = term(reader);
  }
  const descending = reader.take(T.K_DESC);
  if (!descending) reader.take(T.K_ASC);
  return { column, ann, descending };
}

function perPartitionLimitClause(reader: TokenReader): Term | null {
  if (!reader.take(T.K_PER)) return null;
  reader.expect(T.K_PARTITION);
  reader.expect(T.K_LIMIT);
  return integerOrMarker(reader);
}
