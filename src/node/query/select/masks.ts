// Shows values of masked columns to clients without UNMASK. Cassandra: cql3/functions/masking/ColumnMask.

import type { ScalarFunction } from '../../../cql/functions/function.ts';
import { typedArgument } from '../../../cql/functions/function-argument.ts';
import { resolveFunction } from '../../../cql/functions/resolve-function.ts';
import { serverError } from '../../../data/cql-error.ts';
import type { ColumnMask, ColumnMetadata } from '../../../data/schema.ts';
import type { BindContext } from '../terms/term.ts';

/** A cache: masks are part of a column's identity. */
const functions = new WeakMap<ColumnMask, ScalarFunction>();

/** The masked value. */
export function maskValue(
  column: ColumnMetadata,
  value: Buffer | null,
  bind: BindContext,
): Buffer | null {
  const { mask } = column;
  if (mask === null) return value;
  let fn = functions.get(mask);
  if (fn === undefined) {
    fn = functionOf(mask, column);
    functions.set(mask, fn);
  }
  return fn.execute([value, ...mask.argumentValues], bind.functions);
}

function functionOf(mask: ColumnMask, column: ColumnMetadata): ScalarFunction {
  const fn = resolveFunction({
    keyspace: mask.keyspace,
    name: mask.name,
    args: [column.type, ...mask.argumentTypes].map((type) => typedArgument(type, column.name)),
    currentKeyspace: column.keyspace,
    receiverType: null,
    table: null,
    userFunctions: () => [],
  });
  if (fn === null || fn.kind !== 'scalar')
    throw serverError(`Masking function ${mask.keyspace}.${mask.name} is not there`);
  return fn;
}
