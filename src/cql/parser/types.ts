// CQL types as written: native names, collections, tuples, vectors, user types, frozen<>, custom
// classes.

import { CqlException } from '../../data/cql-error.ts';
import type { NativeTypeName } from '../../data/cql-type.ts';
import type { RawType } from '../ast.ts';
import { printType } from '../print-type.ts';
import { checkTypeClass } from './type-class.ts';
import { userTypeName } from './names.ts';
import { crashed } from './syntax-failure.ts';
import type { TokenReader } from './token-reader.ts';
import { kindSet, NAMES, NATIVE_WORDS, T } from './tokens.ts';
import type { KindSet } from './tokens.ts';

const AFTER_TYPE = kindSet([
  T.RIGHT_PAREN,
  T.COMMA,
  T.SEMICOLON,
  T.GT,
  T.EOF,
  T.K_FINALFUNC,
  T.K_INITCOND,
  T.K_LANGUAGE,
  T.K_MASKED,
  T.K_PRIMARY,
  T.K_STATIC,
]);
const PARAMETRISED: KindSet = kindSet([T.K_LIST, T.K_MAP, T.K_TUPLE, T.K_VECTOR, T.K_FROZEN]);

/** Takes the name of a native type (`native_type` of the grammar). */
export function nativeTypeName(reader: TokenReader): NativeTypeName {
  if (NATIVE_WORDS[reader.kind] !== 1) throw reader.noViable();
  const name = reader.nameValue();
  reader.next();
  return name === 'varchar' ? 'text' : (name as NativeTypeName);
}

function nativeType(reader: TokenReader): RawType {
  const varchar = reader.kind === T.K_VARCHAR;
  const name = nativeTypeName(reader);
  return varchar ? { kind: 'native', name, written: 'varchar' } : { kind: 'native', name };
}

/** Takes a type (`comparatorType` of the grammar). */
export function type(reader: TokenReader): RawType {
  const { kind } = reader;
  if (NATIVE_WORDS[kind] === 1) {
    const second = reader.ahead(1);
    if (second !== T.DOT && AFTER_TYPE[second] !== 1) throw reader.noViable(1);
    reader.touch(2);
    if (second === T.DOT) return { kind: 'udt', name: userTypeName(reader), frozen: false };
    return nativeType(reader);
  }
  if (kind === T.K_SET) return parametrised(reader);
  if (PARAMETRISED[kind] === 1) {
    const second = reader.ahead(1);
    if (second !== T.LT && second !== T.DOT && AFTER_TYPE[second] !== 1) throw reader.noViable(1);
    reader.touch(2);
    if (second === T.LT) return parametrised(reader);
    return { kind: 'udt', name: userTypeName(reader), frozen: false };
  }
  if (kind === T.STRING_LITERAL) return customType(reader);
  if (NAMES[kind] === 1) return { kind: 'udt', name: userTypeName(reader), frozen: false };
  throw reader.noViable();
}

/** `word<...>`. */
function parametrised(reader: TokenReader): RawType {
  const word = reader.kind;
  reader.enter();
  reader.next();
  reader.expect(T.LT);
  const first =
    word === T.K_FROZEN && reader.kind === T.K_FROZEN ? frozenTwice(reader) : type(reader);
  const result = ofWord(reader, word, first);
  reader.expect(T.GT);
  reader.leave();
  // frozen<> freezes after its bracket closes, so that an unclosed one is a syntax error.
  return word === T.K_FROZEN ? freezeOrRefuse(reader, result) : result;
}

function ofWord(reader: TokenReader, word: number, first: RawType): RawType {
  switch (word) {
    case T.K_LIST:
      return { kind: 'list', element: first, frozen: false };
    case T.K_SET:
      return { kind: 'set', element: first, frozen: false };
    case T.K_MAP:
      reader.expect(T.COMMA);
      return { kind: 'map', key: first, value: type(reader), frozen: false };
    case T.K_VECTOR: {
      reader.expect(T.COMMA);
      return { kind: 'vector', element: first, dimension: dimension(reader), frozen: false };
    }
    case T.K_TUPLE: {
      const elements = [first];
      while (reader.take(T.COMMA)) elements.push(type(reader));
      return { kind: 'tuple', elements: elements.map(freezeInside) };
    }
    default:
      return first;
  }
}

const INT32_MAX = 2147483647;
const INT32_MIN = -2147483648;

function dimension(reader: TokenReader): number {
  if (reader.kind !== T.INTEGER) throw reader.mismatched(T.INTEGER);
  const digits = reader.source();
  const value = Number(digits);
  reader.next();
  if (reader.kind === T.GT && (value > INT32_MAX || value < INT32_MIN)) {
    reader.crash(`NumberFormatException For input string: "${digits}"`);
  }
  return value;
}

function freezeOrRefuse(reader: TokenReader, inner: RawType): RawType {
  const frozen = freeze(inner);
  if (frozen !== null) return frozen;
  const got = printType(inner);
  reader.refuse(
    `frozen<> is only allowed on collections, tuples, and user-defined types (got ${got})`,
  );
  return inner;
}

/** In frozen<frozen<int>> the refusal of the inner type is lost to a failure at the outer one. */
function frozenTwice(reader: TokenReader): RawType {
  try {
    return type(reader);
  } catch (error) {
    if (!(error instanceof CqlException) || reader.kind !== T.GT) throw error;
    const reason =
      'Cannot invoke "org.apache.cassandra.cql3.CQL3Type$Raw.freeze()" because "f" is null';
    throw crashed(reader.text, 'statement', `NullPointerException ${reason}`);
  }
}

/** The frozen form, as Cassandra's CQL3Type.Raw.freeze; null for a type that cannot be frozen. */
function freeze(inner: RawType): RawType | null {
  switch (inner.kind) {
    case 'native':
    case 'custom':
      return null;
    case 'list':
    case 'set':
      return { ...inner, element: freezeInside(inner.element), frozen: true };
    case 'map':
      return {
        ...inner,
        key: freezeInside(inner.key),
        value: freezeInside(inner.value),
        frozen: true,
      };
    case 'tuple':
      return { kind: 'tuple', elements: inner.elements.map(freezeInside) };
    case 'vector':
      return { ...inner, element: freezeInside(inner.element), frozen: true };
    case 'udt':
      return { ...inner, frozen: true };
  }
}

function freezeInside(inner: RawType): RawType {
  return freeze(inner) ?? inner;
}

function customType(reader: TokenReader): RawType {
  const className = reader.stringValue();
  reader.next();
  const problem = checkTypeClass(className);
  if (problem !== null) reader.refuse(problem);
  return { kind: 'custom', className };
}
