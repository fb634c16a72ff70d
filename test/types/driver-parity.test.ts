// Values written by the unmodified driver pass our validation, read as the same values, and ours
// read the same in the driver; orders agree with naive ones.

import { createRequire } from 'node:module';
import cassandra from 'cassandra-driver';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decimal } from '../../src/data/big-number.ts';
import {
  decimalBytes,
  decimalFromBytes,
  decimalText,
  varintBytes,
  varintFromBytes,
} from '../../src/data/big-number.ts';
import { codecFor } from '../../src/data/codec/codec.ts';
import { packTuple, unpackList, unpackMap } from '../../src/data/codec/packing.ts';
import type { CqlType, NativeTypeName } from '../../src/data/cql-type.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { durationBytes, durationFromBytes, durationText } from '../../src/data/duration.ts';
import { listOf, mapOf, setOf, tupleOf } from '../../src/data/type-names.ts';

const { types } = cassandra;
const { dataTypes } = types;

interface Encoder {
  encode(value: unknown, type: unknown): Buffer;
  decode(bytes: Buffer, type: unknown): unknown;
}
/** The driver's own codec, which it does not export by name. */
const DriverEncoder = createRequire(import.meta.url)('cassandra-driver/lib/encoder') as new (
  version: number,
  options: object,
) => Encoder;
const driver = new DriverEncoder(5, {});

const text = (name: NativeTypeName, bytes: Buffer): string => codecFor(NATIVE[name]).toText(bytes);

/** What the driver writes is valid for us and we print it as expected. */
function written(name: NativeTypeName, value: unknown, code: number, expected: string): Buffer {
  const bytes = driver.encode(value, { code });
  codecFor(NATIVE[name]).validate(bytes);
  expect(text(name, bytes)).toBe(expected);
  return bytes;
}

describe('the driver and we agree', () => {
  test('int, smallint, tinyint', () => {
    const cases = [
      ['int', dataTypes.int, 31],
      ['smallint', dataTypes.smallint, 15],
      ['tinyint', dataTypes.tinyint, 7],
    ] as const;
    for (const [name, code, bits] of cases) {
      fc.assert(
        fc.property(fc.integer({ min: -(2 ** bits), max: 2 ** bits - 1 }), (value) => {
          const bytes = written(name, value, code, String(value));
          expect(codecFor(NATIVE[name]).fromString(String(value), 0)).toEqual(bytes);
        }),
      );
    }
  });

  test('bigint', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const bytes = written(
          'bigint',
          types.Long.fromString(value.toString()),
          dataTypes.bigint,
          value.toString(),
        );
        expect(
          String(
            driver.decode(codecFor(NATIVE.bigint).fromString(value.toString(), 0), {
              code: dataTypes.bigint,
            }),
          ),
        ).toBe(value.toString());
        expect(bytes.length).toBe(8);
      }),
    );
  });

  test('varint and decimal', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.integer({ min: -50, max: 50 }), (unscaled, scale) => {
        const bytes = written(
          'varint',
          types.Integer.fromString(unscaled.toString()),
          dataTypes.varint,
          unscaled.toString(),
        );
        expect(varintFromBytes(bytes)).toBe(unscaled);
        expect(String(driver.decode(varintBytes(unscaled), { code: dataTypes.varint }))).toBe(
          unscaled.toString(),
        );
        const value: Decimal = { unscaled, scale };
        const big = driver.decode(decimalBytes(value), { code: dataTypes.decimal });
        expect(decimalFromBytes(driver.encode(big, { code: dataTypes.decimal }))).toEqual(value);
      }),
    );
  });

  test('float and double', () => {
    fc.assert(
      fc.property(fc.double(), fc.float(), (double, float) => {
        const eight = driver.encode(double, { code: dataTypes.double });
        const four = driver.encode(float, { code: dataTypes.float });
        expect(Number(text('double', eight))).toBe(double);
        expect(Math.fround(Number(text('float', four)))).toBe(float);
        expect(
          driver.decode(codecFor(NATIVE.double).fromString(text('double', eight), 0), {
            code: dataTypes.double,
          }),
        ).toBe(double);
      }),
    );
  });

  test('text, ascii, blob, boolean, uuid, inet', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        written('text', value, dataTypes.text, value.replaceAll("'", "''"));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (value) => {
        written(
          'blob',
          Buffer.from(value),
          dataTypes.blob,
          `0x${Buffer.from(value).toString('hex')}`,
        );
      }),
    );
    for (const value of [true, false]) written('boolean', value, dataTypes.boolean, String(value));
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.ipV4(),
        fc.ipV6().filter((address) => !address.includes('.')),
        (uuid, four, six) => {
          written('uuid', types.Uuid.fromString(uuid), dataTypes.uuid, uuid);
          const v4 = written('inet', types.InetAddress.fromString(four), dataTypes.inet, four);
          expect(codecFor(NATIVE.inet).fromString(four, 0)).toEqual(v4);
          const v6 = driver.encode(types.InetAddress.fromString(six), { code: dataTypes.inet });
          const ours = codecFor(NATIVE.inet).fromString(six, 0);
          expect(codecFor(NATIVE.inet).toText(ours)).toBe(text('inet', v6));
        },
      ),
    );
  });

  test('date, time, timestamp', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (value) => {
          const iso = value.toISOString();
          written('timestamp', value, dataTypes.timestamp, iso);
          written('date', types.LocalDate.fromDate(value), dataTypes.date, iso.slice(0, 10));
          expect(codecFor(NATIVE.timestamp).fromString(iso, 0)).toEqual(
            driver.encode(value, { code: dataTypes.timestamp }),
          );
        },
      ),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 86_399_999_999_999n }), (nanos) => {
        const value = new types.LocalTime(types.Long.fromString(nanos.toString()));
        const bytes = driver.encode(value, { code: dataTypes.time });
        expect(codecFor(NATIVE.time).fromString(value.toString(), 0)).toEqual(bytes);
        expect(codecFor(NATIVE.time).fromString(text('time', bytes), 0)).toEqual(bytes);
      }),
    );
  });

  test('duration', () => {
    const part = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
    fc.assert(
      fc.property(
        fc.boolean(),
        part(2 ** 31 - 1),
        part(2 ** 31 - 1),
        fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
        (minus, m, d, n) => {
          const sign = minus ? -1 : 1;
          const nanoseconds = n * BigInt(sign);
          const value = { months: m * sign + 0, days: d * sign + 0, nanoseconds };
          const theirs = new types.Duration(
            value.months,
            value.days,
            types.Long.fromString(nanoseconds.toString()),
          );
          const bytes = driver.encode(theirs, { code: dataTypes.duration });
          expect(durationBytes(value).toString('hex')).toBe(bytes.toString('hex'));
          expect(durationFromBytes(bytes)).toEqual(value);
          // The driver rounds large numbers of months when it prints, so it only reads here.
          const zero = durationText(value) === '';
          if (!zero)
            expect(types.Duration.fromString(durationText(value)).equals(theirs)).toBe(true);
          codecFor(NATIVE.duration).validate(bytes);
        },
      ),
    );
  });

  test('list, set, map, tuple', () => {
    const int = { code: dataTypes.int };
    const varchar = { code: dataTypes.varchar };
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1 }),
        fc.dictionary(fc.string(), fc.integer({ min: 0, max: 9 }), {
          minKeys: 1,
          noNullPrototype: true,
        }),
        (values, map) => {
          const list = driver.encode(values, { code: dataTypes.list, info: int });
          codecFor(listOf(NATIVE.int)).validate(list);
          codecFor(setOf(NATIVE.int)).validate(list);
          expect(unpackList(list).map((element) => element?.readInt32BE(0))).toEqual(values);
          const packed = driver.encode(map, { code: dataTypes.map, info: [varchar, int] });
          codecFor(mapOf(NATIVE.text, NATIVE.int)).validate(packed);
          expect(
            unpackMap(packed)
              .filter((_, i) => i % 2 === 0)
              .map(String),
          ).toEqual(Object.keys(map));
        },
      ),
    );
    const tuple = types.Tuple.fromArray([1, null]);
    const bytes = driver.encode(tuple, { code: dataTypes.tuple, info: [int, varchar] });
    codecFor(tupleOf([NATIVE.int, NATIVE.text])).validate(bytes);
    expect(bytes).toEqual(packTuple([Buffer.of(0, 0, 0, 1), null]));
  });
});

