// The only translator between cloud words and Cassandra words: region = datacenter, zone = rack (as Ec2Snitch names
// them, `us-east-1a`), instance = node; and the only place that hands out loopback addresses.

import { regionRttMs } from '../topology/latency-table.ts';
import type { Topology } from '../topology/topology.ts';
import type { Endpoint } from '../world/ports.ts';
import { endpoint } from '../world/ports.ts';
import type { Latency, LatencyModel } from '../world/links.ts';

/** One Cassandra node of the topology. */
export interface NodePlacement {
  /** `us-east-1/a/1`. */
  readonly place: string;
  readonly region: string;
  readonly zone: string;
  readonly datacenter: string;
  readonly rack: string;
  readonly address: string;
  readonly nativePort: number;
  readonly storagePort: number;
  readonly endpoint: Endpoint;
}

/** Where HTTP things of a region listen. */
export interface HttpPlacement {
  readonly place: string;
  readonly region: string;
  readonly zone: string;
  readonly address: string;
  readonly port: number;
}

export interface Placement {
  readonly nodes: readonly NodePlacement[];
  /** Application instances, `us-east-1/a/app-1`. */
  readonly instances: readonly HttpPlacement[];
  /** One balancer node a zone, `us-east-1/a/elb`. */
  readonly balancerNodes: readonly HttpPlacement[];
  readonly globalAddress: { readonly address: string; readonly port: number };
  /** The accelerator's edge for the users nearest to each region. */
  readonly edges: readonly {
    readonly region: string;
    readonly address: string;
    readonly port: number;
  }[];
}

export interface AddressPlan {
  /** First two octets, `127.0`. Null: everything on 127.0.0.1, one port a node. */
  readonly block: string | null;
  readonly nativePort: number;
  readonly storagePort: number;
}

export const DEFAULT_ADDRESS_PLAN: AddressPlan = {
  block: '127.0',
  nativePort: 9042,
  storagePort: 7000,
};

const FIRST_BALANCER = 101;
const FIRST_INSTANCE = 151;
const FIRST_EDGE = 111;

/**
 * Lays the topology out on loopback: nodes 127.0.<region>.<n>, balancer nodes 127.0.<region>.101 and up, instances
 * 127.0.<region>.151 and up, the global balancer 127.0.0.101 and its edges 127.0.0.111 and up. Regions count from 1 in document order; nodes go zone by
 * zone (a/1, b/1, c/1, a/2, ...) so that the first three are one of each zone.
 */
export function placeTopology(
  topology: Topology,
  plan: AddressPlan = DEFAULT_ADDRESS_PLAN,
): Placement {
  const nodes: NodePlacement[] = [];
  const instances: HttpPlacement[] = [];
  const balancerNodes: HttpPlacement[] = [];
  const httpPort = topology.app.port;
  let nextHttpPort = httpPort + 1;
  const http = (regionNumber: number, host: number): { address: string; port: number } =>
    plan.block === null
      ? { address: '127.0.0.1', port: nextHttpPort++ }
      : { address: `${plan.block}.${regionNumber}.${host}`, port: httpPort };
  Object.entries(topology.regions).forEach(([region, { zones, nodesPerZone, appsPerZone }], at) => {
    const regionNumber = at + 1;
    let inRegion = 0;
    for (let index = 1; index <= nodesPerZone; index++) {
      for (const zone of zones) {
        inRegion++;
        nodes.push(
          placeNode({ region, zone, index, regionNumber, inRegion, total: nodes.length }, plan),
        );
      }
    }
    zones.forEach((zone, z) => {
      const listen = http(regionNumber, FIRST_BALANCER + z);
      balancerNodes.push({ place: `${region}/${zone}/elb`, region, zone, ...listen });
    });
    let instance = 0;
    for (let index = 1; index <= appsPerZone; index++) {
      for (const zone of zones) {
        const listen = http(regionNumber, FIRST_INSTANCE + instance++);
        instances.push({ place: `${region}/${zone}/app-${index}`, region, zone, ...listen });
      }
    }
  });
  const globalAddress =
    plan.block === null
      ? { address: '127.0.0.1', port: httpPort }
      : { address: `${plan.block}.0.101`, port: httpPort };
  const edges = Object.keys(topology.regions).map((region, at) => ({
    region,
    ...http(0, FIRST_EDGE + at),
  }));
  return { nodes, instances, balancerNodes, globalAddress, edges };
}

