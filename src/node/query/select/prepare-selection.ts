// From SELECT items to prepared selectors with settled types, and the description of the result.
// Cassandra: the newSelectorFactory methods of cql3/selection/Selectable, cql3/selection/Selection.

import { castFunctionName } from '../../../cql/functions/cast-functions.ts';
import { resolveFunction } from '../../../cql/functions/resolve-function.ts';
import { typedArgument } from '../../../cql/functions/function-argument.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { isMultiCell, NATIVE } from '../../../data/cql-type.ts';
import { invalid, serverError } from '../../../data/cql-error.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import { freeze, listOf, typeName, typesEqual } from '../../../data/type-names.ts';
import { prepareTerm } from '../terms/prepare-term.ts';
import type { Receiver } from '../terms/receiver.ts';
import { keyOf, valueOf } from '../terms/receiver.ts';
import type { Selectable, SelectScope } from './selectable.ts';
import {
  elementTypeOf,
  exactTypeOfSelectable,
  fieldIndex,
  isCollection,
  selectableAssignment,
  selectableText,
  toSelectable,
} from './selectable.ts';
import type { PreparedSelector } from './selector.ts';
import { isAggregate } from './selector.ts';

/** Numbers the aggregates of one selection. */
interface SelectionScope extends SelectScope {
  readonly nextAggregate: { value: number };
  /** The first column that the selection reads; null so far. */
  readonly first: { column: ColumnMetadata | null };
}

/** Throws INVALID where no type can be settled or a type does not fit. `expected` null: none is known. */
export function prepareSelector(
  selectable: Selectable,
  expected: CqlType | null,
  scope: SelectionScope,
): PreparedSelector {
  switch (selectable.kind) {
    case 'column':
      scope.first.column ??= selectable.column;
      return { kind: 'column', column: selectable.column, type: selectable.column.type };
    case 'term': {
      const type = settledType(selectable, expected, scope);
      const term = prepareTerm(selectable.term, receiverOf(scope, '[selection]', type), scope);
      return { kind: 'term', term, type };
    }
    case 'call':
      return prepareCall(selectable, scope);
    case 'cast':
      return prepareCast(selectable, scope);
    case 'field':
      return prepareField(selectable, scope);
    case 'element':
      return prepareElement(selectable, scope);
    case 'slice':
      return prepareSlice(selectable, expected, scope);
    case 'list':
    case 'set':
      return prepareElements(selectable, expected, scope);
    case 'tuple':
      return prepareTuple(selectable, expected, scope);
    case 'map-or-udt':
      return prepareMapOrUdt(selectable, expected, scope);
    case 'hint':
      return prepareHint(selectable, scope);
    case 'attribute':
      return prepareAttribute(selectable, expected, scope);
  }
}

function receiverOf(scope: SelectScope, name: string, type: CqlType): Receiver {
  return { keyspace: scope.table.keyspace, table: scope.table.name, name, type };
}

function settledType(
  selectable: Selectable,
  expected: CqlType | null,
  scope: SelectScope,
): CqlType {
  const type = exactTypeOfSelectable(selectable, scope) ?? expected;
  if (type !== null) return type;
  throw invalid(
    `Cannot infer type for term ${selectableText(selectable)} in selection clause (try using a cast to force a type)`,
  );
}

function prepareCall(
  selectable: Extract<Selectable, { kind: 'call' }>,
  scope: SelectionScope,
): PreparedSelector {
  const fn = selectable.function;
  const args = selectable.args.map((arg, i) =>
    prepareSelector(arg, fn.argumentTypes[i] ?? null, scope),
  );
  const type = fn.returnType;
  if (fn.kind === 'scalar') return { kind: 'call', function: fn, args, type };
  if (args.some(isAggregate))
    throw invalid('aggregate functions cannot be used as arguments of aggregate functions');
  return { kind: 'aggregate', function: fn, args, type, index: scope.nextAggregate.value++ };
}

function prepareCast(
  selectable: Extract<Selectable, { kind: 'cast' }>,
  scope: SelectionScope,
): PreparedSelector {
  const inner = prepareSelector(selectable.selected, null, scope);
  const { type } = selectable;
  // A column in descending order is of another type in Cassandra: nothing casts to what it is already.
  const isReversed = inner.kind === 'column' && inner.column.reversed;
  if (typesEqual(type, inner.type) && !isReversed) return inner;
  const { typeName: target } = selectable;
  const fn =
    target === 'varchar'
      ? null
      : resolveFunction({
          keyspace: 'system',
          name: castFunctionName(target),
          args: [typedArgument(inner.type, selectableText(selectable.selected))],
          currentKeyspace: scope.keyspace,
          receiverType: null,
          table: scope.table,
          firstNames: scope.firstNames,
          userFunctions: scope.userFunctions,
        });
  if (fn === null || fn.kind !== 'scalar') {
    // Cassandra names the first column of the whole selection.
    const { column } = scope.first;
    if (column === null) {
      throw serverError('java.lang.IndexOutOfBoundsException: Index 0 out of bounds for length 0');
    }
    throw invalid(`${column.name} cannot be cast to ${target}`);
  }
  return { kind: 'call', function: fn, args: [inner], type: fn.returnType };
}

