// How long the balancers may take to notice a fault, in closed form, and which failures that explains. AWS's arithmetic:
// U checks, an interval apart, plus a timeout for what does not answer; the accelerator adds its propagation.

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

/** Why an attempt failed, in words that add up; null: nothing here explains it. */
export function explain(error: string): string | null {
  if (error.includes('refused the connection')) return 'sent to a lost instance before its health check noticed';
  if (error.includes('closed the connection with the request outstanding')) return 'under way in an instance when it was lost';
  if (/ECONNRESET|other side closed|UND_ERR_SOCKET|EPIPE/.test(error)) return 'connection torn with its balancer node or region';
  if (/ECONNREFUSED/.test(error)) return 'sent to a lost balancer before it left DNS';
  if (/504|HEADERS_TIMEOUT|CONNECT_TIMEOUT/.test(error)) return 'waited for something that did not answer';
  return null;
}
