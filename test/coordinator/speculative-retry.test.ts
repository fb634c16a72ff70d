// The table option's values and the thresholds they give.

import { describe, expect, it } from 'vitest';

import {
  LatencyHistogram,
  parseSpeculativeRetry,
  speculationThresholdMs,
} from '../../src/node/coordinator/speculative-retry.ts';
import type { SpeculativeRetry } from '../../src/node/coordinator/speculative-retry.ts';

const VALID: readonly (readonly [string, SpeculativeRetry])[] = [
  ['99p', { kind: 'percentile', percentile: 99 }],
  ['99.5P', { kind: 'percentile', percentile: 99.5 }],
  ['99percentile', { kind: 'percentile', percentile: 99 }],
  ['50ms', { kind: 'fixed', ms: 50 }],
  ['50MS', { kind: 'fixed', ms: 50 }],
  ['ALWAYS', { kind: 'always' }],
  ['always', { kind: 'always' }],
  ['NEVER', { kind: 'never' }],
  ['NONE', { kind: 'never' }],
  [
    'MIN(99p,50ms)',
    {
      kind: 'min',
      percentile: { kind: 'percentile', percentile: 99 },
      fixed: { kind: 'fixed', ms: 50 },
    },
  ],
  [
    'max(50ms, 99p)',
    {
      kind: 'max',
      percentile: { kind: 'percentile', percentile: 99 },
      fixed: { kind: 'fixed', ms: 50 },
    },
  ],
];

const INVALID = [
  '',
  '50',
  'p',
  '101p',
  '0p',
  '-1ms',
  'MIN(99p)',
  'MIN(50ms,60ms)',
  'MIN(99p,50ms,60ms)',
  'sometimes',
];

describe('speculative retry', () => {
  it.each(VALID)('parses %s', (text, policy) => {
    expect(parseSpeculativeRetry(text)).toEqual(policy);
  });

  it.each(INVALID)('refuses %j', (text) => {
    expect(parseSpeculativeRetry(text)).toBeNull();
  });

  it('takes percentiles from the latencies, and the earlier threshold while there are none', () => {
    const latencies = new LatencyHistogram();
    const percentile = parseSpeculativeRetry('99p') as SpeculativeRetry;
    expect(speculationThresholdMs(percentile, latencies, 2_500)).toBe(2_500);
    for (let i = 0; i < 990; i++) latencies.record(2);
    for (let i = 0; i < 10; i++) latencies.record(100);
    const threshold = speculationThresholdMs(percentile, latencies, 2_500);
    expect(threshold).toBeGreaterThanOrEqual(2);
    expect(threshold).toBeLessThan(2.5);
    const p999 = speculationThresholdMs({ kind: 'percentile', percentile: 99.9 }, latencies, 0);
    expect(p999).toBeGreaterThanOrEqual(100);
    expect(p999).toBeLessThan(125);
    const either = (kind: 'min' | 'max'): number =>
      speculationThresholdMs(
        {
          kind,
          percentile: { kind: 'percentile', percentile: 99 },
          fixed: { kind: 'fixed', ms: 50 },
        },
        latencies,
        0,
      );
    expect(either('min')).toBe(threshold);
    expect(either('max')).toBe(50);
  });

  it('forgets old latencies', () => {
    const latencies = new LatencyHistogram();
    for (let i = 0; i < 100; i++) latencies.record(500);
    for (let minute = 1; minute < 20; minute++) latencies.fade(minute * 60_000);
    for (let i = 0; i < 100; i++) latencies.record(1);
    expect(latencies.percentileMs(99)).toBeLessThan(2);
  });
});