function placeNode(
  at: {
    region: string;
    zone: string;
    index: number;
    regionNumber: number;
    inRegion: number;
    total: number;
  },
  plan: AddressPlan,
): NodePlacement {
  const address =
    plan.block === null ? '127.0.0.1' : `${plan.block}.${at.regionNumber}.${at.inRegion}`;
  const offset = plan.block === null ? at.total : 0;
  const storagePort = plan.storagePort + offset;
  return {
    place: `${at.region}/${at.zone}/${at.index}`,
    region: at.region,
    zone: at.zone,
    datacenter: at.region,
    rack: rackOf(at.region, at.zone),
    address,
    nativePort: plan.nativePort + offset,
    storagePort,
    endpoint: endpoint(address, storagePort),
  };
}

/**
 * The next node of a zone beside those that are known (or were): the next free number of its zone and address of its
 * region. A new region gets the next region number.
 */
export function placeNewNode(
  known: readonly NodePlacement[],
  region: string,
  zone: string,
): NodePlacement {
  const [first] = known;
  const hasAddresses = first === undefined || first.address !== '127.0.0.1';
  const inZone = known.filter((node) => node.region === region && node.zone === zone);
  const index = Math.max(0, ...inZone.map((node) => Number(node.place.split('/')[2]))) + 1;
  const [storagePort, nativePort] = [
    first?.storagePort ?? DEFAULT_ADDRESS_PLAN.storagePort,
    first?.nativePort ?? DEFAULT_ADDRESS_PLAN.nativePort,
  ];
  if (!hasAddresses) {
    const total = Math.max(...known.map((node) => node.storagePort)) - storagePort + 1;
    return placeNode(
      { region, zone, index, regionNumber: 0, inRegion: 0, total },
      { block: null, nativePort, storagePort },
    );
  }
  const block = octets(first?.address ?? '127.0.0.1')
    .slice(0, 2)
    .join('.');
  const regionNumbers = new Map(
    known.map((node) => [node.region, Number(octets(node.address)[2])]),
  );
  const regionNumber = regionNumbers.get(region) ?? Math.max(0, ...regionNumbers.values()) + 1;
  const inRegion =
    Math.max(
      0,
      ...known
        .filter((node) => node.region === region)
        .map((node) => Number(octets(node.address)[3])),
    ) + 1;
  return placeNode(
    { region, zone, index, regionNumber, inRegion, total: 0 },
    { block, nativePort, storagePort },
  );
}

/** The topology with the zones and regions of nodes that came later. */
export function withMembers(topology: Topology, members: readonly NodePlacement[]): Topology {
  const regions: Record<string, Topology['regions'][string]> = { ...topology.regions };
  for (const { region, zone, place } of members) {
    const known = regions[region] ?? { zones: [], nodesPerZone: 1, appsPerZone: 0 };
    const index = Number(place.split('/')[2]);
    regions[region] = {
      ...known,
      zones: known.zones.includes(zone) ? known.zones : [...known.zones, zone],
      nodesPerZone: Math.max(known.nodesPerZone, index),
    };
  }
  return { ...topology, regions };
}

function octets(address: string): readonly string[] {
  return address.split('.');
}

/** `us-east-1`, `a` -> `us-east-1a`: the rack as Ec2Snitch names it. */
export function rackOf(region: string, zone: string): string {
  return `${region}${zone}`;
}

/** Latency and loss between two places of the topology; `scale` 0 switches all latency off (benchmarks). */
export function latencyModel(topology: Topology, scale = 1): LatencyModel {
  const half = (name: string, rttMs: number): Latency => {
    const link = topology.links[name];
    return {
      oneWayMs: ((link?.rttMs ?? rttMs) / 2) * scale,
      jitterMs: (link?.jitterMs ?? 0) * scale,
      lossRate: link?.loss ?? 0,
    };
  };
  const withinZone = half('within-zone', 0.2);
  const betweenZones = half('between-zones', 1);
  const self = { oneWayMs: 0, jitterMs: 0 };
  return (from, to, same) => {
    if (same) return self;
    if (from.datacenter !== to.datacenter) {
      const forward = `${from.datacenter}..${to.datacenter}`;
      const name = forward in topology.links ? forward : `${to.datacenter}..${from.datacenter}`;
      return half(name, regionRttMs(from.datacenter, to.datacenter));
    }
    return from.rack === to.rack ? withinZone : betweenZones;
  };
}
