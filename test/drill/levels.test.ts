// The levels table: measured on a running cluster for one loss, and held against the arithmetic;
// planted differences are found.

import { describe, expect, test } from 'vitest';
import { chooseAddresses } from '../../src/drill/addresses.ts';
import { openLab } from '../../src/drill/lab.ts';
import type { LevelOutcome, LevelRow, LevelsResult } from '../../src/drill/levels.ts';
import { LEVELS_TOPOLOGY, measureLevels, WRITE_LEVELS } from '../../src/drill/levels.ts';
import { expectedAcknowledgements, judgeLevels } from '../../src/drill/levels-expectations.ts';
import { levelsHtml } from '../../src/drill/report/levels-report.ts';
import { toTopology } from '../../src/topology/load-topology.ts';
import { freeBlock } from '../free-block.ts';

const RTT_MS = 62;

test.each([
  ['ANY', 1, 1],
  ['ONE', 1, 1],
  ['TWO', 2, 2],
  ['THREE', 3, 3],
  ['QUORUM', 4, 6],
  ['ALL', 6, 10],
  ['LOCAL_ONE', 1, 1],
  ['LOCAL_QUORUM', 2, 3],
  ['EACH_QUORUM', 2, 3],
] as const)('%s: %i acknowledgements at RF 3 in two regions, %i at RF 5', (level, rf3, rf5) => {
  expect(expectedAcknowledgements(level, 3)).toBe(rf3);
  expect(expectedAcknowledgements(level, 5)).toBe(rf5);
});

test('measured: RF 3 with a zone lost, and the background of LOCAL_ONE', async () => {
  const topology = toTopology({
    ...LEVELS_TOPOLOGY,
    cassandra: { ...LEVELS_TOPOLOGY.cassandra, gossip_interval: '100ms' },
  });
  await using lab = await openLab({
    topology,
    addresses: await chooseAddresses(topology, await freeBlock()),
    seed: 1,
    dataFolder: null,
    engineOnly: true,
  });
  const result = await measureLevels(lab, { keyspaces: ['rf3'], losses: ['a zone'] });
  expect(judgeLevels(result, RTT_MS)).toEqual([]);
  expect(result.rows.map(({ level }) => level)).toEqual(WRITE_LEVELS);
  const rowOf = (level: string): LevelRow | undefined =>
    result.rows.find((row) => row.level === level);
  expect(rowOf('ALL')).toMatchObject({
    acknowledged: 6,
    losses: [{ loss: 'a zone', write: { succeeded: 0, error: 'UNAVAILABLE required 6 alive 5' } }],
  });
  expect(rowOf('ANY')).toMatchObject({ acknowledged: null, readMs: null });
  expect(rowOf('QUORUM')?.writeMs).toBeGreaterThanOrEqual(RTT_MS);
  expect(result.background).toMatchObject({ replicasAtAnswer: 1, replicasLater: 6, replicas: 6 });
  expect(result.background.answeredMs).toBeLessThan(300);
  expect(result.background.laterMs).toBeGreaterThanOrEqual(300);
});

describe('held against the arithmetic', () => {
  const yes: LevelOutcome = { succeeded: 4, failed: 0, error: null, required: null, medianMs: 2 };
  const no: LevelOutcome = {
    succeeded: 0,
    failed: 4,
    error: 'UNAVAILABLE required 2 alive 1',
    required: 2,
    medianMs: 1,
  };
  const row: LevelRow = {
    keyspace: 'rf3',
    level: 'LOCAL_QUORUM',
    acknowledged: 2,
    writeMs: 2,
    readMs: 2,
    losses: [
      { loss: 'a zone', write: yes, read: yes },
      { loss: 'two zones', write: no, read: no },
      { loss: 'the link', write: yes, read: yes },
    ],
  };
  const quorum: LevelRow = {
    ...row,
    level: 'QUORUM',
    acknowledged: 4,
    writeMs: 64,
    readMs: 64,
    losses: [],
  };
  const inBackground: LevelsResult['background'] = {
    answeredMs: 1,
    replicasAtAnswer: 1,
    replicasLater: 6,
    replicas: 6,
    laterMs: 310,
  };
  const judge = (
    rows: readonly LevelRow[],
    background: Partial<LevelsResult['background']> = {},
  ): readonly string[] =>
    judgeLevels(
      {
        rows,
        background: { ...inBackground, ...background },
      },
      RTT_MS,
    );
  const withLoss = (at: number, change: Partial<LevelRow['losses'][number]>): LevelRow => ({
    ...row,
    losses: row.losses.map((loss, i) => (i === at ? { ...loss, ...change } : loss)),
  });

  test('a right table passes', () => expect(judge([row, quorum])).toEqual([]));
  test.each([
    [
      'too few had to acknowledge',
      [{ ...row, acknowledged: 1 }],
      'rf3 LOCAL_QUORUM: 1 replicas had to acknowledge, expected 2',
    ],
    [
      'a level that must survive does not',
      [withLoss(0, { write: no })],
      'rf3 LOCAL_QUORUM: a zone lost: writes fail (UNAVAILABLE required 2 alive 1), expected to succeed',
    ],
    [
      'a level that must fail does not',
      [withLoss(1, { read: yes })],
      'rf3 LOCAL_QUORUM: two zones lost: reads succeed, expected to fail',
    ],
    [
      'it fails in some cases only',
      [withLoss(1, { write: { ...no, succeeded: 1, failed: 3 } })],
      'rf3 LOCAL_QUORUM: two zones lost: writes succeed, expected to fail',
    ],
    [
      'it waits for a timeout though the loss is known',
      [withLoss(1, { write: { ...no, error: 'WRITE_TIMEOUT received 1 of 2' } })],
      'rf3 LOCAL_QUORUM: two zones lost: writes fail with WRITE_TIMEOUT received 1 of 2, expected UNAVAILABLE',
    ],
    [
      'it answers before light could',
      [{ ...quorum, writeMs: 5 }],
      'rf3 QUORUM: a write was answered in 5.0 ms, before the other region can have been asked (62 ms)',
    ],
  ] as const)('planted: %s', (_what, rows, problem) => {
    expect(judge(rows)).toEqual([problem]);
  });
  test('planted: nothing went on in the background', () => {
    expect(judge([], { replicasLater: 3 })).toEqual([
      'LOCAL_ONE: only 3 of 6 replicas got the write in the background',
    ]);
    expect(judge([], { replicasAtAnswer: 6 })).toEqual([
      'LOCAL_ONE: every replica had the write before the answer',
    ]);
  });
  test('the page says what differs', () => {
    const result: LevelsResult = {
      rows: [row],
      background: inBackground,
    };
    expect(levelsHtml(result, [])).toContain('✓ as Cassandra');
    expect(levelsHtml(result, ['x < y'])).toContain('x &lt; y');
    expect(levelsHtml(result, [])).toContain(
      '<span class="cell no" title="UNAVAILABLE required 2 alive 1">1 of 2</span>',
    );
  });
});
