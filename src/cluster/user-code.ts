// Runs user-defined functions written in JavaScript: each in a context of its own without the machine's clock,
// randomness, modules or promises, bounded in time. Values go in and out as plain JavaScript values.

import * as vm from 'node:vm';
import type { CqlType } from '../data/cql-type.ts';
import { codecFor } from '../data/codec/codec.ts';
import type {
  CompiledUserFunction,
  CompileResult,
  UserCodeResult,
  UserCodeRunner,
  UserFunctionSource,
} from '../node/query/user-code.ts';

/** Milliseconds a call may take; Cassandra's user_defined_functions_fail_timeout is 1500 ms. */
const CALL_LIMIT_MS = 1_500;
const HIDDEN = [
  'Date',
  'Promise',
  'WebAssembly',
  'SharedArrayBuffer',
  'Atomics',
  'WeakRef',
  'FinalizationRegistry',
];

export function vmUserCode(): UserCodeRunner {
  return { compile };
}

function compile(source: UserFunctionSource): CompileResult {
  if (source.language !== 'javascript') {
    return {
      ok: false,
      message: `User-defined functions in ${source.language} are not supported here; write them in javascript`,
    };
  }
  const names = source.argumentNames.join(', ');
  try {
    const context = vm.createContext(Object.create(null) as object, {
      codeGeneration: { strings: false, wasm: false },
      microtaskMode: 'afterEvaluate',
    });
    vm.runInContext(
      `'use strict'; ${HIDDEN.map((name) => `delete globalThis.${name};`).join(' ')} delete Math.random;`,
      context,
    );
    vm.runInContext(
      `globalThis.fn = function (${names}) { 'use strict'; ${source.body} };`,
      context,
      { timeout: CALL_LIMIT_MS },
    );
    const call = new vm.Script('globalThis.result = fn(...globalThis.args)');
    return { ok: true, function: compiled(source, context, call) };
  } catch (error) {
    return {
      ok: false,
      message: `Failed to compile function '${source.keyspace}.${source.name}': ${textOf(error)}`,
    };
  }
}

function compiled(
  source: UserFunctionSource,
  context: vm.Context,
  script: vm.Script,
): CompiledUserFunction {
  return {
    call(args): UserCodeResult {
      try {
        context['args'] = args.map((bytes, at) =>
          bytes === null ? null : toValue(source.argumentTypes[at] as CqlType, bytes),
        );
        script.runInContext(context, { timeout: CALL_LIMIT_MS });
        const result: unknown = context['result'];
        return {
          ok: true,
          value:
            result === null || result === undefined ? null : toBytes(source.returnType, result),
        };
      } catch (error) {
        return { ok: false, message: textOf(error) };
      }
    },
  };
}

/** Integers of up to 32 bits and floats are numbers, wider ones bigints, everything else its CQL text. */
function toValue(type: CqlType, bytes: Buffer): unknown {
  const text = codecFor(type).toText(bytes);
  if (type.kind !== 'native') return text;
  switch (type.name) {
    case 'int':
    case 'smallint':
    case 'tinyint':
    case 'float':
    case 'double':
      return Number(text);
    case 'bigint':
    case 'counter':
    case 'varint':
      return BigInt(text);
    case 'boolean':
      return text === 'true';
    default:
      return text;
  }
}

function toBytes(type: CqlType, value: unknown): Buffer {
  return codecFor(type).fromString(String(value), 0);
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
