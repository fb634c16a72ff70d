// What changed in the schema: the body shared by RESULT SCHEMA_CHANGE and EVENT SCHEMA_CHANGE.
// Version 3 knows no functions and hears that the keyspace was updated. Cassandra:
// transport/Event.java (SchemaChange). Test: test/protocol/responses.test.ts

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';
import { protocolError } from '../protocol-error.ts';
import type { ProtocolVersion } from '../protocol-version.ts';

const CHANGES = ['CREATED', 'UPDATED', 'DROPPED'] as const;
export type SchemaChangeKind = (typeof CHANGES)[number];

const TARGETS = ['KEYSPACE', 'TABLE', 'TYPE', 'FUNCTION', 'AGGREGATE'] as const;

interface Change {
  readonly change: SchemaChangeKind;
  readonly keyspace: string;
}

export type SchemaChange = Change &
  (
    | { readonly target: 'KEYSPACE' }
    | { readonly target: 'TABLE' | 'TYPE'; readonly name: string }
    | {
        readonly target: 'FUNCTION' | 'AGGREGATE';
        readonly name: string;
        /** CQL texts of the argument types. */
        readonly argumentTypes: readonly string[];
      }
  );

export function encodeSchemaChange(
  writer: BodyWriter,
  change: SchemaChange,
  version: ProtocolVersion,
): void {
  const isFunction = change.target === 'FUNCTION' || change.target === 'AGGREGATE';
  if (isFunction && version < 4) {
    writer.string('UPDATED');
    writer.string('KEYSPACE');
    writer.string(change.keyspace);
    return;
  }
  writer.string(change.change);
  writer.string(change.target);
  writer.string(change.keyspace);
  if (change.target !== 'KEYSPACE') writer.string(change.name);
  if (isFunction) writer.stringList(change.argumentTypes);
}

export function decodeSchemaChange(reader: BodyReader): SchemaChange {
  const change = oneOf(CHANGES, reader.string());
  const target = oneOf(TARGETS, reader.string());
  const keyspace = reader.string();
  switch (target) {
    case 'KEYSPACE':
      return { change, target, keyspace };
    case 'TABLE':
    case 'TYPE':
      return { change, target, keyspace, name: reader.string() };
    default: {
      const name = reader.string();
      return { change, target, keyspace, name, argumentTypes: reader.stringList() };
    }
  }
}

function oneOf<T extends string>(names: readonly T[], value: string): T {
  const name = names.find((candidate) => candidate === value);
  if (name === undefined) throw protocolError(`Invalid value '${value}' in a schema change`);
  return name;
}
