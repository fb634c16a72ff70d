// AWS's thresholds: a new target needs one success; U failures in a row take it out, H successes in
// a row bring it back.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CheckResult, HealthCheckSettings } from '../../src/stack/target-health.ts';
import {
  AWS_HEALTH_CHECK,
  detectionTimeMsMax,
  TargetHealth,
} from '../../src/stack/target-health.ts';

const TUNED: HealthCheckSettings = {
  path: '/healthz',
  intervalMs: 5_000,
  timeoutMs: 2_000,
  unhealthyThreshold: 2,
  healthyThreshold: 2,
};

/** `+` success, `-` failed, `c` code mismatch, `t` timeout. */
function feed(settings: HealthCheckSettings, checks: string): TargetHealth {
  const health = new TargetHealth(settings);
  for (const check of checks) health.onCheck(RESULTS[check] ?? 'failed');
  return health;
}
const RESULTS: Readonly<Record<string, CheckResult>> = {
  '+': 'success',
  '-': 'failed',
  c: 'code-mismatch',
  t: 'timeout',
};

describe('states after a sequence of checks (U = 2)', () => {
  test.each([
    ['', 2, 'initial', 'Elb.RegistrationInProgress'],
    ['+', 5, 'healthy', null],
    ['-', 5, 'initial', 'Elb.InitialHealthChecking'],
    ['--', 5, 'unhealthy', 'Target.FailedHealthChecks'],
    ['-+', 5, 'healthy', null],
    ['+-', 5, 'healthy', null],
    ['+-+-', 5, 'healthy', null],
    ['+--', 5, 'unhealthy', 'Target.FailedHealthChecks'],
    ['+cc', 5, 'unhealthy', 'Target.ResponseCodeMismatch'],
    ['+tt', 5, 'unhealthy', 'Target.Timeout'],
    ['+-t', 5, 'unhealthy', 'Target.Timeout'],
    ['+--c', 5, 'unhealthy', 'Target.ResponseCodeMismatch'],
    ['+--++++', 5, 'unhealthy', 'Target.FailedHealthChecks'],
    ['+--+++++', 5, 'healthy', null],
    ['+--++++-+++++', 5, 'healthy', null],
    ['+--++++-++++', 5, 'unhealthy', 'Target.FailedHealthChecks'],
    ['+--++', 2, 'healthy', null],
  ] as const)('%j with H = %i: %s', (checks, healthyThreshold, state, reason) => {
    expect(feed({ ...AWS_HEALTH_CHECK, healthyThreshold }, checks)).toMatchObject({
      state,
      reason,
    });
  });
});

test('onCheck tells changes only', () => {
  const health = new TargetHealth(TUNED);
  const told = [...'++--++'].map((check) => health.onCheck(RESULTS[check] ?? 'failed'));
  expect(told).toEqual(['healthy', null, null, 'unhealthy', null, 'healthy']);
});

test('a draining target stays so, whatever its checks, and ends unused', () => {
  const health = feed(TUNED, '+');
  health.drain();
  expect(health.onCheck('success')).toBeNull();
  expect(health).toMatchObject({ state: 'draining', reason: 'Target.DeregistrationInProgress' });
  health.endDraining();
  expect(health).toMatchObject({ state: 'unused', reason: 'Target.NotInUse' });
});

test('the longest detection in closed form', () => {
  expect(detectionTimeMsMax(AWS_HEALTH_CHECK)).toBe(60_000);
  expect(detectionTimeMsMax(AWS_HEALTH_CHECK, true)).toBe(65_000);
  expect(detectionTimeMsMax(TUNED)).toBe(10_000);
  expect(detectionTimeMsMax(TUNED, true)).toBe(12_000);
});

test('a crash at any moment is noticed within (U-1)I and U I', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 10 }),
      fc.integer({ min: 1, max: 100 }),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (unhealthyThreshold, intervalMs, phase) => {
        const settings = { ...TUNED, unhealthyThreshold, intervalMs };
        const health = feed(settings, '+');
        // The crash falls `phase` of an interval after a check; every later check fails at once.
        let at = (1 - phase) * intervalMs;
        while (health.onCheck('failed') !== 'unhealthy') at += intervalMs;
        expect(at).toBeGreaterThan((unhealthyThreshold - 1) * intervalMs - 1e-9);
        expect(at).toBeLessThanOrEqual(detectionTimeMsMax(settings) + 1e-9);
      },
    ),
  );
});