function prepareField(
  selectable: Extract<Selectable, { kind: 'field' }>,
  scope: SelectionScope,
): PreparedSelector {
  const { selected, field } = selectable;
  const only = selected.kind === 'tuple' ? selected.elements[0] : undefined;
  const receiver = prepareSelector(
    selected,
    only === undefined ? null : exactTypeOfSelectable(only, scope),
    scope,
  );
  const { type } = receiver;
  const text = selectableText(selected);
  if (type.kind !== 'udt') {
    throw invalid(`Invalid field selection: ${text} of type ${typeName(type)} is not a user type`);
  }
  const index = type.fieldNames.indexOf(field);
  if (index < 0) throw invalid(`${text} of type ${typeName(type)} has no field ${field}`);
  return {
    kind: 'field',
    receiver,
    userType: type,
    field: index,
    type: type.fieldTypes[index] as CqlType,
  };
}

/** The receiver of the key of `c[k]`, or of an end of `c[a..b]`. */
function keyReceiver(
  selected: Selectable,
  type: CqlType,
  what: string,
  scope: SelectScope,
): Receiver {
  const name = selectableText(selected);
  const receiver = receiverOf(scope, name, type);
  if (type.kind === 'list')
    throw invalid(`${what} selection is only allowed on sets and maps, but ${name} is a list`);
  return type.kind === 'set' ? valueOf(receiver) : keyOf(receiver);
}

function prepareElement(
  selectable: Extract<Selectable, { kind: 'element' }>,
  scope: SelectionScope,
): PreparedSelector {
  const receiver = prepareSelector(selectable.selected, null, scope);
  const name = selectableText(selectable.selected);
  const { type } = receiver;
  if (!isCollection(type)) {
    throw invalid(
      `Invalid element selection: ${name} is of type ${typeName(type)} is not a collection`,
    );
  }
  const key = prepareTerm(
    selectable.key,
    keyReceiver(selectable.selected, type, 'Element', scope),
    scope,
  );
  return { kind: 'element', receiver, key, name, type: elementTypeOf(type) ?? NATIVE.blob };
}

function prepareSlice(
  selectable: Extract<Selectable, { kind: 'slice' }>,
  expected: CqlType | null,
  scope: SelectionScope,
): PreparedSelector {
  const receiver = prepareSelector(selectable.selected, expected, scope);
  const name = selectableText(selectable.selected);
  const { type } = receiver;
  if (!isCollection(type)) {
    throw invalid(`Invalid slice selection: ${name} of type ${typeName(type)} is not a collection`);
  }
  const ends = keyReceiver(selectable.selected, type, 'Slice', scope);
  const from = selectable.from === null ? null : prepareTerm(selectable.from, ends, scope);
  const to = selectable.to === null ? null : prepareTerm(selectable.to, ends, scope);
  return { kind: 'slice', receiver, from, to, name, type };
}

function prepareElements(
  selectable: Extract<Selectable, { kind: 'list' | 'set' }>,
  expected: CqlType | null,
  scope: SelectionScope,
): PreparedSelector {
  if (selectable.kind === 'list' && expected?.kind === 'vector') {
    if (expected.dimension !== selectable.elements.length) {
      throw invalid(
        `Unable to create a vector selector of type ${typeName(expected)} from ${selectable.elements.length} elements`,
      );
    }
    const elements = selectable.elements.map((e) => prepareSelector(e, expected.element, scope));
    return { kind: 'vector', vectorType: expected, elements, type: expected };
  }
  const type = settledType(selectable, expected, scope);
  if (type.kind === 'map') return { kind: 'map', mapType: type, entries: [], type };
  if (type.kind !== 'list' && type.kind !== 'set') {
    throw invalid(`Unsupported target type: ${typeName(type)}`);
  }
  if (type.kind === 'set' && type.element === NATIVE.duration) {
    throw invalid(`Durations are not allowed inside sets: ${typeName(freeze(type))}`);
  }
  const elements = selectable.elements.map((e) => prepareSelector(e, type.element, scope));
  return { kind: selectable.kind, elements, type };
}

