// Column masks of CREATE and ALTER TABLE: finds the masking function for a column's type and turns its fixed arguments
// into bytes. Test: test/facts-conformance/errors.test.ts. Cassandra: cql3/functions/masking/ColumnMask.Raw.

import type { RawColumnMask } from '../../../cql/ast.ts';
import { typedArgument } from '../../../cql/functions/function-argument.ts';
import { resolveFunction } from '../../../cql/functions/resolve-function.ts';
import { printTerm } from '../../../cql/print.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import type { ColumnMask } from '../../../data/schema.ts';
import { typeClassName, typeName, typesEqual } from '../../../data/type-names.ts';
import { termArgument } from '../terms/call.ts';
import { userFunctionsOf } from '../user-functions.ts';
import { bareScope, termBytes } from './literals.ts';
import type { DdlEnvironment } from './schema-change.ts';

export interface MaskedColumn {
  readonly keyspace: string;
  readonly table: string;
  readonly name: string;
  readonly type: CqlType;
}

const DISABLED =
  'Cannot mask columns because dynamic data masking is not enabled. ' +
  'You can enable it with the dynamic_data_masking_enabled property on cassandra.yaml';

/** Throws INVALID when masks are switched off. */
export function ensureMaskingEnabled(environment: DdlEnvironment): void {
  if (!environment.config.dynamic_data_masking_enabled) throw invalid(DISABLED);
}

/** Throws INVALID when no function of that name masks such a column. */
export function prepareMask(
  raw: RawColumnMask,
  column: MaskedColumn,
  environment: DdlEnvironment,
): ColumnMask {
  const { schema, nowMs, runner } = environment;
  const scope = bareScope(column.keyspace, schema, nowMs);
  const text = maskText(raw);
  const found = resolveFunction({
    keyspace: raw.function.keyspace,
    name: raw.function.name,
    args: [
      typedArgument(column.type, typeClassName(column.type)),
      ...raw.args.map((term) => termArgument(term, scope)),
    ],
    currentKeyspace: column.keyspace,
    receiverType: column.type,
    table: null,
    userFunctions: (keyspace, name) => userFunctionsOf(schema, keyspace, name, runner),
  });
  if (found === null) {
    throw invalid(
      `Unable to find masking function for ${column.name}, no declared function matches the signature ${text}`,
    );
  }
  if (found.kind === 'aggregate') {
    throw invalid(`Aggregate function ${text} cannot be used for masking table columns`);
  }
  if (found.isNative && !found.name.startsWith('mask_')) {
    throw invalid(`Not-masking function ${text} cannot be used for masking table columns`);
  }
  if (!found.isNative && found.keyspace !== column.keyspace) {
    throw invalid(
      `Masking function ${text} doesn't belong to the same keyspace as the table ${column.keyspace}.${column.table}`,
    );
  }
  if (!typesEqual(found.returnType, column.type)) {
    throw invalid(
      `Masking function ${text} return type is ${typeName(found.returnType)}. This is different to the type of the ` +
        `masked column ${column.name} of type ${typeName(column.type)}. Masking functions can only be attached to ` +
        'table columns if they return the same data type as the masked column.',
    );
  }
  const argumentTypes = found.argumentTypes.slice(1);
  return {
    keyspace: found.keyspace,
    name: found.name,
    argumentTypes,
    argumentValues: raw.args.map((term, i) => {
      const type = argumentTypes[i];
      return type === undefined ? null : termBytes(term, type, scope);
    }),
  };
}

function maskText(raw: RawColumnMask): string {
  const { keyspace, name } = raw.function;
  const called = keyspace === null ? name : `${keyspace}.${name}`;
  return `${called}(${raw.args.map(printTerm).join(', ')})`;
}
