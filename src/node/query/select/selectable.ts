// A SELECT item with its columns and functions found, before its types are settled: what overload resolution and type
// hints ask of it, and how it prints as a result column. Cassandra: cql3/selection/Selectable.

import type { RawType, Selector, Term } from '../../../cql/ast.ts';
import type { FunctionArgument } from '../../../cql/functions/function-argument.ts';
import type { CqlFunction } from '../../../cql/functions/function.ts';
import { NEGATION_FUNCTION, OPERATOR_FUNCTIONS } from '../../../cql/functions/operators.ts';
import { resolveFunction } from '../../../cql/functions/resolve-function.ts';
import { countsLiteral, printSelector, printTerm, TEXT_NAMING } from '../../../cql/print.ts';
import type { NativeTypeName, UserType } from '../../../data/cql-type.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { isMultiCell, NATIVE } from '../../../data/cql-type.ts';
import { CqlException, invalid } from '../../../data/cql-error.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';
import type { Assignment } from '../../../data/type-compatibility.ts';
import { typeAssignment } from '../../../data/type-compatibility.ts';
import { freeze, listOf, tupleOf } from '../../../data/type-names.ts';
import { existingColumn } from '../schema-lookup.ts';
import {
  arrayAssignment,
  commonType,
  compatibleTypeOf,
  exactTypeOf,
  firstKnown,
  frozenListOf,
  frozenSetOf,
  mapType,
  mapTypes,
  setAssignment,
  termAssignment,
  tupleAssignment,
  weakest,
} from '../terms/assignment.ts';
import { printPrepared, resolveRawType, withKeyspaces } from '../terms/raw-type.ts';
import type { TermScope } from '../terms/term-scope.ts';
import type { CellAttribute } from './selector.ts';

export type Selectable =
  | { readonly kind: 'column'; readonly column: ColumnMetadata }
  | { readonly kind: 'term'; readonly term: Term }
  | { readonly kind: 'call'; readonly function: CqlFunction; readonly args: readonly Selectable[] }
  | {
      readonly kind: 'cast';
      readonly selected: Selectable;
      readonly type: CqlType;
      readonly typeName: NativeTypeName | 'varchar';
    }
  | { readonly kind: 'field'; readonly selected: Selectable; readonly field: string }
  | { readonly kind: 'element'; readonly selected: Selectable; readonly key: Term }
  | {
      readonly kind: 'slice';
      readonly selected: Selectable;
      readonly from: Term | null;
      readonly to: Term | null;
    }
  | { readonly kind: 'list' | 'set'; readonly elements: readonly Selectable[] }
  | { readonly kind: 'tuple'; readonly elements: readonly Selectable[] }
  /** Keys of a UDT are names: they are looked at only when a type says so. */
  | {
      readonly kind: 'map-or-udt';
      readonly entries: readonly { readonly key: Selector; readonly value: Selectable }[];
    }
  | {
      readonly kind: 'hint';
      readonly type: CqlType;
      readonly typeText: string;
      readonly selected: Selectable;
    }
  | {
      readonly kind: 'attribute';
      readonly attribute: CellAttribute;
      readonly column: ColumnMetadata;
      readonly selected: Selectable;
    };

export interface SelectScope extends TermScope {
  readonly table: TableMetadata;
}

/** Finds columns, types and functions. Throws INVALID where one is unknown or no overload fits. */
export function toSelectable(selector: Selector, scope: SelectScope): Selectable {
  const inner = (part: Selector): Selectable => toSelectable(part, scope);
  switch (selector.kind) {
    case 'column':
      return { kind: 'column', column: existingColumn(scope.table, selector.name) };
    case 'term':
      return { kind: 'term', term: selector.term };
    case 'count-rows':
      return callOf('system', 'count_rows', [], scope);
    case 'call': {
      const args = selector.args.map(inner);
      if (countsLiteral(selector)) return callOf('system', 'count_rows', [], scope);
      return callOf(selector.function.keyspace, selector.function.name, args, scope);
    }
    case 'operation':
      return callOf(
        'system',
        OPERATOR_FUNCTIONS[selector.operator],
        [inner(selector.left), inner(selector.right)],
        scope,
      );
    case 'negation':
      return callOf('system', NEGATION_FUNCTION, [inner(selector.operand)], scope);
    case 'cast':
      return {
        kind: 'cast',
        selected: inner(selector.selector),
        type: NATIVE[selector.type],
        typeName: selector.written ?? selector.type,
      };
    case 'field':
      return { kind: 'field', selected: inner(selector.receiver), field: selector.field };
    case 'element':
      return {
        kind: 'element',
        selected: inner(selector.receiver),
        key: hinted(selector.key, scope),
      };
    case 'slice':
      return {
        kind: 'slice',
        selected: inner(selector.receiver),
        from: selector.from === null ? null : hinted(selector.from, scope),
        to: selector.to === null ? null : hinted(selector.to, scope),
      };
    case 'list':
    case 'set':
      return { kind: selector.kind, elements: selector.elements.map(inner) };
    case 'tuple-or-parentheses':
      return { kind: 'tuple', elements: selector.elements.map(inner) };
    case 'map-or-udt':
      return {
        kind: 'map-or-udt',
        entries: selector.entries.map(({ key, value }) => ({ key, value: inner(value) })),
      };
    case 'type-hint':
      return hintOf(selector.type, inner(selector.selector), scope);
    case 'cell-attribute': {
      const column = existingColumn(scope.table, selector.column);
      return {
        kind: 'attribute',
        attribute: selector.attribute,
        column,
        selected: inner(selector.selector),
      };
    }
  }
}

