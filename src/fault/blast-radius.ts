// What a fault takes away, from the topology alone: nodes, instances, balancer nodes, links. Pure;
// the same for every engine.

import type { Placement } from '../cluster/placement.ts';
import type { LinkFault } from '../engine/engine.ts';
import type { Place } from '../topology/place.ts';
import { contains, parsePlace, placeText } from '../topology/place.ts';
import type { Topology } from '../topology/topology.ts';
import type { Fault } from './fault.ts';

export interface BlastRadius {
  /** Nodes whose process ends (places). */
  readonly nodes: readonly string[];
  readonly drainedNodes: readonly string[];
  readonly pausedNodes: readonly string[];
  readonly instances: readonly string[];
  readonly balancerNodes: readonly string[];
  readonly links: readonly LinkFault[];
}

const NOTHING: BlastRadius = {
  nodes: [],
  drainedNodes: [],
  pausedNodes: [],
  instances: [],
  balancerNodes: [],
  links: [],
};

/** Throws UnknownPlace, or an Error when the kind does not fit the place. */
export function blastRadius(fault: Fault, topology: Topology, placement: Placement): BlastRadius {
  const place = parsePlace(fault.at, topology);
  switch (fault.kind) {
    case 'outage':
    case 'kill':
      return lost(fault, place, placement, topology);
    case 'drain':
      if (place.kind !== 'node') throw misfit(fault, 'a node, e.g. us-east-1/a/1');
      return { ...NOTHING, drainedNodes: [fault.at] };
    case 'pause':
      if (place.kind !== 'node') throw misfit(fault, 'a node, e.g. us-east-1/a/1');
      return { ...NOTHING, pausedNodes: [fault.at] };
    case 'cut':
      return {
        ...NOTHING,
        links: [linkFault(fault, place, topology, { kind: 'cut' }, fault.oneWay)],
      };
    case 'slow':
      return {
        ...NOTHING,
        links: [
          linkFault(
            fault,
            place,
            topology,
            { kind: 'slow', addedMs: fault.ms, jitterMs: fault.jitter },
            false,
          ),
        ],
      };
    case 'lose':
      return {
        ...NOTHING,
        links: [
          linkFault(fault, place, topology, { kind: 'lose', rate: fault.rate }, fault.oneWay),
        ],
      };
  }
}

/** `1 node, 1 instance, 1 balancer node`. */
export function radiusText(radius: BlastRadius): string {
  const parts: string[] = [];
  const count = (items: readonly unknown[], word: string): void => {
    if (items.length > 0) parts.push(`${items.length} ${word}${items.length > 1 ? 's' : ''}`);
  };
  count(radius.nodes, 'node');
  count(radius.drainedNodes, 'drained node');
  count(radius.pausedNodes, 'paused node');
  count(radius.instances, 'instance');
  count(radius.balancerNodes, 'balancer node');
  count(radius.links, 'link');
  return parts.join(', ');
}

function lost(fault: Fault, place: Place, placement: Placement, topology: Topology): BlastRadius {
  if (place.kind === 'link')
    throw misfit(fault, 'a node, instance, zone or region; cut takes links');
  if (fault.kind === 'kill' && (place.kind === 'zone' || place.kind === 'region')) {
    throw misfit(fault, `one node or instance; for a ${place.kind}: outage ${fault.at}`);
  }
  const inside = (text: string): boolean => contains(place, parsePlace(text, topology));
  const wholeZone = place.kind === 'zone' || place.kind === 'region';
  return {
    ...NOTHING,
    nodes: placement.nodes.map((node) => node.place).filter(inside),
    instances: placement.instances.map((instance) => instance.place).filter(inside),
    balancerNodes: placement.balancerNodes
      .filter(
        (node) =>
          wholeZone && contains(place, { kind: 'zone', region: node.region, zone: node.zone }),
      )
      .map((node) => node.place),
  };
}

function linkFault(
  fault: Fault,
  place: Place,
  topology: Topology,
  effect: LinkFault['effect'],
  oneWay: boolean,
): LinkFault {
  if (place.kind === 'link') return { from: [place.from], to: [place.to], oneWay, effect };
  if (place.kind === 'instance') throw misfit(fault, 'a link, node, zone or region');
  const others: string[] = [];
  for (const [region, { zones, nodesPerZone }] of Object.entries(topology.regions)) {
    for (const zone of zones) {
      for (let index = 1; index <= nodesPerZone; index++) {
        const other: Place = { kind: 'node', region, zone, index };
        // A slow place is slow inside too (FIS: AZ application slowdown); a cut one is cut off from
        // the rest.
        if (effect.kind === 'slow' || !contains(place, other)) others.push(placeText(other));
      }
    }
  }
  return { from: [placeText(place)], to: others, oneWay, effect };
}

function misfit(fault: Fault, fits: string): Error {
  return new Error(`${fault.kind} ${fault.at}: ${fault.kind} takes ${fits}.`);
}
