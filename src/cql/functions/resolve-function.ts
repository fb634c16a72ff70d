// Which function a call means: candidates by name, then an exact match before an assignable one,
// and errors that list the signatures. Test: test/functions/resolve.test.ts. Cassandra:
// cql3/functions/FunctionResolver.java.

import type { CqlType } from '../../data/cql-type.ts';
import { invalid } from '../../data/cql-error.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { Assignment } from '../../data/type-compatibility.ts';
import { typeAssignment } from '../../data/type-compatibility.ts';
import { typeName, typesEqual } from '../../data/type-names.ts';
import type { FunctionArgument } from './function-argument.ts';
import type { CqlFunction } from './function.ts';
import { functionName, signatureText } from './function.ts';
import { NATIVE_FACTORIES, NATIVE_FUNCTIONS } from './native-functions.ts';
import { NEGATION_FUNCTION, operatorOf } from './operators.ts';

export interface FunctionCall {
  /** Null: native functions and those of `currentKeyspace`. */
  readonly keyspace: string | null;
  readonly name: string;
  readonly args: readonly FunctionArgument[];
  readonly currentKeyspace: string;
  /** The type of what the result is assigned to, when known (not in selections). */
  readonly receiverType: CqlType | null;
  /** It is assigned to a column in descending order, whose type equals no other. Absent: false. */
  readonly isReversed?: boolean;
  /** The table the statement is about: token() takes its arguments from there. */
  readonly table: TableMetadata | null;
  /** See CallSite. */
  readonly firstNames?: Map<string, string> | undefined;
  /** User-defined functions and aggregates of a keyspace with the name, ready to be called. */
  readonly userFunctions: (keyspace: string, name: string) => readonly CqlFunction[];
}

/**
 * Null when no function has the name (callers have their own texts for that). Throws INVALID when
 * none fits.
 */
export function resolveFunction(call: FunctionCall): CqlFunction | null {
  const candidates = collectCandidates(call);
  const [only] = candidates;
  if (only === undefined) return null;
  if (candidates.length === 1) {
    checkArguments(only, call.args);
    return only;
  }
  return pickBestMatch(call, candidates);
}

function collectCandidates(call: FunctionCall): CqlFunction[] {
  const { keyspace, name, args, receiverType, table, firstNames } = call;
  const site = { receiverType, table, ...(firstNames === undefined ? {} : { firstNames }) };
  const user = call.userFunctions(keyspace ?? call.currentKeyspace, name);
  if (keyspace !== null && keyspace !== 'system') return [...user];
  const made = (NATIVE_FACTORIES.get(name) ?? []).map((factory) => factory.make(args, site));
  return [...user, ...(NATIVE_FUNCTIONS.get(name) ?? []), ...made];
}

function checkArguments(candidate: CqlFunction, args: readonly FunctionArgument[]): void {
  const wanted = candidate.argumentTypes;
  const name = functionName(candidate);
  if (wanted.length !== args.length) {
    throw invalid(
      `Invalid number of arguments in call to function ${name}: ${wanted.length} required but ${args.length} provided`,
    );
  }
  args.forEach((arg, i) => {
    const type = wanted[i] as CqlType;
    if (arg.assignmentTo(type) === 'no') {
      throw invalid(
        `Type error: ${arg.text} cannot be passed as argument ${i} of function ${name} of type ${typeName(type)}`,
      );
    }
  });
}

function pickBestMatch(call: FunctionCall, candidates: readonly CqlFunction[]): CqlFunction {
  const { args, receiverType } = call;
  const compatible: CqlFunction[] = [];
  for (const candidate of candidates) {
    if (receiverType !== null && typeAssignment(candidate.returnType, receiverType) === 'no')
      continue;
    const match = matchArguments(candidate, args);
    if (match === 'exact') return candidate;
    if (match === 'weak') compatible.push(candidate);
  }
  const [first] = compatible;
  if (first === undefined) throw noMatch(call, candidates);
  return compatible.length === 1 ? first : disambiguate(call, compatible);
}

function matchArguments(candidate: CqlFunction, args: readonly FunctionArgument[]): Assignment {
  if (candidate.argumentTypes.length !== args.length) return 'no';
  let match: Assignment = 'exact';
  for (const [i, arg] of args.entries()) {
    const assignment = arg.assignmentTo(candidate.argumentTypes[i] as CqlType);
    if (assignment === 'no') return 'no';
    if (assignment === 'weak') match = 'weak';
  }
  return match;
}

function noMatch(call: FunctionCall, candidates: readonly CqlFunction[]): Error {
  const operator = operatorOf(call.keyspace, call.name);
  const [left, right] = call.args;
  if (operator !== null) {
    return invalid(
      `the '${operator}' operation is not supported between ${left?.text ?? ''} and ${right?.text ?? ''}`,
    );
  }
  return invalid(
    `Invalid call to function ${calledName(call)}, none of its type signatures match (known type signatures: ${list(candidates)})`,
  );
}

function disambiguate(call: FunctionCall, compatible: readonly CqlFunction[]): CqlFunction {
  const { receiverType, args } = call;
  const operator = operatorOf(call.keyspace, call.name);
  if (operator !== null) {
    const sameTypes =
      receiverType !== null && call.isReversed !== true && !args.some((arg) => arg.isMarker)
        ? compatible.find(({ argumentTypes }) =>
            argumentTypes.every((type) => typesEqual(type, receiverType)),
          )
        : undefined;
    if (sameTypes !== undefined) return sameTypes;
    throw invalid(
      `Ambiguous '${operator}' operation with args ${args[0]?.text ?? ''} and ${args[1]?.text ?? ''}: use type hint to disambiguate, example '(int) ?'`,
    );
  }
  if (call.keyspace === 'system' && call.name === NEGATION_FUNCTION) {
    throw invalid('Ambiguous negation: use type casts to disambiguate');
  }
  throw invalid(
    `Ambiguous call to function ${calledName(call)} (can be matched by following signatures: ${list(compatible)}): use type casts to disambiguate`,
  );
}

/** The name as called: without a keyspace when none was written. */
function calledName({ keyspace, name }: FunctionCall): string {
  return keyspace === null ? name : `${keyspace}.${name}`;
}

function list(functions: readonly CqlFunction[]): string {
  return functions.map(signatureText).join(', ');
}