function hintOf(raw: RawType, selected: Selectable, scope: SelectScope): Selectable {
  return {
    kind: 'hint',
    type: freeze(resolveRawType(raw, scope)),
    typeText: printPrepared(raw, scope.keyspace),
    selected,
  };
}

/** The type in a hint is of the statement's keyspace from here on. */
function hinted(term: Term, { keyspace }: SelectScope): Term {
  return term.kind === 'type-hint' ? { ...term, type: withKeyspaces(term.type, keyspace) } : term;
}

function callOf(
  keyspace: string | null,
  name: string,
  args: readonly Selectable[],
  scope: SelectScope,
): Selectable {
  const fn = resolveFunction({
    keyspace,
    name,
    args: args.map((arg) => argumentOf(arg, scope)),
    currentKeyspace: scope.keyspace,
    receiverType: null,
    table: scope.table,
    firstNames: scope.firstNames,
    userFunctions: scope.userFunctions,
  });
  if (fn === null)
    throw invalid(`Unknown function '${keyspace === null ? name : `${keyspace}.${name}`}'`);
  return { kind: 'call', function: fn, args };
}

function argumentOf(selectable: Selectable, scope: SelectScope): FunctionArgument {
  return {
    text: selectableText(selectable),
    isMarker: selectable.kind === 'term' && selectable.term.kind === 'marker',
    arrayLiteralSize: selectable.kind === 'list' ? selectable.elements.length : null,
    isReversed: isReversedColumn(selectable),
    assignmentTo: (type) => selectableAssignment(selectable, type, scope),
    compatibleType: () => compatibleTypeOfSelectable(selectable, scope),
  };
}

/** The name of the result column, and how error texts print the item. */
export function selectableText(selectable: Selectable): string {
  const all = (parts: readonly Selectable[]): string => parts.map(selectableText).join(', ');
  switch (selectable.kind) {
    case 'column':
      return selectable.column.name;
    case 'term':
      return printTerm(selectable.term);
    case 'call':
      return selectable.function.columnName(selectable.args.map(selectableText));
    case 'cast':
      return `cast(${selectableText(selectable.selected)} as ${selectable.typeName})`;
    case 'field':
      return `${selectableText(selectable.selected)}.${selectable.field}`;
    case 'element':
      return `${selectableText(selectable.selected)}[${printTerm(selectable.key)}]`;
    case 'slice':
      return `${selectableText(selectable.selected)}[${endText(selectable.from)}..${endText(selectable.to)}]`;
    case 'list':
      return `[${all(selectable.elements)}]`;
    case 'set':
      return `{${all(selectable.elements)}}`;
    case 'tuple':
      return `(${all(selectable.elements)})`;
    case 'map-or-udt':
      return `{${selectable.entries.map((e) => `${keyText(e.key)}: ${selectableText(e.value)}`).join(', ')}}`;
    case 'hint':
      return `(${selectable.typeText})${selectableText(selectable.selected)}`;
    case 'attribute':
      return `${selectable.attribute}(${selectableText(selectable.selected)})`;
  }
}

export function keyText(key: Selector): string {
  return printSelector(key, TEXT_NAMING);
}

/** How well the item fits a receiver. */
export function selectableAssignment(
  selectable: Selectable,
  type: CqlType,
  scope: SelectScope,
): Assignment {
  const test = (part: Selectable, t: CqlType): Assignment => selectableAssignment(part, t, scope);
  switch (selectable.kind) {
    case 'term':
      return termAssignment(selectable.term, type, scope);
    case 'list':
      return arrayAssignment(selectable.elements, type, test);
    case 'set':
      return setAssignment(selectable.elements, type, test);
    case 'tuple':
      // A tuple holds what is frozen: a column that is not does not fit.
      if (selectable.elements.length > 1 && selectable.elements.some(isUnfrozenColumn)) return 'no';
      return tupleAssignment(selectable.elements, type, test);
    case 'map-or-udt':
      return mapOrUdtAssignment(selectable, type, scope);
    case 'hint':
      return typeAssignment(selectable.type, type);
    default: {
      const exact = exactTypeOfSelectable(selectable, scope);
      return exact === null ? 'no' : typeAssignment(exact, type);
    }
  }
}

/** Such a column is of no collection or user type to Cassandra. */
function isReversedColumn(selectable: Selectable): boolean {
  return selectable.kind === 'column' && selectable.column.reversed;
}

function isUnfrozenColumn(selectable: Selectable): boolean {
  return selectable.kind === 'column' && isMultiCell(selectable.column.type);
}

type MapOrUdt = Extract<Selectable, { kind: 'map-or-udt' }>;

