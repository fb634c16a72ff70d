// IF conditions of an UPDATE or DELETE, prepared and bound. condition-holds.ts decides them on a row.
// Cassandra: cql3/conditions/ColumnCondition.java, ColumnConditions.java.

import type { ColumnCondition, ComparisonOperator, ContainsOperator } from '../../../cql/ast.ts';
import { codecFor } from '../../../data/codec/codec.ts';
import type { CqlException } from '../../../data/cql-error.ts';
import { invalid, serverError } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';
import { referencesDuration, typeClassName } from '../../../data/type-names.ts';
import type { BoundValue } from '../../../protocol/bound-value.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import { existingColumn } from '../schema-lookup.ts';
import { prepareTerm } from '../terms/prepare-term.ts';
import type { TermScope } from '../terms/prepare-term.ts';
import type { Receiver } from '../terms/receiver.ts';
import { fieldOf, indexOf, inListOf, keyOf, valueOf } from '../terms/receiver.ts';
import type { BindContext, PreparedTerm } from '../terms/term.ts';
import { unpackBoundList } from '../terms/unpack.ts';
import { bindTerm } from '../terms/term.ts';

type Operator = ComparisonOperator | ContainsOperator | 'IN';

export interface PreparedCondition {
  readonly column: ColumnMetadata;
  readonly operator: Operator;
  /** `c[key]`, `c.field` or the column itself. */
  readonly target:
    | { readonly kind: 'column' }
    | { readonly kind: 'element'; readonly key: PreparedTerm }
    | { readonly kind: 'field'; readonly field: number };
  readonly values: readonly PreparedTerm[] | null;
  /** `IN ?` */
  readonly list: PreparedTerm | null;
  /** What the values are. */
  readonly type: CqlType;
}

/** A condition with its values; holds when any of them does. Unset ones are refused when it is their turn. */
export interface BoundCondition {
  readonly condition: PreparedCondition;
  readonly operator: Exclude<Operator, 'IN'>;
  readonly key: BoundValue;
  readonly values: readonly BoundValue[];
}

// -------------------------------------------------------------------------------------------------------- preparing

export function prepareCondition(
  condition: ColumnCondition,
  table: TableMetadata,
  scope: TermScope,
): PreparedCondition {
  const column = existingColumn(table, condition.column);
  if (column.type === NATIVE.counter) throw invalid('Conditions on counters are not supported');
  const prepared = prepareTarget(condition, column, scope);
  if (column.kind === 'partition_key' || column.kind === 'clustering') {
    throw invalid(`PRIMARY KEY column '${column.name}' cannot have IF conditions`);
  }
  return prepared;
}

function prepareTarget(
  condition: ColumnCondition,
  column: ColumnMetadata,
  scope: TermScope,
): PreparedCondition {
  const { target } = condition;
  const { type, name } = column;
  if (target === null) return withValues(condition, column, { kind: 'column' }, column, scope);
  if (target.kind === 'element') {
    if (type.kind === 'set') throw invalid(`Invalid element access syntax for set column ${name}`);
    if (type.kind !== 'list' && type.kind !== 'map') {
      throw invalid(`Invalid element access syntax for non-collection column ${name}`);
    }
    const key = prepareTerm(
      target.key,
      type.kind === 'list' ? indexOf(column) : keyOf(column),
      scope,
    );
    return withValues(condition, column, { kind: 'element', key }, valueOf(column), scope);
  }
  if (type.kind !== 'udt') throw noUserType(type);
  const field = type.fieldNames.indexOf(target.field);
  if (field < 0) throw invalid(`Unknown field ${target.field} for column ${name}`);
  return withValues(
    condition,
    column,
    { kind: 'field', field },
    fieldOf(column, type, field),
    scope,
  );
}

/** Cassandra casts without asking. */
function noUserType(type: CqlType): CqlException {
  const name = typeClassName(type);
  const user = 'org.apache.cassandra.db.marshal.UserType';
  return serverError(
    `java.lang.ClassCastException: class ${name} cannot be cast to class ${user} (${name} and ${user} are in unnamed ` +
      "module of loader 'app')",
  );
}

function withValues(
  condition: ColumnCondition,
  column: ColumnMetadata,
  target: PreparedCondition['target'],
  receiver: Receiver,
  scope: TermScope,
): PreparedCondition {
  const { value } = condition;
  const operator: Operator = value.kind === 'term' ? value.operator : 'IN';
  const { type } = receiver;
  checkDurations(type, operator);
  const collection = type.kind === 'list' || type.kind === 'set' || type.kind === 'map';
  if (operator === 'CONTAINS KEY' && type.kind !== 'map') {
    throw invalid(`Cannot use CONTAINS KEY on non-map column ${receiver.name}`);
  }
  if (operator === 'CONTAINS' && !collection) {
    throw invalid(`Cannot use CONTAINS on non-collection column ${receiver.name}`);
  }
  const base = { column, operator, target, type, values: null, list: null };
  switch (value.kind) {
    case 'in':
      return { ...base, values: value.values.map((term) => prepareTerm(term, receiver, scope)) };
    case 'in-marker':
      return { ...base, list: prepareTerm(value.marker, inListOf(receiver), scope) };
    case 'term': {
      let of = receiver;
      if (operator === 'CONTAINS') of = valueOf(receiver);
      if (operator === 'CONTAINS KEY') of = keyOf(receiver);
      return { ...base, values: [prepareTerm(value.term, of, scope)] };
    }
  }
}

function checkDurations(type: CqlType, operator: Operator): void {
  if (!operator.startsWith('<') && !operator.startsWith('>')) return;
  if (!referencesDuration(type)) return;
  if (type.kind === 'tuple')
    throw invalid('Slice conditions are not supported on tuples containing durations');
  if (type.kind === 'udt')
    throw invalid('Slice conditions are not supported on UDTs containing durations');
  if (type.kind !== 'native')
    throw invalid('Slice conditions are not supported on collections containing durations');
  throw invalid(`Slice conditions ( ${operator} ) are not supported on durations`);
}

// ---------------------------------------------------------------------------------------------------------- binding

export function bindCondition(condition: PreparedCondition, context: BindContext): BoundCondition {
  const { operator, target } = condition;
  const key = target.kind === 'element' ? bindTerm(target.key, context) : null;
  return {
    condition,
    operator: operator === 'IN' ? '=' : operator,
    key: copied(key),
    values: boundValues(condition, context).map(copied),
  };
}

/** Conditions outlive the request's frame: their bytes are copied. */
function copied(value: BoundValue): BoundValue {
  return Buffer.isBuffer(value) ? Buffer.from(value) : value;
}

function boundValues(condition: PreparedCondition, context: BindContext): readonly BoundValue[] {
  if (condition.list !== null) {
    const list = bindTerm(condition.list, context);
    if (list === null) throw invalid('Invalid null list in IN condition');
    if (list === UNSET) throw invalid("Invalid 'unset' value in condition");
    return unpackBoundList(list, codecFor(condition.type));
  }
  const values = (condition.values ?? []).map((term) => bindTerm(term, context));
  return condition.operator === 'IN' ? values.filter((value) => value !== UNSET) : values;
}
