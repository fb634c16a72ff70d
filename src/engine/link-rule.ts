// A link fault between places as a rule on the links between endpoints; nodes that come later to a place are under it too.

import type { Endpoint } from '../world/ports.ts';
import type { LinkRule } from '../world/links.ts';
import type { LinkFault } from './engine.ts';

/** `placeOf`: of a node; undefined for one that is no member. */
export function linkRule(
  name: string,
  fault: LinkFault,
  placeOf: (node: Endpoint) => string | undefined,
): LinkRule {
  const isInside = (node: Endpoint, outer: readonly string[]): boolean => {
    const place = placeOf(node);
    return outer.some((one) => place === one || place?.startsWith(`${one}/`) === true);
  };
  const { from, to, oneWay, effect } = fault;
  const isBetween = (a: Endpoint, b: Endpoint): boolean => isInside(a, from) && isInside(b, to);
  return {
    name,
    matches: (a, b) => isBetween(a, b) || (!oneWay && isBetween(b, a)),
    effect,
  };
}
