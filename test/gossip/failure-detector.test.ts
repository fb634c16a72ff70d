// Phi: conviction after about 18 mean intervals of silence, none after a pause of our own.

import { describe, expect, test } from 'vitest';
import { FailureDetector } from '../../src/node/gossip/failure-detector.ts';
import { at } from './gossip-cluster.ts';

const OPTIONS = { phiConvictThreshold: 8, initialIntervalMs: 2000, localPauseMs: 5000 };
const peer = at(2);

/** Heard every `everyMs` for a thousand times, then not; when is it convicted? */
function silenceUntilConviction(everyMs: number): number {
  const detector = new FailureDetector(OPTIONS);
  let now = 0;
  for (let i = 0; i < 1001; i++, now += everyMs) detector.onHeartbeat(peer, now);
  const last = now - everyMs;
  for (now = last; ; now += 100) {
    detector.beginCheck(now);
    if (detector.convicts(peer, now) !== null) return now - last;
  }
}

describe('FailureDetector', () => {
  test.each([
    [1000, 18_500],
    [500, 9300],
    [2000, 36_900],
  ])('a peer heard every %i ms is convicted after %i ms', (everyMs, silenceMs) => {
    expect(silenceUntilConviction(everyMs)).toBe(silenceMs);
  });

  test('the first sample is the initial interval', () => {
    const detector = new FailureDetector(OPTIONS);
    detector.onHeartbeat(peer, 0);
    expect(detector.meanIntervalMs(peer)).toBe(2000);
    expect(detector.phi(peer, 2000)).toBeCloseTo(0.434, 3);
    detector.onHeartbeat(peer, 1000);
    expect(detector.meanIntervalMs(peer)).toBe(1500);
  });

  test('a peer that was silent for long is convicted no later the next time', () => {
    const detector = new FailureDetector(OPTIONS);
    for (let now = 0; now <= 10_000; now += 1000) detector.onHeartbeat(peer, now);
    const before = detector.meanIntervalMs(peer);
    detector.onHeartbeat(peer, 12_001);
    detector.onHeartbeat(peer, 120_000);
    expect(detector.meanIntervalMs(peer)).toBe(before);
    detector.onHeartbeat(peer, 122_000);
    expect(detector.meanIntervalMs(peer)).toBeGreaterThan(before);
  });

  test('only the last thousand intervals count', () => {
    const detector = new FailureDetector(OPTIONS);
    for (let i = 0; i <= 3000; i++) detector.onHeartbeat(peer, i * 100);
    expect(detector.meanIntervalMs(peer)).toBeCloseTo(100, 6);
  });

  test('a pause of this process suspends verdicts as long again', () => {
    const detector = new FailureDetector(OPTIONS);
    for (let now = 0; now <= 100_000; now += 1000) {
      detector.onHeartbeat(peer, now);
      expect(detector.beginCheck(now)).toBe(true);
    }
    expect(detector.beginCheck(140_000)).toBe(false);
    expect(detector.convicts(peer, 140_000)).not.toBeNull();
    expect(detector.beginCheck(141_000)).toBe(false);
    expect(detector.beginCheck(144_999)).toBe(false);
    expect(detector.beginCheck(145_000)).toBe(true);
  });

  test('a forgotten peer is not suspected', () => {
    const detector = new FailureDetector(OPTIONS);
    detector.onHeartbeat(peer, 0);
    detector.forget(peer);
    expect(detector.phi(peer, 1_000_000)).toBe(0);
  });
});
