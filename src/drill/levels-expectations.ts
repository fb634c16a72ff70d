// What the levels table must say, after Cassandra's own arithmetic: acknowledgements per level, and which losses a level
// survives. The measured table is held against it; a difference is a bug of the engine that runs.

import type { LevelRow, LevelsResult } from './levels.ts';

function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}

/** Replicas that must acknowledge in a keyspace of `rf` a region, two regions. EACH_QUORUM counts one region. */
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

/** One line a difference; empty when the table is as it must be. */
export function judgeLevels(result: LevelsResult): readonly string[] {
  const problems: string[] = [];
  for (const row of result.rows) {
    const rf = Number(row.keyspace.slice(2));
    const expected = expectedAcknowledgements(row.level, rf);
    if (row.acknowledged !== expected) problems.push(`${row.keyspace} ${row.level}: ${row.acknowledged} replicas had to acknowledge, expected ${expected}`);
    for (const { loss, write } of row.losses) {
      const survives = write.failed === 0;
      const must = mustSurvive(row.level, rf, loss);
      if (must !== null && must !== survives) problems.push(`${row.keyspace} ${row.level}: ${loss} lost: writes ${survives ? 'succeed' : 'fail'}, expected to ${must ? 'succeed' : 'fail'}`);
    }
  }
  const { replicasAtAnswer, replicasLater, replicas } = result.background;
  if (replicasAtAnswer >= replicas) problems.push('LOCAL_ONE: every replica had the write before the answer');
  if (replicasLater < replicas) problems.push(`LOCAL_ONE: only ${replicasLater} of ${replicas} replicas got the write in the background`);
  return problems;
}

/** For the worst key; null: not judged. Replicas of one region left: by the loss and the keyspace's spread over zones. */
function mustSurvive(level: LevelRow['level'], rf: number, loss: string): boolean | null {
  const perZone = rf === 3 ? 1 : 2;
  const local: Readonly<Record<string, number>> = {
    'a node': rf - 1, 'a zone': rf - perZone, 'two zones': Math.max(rf === 3 ? 1 : 1, rf - 2 * perZone), 'the other region': rf, 'the link': rf,
  };
  const left = local[loss];
  if (left === undefined) return null;
  const remote = loss === 'the other region' || loss === 'the link' ? 0 : rf;
  const needed = expectedAcknowledgements(level, rf);
  if (level === 'LOCAL_ONE' || level === 'LOCAL_QUORUM') return left >= needed;
  if (level === 'EACH_QUORUM') return left >= needed && remote >= needed;
  return left + remote >= needed;
}
