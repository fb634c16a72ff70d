// Types as written, resolved against a keyspace's UDTs. Cassandra: cql3/CQL3Type.Raw.prepare.

import type { RawType } from '../../../cql/ast.ts';
import { printType } from '../../../cql/print-type.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import { invalid } from '../../../data/cql-error.ts';
import { freeze, listOf, mapOf, setOf, tupleOf, vectorOf } from '../../../data/type-names.ts';
import { parseClassName } from '../../../data/parse-class-name.ts';
import type { TermScope } from './term-scope.ts';

/** Throws INVALID for unknown UDTs and keyspaces. */
export function resolveRawType(
  raw: RawType,
  scope: Pick<TermScope, 'keyspace' | 'schema'>,
): CqlType {
  const resolve = (inner: RawType): CqlType => resolveRawType(inner, scope);
  switch (raw.kind) {
    case 'native':
      return NATIVE[raw.name];
    case 'list':
      return frozenAs(raw.frozen, listOf(resolve(raw.element)));
    case 'set':
      return frozenAs(raw.frozen, setOf(resolve(raw.element)));
    case 'map':
      return frozenAs(raw.frozen, mapOf(resolve(raw.key), resolve(raw.value)));
    case 'tuple':
      return tupleOf(raw.elements.map((element) => freeze(resolve(element))));
    case 'vector':
      checkDimension(raw.dimension);
      return vectorOf(freeze(resolve(raw.element)), raw.dimension);
    case 'udt': {
      const keyspaceName = raw.name.keyspace ?? scope.keyspace;
      const keyspace = scope.schema.keyspaces.get(keyspaceName);
      if (keyspace === undefined) throw invalid(`Unknown keyspace ${keyspaceName}`);
      const type = keyspace.types.get(raw.name.name);
      if (type === undefined) throw invalid(`Unknown type ${keyspaceName}.${raw.name.name}`);
      return frozenAs(raw.frozen, type);
    }
    case 'custom':
      return parseClassName(raw.className);
  }
}

/** Throws INVALID. Cassandra: VectorType's constructor. */
export function checkDimension(dimension: number): void {
  if (dimension <= 0)
    throw invalid(`vectors may only have positive dimensions; given ${dimension}`);
}

function frozenAs(frozen: boolean, type: CqlType): CqlType {
  return frozen ? freeze(type) : type;
}

/** As `printType` after the type has been prepared: Cassandra then knows the keyspace of its user types. */
export function printPrepared(raw: RawType, keyspace: string): string {
  return printType(withKeyspaces(raw, keyspace));
}

/** The type with the keyspace in the names of its user types, where none is written. */
export function withKeyspaces(raw: RawType, keyspace: string): RawType {
  const inner = (part: RawType): RawType => withKeyspaces(part, keyspace);
  switch (raw.kind) {
    case 'udt':
      return { ...raw, name: { ...raw.name, keyspace: raw.name.keyspace ?? keyspace } };
    case 'list':
    case 'set':
    case 'vector':
      return { ...raw, element: inner(raw.element) };
    case 'map':
      return { ...raw, key: inner(raw.key), value: inner(raw.value) };
    case 'tuple':
      return { ...raw, elements: raw.elements.map(inner) };
    default:
      return raw;
  }
}
