// Nodes that come into a running cluster, as people ask for them: a node or several of a zone, a zone, a region, a dead
// node's replacement. Checks the place before anything starts. Test: test/cli/add.test.ts, test/api/growth.test.ts.

import { z } from 'zod';
import type { NodePlacement } from '../cluster/placement.ts';
import type { Engine, Membership } from '../engine/engine.ts';
import { InvalidDocument } from '../topology/load-topology.ts';
import { nearest } from '../topology/place.ts';
import { REGION_NAME, ZONE_NAME } from '../topology/topology.ts';

export const addSchema = z.strictObject({
  /** Nodes of a zone, or nodes per zone of a region. Default: 1. */
  nodes: z.number().optional(),
  /** Of a new region. Default: a, b, c. */
  zones: z.array(z.string()).readonly().optional(),
  /** Replicas that every keyspace gets in a new region. Default: three, or as many as there are nodes. */
  factor: z.number().optional(),
  /** The region that the data of a new one comes from. Default: the first. */
  from: z.string().optional(),
});

export type AddOptions = z.infer<typeof addSchema>;

const FACTOR = 3;
const NODES_PER_ZONE_MAX = 48;

/**
 * `us-east-1/d`: nodes of a zone, which may be new. `eu-west-1`: a new region. Rejects with InvalidDocument for what does
 * not fit, and with Cassandra's words when a node cannot join.
 */
export async function growCluster(
  engine: Engine,
  place: string,
  options: AddOptions,
): Promise<readonly NodePlacement[]> {
  const membership = membershipOf(engine);
  const [region = '', zone, ...rest] = place.split('/');
  const { nodes = 1 } = options;
  if (rest.length > 0) {
    throw refusal(place, `name its zone: ${region}/${zone ?? ''}. The next number is given to it`);
  }
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > NODES_PER_ZONE_MAX)
    throw refusal(place, `1 to ${NODES_PER_ZONE_MAX} nodes a zone`);
  return zone === undefined
    ? growByRegion(engine, membership, region, options)
    : growByZone(engine, membership, { region, zone, nodes, options });
}

/** A dead node is replaced. Rejects as `growCluster` does. */
export async function replaceNode(
  engine: Engine,
  place: string,
  options: { readonly sameAddress: boolean },
): Promise<NodePlacement> {
  const membership = membershipOf(engine);
  const node = engine.status().find((one) => one.place === place);
  if (node === undefined) {
    const near = nearest(
      place,
      engine.nodes.map((one) => one.place),
    );
    throw new InvalidDocument(
      `There is no node ${place}.${near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ''}`,
    );
  }
  if (node.state !== 'down' && node.state !== 'drained')
    throw refusal(place, `it is ${node.state}; only a dead node is replaced: starfish fault kill`);
  return membership.replace(place, options);
}

function membershipOf({ membership }: Engine): Membership {
  if (membership === undefined)
    throw new InvalidDocument('Nodes cannot be added to a cluster of this engine.');
  return membership;
}

function growByZone(
  engine: Engine,
  membership: Membership,
  asked: { region: string; zone: string; nodes: number; options: AddOptions },
): Promise<readonly NodePlacement[]> {
  const { region, zone, nodes, options } = asked;
  const place = `${region}/${zone}`;
  const { regions } = engine.topology;
  if (regions[region] === undefined) {
    const near = nearest(region, Object.keys(regions));
    const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
    throw refusal(
      place,
      `there is no region ${region}.${hint} A new region comes whole: starfish add ${region} --zones ${zone}`,
    );
  }
  if (!ZONE_NAME.test(zone)) throw refusal(place, 'a zone is a short lower-case name such as a');
  if (options.zones !== undefined || options.factor !== undefined || options.from !== undefined)
    throw refusal(place, 'zones, replicas and a source are of a new region; leave them out');
  return membership.addNodes(region, zone, nodes);
}

function growByRegion(
  engine: Engine,
  membership: Membership,
  region: string,
  options: AddOptions,
): Promise<readonly NodePlacement[]> {
  const regions = Object.keys(engine.topology.regions);
  if (regions.includes(region))
    throw refusal(region, `it is there; for another zone of it: starfish add ${region}/<zone>`);
  if (!REGION_NAME.test(region)) throw refusal(region, 'use lower-case letters, digits and "-"');
  const { zones = ['a', 'b', 'c'], nodes = 1, from = regions[0] ?? '' } = options;
  const bad = zones.find((zone, at) => !ZONE_NAME.test(zone) || zones.indexOf(zone) !== at);
  if (bad !== undefined || zones.length === 0)
    throw refusal(region, `zones are short lower-case names, each once: a,b,c; not ${bad ?? ''}`);
  if (!regions.includes(from)) {
    const near = nearest(from, regions);
    throw refusal(
      region,
      `there is no region ${from} to take data from; known: ${(near.length > 0 ? near : regions).join(', ')}`,
    );
  }
  const total = zones.length * nodes;
  const { factor = Math.min(FACTOR, total) } = options;
  if (!Number.isInteger(factor) || factor < 1 || factor > total)
    throw refusal(region, `1 to ${total} replicas, as many as it has nodes`);
  return membership.addRegion(region, { zones, nodesPerZone: nodes, factor, source: from });
}

function refusal(place: string, why: string): InvalidDocument {
  return new InvalidDocument(`add ${place}: ${why}.`);
}
