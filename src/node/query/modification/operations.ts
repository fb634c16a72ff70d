// What an INSERT, UPDATE or DELETE does to one column, prepared: plain data with prepared terms. The refusals are
// Cassandra's. How operations change a row: apply-operation.ts. Cassandra: cql3/Operation.java.

import type { Assignment, Deletion, Term } from '../../../cql/ast.ts';
import { printTerm } from '../../../cql/print.ts';
import { CqlException, invalid } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { isMultiCell, NATIVE } from '../../../data/cql-type.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';
import { setOf } from '../../../data/type-names.ts';
import { existingColumn } from '../schema-lookup.ts';
import { prepareTerm, printPreparedTerm } from '../terms/prepare-term.ts';
import type { TermScope } from '../terms/prepare-term.ts';
import type { Receiver } from '../terms/receiver.ts';
import { fieldOf, indexOf, keyOf, valueOf } from '../terms/receiver.ts';
import type { PreparedTerm } from '../terms/term.ts';

interface OnColumn {
  readonly column: ColumnMetadata;
}

export type Operation = OnColumn &
  (
    | { readonly kind: 'set'; readonly value: PreparedTerm }
    | {
        readonly kind: 'append' | 'prepend' | 'add-elements' | 'discard';
        readonly value: PreparedTerm;
      }
    | { readonly kind: 'set-index'; readonly index: PreparedTerm; readonly value: PreparedTerm }
    | { readonly kind: 'set-key'; readonly key: PreparedTerm; readonly value: PreparedTerm }
    | { readonly kind: 'set-field'; readonly field: number; readonly value: PreparedTerm }
    /** Of a counter: `negate` for subtraction. */
    | { readonly kind: 'count'; readonly value: PreparedTerm; readonly negate: boolean }
    /** `v = v + x` of a number or text in a conditional update. */
    | { readonly kind: 'add-to-value'; readonly value: PreparedTerm }
    | { readonly kind: 'delete' }
    | { readonly kind: 'delete-index'; readonly index: PreparedTerm }
    /** An element of a set or a key of a map. */
    | { readonly kind: 'delete-key'; readonly key: PreparedTerm }
    | { readonly kind: 'delete-field'; readonly field: number }
  );

/** True when the operation needs the row as it is. */
export function requiresRead(operation: Operation): boolean {
  switch (operation.kind) {
    case 'set-index':
    case 'delete-index':
    case 'add-to-value':
      return true;
    case 'discard':
      return operation.column.type.kind === 'list';
    default:
      return false;
  }
}

/** Every prepared term of an operation. */
export function termsOf(operation: Operation): readonly PreparedTerm[] {
  switch (operation.kind) {
    case 'delete':
    case 'delete-field':
      return [];
    case 'delete-index':
      return [operation.index];
    case 'delete-key':
      return [operation.key];
    case 'set-index':
      return [operation.index, operation.value];
    case 'set-key':
      return [operation.key, operation.value];
    default:
      return [operation.value];
  }
}

// ------------------------------------------------------------------------------------------------------ assignments

/** `c = term`, also every column of an INSERT. */
export function prepareSet(column: ColumnMetadata, value: Term, scope: TermScope): Operation {
  const prepared = prepareTerm(value, column, scope);
  return setOperation(column, prepared);
}

/** As prepareSet for a term that is prepared already (INSERT JSON). */
export function setOperation(column: ColumnMetadata, value: PreparedTerm): Operation {
  if (column.type === NATIVE.counter) {
    throw invalid(
      `Cannot set the value of counter column ${column.name} (counters can only be incremented/decremented, not set)`,
    );
  }
  return { kind: 'set', column, value };
}

/** One assignment of SET. `conditional`: the statement has IF conditions and so reads the row. */
export function prepareAssignment(
  assignment: Assignment,
  table: TableMetadata,
  conditional: boolean,
  scope: TermScope,
): Operation {
  const column = existingColumn(table, assignment.column);
  if (column.kind === 'partition_key' || column.kind === 'clustering') {
    throw invalid(`PRIMARY KEY part ${column.name} found in SET part`);
  }
  switch (assignment.kind) {
    case 'set':
      return prepareSet(column, assignment.value, scope);
    case 'add':
      return prepareAddition(column, assignment.value, conditional, scope);
    case 'subtract':
      return prepareSubtraction(column, assignment.value, scope);
    case 'prepend':
      return preparePrepend(column, assignment.value, scope);
    case 'set-element':
      return prepareElement(column, assignment, scope);
    case 'set-field':
      return prepareField(column, assignment, scope);
  }
}

function refused(operation: string, column: ColumnMetadata, what: string): CqlException {
  return invalid(`Invalid operation (${operation}) for ${what} column ${column.name}`);
}

function isCollection(type: CqlType): boolean {
  return type.kind === 'list' || type.kind === 'set' || type.kind === 'map';
}

const NUMBERS_AND_TEXT = new Set([
  'bigint',
  'decimal',
  'double',
  'float',
  'int',
  'smallint',
  'tinyint',
  'varint',
  'counter',
  'text',
  'ascii',
]);

