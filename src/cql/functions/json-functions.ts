// to_json and from_json under both names. Test: test/functions/factories.test.ts.
// Cassandra: cql3/functions/ToJsonFct.java, FromJsonFct.java.

import { assert } from '../../base/assert.ts';
import { MarshalException } from '../../data/codec/marshal-exception.ts';
import type { CqlType } from '../../data/cql-type.ts';
import { NATIVE } from '../../data/cql-type.ts';
import { CqlException, invalid } from '../../data/cql-error.ts';
import { JsonParseError, parseJson } from '../../data/json-parser.ts';
import { fromJson, NullInVector } from '../../data/json-decode.ts';
import { nullableToJson } from '../../data/json.ts';
import { typeName } from '../../data/type-names.ts';
import type { CallSite, FunctionFactory } from './function-factory.ts';
import { anyType, factory, fixedType } from './function-factory.ts';
import type { ScalarFunction } from './function.ts';
import { argument, scalar } from './native-function.ts';

export function jsonFactories(): FunctionFactory[] {
  return [
    factory('to_json', [anyType(false)], ([type], _, site) =>
      toJsonFunction('to_json', type, site),
    ),
    factory('tojson', [anyType(false)], ([type], _, site) => toJsonFunction('tojson', type, site)),
    factory('from_json', [fixedType('text')], (_, receiver) =>
      fromJsonFunction('from_json', receiver),
    ),
    factory('fromjson', [fixedType('text')], (_, receiver) =>
      fromJsonFunction('fromjson', receiver),
    ),
  ];
}

const FIRST_NAMES_MAX = 10_000;

/** A node keeps one function a type, with the name that was asked for first since it started. ToJsonFct.getInstance. */
function firstName(asked: string, type: CqlType, { firstNames }: CallSite): string {
  const key = typeName(type);
  const known = firstNames?.get(key);
  if (known !== undefined) return known;
  if (firstNames !== undefined && firstNames.size < FIRST_NAMES_MAX) firstNames.set(key, asked);
  return asked;
}

function toJsonFunction(asked: string, type: CqlType | undefined, site: CallSite): ScalarFunction {
  assert(type !== undefined, 'to_json has one argument');
  return scalar({
    name: firstName(asked, type, site),
    args: [type],
    returns: NATIVE.text,
    run: (args) => Buffer.from(nullableToJson(type, argument(args, 0, type)), 'utf8'),
  });
}

function fromJsonFunction(name: string, receiver: CqlType | null): ScalarFunction {
  if (receiver === null)
    throw invalid(`${name}() cannot be used in the selection clause of a SELECT statement`);
  return scalar({
    name,
    args: [NATIVE.text],
    returns: receiver,
    run: ([value], context) => {
      if (value === null || value === undefined) return null;
      const text = value.toString('utf8');
      try {
        const parsed = parseJson(text);
        return parsed === null ? null : fromJson(receiver, parsed, context.nowMs);
      } catch (error) {
        if (error instanceof JsonParseError) {
          const detail = `Could not decode JSON string '${text}': ${error.javaText}`;
          throw failure(name, `execution of 'system.${name}[text]' failed: ${detail}`);
        }
        if (error instanceof NullInVector) throw invalid(error.message);
        if (error instanceof MarshalException) {
          throw failure(
            name,
            `org.apache.cassandra.serializers.MarshalException: ${error.message}`,
          );
        }
        throw error;
      }
    },
  });
}

function failure(name: string, message: string): CqlException {
  return new CqlException({
    code: 'FUNCTION_FAILURE',
    message,
    keyspace: 'system',
    function: name,
    argumentTypes: ['text'],
  });
}