describe('orders against naive ones', () => {
  const ordered = <T>(
    type: CqlType,
    values: fc.Arbitrary<T>,
    encode: (value: T) => Buffer,
    naive: (a: T, b: T) => number,
  ): void => {
    const { compare } = codecFor(type);
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(Math.sign(compare(encode(a), encode(b)))).toBe(Math.sign(naive(a, b)));
      }),
      { numRuns: 300 },
    );
  };
  const byValue = <T extends number | bigint>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

  test('varint', () => {
    const near = fc.oneof(fc.bigInt(), fc.bigInt({ min: -70_000n, max: 70_000n }));
    ordered(NATIVE.varint, near, varintBytes, byValue);
    // Superfluous sign bytes do not count.
    expect(codecFor(NATIVE.varint).compare(Buffer.of(0, 0, 5), Buffer.of(5))).toBe(0);
    expect(codecFor(NATIVE.varint).compare(Buffer.of(0xff, 0xff, 0x80), Buffer.of(0x80))).toBe(0);
  });

  test('decimal', () => {
    const decimals = fc.tuple(
      fc.bigInt({ min: -10_000n, max: 10_000n }),
      fc.integer({ min: -3, max: 5 }),
    );
    const naive = ([a, x]: [bigint, number], [b, y]: [bigint, number]): number =>
      byValue(a * 10n ** BigInt(5 - x), b * 10n ** BigInt(5 - y));
    ordered(
      NATIVE.decimal,
      decimals,
      ([unscaled, scale]) => decimalBytes({ unscaled, scale }),
      naive,
    );
    const far = [
      decimalBytes({ unscaled: 1n, scale: -2_147_483_648 }),
      decimalBytes({ unscaled: -1n, scale: 2_147_483_647 }),
    ] as const;
    expect(codecFor(NATIVE.decimal).compare(far[0], far[1])).toBe(1);
  });

  test('int and text', () => {
    ordered(
      NATIVE.int,
      fc.integer(),
      (value) => codecFor(NATIVE.int).fromString(String(value), 0),
      byValue,
    );
    const words = fc
      .array(fc.integer({ min: 0, max: 3 }), { maxLength: 40 })
      .map((units) => Buffer.from(units));
    ordered(NATIVE.text, words, (value) => value, Buffer.compare);
  });

  test('decimal text reads back', () => {
    fc.assert(
      fc.property(
        fc.bigInt(),
        fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }),
        (unscaled, scale) => {
          const bytes = decimalBytes({ unscaled, scale });
          expect(codecFor(NATIVE.decimal).fromString(decimalText({ unscaled, scale }), 0)).toEqual(
            bytes,
          );
        },
      ),
    );
  });
});
