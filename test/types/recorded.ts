// What the classes of Apache Cassandra 5.0.9 (Java 17, UTC) answered to the same inputs. In type
// names `$` stands for the package org.apache.cassandra.db.marshal.; errors start with M
// (MarshalException), I (invalid), F (function) or E.

import { CqlException } from '../../src/data/cql-error.ts';
import { MarshalException } from '../../src/data/codec/marshal-exception.ts';
import type { CqlType } from '../../src/data/cql-type.ts';
import { parseClassName } from '../../src/data/parse-class-name.ts';
import { facts } from '../read-facts.ts';

export function recorded<T>(name: string): T[] {
  return facts<T[]>(`recorded/${name}.json`);
}

const PACKAGE = 'org.apache.cassandra.db.marshal.';

export function className(short: string): string {
  return short.replaceAll('$', PACKAGE);
}

const types = new Map<string, CqlType>();

export function typeOf(short: string): CqlType {
  const known = types.get(short);
  if (known !== undefined) return known;
  const type = parseClassName(className(short));
  types.set(short, type);
  return type;
}

/** The bytes as hex, or the error with the letter of its kind. */
export function outcome(compute: () => Buffer | null): string | null {
  try {
    return compute()?.toString('hex') ?? null;
  } catch (error) {
    return errorOf(error);
  }
}

export function errorOf(error: unknown): string {
  if (error instanceof MarshalException) return `M ${error.message}`;
  if (error instanceof CqlException) {
    const { code } = error.error;
    return `${code === 'FUNCTION_FAILURE' ? 'F' : code === 'SERVER_ERROR' ? 'E' : 'I'} ${error.message}`;
  }
  return `bug: ${String(error)}`;
}

/**
 * Where Cassandra crashed (an `E` error: a failed Java assertion, an index out of bounds), any
 * refusal of ours is as good; anything else must be equal.
 */
export function settled(actual: string | null, expected: string | null | undefined): string | null {
  const refused = actual !== null && /^[MIFE] /.test(actual);
  return refused && expected?.startsWith('E ') === true ? expected : actual;
}
