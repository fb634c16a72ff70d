// Places and quantities as people write them.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toTopology } from '../../src/topology/load-topology.ts';
import {
  allPlaces,
  contains,
  nearest,
  parsePlace,
  placeText,
  UnknownPlace,
} from '../../src/topology/place.ts';
import { splitStatements } from '../../src/topology/schema-text.ts';
import { ALWAYS_ON } from '../../src/topology/topology.ts';
import { formatDuration, parseDurationMs, parseShare } from '../../src/topology/units.ts';

const topology = toTopology(ALWAYS_ON);

describe('places', () => {
  test('every place reads back as it is written', () => {
    const places = allPlaces(topology);
    expect(places).toHaveLength(2 + 6 + 6 + 6 + 1);
    for (const place of places) expect(parsePlace(placeText(place), topology)).toEqual(place);
  });
  test.each([
    ['us-east-1/a/2', 'us-east-1/a/1'],
    ['us-east-1/d', 'us-east-1/a'],
    ['us-est-1', 'us-east-1'],
    ['us-east-1/a/app-2', 'us-east-1/a/app-1'],
    ['us-east-1..us-west-1', 'us-east-1..us-west-2'],
    ['us-east-1..us-east-1', 'us-east-1..us-west-2'],
    ['us-east-1/a/1/x', 'us-east-1/a/1'],
  ])('there is no %s; did you mean %s', (text, near) => {
    expect(() => parsePlace(text, topology)).toThrow(UnknownPlace);
    expect(() => parsePlace(text, topology)).toThrow(near);
  });
  test('what lies within what', () => {
    const within = (outer: string, inner: string): boolean =>
      contains(parsePlace(outer, topology), parsePlace(inner, topology));
    expect(within('us-east-1', 'us-east-1/b/app-1')).toBe(true);
    expect(within('us-east-1/b', 'us-east-1/b/1')).toBe(true);
    expect(within('us-east-1/b', 'us-east-1/a/1')).toBe(false);
    expect(within('us-east-1/b/1', 'us-east-1/b')).toBe(false);
    expect(within('us-east-1/b/1', 'us-east-1/b/app-1')).toBe(false);
    expect(within('us-east-1', 'us-east-1..us-west-2')).toBe(false);
    expect(within('us-east-1..us-west-2', 'us-east-1..us-west-2')).toBe(true);
  });
  test('the nearest names come first, and far ones not at all', () => {
    expect(nearest('outtage', ['pause', 'outage', 'cut'])[0]).toBe('outage');
    expect(nearest('xyzxyzxyz', ['outage', 'cut'])).toEqual([]);
  });
});

describe('quantities', () => {
  test.each([
    ['200ms', 200],
    ['5s', 5_000],
    ['1m30s', 90_000],
    ['3h', 10_800_000],
    ['0.2ms', 0.2],
    ['2', 2_000],
    ['1.5', 1_500],
    ['1d', 86_400_000],
    ['50us', 0.05],
    [' 5s ', 5_000],
    ['5 s', null],
    ['', null],
    ['fast', null],
    ['-5s', null],
    ['5x', null],
    ['5s5', null],
  ])('duration %j is %s ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });
  test.each([
    ['50%', 0.5],
    ['0.5%', 0.005],
    ['0.5', 0.5],
    [0.25, 0.25],
    ['100%', 1],
    ['101%', null],
    [1.5, null],
    [-0.1, null],
    ['x', null],
    ['5 %', 0.05],
  ])('share %j is %s', (text, share) => {
    expect(parseShare(text)).toBe(share);
  });
  test.each([
    [0.4, '0.4 ms'],
    [5.44, '5.4 ms'],
    [42.4, '42 ms'],
    [999.6, '1 s'],
    [1_234, '1.23 s'],
    [12_340, '12.3 s'],
    [59_990, '1:00 min'],
    [61_000, '1:01 min'],
    [119_800, '2:00 min'],
    [3_600_000, '1 h'],
  ])('%d ms reads %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
  test('a formatted duration never shows sixty seconds', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 3_599_999, noNaN: true }),
        (ms) => !/:60|^60 s|^1000 ms/.test(formatDuration(ms)),
      ),
    );
  });
});

test.each([
  ['', []],
  ['SELECT 1;', ['SELECT 1']],
  ['a; b ;\n;c', ['a', 'b', 'c']],
  ["INSERT INTO t (v) VALUES ('a;b''c;');x", ["INSERT INTO t (v) VALUES ('a;b''c;')", 'x']],
  ['CREATE TABLE "a;b" (x int);y', ['CREATE TABLE "a;b" (x int)', 'y']],
  ['CREATE FUNCTION f() AS $$ return 1; $$;y', ['CREATE FUNCTION f() AS $$ return 1; $$', 'y']],
  ['-- one; two\na; // three; four\nb; /* five; */ c', ['a', 'b', 'c']],
  ["SELECT '--no comment;' FROM t", ["SELECT '--no comment;' FROM t"]],
  [
    'BEGIN BATCH INSERT a; INSERT b; APPLY BATCH; c',
    ['BEGIN BATCH INSERT a; INSERT b; APPLY BATCH', 'c'],
  ],
  ['begin unlogged batch x; apply batch;', ['begin unlogged batch x; apply batch']],
])('CQL text %j splits into its statements', (text, statements) => {
  expect(splitStatements(text)).toEqual(statements);
});
