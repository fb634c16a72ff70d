// Judges phases by their expectations, and the drill as a whole. Pure. Test:
// test/drill/judging.test.ts.

import { formatDuration } from '../topology/units.ts';
import type { DrillPhase } from './drill.ts';
import type {
  CheckId,
  CheckResult,
  DrillVerdict,
  ExpectationResult,
  PhaseResult,
} from './drill-result.ts';

/** Above this share of busy time requests wait for the machine. */
const BUSY_MAX = 0.95;

export function isOverloaded({ busy }: Pick<PhaseResult, 'busy'>): boolean {
  return busy > BUSY_MAX;
}

export function judgePhase(phase: DrillPhase, result: PhaseResult): readonly ExpectationResult[] {
  const { expect } = phase;
  const results: ExpectationResult[] = [];
  const say = (text: string, pass: boolean, measured: string): void => {
    results.push({ phase: phase.name, text, pass, measured, overloaded: isOverloaded(result) });
  };
  const { attempts, users } = result;
  if (expect.availability !== undefined) {
    const share = successShare(attempts.requests, attempts.failures);
    say(
      `availability >= ${percent(expect.availability)}`,
      share >= expect.availability,
      percent(share),
    );
  }
  if (expect.userAvailability !== undefined) {
    const share = successShare(users.requests, users.failures);
    say(
      `availability to users >= ${percent(expect.userAvailability)}`,
      share >= expect.userAvailability,
      `${percent(share)}, ${users.failures} of ${users.requests} failed`,
    );
  }
  if (expect.failuresAfterDetection !== undefined) {
    say(
      `failures after detection <= ${expect.failuresAfterDetection}`,
      result.failuresAfterDetection <= expect.failuresAfterDetection,
      String(result.failuresAfterDetection),
    );
  }
  for (const name of ['p50', 'p95', 'p99'] as const) {
    const limit = expect[name];
    if (limit !== undefined) {
      say(
        `${name} <= ${formatDuration(limit)}`,
        users.exact[name] <= limit,
        formatDuration(users.exact[name]),
      );
    }
  }
  if (expect.recovery !== undefined) {
    const { recoveryMs } = result;
    say(
      `recovery <= ${formatDuration(expect.recovery)}`,
      recoveryMs !== null && recoveryMs <= expect.recovery,
      recoveryMs === null ? 'did not recover' : formatDuration(recoveryMs),
    );
  }
  if (phase.settle !== undefined && !result.settled) {
    say(`settles within ${formatDuration(phase.settle)}`, false, 'did not settle');
  }
  return results;
}

/** Checks whose violation is no lost or stale data: they fail the drill as an expectation does. */
const NOT_CONSISTENCY: ReadonlySet<CheckId> = new Set(['local-connections']);

/**
 * Checks that say the machine, not the design, was measured: then failed expectations prove
 * nothing.
 */
const MEASURING: ReadonlySet<CheckId> = new Set(['generator-kept-up']);

/**
 * A consistency violation wins over everything. A failed expectation counts unless the machine, not
 * the design, was measured: then the drill is inconclusive, as is one that judged nothing.
 */
export function verdictOf(
  expectations: readonly ExpectationResult[],
  checks: readonly CheckResult[],
): DrillVerdict {
  const violated = checks.filter(({ verdict }) => verdict === 'violated');
  if (violated.some(({ id }) => !NOT_CONSISTENCY.has(id))) return 'consistency-violated';
  const open = checks.filter(({ verdict }) => verdict === 'inconclusive');
  if (open.some(({ id }) => MEASURING.has(id))) return 'inconclusive';
  const failed = expectations.filter(({ pass }) => !pass);
  if (violated.length > 0 || failed.some(({ overloaded }) => !overloaded))
    return 'expectation-failed';
  const nothing = expectations.length === 0 && checks.length === 0;
  return nothing || open.length > 0 || failed.length > 0 ? 'inconclusive' : 'passed';
}

/** A drill that was stopped proved what it found wrong, and nothing else. */
export function stoppedVerdict(verdict: DrillVerdict): DrillVerdict {
  return verdict === 'passed' ? 'inconclusive' : verdict;
}

export function successShare(requests: number, failures: number): number {
  return requests === 0 ? 0 : (requests - failures) / requests;
}

/** 0.99987 -> `99.987 %`: never rounded up to 100. */
export function percent(share: number): string {
  if (share === 1) return '100 %';
  return `${(Math.floor(share * 1e6) / 1e4).toString()} %`;
}

/** The share that failed, for tables: two digits, never rounded down to nothing. */
export function failedPercent(failures: number, requests: number): string {
  if (failures === 0 || requests === 0) return '0 %';
  return `${Number(((failures / requests) * 100).toPrecision(2))} %`;
}
