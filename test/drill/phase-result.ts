// A phase's result for the tests of what judges it.

import type { PhaseResult } from '../../src/drill/drill-result.ts';
import { StatsEntry } from '../../src/load/statistics.ts';

/** `requests` of which `failures` failed at first, each `ms` long. */
export function phaseResult(
  changes: Partial<PhaseResult> & {
    readonly requests?: number;
    readonly failed?: number;
    readonly ms?: number;
  } = {},
): PhaseResult {
  const { requests = 100, failed = 0, ms = 10, ...rest } = changes;
  const entry = new StatsEntry('', 'Aggregated');
  for (let at = 0; at < requests; at++)
    entry.add({ atMs: at * 10, ms, bytes: 1, failed: at < failed });
  const row = entry.row(1);
  return {
    name: 'hold',
    startSeconds: 0,
    endSeconds: 1,
    faults: [],
    attempts: row,
    users: row,
    byName: [],
    failures: [],
    causes: [],
    failuresAfterDetection: 0,
    detectionMsMax: null,
    recoveryMs: null,
    settled: true,
    hints: { stored: 0, delivered: 0, expired: 0, windowPassed: 0, pending: 0 },
    repair: null,
    readRepairs: 0,
    speculativeRetries: 0,
    busy: 0.4,
    ...rest,
  };
}
