// What the levels table must say, after Cassandra's own arithmetic: acknowledgements per level,
// which losses a level survives, what an answer that needs the other region costs at least. The
// measured table is held against it; a difference is a bug of the engine that runs. Pure. Test:
// test/drill/levels.test.ts.

import type { LevelOutcome, LevelRow, LevelsResult, LossName } from './levels.ts';

/** Zones a region of the levels topology. */
const ZONES = 3;

function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}

/**
 * Replicas that must acknowledge in a keyspace of `rf` a region, two regions. EACH_QUORUM counts
 * one region.
 */
export function expectedAcknowledgements(level: LevelRow['level'], rf: number): number {
  switch (level) {
    case 'TWO':
      return 2;
    case 'THREE':
      return 3;
    case 'QUORUM':
      return majority(2 * rf);
    case 'ALL':
      return 2 * rf;
    case 'LOCAL_QUORUM':
    case 'EACH_QUORUM':
      return majority(rf);
    default:
      return 1;
  }
}

/** One line a difference; empty when the table is as it must be. `rttMs`: between the regions. */
export function judgeLevels(result: LevelsResult, rttMs: number): readonly string[] {
  const problems = result.rows.flatMap((row) => judgeRow(row, rttMs));
  const { replicasAtAnswer, replicasLater, replicas } = result.background;
  if (replicasAtAnswer >= replicas)
    problems.push('LOCAL_ONE: every replica had the write before the answer');
  if (replicasLater < replicas)
    problems.push(
      `LOCAL_ONE: only ${replicasLater} of ${replicas} replicas got the write in the background`,
    );
  return problems;
}

function judgeRow(row: LevelRow, rttMs: number): string[] {
  const { keyspace, level } = row;
  const rf = Number(keyspace.slice(2));
  const problems: string[] = [];
  const expected = expectedAcknowledgements(level, rf);
  if (row.acknowledged !== null && row.acknowledged !== expected) {
    problems.push(
      `${keyspace} ${level}: ${row.acknowledged} replicas had to acknowledge, expected ${expected}`,
    );
  }
  for (const [what, ms] of [
    ['write', row.writeMs],
    ['read', row.readMs],
  ] as const) {
    if (ms !== null && needsOtherRegion(level, rf) && ms < rttMs) {
      problems.push(
        `${keyspace} ${level}: a ${what} was answered in ${ms.toFixed(1)} ms, before the other region can have been asked (${rttMs} ms)`,
      );
    }
  }
  for (const { loss, write, read } of row.losses) {
    const must = mustSurvive(level, rf, loss);
    problems.push(...judgeOutcome(`${keyspace} ${level}: ${loss} lost: writes`, write, must));
    if (read !== null)
      problems.push(...judgeOutcome(`${keyspace} ${level}: ${loss} lost: reads`, read, must));
  }
  return problems;
}

function judgeOutcome(
  what: string,
  { failed, succeeded, error }: LevelOutcome,
  must: boolean,
): readonly string[] {
  if (must)
    return failed === 0 ? [] : [`${what} fail (${error ?? 'no answer'}), expected to succeed`];
  if (succeeded > 0) return [`${what} succeed, expected to fail`];
  // Once the loss is noticed nobody waits for a timeout.
  return error?.startsWith('UNAVAILABLE') === true
    ? []
    : [`${what} fail with ${error ?? 'no error'}, expected UNAVAILABLE`];
}

/** More acknowledgements than the coordinator's own region has replicas, or one of each region. */
function needsOtherRegion(level: LevelRow['level'], rf: number): boolean {
  return level === 'EACH_QUORUM' || expectedAcknowledgements(level, rf) > rf;
}

/**
 * For the key that lost most replicas: those left in the coordinator's region and in the other one.
 */
function replicasLeft(rf: number, loss: LossName): readonly [local: number, remote: number] {
  const perZone = Math.ceil(rf / ZONES);
  switch (loss) {
    case 'a node':
      return [rf - 1, rf];
    case 'a zone':
      return [rf - perZone, rf];
    case 'two zones':
      return [rf - 2 * perZone, rf];
    case 'the other region':
    case 'the link':
      return [rf, 0];
    case 'all other nodes':
      return [0, 0];
  }
}

function mustSurvive(level: LevelRow['level'], rf: number, loss: LossName): boolean {
  // A hint on the coordinator is all that ANY asks for.
  if (level === 'ANY') return true;
  const [local, remote] = replicasLeft(rf, loss);
  const needed = expectedAcknowledgements(level, rf);
  if (level === 'LOCAL_ONE' || level === 'LOCAL_QUORUM') return local >= needed;
  if (level === 'EACH_QUORUM') return local >= needed && remote >= needed;
  return local + remote >= needed;
}
