// What resolution asks of an argument before it has a value: does it fit a type, which type does it
// have by itself, how do errors print it. Literals and selectors build theirs in statement
// preparation; the simple ones are here. Cassandra: cql3/AssignmentTestable.java.

import type { Constant } from '../../data/constant.ts';
import { constantAssignment, constantText, preferredType } from '../../data/constant.ts';
import type { CqlType } from '../../data/cql-type.ts';
import type { Assignment } from '../../data/type-compatibility.ts';
import { typeAssignment } from '../../data/type-compatibility.ts';

export interface FunctionArgument {
  /** How error texts print it: `'a'`, `v`, `[1, 2]`, `?`. */
  readonly text: string;
  /** A bind marker without a type hint. */
  readonly isMarker: boolean;
  /** Elements of a `[a, b]` in a selection: a vector parameter takes its dimension from there. */
  readonly arrayLiteralSize: number | null;
  /** A column in descending order: functions of collections and vectors do not know its type. Absent: false. */
  readonly isReversed?: boolean;
  /** Whether a receiver of the type takes it. */
  assignmentTo(receiver: CqlType): Assignment;
  /**
   * The type it has, or the one it prefers; null when only a receiver can tell (markers, null,
   * collections).
   */
  compatibleType(): CqlType | null;
}

/** A column, a call, a cast, a typed literal. */
export function typedArgument(type: CqlType, text: string): FunctionArgument {
  return {
    text,
    isMarker: false,
    arrayLiteralSize: null,
    assignmentTo: (receiver) => typeAssignment(type, receiver),
    compatibleType: () => type,
  };
}

export function constantArgument(constant: Constant): FunctionArgument {
  return {
    text: constantText(constant),
    isMarker: false,
    arrayLiteralSize: null,
    assignmentTo: (receiver) => constantAssignment(constant, receiver),
    compatibleType: () => preferredType(constant),
  };
}

export function markerArgument(text = '?'): FunctionArgument {
  return {
    text,
    isMarker: true,
    arrayLiteralSize: null,
    assignmentTo: () => 'weak',
    compatibleType: () => null,
  };
}

export function nullArgument(): FunctionArgument {
  return {
    text: 'NULL',
    isMarker: false,
    arrayLiteralSize: null,
    assignmentTo: (receiver) =>
      receiver.kind === 'native' && receiver.name === 'counter' ? 'no' : 'weak',
    compatibleType: () => null,
  };
}
