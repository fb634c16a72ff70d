// to_json and from_json under both names. Test: test/functions/factories.test.ts.
// Cassandra: cql3/functions/ToJsonFct.java, FromJsonFct.java.

import { assert } from '../../base/assert.ts';
import { MarshalException } from '../../data/codec/marshal-exception.ts';
import type { CqlType } from '../../data/cql-type.ts';
import { NATIVE } from '../../data/cql-type.ts';
import { CqlException, invalid } from '../../data/cql-error.ts';
import { JsonParseError, parseJson } from '../../data/json-parser.ts';
import { fromJson } from '../../data/json-decode.ts';
import { nullableToJson } from '../../data/json.ts';
import type { FunctionFactory } from './function-factory.ts';
import { anyType, factory, fixedType } from './function-factory.ts';
import type { ScalarFunction } from './function.ts';
import { argument, scalar } from './native-function.ts';

export function jsonFactories(): FunctionFactory[] {
  return [
    factory('to_json', [anyType(false)], ([type]) => toJsonFunction('to_json', type)),
    // Cassandra keeps one function a type, named as it was first asked for: of the native types that is to_json.
    factory('tojson', [anyType(false)], ([type]) =>
      toJsonFunction(type?.kind === 'native' ? 'to_json' : 'tojson', type),
    ),
    factory('from_json', [fixedType('text')], (_, receiver) =>
      fromJsonFunction('from_json', receiver),
    ),
    factory('fromjson', [fixedType('text')], (_, receiver) =>
      fromJsonFunction('fromjson', receiver),
    ),
  ];
}

function toJsonFunction(name: string, type: CqlType | undefined): ScalarFunction {
  assert(type !== undefined, 'to_json has one argument');
  return scalar({
    name,
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
