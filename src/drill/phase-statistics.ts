// What a phase's load and hints add up to. Pure.

import type { HintCounts } from '../engine/engine.ts';
import { explain } from './detection.ts';
import type { PhaseResult } from './drill-result.ts';
import type { PhaseLoad } from './load-recorder.ts';

/** What a phase's requests add up to, and why its attempts failed. */
export function phaseStatistics(
  load: PhaseLoad,
  seconds: number,
): Pick<PhaseResult, 'attempts' | 'users' | 'byName' | 'failures' | 'causes'> {
  const failures = load.attempts.failures();
  const causes = new Map<string, { cause: string; count: number; explained: string | null }>();
  for (const { error, occurrences } of failures) {
    const cause = causes.get(error) ?? { cause: error, count: 0, explained: explain(error) };
    cause.count += occurrences;
    causes.set(error, cause);
  }
  return {
    attempts: load.attempts.total.row(seconds),
    users: load.users.total.row(seconds),
    byName: load.users.rows(seconds),
    failures,
    causes: [...causes.values()],
  };
}

/** What happened to hints from one moment to the next; pending ones are those of the later. */
export function hintsBetween(before: HintCounts, after: HintCounts): HintCounts {
  return {
    stored: after.stored - before.stored,
    delivered: after.delivered - before.delivered,
    expired: after.expired - before.expired,
    windowPassed: after.windowPassed - before.windowPassed,
    pending: after.pending,
  };
}