function mapOrUdtAssignment(selectable: MapOrUdt, type: CqlType, scope: SelectScope): Assignment {
  if (type.kind !== 'udt') {
    // Names are fields of a user type only: for every other type they are columns, and must be there.
    const keys = selectable.entries.map(({ key }) => toSelectable(key, scope));
    if (type.kind !== 'map') return 'no';
    return weakest(
      selectable.entries.flatMap(({ value }, i) => [
        selectableAssignment(keys[i] as Selectable, type.key, scope),
        selectableAssignment(value, type.value, scope),
      ]),
    );
  }
  try {
    const fits = selectable.entries.every(({ key, value }) => {
      const index = fieldIndex(key, type);
      return selectableAssignment(value, type.fieldTypes[index] as CqlType, scope) !== 'no';
    });
    return fits ? 'weak' : 'no';
  } catch (error) {
    if (error instanceof CqlException) return 'no';
    throw error;
  }
}

/** The field a key of `{f: v}` names. Throws INVALID for what is no field. */
export function fieldIndex(key: Selector, type: UserType): number {
  if (key.kind !== 'column')
    throw invalid(`${keyText(key)} is not a valid field identifier of type ${type.name} `);
  const index = type.fieldNames.indexOf(key.name);
  if (index < 0)
    throw invalid(`Unknown field '${key.name}' in value of user defined type ${type.name}`);
  return index;
}

/** The type the item has by itself; null when a type hint must tell. */
export function exactTypeOfSelectable(selectable: Selectable, scope: SelectScope): CqlType | null {
  const exact = (part: Selectable): CqlType | null => exactTypeOfSelectable(part, scope);
  switch (selectable.kind) {
    case 'column':
      return selectable.column.type;
    case 'term':
      return exactTypeOf(selectable.term, scope);
    case 'call':
      return selectable.function.returnType;
    case 'cast':
    case 'hint':
      return selectable.type;
    case 'field': {
      const type = isReversedColumn(selectable.selected) ? null : exact(selectable.selected);
      if (type === null || type.kind !== 'udt') return null;
      return type.fieldTypes[type.fieldNames.indexOf(selectable.field)] ?? null;
    }
    case 'element':
      return isReversedColumn(selectable.selected)
        ? null
        : elementTypeOf(exact(selectable.selected));
    case 'slice': {
      const type = isReversedColumn(selectable.selected) ? null : exact(selectable.selected);
      return type !== null && isCollection(type) ? type : null;
    }
    case 'list':
      return mapType(firstKnown(selectable.elements.map(exact)), frozenListOf);
    case 'set':
      return mapType(firstKnown(selectable.elements.map(exact)), frozenSetOf);
    case 'tuple':
      return selectable.elements.length === 1
        ? null
        : mapTypes(selectable.elements.map(exact), tupleOf);
    case 'map-or-udt':
      return null;
    case 'attribute': {
      const type = selectable.attribute === 'ttl' ? NATIVE.int : NATIVE.bigint;
      const several =
        isMultiCell(selectable.column.type) && selectable.attribute !== 'maxwritetime';
      return several ? listOf(type) : type;
    }
  }
}

export function isCollection(type: CqlType): boolean {
  return type.kind === 'list' || type.kind === 'set' || type.kind === 'map';
}

/** What `c[k]` gives: a map's value, a set's element. */
export function elementTypeOf(type: CqlType | null): CqlType | null {
  if (type === null) return null;
  if (type.kind === 'map') return type.value;
  return type.kind === 'set' || type.kind === 'list' ? type.element : null;
}

function compatibleTypeOfSelectable(selectable: Selectable, scope: SelectScope): CqlType | null {
  const compatible = (part: Selectable): CqlType | null => compatibleTypeOfSelectable(part, scope);
  switch (selectable.kind) {
    case 'term':
      return compatibleTypeOf(selectable.term, scope);
    case 'list':
      return mapType(commonType(selectable.elements.map(compatible)), frozenListOf);
    case 'set':
      return mapType(commonType(selectable.elements.map(compatible)), frozenSetOf);
    case 'tuple':
      return selectable.elements.length === 1
        ? null
        : mapTypes(selectable.elements.map(compatible), (types) => tupleOf(types.map(freeze)));
    default:
      return exactTypeOfSelectable(selectable, scope);
  }
}

/** Whether a column for which the test holds is selected. */
export function selectsColumn(
  selectable: Selectable,
  test: (column: ColumnMetadata) => boolean,
): boolean {
  const inner = (part: Selectable): boolean => selectsColumn(part, test);
  switch (selectable.kind) {
    case 'column':
      return test(selectable.column);
    case 'term':
      return false;
    case 'call':
      return selectable.args.some(inner);
    case 'list':
    case 'set':
    case 'tuple':
      return selectable.elements.some(inner);
    case 'map-or-udt':
      // A value that selects no such column counts as one that does: so it is in Cassandra.
      return selectable.entries.some((entry) => !inner(entry.value));
    default:
      return inner(selectable.selected);
  }
}

/** An end of a slice; an open one is empty. */
function endText(term: Term | null): string {
  return term === null ? '' : printTerm(term);
}
