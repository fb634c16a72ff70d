// Dynamic data masking: what readers without UNMASK see. Test: test/functions/masking.test.ts.
// Cassandra: cql3/functions/masking/*.

import { createHash } from 'node:crypto';
import { assert } from '../../base/assert.ts';
import { codecFor } from '../../data/codec/codec.ts';
import type { CqlType } from '../../data/cql-type.ts';
import { NATIVE } from '../../data/cql-type.ts';
import { invalid } from '../../data/cql-error.ts';
import type { FunctionFactory } from './function-factory.ts';
import { anyType, factory, fixedType, optional, sameAs, stringType } from './function-factory.ts';
import type { ScalarFunction } from './function.ts';
import { argument, scalar } from './native-function.ts';

const { int, text, blob } = NATIVE;

export function maskingFactories(): FunctionFactory[] {
  const partial = [stringType(), fixedType('int'), fixedType('int'), optional(fixedType('text'))];
  return [
    factory('mask_default', [anyType(false)], ([type]) => maskDefault(known(type))),
    factory('mask_null', [anyType(false)], ([type]) => maskNull(known(type))),
    factory('mask_replace', [anyType(true), sameAs(0, true, anyType(true))], ([type]) =>
      maskReplace(known(type)),
    ),
    factory('mask_hash', [anyType(false), optional(fixedType('text'))], ([type, algorithm]) =>
      maskHash(known(type), algorithm !== undefined),
    ),
    factory('mask_inner', partial, (types) =>
      maskPart('mask_inner', known(types[0]), types.length === 4),
    ),
    factory('mask_outer', partial, (types) =>
      maskPart('mask_outer', known(types[0]), types.length === 4),
    ),
  ];
}

function known(type: CqlType | undefined): CqlType {
  assert(type !== undefined, 'a factory builds with all of its argument types');
  return type;
}

/** A fixed value of the type, also for null. */
function maskDefault(type: CqlType): ScalarFunction {
  const masked = codecFor(type).maskedValue();
  return scalar({ name: 'mask_default', args: [type], returns: type, run: () => masked });
}

function maskNull(type: CqlType): ScalarFunction {
  return scalar({ name: 'mask_null', args: [type], returns: type, run: () => null });
}

function maskReplace(type: CqlType): ScalarFunction {
  return scalar({
    name: 'mask_replace',
    args: [type, type],
    returns: type,
    run: ([, value]) => value ?? null,
  });
}

/** Java's names of digests (any case) and the names they have here. */
const DIGESTS: Readonly<Record<string, string>> = {
  MD5: 'md5',
  SHA: 'sha1',
  SHA1: 'sha1',
  'SHA-1': 'sha1',
  'SHA-224': 'sha224',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
  'SHA-512/224': 'sha512-224',
  'SHA-512/256': 'sha512-256',
  'SHA3-224': 'sha3-224',
  'SHA3-256': 'sha3-256',
  'SHA3-384': 'sha3-384',
  'SHA3-512': 'sha3-512',
};

function maskHash(type: CqlType, hasAlgorithm: boolean): ScalarFunction {
  return scalar({
    name: 'mask_hash',
    args: hasAlgorithm ? [type, text] : [type],
    returns: blob,
    run: ([value, algorithm]) => {
      const name = algorithm?.toString('utf8') ?? 'SHA-256';
      const digest = DIGESTS[name.toUpperCase()];
      if (digest === undefined) throw invalid(`Hash algorithm not found: ${name}`);
      if (value === null || value === undefined) return null;
      return createHash(digest).update(value).digest();
    },
  });
}

/**
 * Hides the inside (or the outside) of a text; `begin` and `end` count characters from its ends.
 */
function maskPart(
  name: 'mask_inner' | 'mask_outer',
  type: CqlType,
  hasPadding: boolean,
): ScalarFunction {
  return scalar({
    name,
    args: hasPadding ? [type, int, int, text] : [type, int, int],
    returns: type,
    run: (args) => {
      const padding = paddingOf(name, hasPadding ? (args[3] ?? null) : null);
      const value = args[0] ?? null;
      if (value === null) return null;
      const begin = argument(args, 1, int)?.readInt32BE(0) ?? 0;
      const end = argument(args, 2, int)?.readInt32BE(0) ?? 0;
      const source = value.toString('utf8');
      const last = source.length - 1 - end;
      let masked = '';
      for (let i = 0; i < source.length; i++) {
        const inside = i >= begin && i <= last;
        masked += inside === (name === 'mask_inner') ? padding : (source[i] as string);
      }
      return Buffer.from(masked, 'utf8');
    },
  });
}

function paddingOf(name: string, bytes: Buffer | null): string {
  if (bytes === null) return '*';
  const padding = bytes.toString('utf8');
  if (padding.length !== 1) {
    throw invalid(
      `The padding argument for function system.${name} should be single-character, but '${padding}' has ${padding.length} characters.`,
    );
  }
  return padding;
}
