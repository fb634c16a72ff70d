// How long the balancers may take to notice a fault, in closed form, and which failures that
// explains. AWS's arithmetic: U checks, an interval apart, plus a timeout for what does not answer;
// the accelerator adds its propagation.

import type { BlastRadius } from '../fault/blast-radius.ts';
import type { Topology } from '../topology/topology.ts';

/** Milliseconds after a fault within which requests may still be sent to what it took away. */
export function detectionMsMax(radius: BlastRadius, topology: Topology): number {
  if (radius.instances.length === 0 && radius.balancerNodes.length === 0) return 0;
  const { health } = topology.balancers.regional;
  const target = health.unhealthy * health.interval + health.timeout;
  const wholeRegion = Object.entries(topology.regions).some(([region, { zones }]) =>
    zones.every((zone) => radius.balancerNodes.includes(`${region}/${zone}/elb`)),
  );
  // The accelerator's health poll is a quarter of a second.
  return target + (wholeRegion ? topology.balancers.global.propagation + 500 : 0);
}

/** A piece of an error's text -> why, in words that add up. The first that fits counts. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/refused the connection/, 'sent to a lost instance before its health check noticed'],
  [
    /closed the connection with the request outstanding/,
    'under way in an instance when it was lost',
  ],
  [/deregistration delay ran out/, 'longer under way than a draining target may finish'],
  [/no registered targets/, 'the balancer has no instance to send to'],
  [
    /no connection to the target in time|did not answer within the idle timeout/,
    'sent to an instance that did not answer',
  ],
  [
    /Cannot achieve consistency level|Not enough replicas/i,
    'too few replicas alive for the consistency level',
  ],
  [
    /Server timeout|Operation timed out|timed out while waiting for the (?:write|read)/i,
    'replicas did not answer in time for the consistency level',
  ],
  [/did not reply before timeout/, 'the driver waited for a node that did not answer'],
  [/All host\(s\) tried/, 'the driver found no node of its region that answered'],
  [/the instance is stopping/, 'under way in an instance when it was lost'],
  [/OVERLOADED|overloaded/i, 'refused by a node with too much to do'],
  [
    /ECONNRESET|other side closed|UND_ERR_SOCKET|EPIPE/,
    'connection torn with its balancer node or region',
  ],
  [/ECONNREFUSED/, 'sent to a lost balancer before it left DNS'],
  [/504|HEADERS_TIMEOUT|BODY_TIMEOUT|CONNECT_TIMEOUT/, 'waited for something that did not answer'],
];

/** Why an attempt failed; null: nothing here explains it. */
export function explain(error: string): string | null {
  return CAUSES.find(([pattern]) => pattern.test(error))?.[1] ?? null;
}
