// Which partitions a statement means, for bound values: keys in key order without duplicates, or a range of the ring.
// Cassandra: cql3/restrictions/PartitionKeySingleRestrictionSet, TokenFilter, StatementRestrictions.getPartitionKeyBounds.

import { compositeKey } from '../../../data/partition-key.ts';
import { codecFor } from '../../../data/codec/codec.ts';
import { packList } from '../../../data/codec/packing.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import type { DecoratedKey, Token } from '../../../data/partition.ts';
import type { PartitionRange } from '../../../data/read-command.ts';
import type { BoundValue } from '../../../protocol/bound-value.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import {
  checkKey,
  compareTokens,
  decorateKey,
  isMinToken,
  tokenFromBytes,
} from '../../../ring/token.ts';
import type { BindContext } from '../terms/term.ts';
import { unpackBoundList } from '../terms/unpack.ts';
import { bindTerm } from '../terms/term.ts';
import type { TokenRestriction } from './relations.ts';
import type { Restriction, TermBound } from './restriction.ts';
import type { StatementRestrictions } from './statement-restrictions.ts';

/** The values an EQ or IN of one column allows, checked. */
export function columnValues(
  restriction: Restriction,
  column: ColumnMetadata,
  context: BindContext,
): Buffer[] {
  const values = boundValues(restriction, column, context);
  if (values.includes(null))
    throw invalid(`Invalid null value in condition for column ${column.name}`);
  if (values.includes(UNSET)) throw invalid(`Invalid unset value for column ${column.name}`);
  return values.filter((value) => Buffer.isBuffer(value));
}

function boundValues(
  restriction: Restriction,
  column: ColumnMetadata,
  context: BindContext,
): readonly BoundValue[] {
  if (restriction.kind === 'eq') return [bindTerm(restriction.value, context)];
  if (restriction.kind !== 'in') return [];
  if (restriction.values !== null) {
    return restriction.values.map((term) => bindTerm(term, context));
  }
  const list = restriction.list === null ? null : bindTerm(restriction.list, context);
  if (list === UNSET) throw invalid(`Invalid unset value for column ${column.name}`);
  if (list === null) throw invalid(`Invalid null value for column ${column.name}`);
  return unpackBoundList(list, codecFor(column.type));
}

/** A bound IN list as the row filter wants it. */
export function inFilterValues(
  restriction: Restriction,
  column: ColumnMetadata,
  context: BindContext,
): { readonly packed: Buffer; readonly values: readonly Buffer[] } {
  // Cassandra reads its list of values up to the first null.
  const bound = boundValues(restriction, column, context).filter((value) => value !== UNSET);
  const end = bound.indexOf(null);
  const values = bound
    .slice(0, end < 0 ? bound.length : end)
    .filter((value) => Buffer.isBuffer(value));
  return { packed: packList(values), values };
}

/** Values ascending by the column's type, each once. */
function sortedValues(values: readonly Buffer[], column: ColumnMetadata): Buffer[] {
  if (values.length < 2) return [...values];
  const codec = codecFor(column.type);
  const sorted = [...values].sort((a, b) => codec.compare(a, b));
  const unique = sorted.filter(
    (value, i) => i === 0 || codec.compare(sorted[i - 1] as Buffer, value) !== 0,
  );
  return column.reversed ? unique.reverse() : unique;
}

/** The partition keys, in the order of their types, each once. Throws INVALID for a key that none can be. */
export function partitionKeys(
  restrictions: StatementRestrictions,
  context: BindContext,
): readonly DecoratedKey[] {
  return decoratedKeys(restrictions, keyBytes(restrictions, context), context);
}

