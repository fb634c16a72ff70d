// Which failed attempts fell within the time that a fault's detection may take, whatever phase they
// ended in. Pure. Test: test/drill/judging.test.ts.

/**
 * The time in which requests may still reach what a fault took away, on the clock of the attempts.
 */
export interface DetectionWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A first attempt that failed. */
export interface FailedAttempt {
  readonly dueMs: number;
  readonly endMs: number;
}

/** Attempts that no window covers: neither due within one nor under way when one began. */
export function failuresOutside(
  failed: readonly FailedAttempt[],
  windows: readonly DetectionWindow[],
): number {
  return failed.filter(
    ({ dueMs, endMs }) => !windows.some(({ fromMs, toMs }) => endMs >= fromMs && dueMs <= toMs),
  ).length;
}
