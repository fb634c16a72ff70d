// What every type can do with the bytes of its values. Made once a type by codecFor (codec.ts), so
// that the hot path finds validation and order ready. Cassandra: db/marshal/AbstractType,
// serializers/TypeSerializer.

import type { CqlType } from '../cql-type.ts';

export interface Codec {
  readonly type: CqlType;
  /** Throws MarshalException (an INVALID CqlException) with Cassandra's text. */
  validate(bytes: Buffer): void;
  /** The order of values; negative, zero or positive. Both values are valid. */
  compare(a: Buffer, b: Buffer): number;
  /**
   * Bytes of every non-empty value when that is fixed (vectors store such elements bare), else -1.
   */
  readonly fixedLength: number;
  /** Zero bytes pass validation. */
  readonly allowsEmpty: boolean;
  /** Zero bytes stand for no value: functions see null, min and max skip nothing. */
  readonly isEmptyMeaningless: boolean;
  /** The value as CREATE, DESCRIBE and logs write it; null is `null`. */
  toCqlLiteral(bytes: Buffer | null): string;
  /** The value as CAST(x AS text) gives it: a literal without quotes around it. */
  toText(bytes: Buffer): string;
  /**
   * The value a string literal (or a JSON string) stands for. `nowMs` is what the timestamp 'now'
   * means.
   */
  fromString(text: string, nowMs: number): Buffer;
  /** What mask_default shows. */
  maskedValue(): Buffer;
}

export const EMPTY = Buffer.alloc(0);
