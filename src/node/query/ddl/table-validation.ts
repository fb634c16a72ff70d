// Checks every finished table goes through, whoever made it. Cassandra: schema/TableMetadata.validate.

import { configError } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { isMultiCell } from '../../../data/cql-type.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { TableMetadata } from '../../../data/schema.ts';
import type { ValidationEnvironment } from './index-validation.ts';
import { validateIndexes } from './index-validation.ts';
import { validateParams } from './table-options.ts';

const NAME_LENGTH_MAX = 48;

/** Throws CONFIG_ERROR `ks.t: ...`, or what an index of the table finds. */
export function validateTable(table: TableMetadata, environment: ValidationEnvironment): void {
  if (!/^\w+$/.test(table.name)) {
    throw tableError(
      table,
      `Table name must not be empty or not contain non-alphanumeric-underscore characters (got "${table.name}")`,
    );
  }
  validateParams(table.params);
  for (const column of [...table.regulars, ...table.statics]) {
    const isCounter = column.type.kind === 'native' && column.type.name === 'counter';
    if (table.isCounter && !isCounter) {
      throw tableError(
        table,
        `Cannot have a non counter column ("${column.name}") in a counter table`,
      );
    }
    if (!table.isCounter && isCounter) {
      throw tableError(
        table,
        `Cannot have a counter column ("${column.name}") in a non counter table`,
      );
    }
  }
  validateIndexes(table, environment);
}

function tableError(table: TableMetadata, text: string): Error {
  return configError(`${table.keyspace}.${table.name}: ${text}`);
}

/** Throws INVALID. Cassandra: SchemaConstants.validateKeyspaceName. */
export function validateKeyspaceName(name: string): void {
  if (!/^\w+$/.test(name)) {
    throw invalid(
      `Keyspace name must not be empty and must contain alphanumeric or underscore characters only (got "${name}")`,
    );
  }
  if (name.length > NAME_LENGTH_MAX) {
    throw invalid(
      `Keyspace name must not be more than ${NAME_LENGTH_MAX} characters long (got ${name.length} characters for "${name}")`,
    );
  }
}

/** A non-frozen UDT must not hold what is not frozen. Throws INVALID. */
export function refuseNestedNonFrozen(type: CqlType, suffix = ''): void {
  if (type.kind === 'udt' && isMultiCell(type) && type.fieldTypes.some(isMultiCell)) {
    throw invalid(`Non-frozen UDTs with nested non-frozen collections are not supported${suffix}`);
  }
}
