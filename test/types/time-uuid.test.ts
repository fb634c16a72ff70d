// Version 1 UUIDs: their times, the bounds of a millisecond, and a generator that never repeats.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codecFor } from '../../src/data/codec/codec.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import {
  TimeUuidGenerator,
  maxTimeUuid,
  minTimeUuid,
  timeUuidUnixMs,
} from '../../src/data/time-uuid.ts';
import { parseUuid, randomUuid, uuidText } from '../../src/data/uuid.ts';

const { compare, validate } = codecFor(NATIVE.timeuuid);

test('a recorded one', () => {
  expect(uuidText(minTimeUuid(1_577_836_800_000n))).toBe('a747c000-2c29-11ea-8080-808080808080');
  expect(
    timeUuidUnixMs(parseUuid('50554d6e-29bb-11e5-b345-feff819cdc9f') ?? Buffer.alloc(16)),
  ).toBe(0x14e89dcb175n);
});

test('bounds enclose every timeuuid of their millisecond', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4e12 }),
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      (ms, random) => {
        const uuid = new TimeUuidGenerator(Buffer.from(random)).next(ms);
        validate(uuid);
        expect(timeUuidUnixMs(uuid)).toBe(BigInt(ms));
        expect(compare(minTimeUuid(BigInt(ms)), uuid)).toBeLessThanOrEqual(0);
        expect(compare(uuid, maxTimeUuid(BigInt(ms)))).toBeLessThanOrEqual(0);
        expect(compare(maxTimeUuid(BigInt(ms)), minTimeUuid(BigInt(ms) + 1n))).toBeLessThan(0);
      },
    ),
  );
});

test('a generator grows though the clock stands still or goes back', () => {
  const generator = new TimeUuidGenerator(Buffer.alloc(8, 0xff));
  const uuids = [1000, 1000, 1000, 999, 5000, 4000].map((ms) => generator.next(ms));
  for (const [i, uuid] of uuids.entries()) {
    const next = uuids[i + 1];
    if (next !== undefined) expect(compare(uuid, next)).toBeLessThan(0);
  }
});

test('a random one is of version 4', () => {
  expect(uuidText(randomUuid(Buffer.alloc(16, 0xff)))).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
});
