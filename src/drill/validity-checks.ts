// Whether a drill proved anything: faults that did something, enough requests, a load generator
// that kept up, read repair seen at work where the drill promises it. None of these is ever a
// violation; a drill that fails one is inconclusive, never safe. Pure. Test:
// test/drill/validity.test.ts.

import type { Lateness } from '../load/shop-load.ts';
import type { CheckResult, PhaseResult } from './drill-result.ts';
import { isOverloaded } from './expectations.ts';

/** Requests below which a phase says nothing. */
const PHASE_REQUESTS_MIN = 20;
/** Share of arrivals that may start over a second late. */
const LATE_SHARE_MAX = 0.1;

/** A fault, and what of its blast radius was not gone right after it. */
export interface InjectedFault {
  readonly text: string;
  readonly radius: string;
  readonly untouched: readonly string[];
}

export function checkFaultsTook(faults: readonly InjectedFault[]): CheckResult {
  const idle = faults.flatMap(({ text, radius, untouched }) =>
    radius === ''
      ? [`${text}: there was nothing to take away`]
      : untouched.map((place) => `${text}: ${place} went on`),
  );
  return {
    id: 'faults-took-effect',
    name: 'every fault took effect',
    verdict: idle.length === 0 ? 'passed' : 'inconclusive',
    text: `${faults.length} faults, ${idle.length} without effect`,
    examples: idle.slice(0, 5),
  };
}

export function checkEnough(phases: readonly PhaseResult[]): CheckResult {
  const few = phases.filter(({ users }) => users.requests < PHASE_REQUESTS_MIN);
  return {
    id: 'enough-operations',
    name: `at least ${PHASE_REQUESTS_MIN} requests in every phase`,
    verdict: few.length === 0 && phases.length > 0 ? 'passed' : 'inconclusive',
    text: `${phases.reduce((sum, { users }) => sum + users.requests, 0)} requests in ${phases.length} phases`,
    examples: few.map(({ name, users }) => `${name}: ${users.requests} requests`),
  };
}

/**
 * `phases`: those in which the machine was overloaded are told; their failed expectations do not
 * count.
 */
export function checkGenerator(
  { arrivals, late, maxMs }: Lateness,
  phases: readonly PhaseResult[],
): CheckResult {
  const share = arrivals === 0 ? 1 : late / arrivals;
  const isLate = share > LATE_SHARE_MAX;
  const busiest = Math.max(0, ...phases.map(({ busy }) => busy));
  const overloaded = phases
    .filter(isOverloaded)
    .map(({ name, busy }) => `${name}: busy ${Math.round(busy * 100)} % of the time`);
  return {
    id: 'generator-kept-up',
    name: 'the load generator kept up',
    verdict: isLate ? 'inconclusive' : 'passed',
    text: `${late} of ${arrivals} requests started over 1 s late, the latest ${Math.round(maxMs)} ms; busy at most ${Math.round(busiest * 100)} %`,
    examples:
      isLate || overloaded.length > 0
        ? [...overloaded, 'this machine is too busy for the rate: try a lower --rate']
        : [],
  };
}

export function checkReadRepairSeen(phases: readonly PhaseResult[]): CheckResult {
  const seen = phases.filter(({ readRepairs }) => readRepairs > 0);
  const count = seen.reduce((sum, { readRepairs }) => sum + readRepairs, 0);
  const where = seen.map(({ name, readRepairs }) => `${readRepairs} in ${name}`).join(', ');
  return {
    id: 'read-repair',
    name: 'read repair seen at work',
    verdict: count > 0 ? 'passed' : 'inconclusive',
    text:
      count > 0
        ? `${count} reads repaired a replica: ${where}`
        : 'no read met replicas that differed',
    examples: [],
  };
}

/** What stands for a check when the drill was stopped before its end. */
export function notChecked(id: CheckResult['id'], name: string): CheckResult {
  return {
    id,
    name,
    verdict: 'inconclusive',
    text: 'the drill was stopped before its end',
    examples: [],
  };
}
