// What one item of a SELECT list computes from a row, prepared: plain data, evaluated by evaluate.ts. Made by
// prepare-selection.ts. Cassandra: cql3/selection/Selector and its subclasses.

import type { AggregateFunction, ScalarFunction } from '../../../cql/functions/function.ts';
import type { CqlType, MapType, TupleType, UserType, VectorType } from '../../../data/cql-type.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import type { PreparedTerm } from '../terms/term.ts';

export type CellAttribute = 'writetime' | 'maxwritetime' | 'ttl';

interface Typed {
  /** The type of the value. */
  readonly type: CqlType;
}

export type PreparedSelector = Typed &
  (
    | { readonly kind: 'column'; readonly column: ColumnMetadata }
    | { readonly kind: 'term'; readonly term: PreparedTerm }
    | {
        readonly kind: 'call';
        readonly function: ScalarFunction;
        readonly args: readonly PreparedSelector[];
      }
    /** `index` counts the aggregates of a selection. */
    | {
        readonly kind: 'aggregate';
        readonly function: AggregateFunction;
        readonly args: readonly PreparedSelector[];
        readonly index: number;
      }
    | {
        readonly kind: 'field';
        readonly receiver: PreparedSelector;
        readonly userType: UserType;
        readonly field: number;
      }
    | {
        readonly kind: 'element';
        readonly receiver: PreparedSelector;
        readonly key: PreparedTerm;
        readonly name: string;
      }
    | {
        readonly kind: 'slice';
        readonly receiver: PreparedSelector;
        readonly from: PreparedTerm | null;
        readonly to: PreparedTerm | null;
        readonly name: string;
      }
    | { readonly kind: 'list' | 'set'; readonly elements: readonly PreparedSelector[] }
    | {
        readonly kind: 'vector';
        readonly vectorType: VectorType;
        readonly elements: readonly PreparedSelector[];
      }
    | {
        readonly kind: 'map';
        readonly mapType: MapType;
        readonly entries: readonly {
          readonly key: PreparedSelector;
          readonly value: PreparedSelector;
        }[];
      }
    | {
        readonly kind: 'tuple';
        readonly tupleType: TupleType;
        readonly elements: readonly PreparedSelector[];
      }
    | {
        readonly kind: 'user-type';
        readonly userType: UserType;
        readonly fields: readonly (PreparedSelector | null)[];
      }
    | {
        readonly kind: 'attribute';
        readonly attribute: CellAttribute;
        readonly column: ColumnMetadata;
        readonly selector: PreparedSelector;
      }
  );

/** Takes an element or several from a collection. */
export type ElementSelector = Extract<PreparedSelector, { kind: 'element' | 'slice' }>;

/** The selectors a selector is made of. */
export function partsOf(selector: PreparedSelector): readonly PreparedSelector[] {
  switch (selector.kind) {
    case 'column':
    case 'term':
      return [];
    case 'call':
    case 'aggregate':
      return selector.args;
    case 'field':
    case 'element':
    case 'slice':
      return [selector.receiver];
    case 'list':
    case 'set':
    case 'vector':
    case 'tuple':
      return selector.elements;
    case 'map':
      return selector.entries.flatMap(({ key, value }) => [key, value]);
    case 'user-type':
      return selector.fields.filter((field) => field !== null);
    case 'attribute':
      return [selector.selector];
  }
}

export function isAggregate(selector: PreparedSelector): boolean {
  return selector.kind === 'aggregate' || partsOf(selector).some(isAggregate);
}

/** Every aggregate in the selectors, by its index. */
export function aggregatesOf(
  selectors: readonly PreparedSelector[],
): readonly Extract<PreparedSelector, { kind: 'aggregate' }>[] {
  return selectors.flatMap((selector) =>
    selector.kind === 'aggregate' ? [selector] : [...aggregatesOf(partsOf(selector))],
  );
}

/** Columns the selectors read, in order of appearance. */
export function columnsOf(selectors: readonly PreparedSelector[]): readonly ColumnMetadata[] {
  const columns = new Set<ColumnMetadata>();
  const visit = (selector: PreparedSelector): void => {
    if (selector.kind === 'column' || selector.kind === 'attribute') columns.add(selector.column);
    for (const part of partsOf(selector)) visit(part);
  };
  for (const selector of selectors) visit(selector);
  return [...columns];
}

/** Functions the selectors call, for permissions and dependencies. */
export function selectedFunctions(
  selectors: readonly PreparedSelector[],
): readonly (ScalarFunction | AggregateFunction)[] {
  return selectors.flatMap((selector) => {
    const inner = selectedFunctions(partsOf(selector));
    return selector.kind === 'call' || selector.kind === 'aggregate'
      ? [selector.function, ...inner]
      : inner;
  });
}
