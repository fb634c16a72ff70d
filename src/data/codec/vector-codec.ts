// Vectors: elements of a fixed length side by side, others each behind a vint length; never a null,
// never empty. Test: test/types/recorded.test.ts. Cassandra: db/marshal/VectorType.java.

import type { VectorType } from '../cql-type.ts';
import { typeName } from '../type-names.ts';
import { readUnsignedVint32, unsignedVintSize, writeUnsignedVint } from '../vint.ts';
import type { Codec } from './codec-interface.ts';
import { compareBytes } from './comparators.ts';
import { marshalError } from './marshal-exception.ts';
import { hexBytes } from './native-codecs.ts';

export function vectorCodec(type: VectorType, element: Codec): Codec {
  const { dimension } = type;
  const fixed = element.fixedLength;
  const literal = (bytes: Buffer): string =>
    `[${unpackVector(bytes, dimension, fixed)
      .map((value) => element.toCqlLiteral(value))
      .join(', ')}]`;
  return {
    type,
    validate: (bytes) => validateVector(bytes, type, element),
    compare: (a, b) => compareVectors(a, b, dimension, element),
    fixedLength: fixed < 0 ? -1 : fixed * dimension,
    allowsEmpty: false,
    isEmptyMeaningless: false,
    toCqlLiteral: (bytes) => (bytes === null ? 'null' : literal(bytes)),
    toText: literal,
    fromString: hexBytes,
    maskedValue: () =>
      packVector(
        Array.from({ length: dimension }, () => element.maskedValue()),
        fixed,
      ),
  };
}

/**
 * Packs elements; `fixedLength` is the element codec's. The caller has checked their number and
 * that none is null.
 */
export function packVector(elements: readonly Buffer[], fixedLength: number): Buffer {
  if (fixedLength >= 0) return Buffer.concat(elements);
  const bytes = Buffer.allocUnsafe(
    elements.reduce((sum, e) => sum + unsignedVintSize(e.length) + e.length, 0),
  );
  let at = 0;
  for (const element of elements) {
    at += writeUnsignedVint(bytes, element.length, at);
    at += element.copy(bytes, at);
  }
  return bytes;
}

/** The elements as slices. Throws MarshalException when the bytes end early or go on. */
export function unpackVector(bytes: Buffer, dimension: number, fixedLength: number): Buffer[] {
  const elements: Buffer[] = [];
  let at = 0;
  for (let i = 0; i < dimension; i++) {
    const length = fixedLength >= 0 ? fixedLength : readUnsignedVint32(bytes, at);
    if (fixedLength < 0) at += Math.max(0, unsignedVintSize(length));
    if (length < 0 || at + length > bytes.length)
      throw marshalError('Not enough bytes to read a vector');
    elements.push(bytes.subarray(at, at + length));
    at += length;
  }
  return elements;
}

function validateVector(bytes: Buffer, type: VectorType, element: Codec): void {
  if (bytes.length === 0) throw marshalError('Invalid empty vector value');
  const fixed = element.fixedLength;
  if (fixed >= 0 && bytes.length < fixed * type.dimension) throw notEnough(type);
  let at = 0;
  for (let i = 0; i < type.dimension; i++) {
    if (at >= bytes.length && fixed !== 0) throw notEnough(type);
    const length = fixed >= 0 ? fixed : readUnsignedVint32(bytes, at);
    if (fixed < 0) at += unsignedVintSize(length);
    if (length < 0 || at + length > bytes.length) throw notEnough(type);
    element.validate(bytes.subarray(at, at + length));
    at += length;
  }
  if (at < bytes.length) {
    throw marshalError(
      `Unexpected ${bytes.length - at} extraneous bytes after ${typeName(type)} value`,
    );
  }
}

function notEnough(type: VectorType): Error {
  return marshalError(`Not enough bytes to read a ${typeName(type)}`);
}

function compareVectors(a: Buffer, b: Buffer, dimension: number, element: Codec): number {
  const fixed = element.fixedLength;
  if (fixed >= 0 && element.compare === compareBytes) return compareBytes(a, b);
  let atA = 0;
  let atB = 0;
  for (let i = 0; i < dimension; i++) {
    const lengthA = fixed >= 0 ? fixed : readUnsignedVint32(a, atA);
    const lengthB = fixed >= 0 ? fixed : readUnsignedVint32(b, atB);
    if (fixed < 0) {
      atA += unsignedVintSize(lengthA);
      atB += unsignedVintSize(lengthB);
    }
    const order = element.compare(a.subarray(atA, atA + lengthA), b.subarray(atB, atB + lengthB));
    if (order !== 0) return order;
    atA += lengthA;
    atB += lengthB;
  }
  return 0;
}