function prepareAddition(
  column: ColumnMetadata,
  value: Term,
  conditional: boolean,
  scope: TermScope,
): Operation {
  const { type, name } = column;
  const text = `${name} = ${name} + ${printTerm(value)}`;
  if (!isCollection(type)) {
    if (type.kind === 'tuple' || type.kind === 'udt') throw refused(text, column, 'tuple');
    if (conditional) {
      if (type.kind !== 'native' || !NUMBERS_AND_TEXT.has(type.name)) {
        throw invalid(`Invalid operation (${text}) for non-numeric and non-text type ${name}`);
      }
    } else if (type !== NATIVE.counter) throw refused(text, column, 'non counter');
    const prepared = prepareTerm(value, column, scope);
    if (type === NATIVE.counter) return { kind: 'count', column, value: prepared, negate: false };
    return { kind: 'add-to-value', column, value: prepared };
  }
  if (!isMultiCell(type)) throw refused(text, column, 'frozen collection');
  if (type.kind !== 'map') {
    const kind = type.kind === 'list' ? 'append' : 'add-elements';
    return { kind, column, value: prepareTerm(value, column, scope) };
  }
  return {
    kind: 'add-elements',
    column,
    value: prepareOrExplain(value, column, scope, 'addition', 'map'),
  };
}

function prepareOrExplain(
  value: Term,
  receiver: Receiver,
  scope: TermScope,
  operation: string,
  needed: string,
): PreparedTerm {
  try {
    return prepareTerm(value, receiver, scope);
  } catch (error) {
    if (!(error instanceof CqlException)) throw error;
    throw invalid(
      `Value for a map ${operation} has to be a ${needed}, but was: '${printPreparedTerm(value, scope)}'`,
    );
  }
}

function prepareSubtraction(column: ColumnMetadata, value: Term, scope: TermScope): Operation {
  const { type, name } = column;
  const text = `${name} = ${name} - ${printTerm(value)}`;
  if (!isCollection(type)) {
    if (type !== NATIVE.counter) throw refused(text, column, 'non counter');
    return { kind: 'count', column, value: prepareTerm(value, column, scope), negate: true };
  }
  if (!isMultiCell(type)) throw refused(text, column, 'frozen collection');
  if (type.kind !== 'map')
    return { kind: 'discard', column, value: prepareTerm(value, column, scope) };
  const { keyspace, table } = column;
  const receiver: Receiver = { keyspace, table, name, type: setOf(type.key, true) };
  return {
    kind: 'discard',
    column,
    value: prepareOrExplain(value, receiver, scope, 'substraction', 'set'),
  };
}

function preparePrepend(column: ColumnMetadata, value: Term, scope: TermScope): Operation {
  const { type, name } = column;
  const prepared = prepareTerm(value, column, scope);
  const text = `${name} = ${printTerm(value)} - ${name}`;
  if (type.kind !== 'list') throw refused(text, column, 'non list');
  if (!isMultiCell(type)) throw refused(text, column, 'frozen list');
  return { kind: 'prepend', column, value: prepared };
}

function prepareElement(
  column: ColumnMetadata,
  assignment: Extract<Assignment, { kind: 'set-element' }>,
  scope: TermScope,
): Operation {
  const { type, name } = column;
  const text = `${name}[${printTerm(assignment.key)}] = ${printTerm(assignment.value)}`;
  if (!isCollection(type)) throw refused(text, column, 'non collection');
  if (!isMultiCell(type)) throw refused(text, column, 'frozen collection');
  if (type.kind === 'set') throw refused(text, column, 'set');
  if (type.kind === 'list') {
    const index = prepareTerm(assignment.key, indexOf(column), scope);
    return {
      kind: 'set-index',
      column,
      index,
      value: prepareTerm(assignment.value, valueOf(column), scope),
    };
  }
  const key = prepareTerm(assignment.key, keyOf(column), scope);
  return {
    kind: 'set-key',
    column,
    key,
    value: prepareTerm(assignment.value, valueOf(column), scope),
  };
}

function prepareField(
  column: ColumnMetadata,
  assignment: Extract<Assignment, { kind: 'set-field' }>,
  scope: TermScope,
): Operation {
  const { type, name } = column;
  const text = `${name}.${assignment.field} = ${printTerm(assignment.value)}`;
  if (type.kind !== 'udt') throw refused(text, column, 'non-UDT');
  if (!isMultiCell(type)) throw refused(text, column, 'frozen UDT');
  const field = type.fieldNames.indexOf(assignment.field);
  if (field < 0)
    throw invalid(`UDT column ${name} does not have a field named ${assignment.field}`);
  return {
    kind: 'set-field',
    column,
    field,
    value: prepareTerm(assignment.value, fieldOf(column, type, field), scope),
  };
}

// -------------------------------------------------------------------------------------------------------- deletions

export function prepareDeletion(
  deletion: Deletion,
  table: TableMetadata,
  scope: TermScope,
): Operation {
  const column = existingColumn(table, deletion.column);
  const { type, name } = column;
  if (column.kind === 'partition_key' || column.kind === 'clustering') {
    throw invalid(`Invalid identifier ${name} for deletion (should not be a PRIMARY KEY part)`);
  }
  switch (deletion.kind) {
    case 'column':
      return { kind: 'delete', column };
    case 'element':
      if (!isCollection(type))
        throw invalid(`Invalid deletion operation for non collection column ${name}`);
      if (!isMultiCell(type))
        throw invalid(`Invalid deletion operation for frozen collection column ${name}`);
      if (type.kind === 'list') {
        return {
          kind: 'delete-index',
          column,
          index: prepareTerm(deletion.key, indexOf(column), scope),
        };
      }
      return {
        kind: 'delete-key',
        column,
        key: prepareTerm(
          deletion.key,
          type.kind === 'set' ? valueOf(column) : keyOf(column),
          scope,
        ),
      };
    case 'field': {
      if (type.kind !== 'udt')
        throw invalid(`Invalid field deletion operation for non-UDT column ${name}`);
      if (!isMultiCell(type))
        throw invalid(`Frozen UDT column ${name} does not support field deletions`);
      const field = type.fieldNames.indexOf(deletion.field);
      if (field < 0)
        throw invalid(`UDT column ${name} does not have a field named ${deletion.field}`);
      return { kind: 'delete-field', column, field };
    }
  }
}
