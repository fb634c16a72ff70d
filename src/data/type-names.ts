// placeholder replaced by the types work
import type { CqlType } from './cql-type.ts';

/** CQL text of a type as system_schema.columns has it. */
export function typeName(type: CqlType): string {
  return type.kind;
}