function prepareTuple(
  selectable: Extract<Selectable, { kind: 'tuple' }>,
  expected: CqlType | null,
  scope: SelectionScope,
): PreparedSelector {
  const only = selectable.elements[0];
  if (selectable.elements.length === 1 && only !== undefined && expected?.kind !== 'tuple') {
    return prepareSelector(only, settledType(selectable, expected, scope), scope);
  }
  const type = settledType(selectable, expected, scope);
  if (type.kind !== 'tuple') throw invalid(`Unsupported target type: ${typeName(type)}`);
  const elements = selectable.elements.map((e, i) =>
    prepareSelector(e, type.elements[i] ?? null, scope),
  );
  return { kind: 'tuple', tupleType: type, elements, type };
}

function prepareMapOrUdt(
  selectable: Extract<Selectable, { kind: 'map-or-udt' }>,
  expected: CqlType | null,
  scope: SelectionScope,
): PreparedSelector {
  const type = settledType(selectable, expected, scope);
  if (type.kind === 'udt') {
    const fields: (PreparedSelector | null)[] = type.fieldNames.map(() => null);
    for (const { key, value } of selectable.entries) {
      const index = fieldIndex(key, type);
      fields[index] = prepareSelector(value, type.fieldTypes[index] ?? null, scope);
    }
    return { kind: 'user-type', userType: type, fields, type };
  }
  if (type.kind !== 'map') throw invalid(`Unsupported target type: ${typeName(type)}`);
  if (type.key === NATIVE.duration)
    throw invalid(`Durations are not allowed as map keys: ${typeName(type)}`);
  const entries = selectable.entries.map(({ key, value }) => ({
    key: prepareSelector(toSelectable(key, scope), type.key, scope),
    value: prepareSelector(value, type.value, scope),
  }));
  return { kind: 'map', mapType: type, entries, type };
}

function prepareHint(
  selectable: Extract<Selectable, { kind: 'hint' }>,
  scope: SelectionScope,
): PreparedSelector {
  const { type, selected } = selectable;
  if (selectableAssignment(selected, type, scope) === 'no') {
    const text = selectableText(selectable);
    throw invalid(`Cannot assign value ${text} to ${text} of type ${typeName(type)}`);
  }
  return { ...prepareSelector(selected, type, scope), type };
}

function prepareAttribute(
  selectable: Extract<Selectable, { kind: 'attribute' }>,
  expected: CqlType | null,
  scope: SelectionScope,
): PreparedSelector {
  const { column, attribute } = selectable;
  if (column.kind === 'partition_key' || column.kind === 'clustering') {
    throw invalid(`Cannot use selection function ${attribute} on PRIMARY KEY part ${column.name}`);
  }
  const selector = prepareSelector(selectable.selected, expected, scope);
  const type = attribute === 'ttl' ? NATIVE.int : NATIVE.bigint;
  const several = isMultiCell(selector.type) && attribute !== 'maxwritetime' && column.isComplex;
  return { kind: 'attribute', attribute, column, selector, type: several ? listOf(type) : type };
}

/** The name of a result column: where a cast changes nothing, at any depth, it shows what it casts. */
export function resultColumnName(selectable: Selectable, selector: PreparedSelector): string {
  const names = (
    parts: readonly Selectable[],
    of: readonly PreparedSelector[],
  ): readonly string[] =>
    parts.map((part, i) => {
      const inner = of[i];
      return inner === undefined ? selectableText(part) : resultColumnName(part, inner);
    });
  switch (selectable.kind) {
    case 'cast': {
      const isCall = selector.kind === 'call' && selector.function.name.startsWith('cast');
      const { selected } = selectable;
      // The type of a column in descending order is another one: there is something to cast.
      if (selected.kind === 'column' && selected.column.reversed) break;
      if (!isCall) return resultColumnName(selectable.selected, selector);
      const [inner] = names([selectable.selected], selector.args);
      return `cast(${inner} as ${selectable.typeName})`;
    }
    case 'call':
      if (selector.kind !== 'call' && selector.kind !== 'aggregate') break;
      return selectable.function.columnName(names(selectable.args, selector.args));
    case 'field':
      if (selector.kind !== 'field') break;
      return `${resultColumnName(selectable.selected, selector.receiver)}.${selectable.field}`;
    case 'list':
      if (selector.kind !== 'list') break;
      return `[${names(selectable.elements, selector.elements).join(', ')}]`;
    case 'set':
      if (selector.kind !== 'set') break;
      return `{${names(selectable.elements, selector.elements).join(', ')}}`;
    case 'tuple':
      if (selector.kind !== 'tuple') break;
      return `(${names(selectable.elements, selector.elements).join(', ')})`;
    default:
      break;
  }
  return selectableText(selectable);
}
