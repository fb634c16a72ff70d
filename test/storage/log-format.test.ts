// Records in files: torn tails are told from damage by the sync markers.

import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  endRecord,
  fileHeader,
  HEADER_BYTES,
  markerRecord,
  mutationRecord,
  readLog,
  truncationRecord,
} from '../../src/node/storage/log-format.ts';
import { makeTable, onePartition, text } from './fixtures.ts';

const table = makeTable({ name: 'log' });

function record(key: number): Buffer {
  const update = onePartition(table, key, [], { v: text('x'.repeat(20)) });
  return mutationRecord({ keyspace: 'ks', key: update.key, updates: [update], createdAtMs: key });
}

function kinds(bytes: Buffer) {
  const seen: string[] = [];
  const end = readLog(bytes, (one) => seen.push(one.kind));
  return { seen, end };
}

test('a whole file reads clean', () => {
  const bytes = Buffer.concat([
    fileHeader(3),
    record(1),
    markerRecord(100),
    truncationRecord('id', 5),
    endRecord(),
  ]);
  expect(kinds(bytes)).toEqual({ seen: ['mutation', 'truncation', 'end'], end: { kind: 'clean' } });
});

test('cut anywhere, a file without markers gives its whole records and is torn', () => {
  const parts = [fileHeader(3), record(1), record(2), record(3)];
  const bytes = Buffer.concat(parts);
  let start = HEADER_BYTES;
  const ends = parts.slice(1).map((part) => (start += part.length));
  for (let length = 0; length < bytes.length; length++) {
    const { seen, end } = kinds(bytes.subarray(0, length));
    expect(seen).toHaveLength(ends.filter((at) => at <= length).length);
    const isAtBoundary = length === HEADER_BYTES || ends.includes(length);
    expect(end.kind).toBe(isAtBoundary ? 'clean' : 'torn');
  }
});

test('a flipped bit is damage before the durable mark and a torn tail after it', () => {
  const first = [fileHeader(3), record(1), record(2)];
  const durable = Buffer.concat(first).length;
  const bytes = Buffer.concat([...first, markerRecord(durable), record(3), record(4)]);
  const markerEnd = durable + markerRecord(durable).length;
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
      const { seen, end } = kinds(damaged);
      if (at < durable) expect(end.kind).toBe('corrupt');
      else expect(end.kind).toBe('torn');
      const whole =
        at >= markerEnd + record(3).length
          ? 3
          : at >= durable
            ? 2
            : at >= durable - record(2).length
              ? 1
              : 0;
      expect(seen).toHaveLength(whole);
    }),
    { numRuns: 500 },
  );
});

test('zeros after the last record (a file extended before a power cut) are a torn tail', () => {
  const bytes = Buffer.concat([fileHeader(3), record(1), Buffer.alloc(4096)]);
  expect(kinds(bytes)).toMatchObject({ seen: ['mutation'], end: { kind: 'torn' } });
});
