// The bytes of paging states: recorded ones of a real node, round trips, garbage.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CqlException } from '../../src/data/cql-error.ts';
import {
  decodePagingState,
  encodePagingState,
  UNLIMITED,
} from '../../src/node/query/select/paging-state.ts';
import { int } from '../int-bytes.ts';

describe('paging state', () => {
  test('encodes as a real node does', () => {
    const state = {
      partitionKey: null,
      rowMark: [int(1)],
      remaining: UNLIMITED - 1,
      remainingInPartition: UNLIMITED - 1,
    };
    expect(encodePagingState(state, 4).toString('hex')).toBe(
      '0006000400000001f07ffffffef07ffffffe',
    );
    expect(
      decodePagingState(Buffer.from('0006000400000001f07ffffffef07ffffffe', 'hex'), 5, 1),
    ).toEqual(state);
  });

  test('reads the v3 layout on v4 and the v4 layout on v3', () => {
    const legacy = Buffer.from('0000000b00040000000100000176007ffffffe7ffffffe', 'hex');
    const expected = {
      partitionKey: null,
      rowMark: [int(1)],
      remaining: UNLIMITED - 1,
      remainingInPartition: UNLIMITED - 1,
    };
    expect(decodePagingState(legacy, 3, 1)).toEqual(expected);
    expect(decodePagingState(legacy, 4, 1)).toEqual(expected);
    expect(
      decodePagingState(Buffer.from('0006000400000001f07ffffffef07ffffffe', 'hex'), 3, 1),
    ).toEqual(expected);
  });

  test.each(['', '00', 'ff', 'abcdef', '0006000400000001', '7fffffffffffffff'])(
    'refuses garbage %s',
    (hex) => {
      for (const version of [3, 4, 5]) {
        expect(() => decodePagingState(Buffer.from(hex, 'hex'), version, 1)).toThrow(CqlException);
      }
    },
  );

  test('round-trips', () => {
    const value = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    const clustering = fc.array(fc.option(value), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        fc.option(value),
        fc.option(clustering),
        fc.nat(),
        fc.nat(),
        (key, mark, remaining, inPartition) => {
          const state = {
            partitionKey: key === null || key.length === 0 ? null : key,
            rowMark: mark,
            remaining,
            remainingInPartition: inPartition,
          };
          expect(decodePagingState(encodePagingState(state, 4), 4, mark?.length ?? 0)).toEqual(
            state,
          );
        },
      ),
    );
  });
});
