// The orders data is kept in, by type: clustering values, cell paths, columns within a row. The one place where
// reconciling code asks the codecs. Test: test/storage/clustering-order.test.ts.
// Cassandra: schema/ColumnMetadata (cellPathComparator, comparisonOrder).

import { codecFor } from './codec/codec.ts';
import type { CqlType } from './cql-type.ts';
import { NATIVE } from './cql-type.ts';
import type { ColumnMetadata } from './schema.ts';

export type BytesComparator = (a: Buffer, b: Buffer) => number;

/** A cache: columns are interned, so the entry of a column never changes. */
const pathComparators = new WeakMap<ColumnMetadata, BytesComparator>();

export function comparatorFor(type: CqlType): BytesComparator {
  const codec = codecFor(type);
  return (a, b) => codec.compare(a, b);
}

/** The order of a complex column's cells. */
export function pathComparator(column: ColumnMetadata): BytesComparator {
  const known = pathComparators.get(column);
  if (known !== undefined) return known;
  const comparator = makePathComparator(column.type);
  pathComparators.set(column, comparator);
  return comparator;
}

function makePathComparator(type: CqlType): BytesComparator {
  switch (type.kind) {
    case 'list':
      return comparatorFor(NATIVE.timeuuid);
    case 'set':
      return comparatorFor(type.element);
    case 'map':
      return comparatorFor(type.key);
    default:
      return Buffer.compare;
  }
}

/** Whether both name the same column of a table, possibly before and after an ALTER. */
export function isSameColumn(a: ColumnMetadata, b: ColumnMetadata): boolean {
  return a === b || (a.name === b.name && a.isComplex === b.isComplex);
}

/** The order within a row: simple columns before complex ones, then by name. 0 for the same column. */
export function compareColumns(a: ColumnMetadata, b: ColumnMetadata): number {
  if (a === b) return 0;
  if (a.isComplex !== b.isComplex) return a.isComplex ? 1 : -1;
  return compareNames(a.name, b.name);
}

/** As the UTF-8 bytes compare, which UTF-16 units do not when surrogates meet. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return utf8Rank(x) - utf8Rank(y);
  }
  return a.length - b.length;
}

function utf8Rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit;
}
