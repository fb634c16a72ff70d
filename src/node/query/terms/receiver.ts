// What a term is prepared for: a column, or a place inside or beside one (an element, a field, a limit), which then
// has a made-up name. Names here are what drivers see as the names of bind markers.
// Cassandra: cql3/ColumnSpecification, Lists/Sets/Maps/UserTypes.*SpecOf. Facts: bind marker names.

import type { CqlType, UserType } from '../../../data/cql-type.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import { listOf, tupleOf } from '../../../data/type-names.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';

/** A ColumnMetadata is one too. */
export interface Receiver {
  readonly keyspace: string;
  readonly table: string;
  readonly name: string;
  readonly type: CqlType;
  /** A clustering column in descending order: in Cassandra its type is another one. Absent: false. */
  readonly reversed?: boolean;
}

function beside(receiver: Receiver, name: string, type: CqlType): Receiver {
  return { keyspace: receiver.keyspace, table: receiver.table, name, type };
}

/** A place that belongs to the statement: `[limit]`, `[ttl]`, `[json]` ... */
export function statementReceiver(table: TableMetadata, name: string, type: CqlType): Receiver {
  return { keyspace: table.keyspace, table: table.name, name, type };
}

/** `value(c)`: an element of a list, set or vector, or a value of a map. */
export function valueOf(receiver: Receiver): Receiver {
  const { type } = receiver;
  const value = type.kind === 'map' ? type.value : elementType(type);
  return beside(receiver, `value(${receiver.name})`, value);
}

function elementType(type: CqlType): CqlType {
  return type.kind === 'list' || type.kind === 'set' || type.kind === 'vector'
    ? type.element
    : NATIVE.blob;
}

/** `key(m)`. */
export function keyOf(receiver: Receiver): Receiver {
  const { type } = receiver;
  return beside(receiver, `key(${receiver.name})`, type.kind === 'map' ? type.key : NATIVE.blob);
}

/** `idx(l)`. */
export function indexOf(receiver: Receiver): Receiver {
  return beside(receiver, `idx(${receiver.name})`, NATIVE.int);
}

/** `u.f`. */
export function fieldOf(receiver: Receiver, type: UserType, index: number): Receiver {
  return beside(
    receiver,
    `${receiver.name}.${type.fieldNames[index]}`,
    type.fieldTypes[index] as CqlType,
  );
}

/** `tu[0]`. */
export function componentOf(receiver: Receiver, index: number, type: CqlType): Receiver {
  return beside(receiver, `${receiver.name}[${index}]`, type);
}

/** `in(c)`: the list bound to `c IN ?`. */
export function inListOf(receiver: Receiver): Receiver {
  return beside(receiver, `in(${receiver.name})`, listOf(receiver.type));
}

/** `(a,b)` as one tuple. */
export function tupleOfColumns(columns: readonly ColumnMetadata[]): Receiver {
  const first = columns[0] as ColumnMetadata;
  const names = columns.map((column) => column.name).join(',');
  return beside(first, `(${names})`, tupleOf(columns.map((column) => column.type)));
}

/** `in(a,b)`: the list of tuples bound to `(a, b) IN ?`. */
export function inTupleListOf(columns: readonly ColumnMetadata[]): Receiver {
  const tuple = tupleOfColumns(columns);
  return beside(tuple, `in${tuple.name}`, listOf(tuple.type));
}
