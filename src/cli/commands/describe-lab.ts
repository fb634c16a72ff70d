// The lines that say what runs and where: addresses, contact points, the front doors, the Locust
// command.

import type { Lab } from '../../drill/lab.ts';
import { formatDuration } from '../../topology/units.ts';

export function describeLab(lab: Lab, readyMs: number): readonly string[] {
  const { topology, placement, stack } = lab;
  const lines: string[] = [];
  for (const [region, { zones }] of Object.entries(topology.regions)) {
    const nodes = placement.nodes.filter((node) => node.region === region);
    const instances = placement.instances.filter((instance) => instance.region === region);
    const balancer = placement.balancerNodes.find((node) => node.region === region);
    const first = nodes[0];
    const last = nodes.at(-1);
    const cql = first === undefined || last === undefined ? '' : nodeRange(first, last);
    const http =
      stack === null || balancer === undefined
        ? ''
        : `   ${instances.length} instances   http ${balancer.address}:${balancer.port}`;
    lines.push(
      `  ${region.padEnd(14)} ${zones.join(' ')}   ${nodes.length} nodes   cql ${cql}${http}`,
    );
  }
  const [first] = placement.nodes;
  if (stack !== null)
    lines.push(`  ->  Users      ${stack.globalUrl()}      nearest healthy region`);
  if (first !== undefined) {
    const point =
      first.nativePort === 9042 ? first.address : `${first.address}:${first.nativePort}`;
    lines.push(
      `  ->  Connect    contactPoints: ['${point}'], localDataCenter: '${first.datacenter}'`,
    );
  }
  if (stack !== null)
    lines.push(`  ->  Locust     locust -f loadtest/locustfile.py -H ${stack.globalUrl()}`);
  lines.push(`  ready in ${formatDuration(readyMs)}`, '');
  return lines;
}

function nodeRange(
  first: { address: string; nativePort: number },
  last: { address: string; nativePort: number },
): string {
  if (first.address === last.address)
    return `${first.address}:${first.nativePort}-${last.nativePort}`;
  return `${first.address}-${last.address.split('.').at(-1) ?? ''}:${first.nativePort}`;
}
