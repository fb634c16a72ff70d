// The fixed arguments of a column mask as system_schema.column_masks stores them: text without quotes, '' for null
// (a parallel list tells them apart). Test: test/schema/encode-decode.test.ts.
// Cassandra: SchemaKeyspace.addColumnToSchemaMutation (AbstractType.getString and fromString).

import { codecFor } from '../../data/codec/codec.ts';
import type { CqlType } from '../../data/cql-type.ts';
import { NATIVE } from '../../data/cql-type.ts';

export function maskArgumentText(type: CqlType | undefined, value: Buffer | null): string {
  if (value === null) return '';
  if (type === undefined || isText(type)) return value.toString('utf8');
  return codecFor(type).toText(value);
}

export function maskArgumentBytes(type: CqlType | undefined, text: string): Buffer {
  return codecFor(type ?? NATIVE.text).fromString(text, 0);
}

function isText(type: CqlType): boolean {
  return type.kind === 'native' && (type.name === 'text' || type.name === 'ascii');
}
