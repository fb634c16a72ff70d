// int_as_blob(x), blob_as_int(x) and so on for every native type, under both names; uuid(). Test:
// test/functions/native-functions.test.ts. Cassandra: cql3/functions/BytesConversionFcts.java,
// UuidFcts.java.

import { codecFor } from '../../data/codec/codec.ts';
import { MarshalException } from '../../data/codec/marshal-exception.ts';
import type { NativeType } from '../../data/cql-type.ts';
import { NATIVE, NATIVE_TYPE_NAMES } from '../../data/cql-type.ts';
import { invalid } from '../../data/cql-error.ts';
import { randomUuid } from '../../data/uuid.ts';
import type { ScalarFunction } from './function.ts';
import { scalar, withLegacyName } from './native-function.ts';

export function blobFunctions(): ScalarFunction[] {
  const named: [string, NativeType][] = NATIVE_TYPE_NAMES.filter((name) => name !== 'blob').map(
    (name) => [name, NATIVE[name]],
  );
  named.push(['varchar', NATIVE.text]);
  return named.flatMap(([name, type]) => [
    ...withLegacyName((given) => toBlob(given, type), `${name}_as_blob`, `${name}asblob`),
    ...withLegacyName((given) => fromBlob(given, name, type), `blob_as_${name}`, `blobas${name}`),
  ]);
}

function toBlob(name: string, type: NativeType): ScalarFunction {
  return scalar({ name, args: [type], returns: NATIVE.blob, run: ([value]) => value ?? null });
}

function fromBlob(name: string, shownType: string, type: NativeType): ScalarFunction {
  return scalar({
    name,
    args: [NATIVE.blob],
    returns: type,
    run: ([value]) => {
      if (value === null || value === undefined) return null;
      try {
        codecFor(type).validate(value);
      } catch (error) {
        if (!(error instanceof MarshalException)) throw error;
        throw invalid(
          `In call to function system.${name}, value 0x${value.toString('hex')} is not a valid binary representation for type ${shownType}`,
        );
      }
      return value;
    },
  });
}

export function uuidFunctions(): ScalarFunction[] {
  return [
    scalar({
      name: 'uuid',
      args: [],
      returns: NATIVE.uuid,
      // Cassandra calls it pure by omission; it is not computed ahead there either, having no
      // arguments.
      isPure: false,
      run: (_, context) => randomUuid(context.randomBytes(16)),
    }),
  ];
}
