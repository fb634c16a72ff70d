// Which parts of the ring a range read visits, and which neighbours can be asked in one request. Pure.
// Test: test/coordinator/range-plan.test.ts. Cassandra: service/reads/range/ReplicaPlanIterator, ReplicaPlanMerger.

import type { Token } from '../../data/partition.ts';
import type { PartitionRange } from '../../data/read-command.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import { compareTokens, isMinToken } from '../../ring/token.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { ReadPlan } from './replica-plan.ts';

/** The parts of `range` between the ring's tokens, in ring order. `owner` is a token whose replicas own the part. */
export interface RangePart {
  readonly owner: Token;
  readonly range: PartitionRange;
}

/** `ring`: as Replication.ranges. */
export function splitRange(
  range: PartitionRange,
  ring: readonly TokenRange[],
): readonly RangePart[] {
  const parts: RangePart[] = [];
  const start: Token | null = range.startKey ?? range.left;
  const startInclusive = range.startKey !== null || range.leftInclusive;
  for (const { left, right } of ring) {
    const isLast = isMinToken(right);
    if (start !== null && !isLast) {
      const order = compareTokens(right, start);
      if (order < 0 || (order === 0 && !startInclusive)) continue;
    }
    if (range.right !== null && compareTokens(left, range.right) >= 0) break;
    parts.push({
      owner: right,
      range: clip(range, left, isLast ? null : right, parts.length === 0),
    });
  }
  return parts;
}

function clip(
  range: PartitionRange,
  left: Token,
  right: Token | null,
  isFirst: boolean,
): PartitionRange {
  const endsBefore =
    range.right !== null && (right === null || compareTokens(range.right, right) <= 0);
  const end = endsBefore
    ? { right: range.right, rightInclusive: range.rightInclusive }
    : { right, rightInclusive: true };
  if (isFirst) return { ...range, ...end };
  return {
    left,
    leftInclusive: false,
    ...end,
    startKey: null,
    startKeyInclusive: true,
    startAfter: null,
  };
}

export interface RangeDatacenters {
  readonly local: string;
  readonly datacenterOf: (node: Endpoint) => string;
}

/** One request's worth of neighbouring parts. */
export interface RangeRequest {
  readonly range: PartitionRange;
  readonly plan: ReadPlan;
  /** Ring ranges in it. */
  readonly parts: number;
}

/** Two neighbours as one request, or null when they have too few replicas in common or it would not pay. */
export function mergeRequests(
  left: RangeRequest,
  right: RangeRequest,
  datacenters: RangeDatacenters,
): RangeRequest | null {
  const plan = mergePlans(left.plan, right.plan, datacenters);
  if (plan === null) return null;
  const { right: end, rightInclusive } = right.range;
  return {
    range: { ...left.range, right: end, rightInclusive },
    plan,
    parts: left.parts + right.parts,
  };
}

function mergePlans(
  left: ReadPlan,
  right: ReadPlan,
  { local, datacenterOf }: RangeDatacenters,
): ReadPlan | null {
  if (left === right) return left;
  const others = [...right.contacts, ...right.spares];
  const shared = [...left.contacts, ...left.spares].filter((node) => others.includes(node));
  const contacts =
    left.level === 'EACH_QUORUM'
      ? eachQuorum(left, shared, datacenterOf)
      : shared.slice(0, left.blockFor);
  if (contacts.length < left.blockFor) return null;
  const isRemote = (node: Endpoint): boolean => datacenterOf(node) !== local;
  const crosses = contacts.some(isRemote);
  if (crosses && !left.contacts.some(isRemote) && !right.contacts.some(isRemote)) return null;
  return { ...left, contacts, spares: shared.filter((node) => !contacts.includes(node)) };
}

/** As many of `shared` as the plan asks in each datacenter. */
function eachQuorum(
  plan: ReadPlan,
  shared: readonly Endpoint[],
  datacenterOf: RangeDatacenters['datacenterOf'],
): readonly Endpoint[] {
  const left = new Map<string, number>();
  for (const node of plan.contacts)
    left.set(datacenterOf(node), (left.get(datacenterOf(node)) ?? 0) + 1);
  return shared.filter((node) => {
    const count = left.get(datacenterOf(node)) ?? 0;
    left.set(datacenterOf(node), count - 1);
    return count > 0;
  });
}

/** Requests to send at once, after what the earlier ones have brought. */
export function nextConcurrency(progress: {
  readonly rangesTotal: number;
  readonly rangesDone: number;
  readonly rowsWanted: number;
  readonly rowsFound: number;
  readonly concurrencyMax: number;
}): number {
  const { rangesTotal, rangesDone, rowsWanted, rowsFound, concurrencyMax } = progress;
  const left = Math.max(1, rangesTotal - rangesDone);
  if (rowsWanted === Infinity || rowsFound === 0) {
    const isStart = rangesDone === 0 && rowsWanted !== Infinity;
    return isStart ? 1 : Math.min(concurrencyMax, left);
  }
  const perRange = rowsFound / rangesDone;
  const wanted = Math.round((rowsWanted - rowsFound) / perRange);
  return Math.max(1, Math.min(concurrencyMax, left, wanted));
}
