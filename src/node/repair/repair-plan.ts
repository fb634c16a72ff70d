// Which ranges a repair covers and who takes part: the sessions of one repair. Pure. Test: test/repair/repair-plan.test.ts.
// Cassandra: repair/RepairCoordinator.getNeighborsAndRanges, service/ActiveRepairService.getNeighbors.

import type { TokenRange } from '../../ring/token-range.ts';
import {
  intersectRanges,
  normalizeRanges,
  rangesEqual,
  rangeText,
} from '../../ring/token-range.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { Replication } from '../cluster-state.ts';
import type { RepairOptions } from './repair-options.ts';

/** Ranges that the same replicas hold. Ranges without another replica are nobody's session. */
export interface RepairSessionPlan {
  readonly ranges: readonly TokenRange[];
  /** This node first. */
  readonly participants: readonly Endpoint[];
  /** Dead replicas were left out (--force): the ranges must not count as repaired. */
  readonly isPartial: boolean;
}

export interface RepairPlanInput {
  readonly self: Endpoint;
  readonly localDatacenter: string;
  readonly replication: Replication;
  readonly options: RepairOptions;
  readonly datacenterOf: (node: Endpoint) => string;
  readonly isAlive: (node: Endpoint) => boolean;
}

export type RepairPlan =
  | { readonly ok: true; readonly sessions: readonly RepairSessionPlan[] }
  | { readonly ok: false; readonly error: string };

export function planRepair(input: RepairPlanInput): RepairPlan {
  const { options, localDatacenter, self } = input;
  const { datacenters, hosts, primaryRange } = options;
  if (primaryRange && (datacenters.length > 0 || hosts.length > 0)) {
    return refuse('You need to run primary range repair on all nodes in the cluster.');
  }
  if (datacenters.length > 0 && !datacenters.includes(localDatacenter)) {
    return refuse('the local data center must be part of the repair');
  }
  if (hosts.length > 0 && !hosts.includes(self)) {
    return refuse('The current host must be part of the repair');
  }
  const own = ownRanges(input);
  if (hosts.length === 1) {
    const ranges = own.map(rangeText).join(', ');
    const neighbours = [...new Set(own.flatMap((range) => allNeighbours(input, range)))];
    return refuse(
      `Specified hosts [${hosts.join(', ')}] do not share range ${ranges} needed for repair. Either restrict repair ranges with -st/-et options, or specify one of the neighbors that share this range with this node: [${neighbours.map((node) => `/${node}`).join(', ')}].`,
    );
  }
  const wanted = options.ranges === null ? own : subranges(options.ranges, own);
  if (!Array.isArray(wanted)) return refuse(wanted.error);
  const sessions = new Map<string, Group>();
  for (const range of wanted) {
    const neighbours = neighboursOf(input, range);
    const dead = neighbours.filter((node) => !input.isAlive(node));
    if (dead.length > 0 && !options.force) {
      return refuse(`Endpoint not alive: /${dead[0] ?? ''}`);
    }
    const live = neighbours.filter((node) => input.isAlive(node)).sort();
    if (live.length === 0) continue;
    const id = live.join();
    const isPartial = dead.length > 0;
    const session = sessions.get(id) ?? { ranges: [], participants: [self, ...live], isPartial };
    session.ranges.push(range);
    session.isPartial ||= isPartial;
    sessions.set(id, session);
  }
  return { ok: true, sessions: [...sessions.values()] };
}

interface Group {
  readonly ranges: TokenRange[];
  readonly participants: Endpoint[];
  isPartial: boolean;
}

function refuse(error: string): RepairPlan {
  return { ok: false, error };
}

function ownRanges({ self, replication, options }: RepairPlanInput): TokenRange[] {
  return replication.ranges.filter((range) => {
    const owners = replication.natural(range.right);
    return options.primaryRange ? owners[0] === self : owners.includes(self);
  });
}

function subranges(
  asked: readonly TokenRange[],
  own: readonly TokenRange[],
): TokenRange[] | { readonly error: string } {
  const found: TokenRange[] = [];
  for (const range of asked) {
    const holder = own.find((one) => intersectRanges([one], [range]).length > 0);
    if (holder === undefined) continue;
    const inside = intersectRanges([holder], [range]);
    const wanted = normalizeRanges([range]);
    const isContained =
      inside.length === wanted.length &&
      inside.every((part, at) => rangesEqual(part, wanted[at] ?? part));
    if (!isContained) {
      return {
        error: `Requested range ${rangeText(range)} intersects a local range (${rangeText(holder)}) but is not fully contained in one; this would lead to imprecise repair.`,
      };
    }
    found.push(range);
  }
  return found;
}

function allNeighbours({ replication, self }: RepairPlanInput, range: TokenRange): Endpoint[] {
  return replication.natural(range.right).filter((node) => node !== self);
}

function neighboursOf(input: RepairPlanInput, range: TokenRange): Endpoint[] {
  const { options, datacenterOf } = input;
  return allNeighbours(input, range).filter((node) => {
    if (options.hosts.length > 0) return options.hosts.includes(node);
    return options.datacenters.length === 0 || options.datacenters.includes(datacenterOf(node));
  });
}
