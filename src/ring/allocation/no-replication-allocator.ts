// Chooses tokens where every node counts once (RF 1, or one ring a rack): takes from the nodes that own the most, from
// their widest ranges. Test: test/ring/allocation.test.ts. Cassandra: dht/tokenallocator/NoReplicationTokenAllocator.java.

import type { Endpoint } from '../../base/endpoint.ts';
import type { RandomSource } from '../../base/random-source.ts';
import { shareBetween, splitBetween } from '../token-arithmetic.ts';
import type { AllocationRing } from './allocation-ring.ts';
import { generateSplits } from './allocation-ring.ts';

const TAKEOVER_MAX = 0.9;
const TAKEOVER_MIN = 1 - TAKEOVER_MAX;

interface Span {
  readonly left: bigint;
  readonly right: bigint;
  readonly share: number;
}

interface Unit {
  share: number;
  readonly spans: Span[];
}

/** Adds `count` tokens of `owner` to the ring and returns them in the order they were chosen. */
export function allocateWithoutReplication(
  ring: AllocationRing,
  owner: Endpoint,
  count: number,
  random: RandomSource,
): bigint[] {
  if (count > ring.size) return generateSplits(ring, owner, count, random);
  const units = unitsOf(ring);
  const { givers, average } = pickGivers(units, count);
  // Nodes of slightly different sizes on purpose, less so the more there are; the largest target for the largest giver.
  const correction = Math.min(1, (count + 1) / (units.length + 1));
  const spread = (average * correction * 2) / (2 * count + 1);
  const step = spread / givers.length;
  let target = average + spread / 2;
  const chosen: bigint[] = [];
  givers.forEach((giver, index) => {
    const share = Math.floor(count / givers.length) + (index < count % givers.length ? 1 : 0);
    const spans = giver.spans.slice(0, share);
    const available = spans.reduce((sum, span) => sum + span.share, 0);
    const ratio = takeoverRatio(giver.share - target, available);
    for (const { left, right } of spans) {
      const token = splitBetween(left, right, ratio);
      ring.insert(token, owner);
      chosen.push(token);
    }
    target -= step;
  });
  return chosen;
}

/** Nodes by ownership, descending; each with its spans, widest first. */
function unitsOf(ring: AllocationRing): Unit[] {
  const byOwner = new Map<Endpoint, Unit>();
  let left = ring.entries.at(-1)?.token ?? 0n;
  for (const { token, owner } of ring.entries) {
    const unit = byOwner.get(owner) ?? { share: 0, spans: [] };
    byOwner.set(owner, unit);
    const share = shareBetween(left, token);
    unit.share += share;
    unit.spans.push({ left, right: token, share });
    left = token;
  }
  const units = [...byOwner.values()];
  for (const unit of units) unit.spans.sort((a, b) => b.share - a.share);
  return units.sort((a, b) => b.share - a.share);
}

/** At most `count` nodes above the average of those taken and the newcomer. */
function pickGivers(units: readonly Unit[], count: number): { givers: Unit[]; average: number } {
  const givers: Unit[] = [];
  let sum = 0;
  let average = 0;
  for (const unit of units.slice(0, count)) {
    sum += unit.share;
    const withThis = sum / (givers.length + 2);
    if (unit.share <= withThis) break;
    givers.push(unit);
    average = withThis;
  }
  return { givers, average };
}

/** Of every chosen span, the part the newcomer takes. */
function takeoverRatio(wanted: number, available: number): number {
  if (wanted >= available) return TAKEOVER_MAX;
  return Math.min(TAKEOVER_MAX, Math.max(TAKEOVER_MIN, wanted / available));
}
