// What a drill leaves behind: everything the report, the live table and CI need, as plain data
// (report.json).

import type { FailureRow, StatsRow } from '../load/statistics.ts';
import type { HintCounts, RepairReport } from '../engine/engine.ts';
import type { DriverConnections } from '../stack/app-instance.ts';
import type { Drill } from './drill.ts';

/** One phase as it was measured. First attempts and what users saw are counted apart. */
export interface PhaseResult {
  readonly name: string;
  /** Seconds since the load began. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly faults: readonly { readonly text: string; readonly radius: string }[];
  /** All first attempts; `failures` are attempts that failed. */
  readonly attempts: StatsRow;
  /** Requests as users saw them, after the retry when there is one. */
  readonly users: StatsRow;
  readonly byName: readonly StatsRow[];
  readonly failures: readonly FailureRow[];
  /** Failed attempts by cause, for people. */
  readonly causes: readonly {
    readonly cause: string;
    readonly count: number;
    readonly explained: string | null;
  }[];
  readonly failuresAfterDetection: number;
  /** How long detection may take after the phase's fault, milliseconds; null without a fault. */
  readonly detectionMsMax: number | null;
  /**
   * Milliseconds until everything was well again after the phase's healing; null when it did not
   * settle.
   */
  readonly recoveryMs: number | null;
  readonly settled: boolean;
  readonly hints: HintCounts;
  readonly repair: RepairReport | null;
  readonly readRepairs: number;
  readonly speculativeRetries: number;
  /**
   * Share of the phase in which this process had work to do, 0 to 1; near 1 the machine is
   * measured, not the design.
   */
  readonly busy: number;
}

export interface TimelineEntry {
  /** Seconds since the load began. */
  readonly atSeconds: number;
  readonly text: string;
  readonly kind: 'fault' | 'heal' | 'detected' | 'recovered' | 'repair' | 'note';
}

/** One second of load, for the charts. */
export interface SecondPoint {
  readonly second: number;
  readonly requests: number;
  readonly failures: number;
  readonly userFailures: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Requests served by region. */
  readonly byRegion: Readonly<Record<string, number>>;
}

export interface ExpectationResult {
  readonly phase: string | null;
  readonly text: string;
  readonly pass: boolean;
  readonly measured: string;
  /** The machine was overloaded in its phase: a failure proves nothing. */
  readonly overloaded: boolean;
}

export type CheckId =
  | 'lost-writes'
  | 'stale-reads'
  | 'conditional-writes'
  | 'convergence'
  | 'local-connections'
  | 'read-repair'
  | 'faults-took-effect'
  | 'enough-operations'
  | 'generator-kept-up';

export interface CheckResult {
  readonly id: CheckId;
  readonly name: string;
  readonly verdict: 'passed' | 'violated' | 'inconclusive';
  readonly text: string;
  /** A few examples. */
  readonly examples: readonly string[];
}

export type DrillVerdict =
  | 'passed'
  | 'expectation-failed'
  | 'consistency-violated'
  | 'inconclusive';

export const EXIT_CODES: Readonly<Record<DrillVerdict, number>> = {
  passed: 0,
  'expectation-failed': 10,
  'consistency-violated': 11,
  inconclusive: 12,
};

export interface DrillResult {
  readonly starfish: string;
  readonly name: string;
  readonly description: string;
  readonly engine: string;
  readonly seed: number;
  readonly startedAt: string;
  /** Seconds of load that are counted. */
  readonly seconds: number;
  readonly drill: Drill;
  /** Settings that the drill shortened, with Cassandra's or AWS's default beside them. */
  readonly shortened: readonly {
    readonly setting: string;
    readonly value: string;
    readonly default: string;
  }[];
  readonly phases: readonly PhaseResult[];
  readonly total: {
    readonly attempts: StatsRow;
    readonly users: StatsRow;
    readonly byName: readonly StatsRow[];
  };
  readonly failures: readonly FailureRow[];
  readonly timeline: readonly TimelineEntry[];
  readonly points: readonly SecondPoint[];
  readonly connections: readonly DriverConnections[];
  readonly expectations: readonly ExpectationResult[];
  readonly checks: readonly CheckResult[];
  readonly verdict: DrillVerdict;
  readonly memoryMiB: number;
}
