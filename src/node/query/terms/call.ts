// Function calls, operators and casts inside terms: which function is meant, and its prepared arguments.
// Cassandra: cql3/functions/FunctionCall.Raw, FunctionResolver.makeArgSpec.

import type { CallTerm, CastTerm, NegationTerm, OperationTerm, Term } from '../../../cql/ast.ts';
import { castFunctionName } from '../../../cql/functions/cast-functions.ts';
import type { FunctionArgument } from '../../../cql/functions/function-argument.ts';
import type { CqlFunction } from '../../../cql/functions/function.ts';
import { functionName } from '../../../cql/functions/function.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import { NATIVE_FACTORIES } from '../../../cql/functions/native-functions.ts';
import {
  NEGATION_FUNCTION,
  OPERATOR_FUNCTIONS,
  operatorOf,
} from '../../../cql/functions/operators.ts';
import { resolveFunction } from '../../../cql/functions/resolve-function.ts';
import { printTerm } from '../../../cql/print.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { CqlException, invalid } from '../../../data/cql-error.ts';
import type { Assignment } from '../../../data/type-compatibility.ts';
import { isValueCompatible } from '../../../data/type-compatibility.ts';
import { typeName, typesEqual } from '../../../data/type-names.ts';
import { compatibleTypeOf, termAssignment } from './assignment.ts';
import { prepareTerm } from './prepare-term.ts';
import type { Receiver } from './receiver.ts';
import type { PreparedTerm } from './term.ts';
import type { TermScope } from './term-scope.ts';

type CallLikeTerm = CallTerm | OperationTerm | NegationTerm | CastTerm;

interface CallParts {
  readonly keyspace: string | null;
  readonly name: string;
  readonly args: readonly Term[];
}

function partsOf(term: CallLikeTerm): CallParts {
  switch (term.kind) {
    case 'call':
      return { keyspace: term.function.keyspace, name: term.function.name, args: term.args };
    case 'operation':
      return {
        keyspace: 'system',
        name: OPERATOR_FUNCTIONS[term.operator],
        args: [term.left, term.right],
      };
    case 'negation':
      return { keyspace: 'system', name: NEGATION_FUNCTION, args: [term.operand] };
    case 'cast':
      return { keyspace: 'system', name: castFunctionName(term.type), args: [term.term] };
  }
}

/** A term as overload resolution looks at it. */
export function termArgument(term: Term, scope: TermScope): FunctionArgument {
  return {
    text: printTerm(term),
    isMarker: term.kind === 'marker',
    arrayLiteralSize: null,
    assignmentTo: (type) => termAssignment(term, type, scope),
    compatibleType: () => compatibleTypeOf(term, scope),
  };
}

function resolve(
  term: CallLikeTerm,
  receiverType: CqlType | null,
  scope: TermScope,
  isReversed = false,
): CqlFunction | null {
  const { keyspace, name, args } = partsOf(term);
  return resolveFunction({
    keyspace,
    name,
    args: args.map((arg) => termArgument(arg, scope)),
    currentKeyspace: scope.keyspace,
    receiverType,
    isReversed,
    table: receiverType === null ? null : scope.table,
    firstNames: scope.firstNames,
    userFunctions: scope.userFunctions,
  });
}

/** Whether the result fits a receiver; 'weak' where resolution itself will complain. */
export function callAssignment(term: CallLikeTerm, type: CqlType, scope: TermScope): Assignment {
  let fn: CqlFunction | null;
  try {
    fn = resolve(term, type, scope);
  } catch (error) {
    if (error instanceof CqlException) return 'weak';
    throw error;
  }
  if (fn === null) return 'weak';
  if (fn.isNative && NATIVE_FACTORIES.has(fn.name)) return 'weak';
  return resultAssignment(fn, type);
}

const BY_TYPE = /^(?:min|max|mask_.*|blob_as_timeuuid|blobastimeuuid)$/;

/** Functions made for each type, and those of users, give an older class of timeuuids: no uuid to Cassandra. */
export function givesLegacyTimeUuid({ isNative, name, returnType }: CqlFunction): boolean {
  return returnType === NATIVE.timeuuid && (!isNative || BY_TYPE.test(name));
}

function resultAssignment(fn: CqlFunction, type: CqlType): Assignment {
  if (type === NATIVE.uuid && givesLegacyTimeUuid(fn)) return 'no';
  if (typesEqual(type, fn.returnType)) return 'exact';
  return isValueCompatible(type, fn.returnType) ? 'weak' : 'no';
}

/** The type of the call without a receiver's help. Throws INVALID when it is ambiguous. */
export function exactCallType(term: CallLikeTerm, scope: TermScope): CqlType | null {
  return resolve(term, null, scope)?.returnType ?? null;
}

/** The name of a function's parameter as bind markers and errors show it. */
function argumentReceiver(
  fn: CqlFunction,
  index: number,
  place: { readonly keyspace: string; readonly table: string },
): Receiver {
  return {
    keyspace: place.keyspace,
    table: place.table,
    name: `arg${index}(${functionName(fn).toLowerCase()})`,
    type: fn.argumentTypes[index] as CqlType,
  };
}

export function prepareCall(
  term: CallLikeTerm,
  receiver: Receiver,
  scope: TermScope,
): PreparedTerm {
  const { keyspace, name, args } = partsOf(term);
  const fn = resolve(term, receiver.type, scope, receiver.reversed);
  const called = keyspace === null ? name : `${keyspace}.${name}`;
  if (fn === null) throw invalid(`Unknown function ${called} called`);
  if (fn.kind === 'aggregate')
    throw invalid('Aggregation function are not supported in the where clause');
  if (resultAssignment(fn, receiver.type) === 'no') {
    const operator = operatorOf('system', fn.name);
    const what = operator === null ? `function ${functionName(fn)}` : `operation ${operator}`;
    throw invalid(
      `Type error: cannot assign result of ${what} (type ${typeName(fn.returnType)}) to ${receiver.name} ` +
        `(type ${typeName(receiver.type)})`,
    );
  }
  if (fn.argumentTypes.length !== args.length) {
    throw invalid(
      `Incorrect number of arguments specified for function ${functionName(fn)} ` +
        `(expected ${fn.argumentTypes.length}, found ${args.length})`,
    );
  }
  const prepared = args.map((arg, i) => prepareTerm(arg, argumentReceiver(fn, i, receiver), scope));
  return { kind: 'call', function: fn, args: prepared };
}