/** The partition keys as bytes, not yet checked. Throws INVALID for values that are null or unset. */
export function keyBytes(
  restrictions: StatementRestrictions,
  context: BindContext,
): readonly Buffer[] {
  const { table, partition } = restrictions;
  let prefixes: Buffer[][] = [[]];
  /** How many keys are written, some of them perhaps twice. */
  let product = 1;
  for (const column of table.partitionKey) {
    const restriction = partition.of(column);
    if (restriction === undefined) return [];
    const written = columnValues(restriction, column, context);
    product *= written.length;
    if (context.guard !== null && restrictions.keyIsIn)
      context.guard.atMost('in_select_cartesian_product', product, 'partition key');
    const values = sortedValues(written, column);
    prefixes = prefixes.flatMap((prefix) => values.map((value) => [...prefix, value]));
  }
  return prefixes.map(compositeKey);
}

/** Throws INVALID for a key that none can be. */
export function decoratedKeys(
  restrictions: StatementRestrictions,
  bytes: readonly Buffer[],
  context: BindContext,
): readonly DecoratedKey[] {
  const keys = bytes.map((one) => decorateKey(Buffer.from(one)));
  const inRange =
    restrictions.token === null ? keys : keysInRange(keys, restrictions.token, context);
  for (const key of inRange) checkKey(key.bytes);
  return inRange;
}

function keysInRange(
  keys: readonly DecoratedKey[],
  token: Parameters<typeof tokenRange>[0],
  context: BindContext,
): readonly DecoratedKey[] {
  const range = tokenRange(token, context);
  return range === null ? [] : keys.filter((key) => tokenInRange(key, range));
}

export const FULL_RANGE: PartitionRange = Object.freeze({
  left: null,
  leftInclusive: false,
  right: null,
  rightInclusive: false,
  startKey: null,
  startKeyInclusive: false,
  startAfter: null,
});

/** The part of the ring a range statement reads; null: none of it. */
export function partitionRange(
  restrictions: StatementRestrictions,
  context: BindContext,
): PartitionRange | null {
  if (!restrictions.isOnToken || restrictions.token === null) return FULL_RANGE;
  const bounds = tokenRange(restrictions.token, context);
  if (bounds === null) return null;
  const { start, end } = bounds;
  if (start !== null && end !== null && !isMinToken(start.token) && !isMinToken(end.token)) {
    const order = compareTokens(start.token, end.token);
    if (order > 0 || (order === 0 && (!start.inclusive || !end.inclusive))) return null;
  }
  return {
    ...FULL_RANGE,
    left: start === null || isMinToken(start.token) ? null : start.token,
    leftInclusive: start?.inclusive ?? false,
    right: end === null || isMinToken(end.token) ? null : end.token,
    rightInclusive: end?.inclusive ?? false,
  };
}

interface TokenBounds {
  readonly start: TokenEnd | null;
  readonly end: TokenEnd | null;
}
interface TokenEnd {
  readonly token: Token;
  readonly inclusive: boolean;
}

function tokenRange(restriction: TokenRestriction, context: BindContext): TokenBounds | null {
  if (restriction.kind === 'eq') {
    const end = tokenEnd({ term: restriction.value, inclusive: true }, context);
    return { start: end, end };
  }
  const { start, end } = restriction;
  return {
    start: start === null ? null : tokenEnd(start, context),
    end: end === null ? null : tokenEnd(end, context),
  };
}

function tokenEnd(bound: TermBound, context: BindContext): TokenEnd {
  const value = bindTerm(bound.term, context);
  if (value === null || value === UNSET || value.length !== 8)
    throw invalid('Invalid null token value');
  return { token: tokenFromBytes(value), inclusive: bound.inclusive };
}

/** A range whose start lies after its end wraps around the ring. */
function tokenInRange(key: DecoratedKey, { start, end }: TokenBounds): boolean {
  const afterStart =
    start === null ||
    compareTokens(key, start.token) > 0 ||
    (start.inclusive && compareTokens(key, start.token) === 0);
  const beforeEnd =
    end === null ||
    compareTokens(key, end.token) < 0 ||
    (end.inclusive && compareTokens(key, end.token) === 0);
  if (start !== null && end !== null && compareTokens(start.token, end.token) > 0)
    return afterStart || beforeEnd;
  return afterStart && beforeEnd;
}
