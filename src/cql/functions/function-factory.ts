// Functions whose signature follows their arguments: max(any), map_keys(map),
// similarity_cosine(vector, vector) .. A factory checks the arguments against its parameters and
// makes the function. Test: test/functions/factories.test.ts. Cassandra:
// cql3/functions/FunctionFactory.java, FunctionParameter.java.

import type { CqlType, NativeTypeName } from '../../data/cql-type.ts';
import { NATIVE } from '../../data/cql-type.ts';
import { invalid } from '../../data/cql-error.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { typeAssignment } from '../../data/type-compatibility.ts';
import { typeName, vectorOf } from '../../data/type-names.ts';
import type { FunctionArgument } from './function-argument.ts';
import type { CqlFunction } from './function.ts';
import { NUMERIC_NAMES } from './numbers.ts';

/** Where a call stands: what the result is assigned to and which table it is about, when known. */
export interface CallSite {
  readonly receiverType: CqlType | null;
  readonly table: TableMetadata | null;
  /** Of functions with two names, by their argument: the name that was asked for first. Absent: nobody remembers. */
  readonly firstNames?: Map<string, string>;
}

export interface FunctionFactory {
  readonly name: string;
  /** `system.max(any)`. */
  readonly text: string;
  /** Throws INVALID when the arguments do not fit. */
  make(args: readonly FunctionArgument[], site: CallSite): CqlFunction;
}

/** One parameter of a factory. */
export interface Parameter {
  readonly text: string;
  readonly optional: boolean;
  /**
   * The type of the argument; `others` holds the types of all arguments as far as known, on the
   * second round.
   */
  infer(
    arg: FunctionArgument,
    receiver: CqlType | null,
    others: readonly (CqlType | null)[] | null,
  ): CqlType | null;
  /** Throws INVALID. */
  check(functionName: string, arg: FunctionArgument, type: CqlType): void;
}

export function factory(
  name: string,
  parameters: readonly Parameter[],
  build: (types: readonly CqlType[], receiver: CqlType | null, site: CallSite) => CqlFunction,
): FunctionFactory {
  const full = `system.${name}`;
  const text = `${full}(${parameters.map((p) => p.text).join(', ')})`;
  const mandatory = parameters.filter((p) => !p.optional).length;
  return {
    name,
    text,
    make: (args, site) => {
      const { receiverType } = site;
      if (args.length < mandatory || args.length > parameters.length) {
        throw invalid(`Invalid number of arguments for function ${text}`);
      }
      const pairs = args.map((arg, i) => [arg, parameters[i] as Parameter] as const);
      const types = pairs.map(([arg, parameter]) => parameter.infer(arg, receiverType, null));
      pairs.forEach(([arg, parameter], i) => {
        const type = parameter.infer(arg, receiverType, types);
        if (type === null) {
          throw invalid(
            `Cannot infer type of argument ${arg.text} in call to function ${text}: use type casts to disambiguate`,
          );
        }
        parameter.check(full, arg, type);
        types[i] = type;
      });
      return build(
        types.filter((type) => type !== null),
        receiverType,
        site,
      );
    },
  };
}

const byItself: Parameter['infer'] = (arg) => arg.compatibleType();

export function optional(parameter: Parameter): Parameter {
  return { ...parameter, text: `[${parameter.text}]`, optional: true };
}

export function anyType(fromReceiver: boolean): Parameter {
  return {
    text: 'any',
    optional: false,
    infer: (arg, receiver) => arg.compatibleType() ?? (fromReceiver ? receiver : null),
    check: () => {},
  };
}

/** One of some native types. Names are as in the text; varchar is text. */
export function fixedType(...names: readonly (NativeTypeName | 'varchar')[]): Parameter {
  const types = names.map((name) => NATIVE[name === 'varchar' ? 'text' : name]);
  const text = names.length === 1 ? (names[0] as string) : `[${names.join('|')}]`;
  return {
    text,
    optional: false,
    infer: (arg) => arg.compatibleType() ?? types[0] ?? null,
    check: (name, arg, type) => {
      if (types.every((t) => typeAssignment(type, t) === 'no')) {
        throw mismatch(name, `an argument of type ${text}`, arg, type);
      }
    },
  };
}

export function stringType(): Parameter {
  return fixedType('text', 'varchar', 'ascii');
}

/**
 * The type of the argument at `index`: before its own where `preferOther`, else only when it has
 * none.
 */
export function sameAs(index: number, preferOther: boolean, parameter: Parameter): Parameter {
  return {
    ...parameter,
    infer: (arg, receiver, others) => {
      const own = (): CqlType | null => parameter.infer(arg, receiver, others);
      const other = others?.[index] ?? null;
      return preferOther ? (other ?? own()) : (own() ?? other);
    },
  };
}

export function anyCollection(): Parameter {
  return kindParameter(
    'collection',
    'a collection argument',
    ({ kind }) => kind === 'list' || kind === 'set' || kind === 'map',
  );
}

export function setOrList(): Parameter {
  return kindParameter(
    'numeric_set_or_list',
    'a set or list argument',
    ({ kind }) => kind === 'list' || kind === 'set',
  );
}

function isNumeric(type: CqlType): boolean {
  return type.kind === 'native' && (NUMERIC_NAMES as readonly string[]).includes(type.name);
}

export function numericSetOrList(): Parameter {
  return kindParameter(
    'numeric_set_or_list',
    'a numeric set/list argument',
    (type) => (type.kind === 'list' || type.kind === 'set') && isNumeric(type.element),
  );
}

export function anyMap(): Parameter {
  return kindParameter('map', 'a map argument', ({ kind }) => kind === 'map' || kind === 'udt');
}

function kindParameter(
  text: string,
  wanted: string,
  accepts: (type: CqlType) => boolean,
): Parameter {
  return {
    text,
    optional: false,
    infer: byItself,
    check: (name, arg, type) => {
      if (arg.isReversed === true || !accepts(type)) throw mismatch(name, wanted, arg, type);
    },
  };
}

/** A vector of floats of any dimension. */
export function floatVector(): Parameter {
  return {
    text: 'vector<float, n>',
    optional: false,
    infer: (arg, receiver) =>
      arg.arrayLiteralSize === null
        ? (arg.compatibleType() ?? receiver)
        : vectorOf(NATIVE.float, arg.arrayLiteralSize),
    check: (name, arg, type) => {
      const isFloat =
        type.kind === 'vector' && type.element.kind === 'native' && type.element.name === 'float';
      // Cassandra lets a list pass whose elements are NOT floats, and then fails on the cast;
      // refuse it plainly.
      if (!isFloat) throw mismatch(name, 'a float vector argument', arg, type);
    },
  };
}

function mismatch(name: string, wanted: string, arg: FunctionArgument, type: CqlType): Error {
  return invalid(
    `Function ${name} requires ${wanted}, but found argument ${arg.text} of type ${typeName(type)}`,
  );
}
