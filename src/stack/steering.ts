// Where the global accelerator sends a new connection: the client's nearest region by its traffic
// dial, the next nearest for the rest; no healthy endpoint: the nearest other groups, dial ignored;
// none at all: fail open to the nearest. Pure. Test: test/stack/steering.test.ts. AWS: "Traffic
// dials", "Unhealthy endpoints", Global Accelerator guide.

export interface EndpointGroup {
  readonly region: string;
  readonly healthy: boolean;
  /** 0 to 1. */
  readonly dial: number;
}

export type Steering =
  | {
      readonly kind: 'region';
      readonly region: string;
      readonly reason: 'nearest' | 'dialled-away' | 'failover' | 'fail-open';
    }
  | { readonly kind: 'none' };

/**
 * `groups` nearest first; `draw` uniform in [0, 1). What no dial takes goes to the last group that
 * takes any, so that two groups at 50 % each serve half of their own users and half of the other's.
 */
export function steer(groups: readonly EndpointGroup[], draw: number): Steering {
  const [closest] = groups;
  if (closest === undefined) return { kind: 'none' };
  const open = groups.filter(({ healthy, dial }) => healthy && dial > 0);
  let left = draw;
  for (const [at, group] of open.entries()) {
    if (left < group.dial || at === open.length - 1) {
      return { kind: 'region', region: group.region, reason: reasonFor(group, closest, groups) };
    }
    left = (left - group.dial) / (1 - group.dial);
  }
  const anyHealthy = groups.find((group) => group.healthy);
  if (anyHealthy !== undefined)
    return { kind: 'region', region: anyHealthy.region, reason: 'failover' };
  return { kind: 'region', region: closest.region, reason: 'fail-open' };
}

function reasonFor(
  chosen: EndpointGroup,
  closest: EndpointGroup,
  groups: readonly EndpointGroup[],
): 'nearest' | 'dialled-away' | 'failover' {
  if (chosen === closest) return 'nearest';
  const before = groups.slice(0, groups.indexOf(chosen));
  return before.some((group) => !group.healthy) ? 'failover' : 'dialled-away';
}
