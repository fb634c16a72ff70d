// A link fault between places as a rule on the links between endpoints.

import type { NodePlacement } from '../cluster/placement.ts';
import type { LinkRule } from '../world/links.ts';
import type { LinkFault } from './engine.ts';

export function linkRule(
  name: string,
  fault: LinkFault,
  nodes: readonly NodePlacement[],
): LinkRule {
  const inside = (places: readonly string[]): ReadonlySet<string> =>
    new Set(
      nodes
        .filter(({ place }) =>
          places.some((outer) => place === outer || place.startsWith(`${outer}/`)),
        )
        .map(({ endpoint }) => endpoint),
    );
  const from = inside(fault.from);
  const to = inside(fault.to);
  return {
    name,
    matches: (a, b) => (from.has(a) && to.has(b)) || (!fault.oneWay && from.has(b) && to.has(a)),
    effect: fault.effect,
  };
}
