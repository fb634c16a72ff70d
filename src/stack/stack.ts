// The always-on stack around an engine: application instances, a balancer a region, the global
// accelerator. Starts and stops them, and loses or returns any part of them by place. Database
// nodes are the engine's.

import { setTimeout as sleep } from 'node:timers/promises';
import { regionRttMs } from '../topology/latency-table.ts';
import type { Topology } from '../topology/topology.ts';
import type { Placement } from '../cluster/placement.ts';
import type { BalancerSettings } from './balancer-node.ts';
import { AppInstance } from './app-instance.ts';
import type { AppSettings, DriverConnections } from './app-instance.ts';
import { ApplicationLoadBalancer } from './application-load-balancer.ts';
import type { EdgeListener } from './global-accelerator.ts';
import { GlobalAccelerator } from './global-accelerator.ts';
import type { StackEvent, StackListener } from './stack-event.ts';

export interface StackOptions {
  readonly topology: Topology;
  readonly placement: Placement;
  /** Driver's read timeout in the application, milliseconds. */
  readonly readTimeoutMs?: number;
}

/**
 * Where the users of a region enter: the accelerator's edge, and the other region's balancer for a
 * retry.
 */
export interface FrontDoor {
  readonly region: string;
  readonly url: string;
  /**
   * The next nearest region's balancer, by its own name: where SDKs send a retry. Null with one
   * region.
   */
  readonly retryUrl: () => string | null;
}

export class Stack {
  readonly instances: readonly AppInstance[];
  readonly balancers: ReadonlyMap<string, ApplicationLoadBalancer>;
  readonly accelerator: GlobalAccelerator;
  private readonly options: StackOptions;
  private readonly listeners = new Set<StackListener>();

  constructor(options: StackOptions) {
    this.options = options;
    const { topology, placement } = options;
    const tell: StackListener = (event) => this.tell(event);
    this.instances = placement.instances.map(
      (at) => new AppInstance(at, appSettings(options, at.region)),
    );
    const settings = balancerSettings(topology);
    this.balancers = new Map(
      Object.keys(topology.regions).map((region) => {
        const nodes = placement.balancerNodes.filter((node) => node.region === region);
        const targets = placement.instances.filter((instance) => instance.region === region);
        return [region, new ApplicationLoadBalancer(region, { nodes, targets }, settings, tell)];
      }),
    );
    this.accelerator = new GlobalAccelerator(
      {
        edges: edgesOf(options),
        endpoints: [...this.balancers.values()].map((balancer) => ({
          region: balancer.region,
          dial: topology.balancers.global.traffic_dial[balancer.region] ?? 1,
          addresses: () => balancer.addresses(),
          isHealthy: () => balancer.isHealthy(),
        })),
        nearest: (population) => nearestRegions(topology, population),
        shares: populationShares(topology),
        propagationMs: topology.balancers.global.propagation,
        connectTimeoutMs: topology.balancers.regional.connect_timeout,
      },
      tell,
    );
  }

  on(listener: StackListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Starts the instances (side by side), the balancers, the accelerator; resolves when every target
   * is healthy.
   */
  async start(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.start()));
    for (const balancer of this.balancers.values()) await balancer.start();
    await this.accelerator.start();
    const deadline = Date.now() + 30_000;
    while (![...this.balancers.values()].every((balancer) => balancer.isReady())) {
      if (Date.now() > deadline) throw new Error('a balancer found no healthy target within 30 s');
      await sleep(20);
    }
  }

  /**
   * What keeps it from being whole, in words: instances, what balancers see, where the accelerator
   * steers.
   */
  missing(): readonly string[] {
    const stopped = this.instances
      .filter((instance) => !instance.isRunning())
      .map(({ at }) => `${at.place} does not run`);
    const seen = [...this.balancers.values()].flatMap((balancer) => balancer.missing());
    const avoided = [...this.balancers.keys()]
      .filter((region) => !this.accelerator.healthOf(region))
      .map((region) => `the accelerator steers away from ${region}`);
    return [...stopped, ...seen, ...avoided];
  }

  /** True when nothing is missing. */
  isWhole(): boolean {
    return this.missing().length === 0;
  }

  /** The front doors of the user populations, by region. */
  frontDoors(): readonly FrontDoor[] {
    const { topology, placement } = this.options;
    return placement.edges.map(({ region, address, port }) => ({
      region,
      url: `http://${address}:${port}`,
      retryUrl: () => {
        const other = nearestRegions(topology, region).find((name) => name !== region);
        const addresses =
          (other === undefined ? undefined : this.balancers.get(other))?.addresses() ?? [];
        // A name server answers with another order each time.
        const found = addresses[Math.floor(Math.random() * addresses.length)];
        return found === undefined ? null : `http://${found[0]}:${found[1]}`;
      },
    }));
  }

  /** One address for users of all regions. */
  globalUrl(): string {
    const { address, port } = this.options.placement.globalAddress;
    return `http://${address}:${port}`;
  }

  driverConnections(): readonly DriverConnections[] {
    return this.instances
      .filter((instance) => instance.isRunning())
      .map((instance) => instance.connections());
  }

  async killInstance(place: string): Promise<void> {
    for (const instance of this.instances) {
      if (instance.at.place !== place || !instance.isRunning()) continue;
      await instance.kill();
      this.tell({ kind: 'instance-killed', place });
    }
  }

  async restartInstance(place: string): Promise<void> {
    for (const instance of this.instances) {
      if (instance.at.place !== place || instance.isRunning()) continue;
      await instance.start();
      this.tell({ kind: 'instance-started', place });
    }
  }

  killBalancerNode(place: string): void {
    for (const balancer of this.balancers.values()) balancer.killNode(place);
  }

  async restartBalancerNode(place: string): Promise<void> {
    for (const balancer of this.balancers.values()) await balancer.restartNode(place);
  }

  async stop(): Promise<void> {
    this.accelerator.stop();
    for (const balancer of this.balancers.values()) balancer.stop();
    await Promise.all(this.instances.map((instance) => instance.kill()));
  }

  private tell(event: StackEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}

/** Regions nearest to `from` first, itself at the head. */
function nearestRegions(topology: Topology, from: string): readonly string[] {
  const distance = (to: string): number => {
    const link = topology.links[`${from}..${to}`] ?? topology.links[`${to}..${from}`];
    return from === to ? -1 : (link?.rttMs ?? regionRttMs(from, to));
  };
  return Object.keys(topology.regions).sort((a, b) => distance(a) - distance(b));
}

/** Share of all users by nearest region; adds up to 1. */
export function populationShares(topology: Topology): ReadonlyMap<string, number> {
  const regions = Object.keys(topology.regions);
  const given = topology.balancers.global.clients;
  const listed = regions.map((region) => given[region] ?? (Object.keys(given).length > 0 ? 0 : 1));
  const total = listed.reduce((sum, share) => sum + share, 0) || 1;
  return new Map(regions.map((region, at) => [region, (listed[at] ?? 0) / total]));
}

/** One edge for users of all regions, and one for those nearest to each. */
function edgesOf({ placement }: StackOptions): readonly EdgeListener[] {
  const own = placement.edges.map(({ region, address, port }) => ({
    population: region,
    address,
    port,
  }));
  return [{ population: null, ...placement.globalAddress }, ...own];
}

function appSettings(options: StackOptions, region: string): AppSettings {
  const { topology, placement } = options;
  const nodes = placement.nodes.filter((node) => node.region === region);
  return {
    contactPoints: nodes.map((node) => `${node.address}:${node.nativePort}`),
    localDatacenter: region,
    read: topology.app.consistency.read,
    write: topology.app.consistency.write,
    serial: topology.app.consistency.serial,
    statements: topology.app.statements,
    nativePort: nodes[0]?.nativePort ?? 9042,
    readTimeoutMs: options.readTimeoutMs ?? 12_000,
  };
}

function balancerSettings(topology: Topology): BalancerSettings {
  const { regional } = topology.balancers;
  return {
    health: {
      path: regional.health.path,
      intervalMs: regional.health.interval,
      timeoutMs: regional.health.timeout,
      unhealthyThreshold: regional.health.unhealthy,
      healthyThreshold: regional.health.healthy,
    },
    routing: {
      algorithm: regional.algorithm,
      crossZone: regional.cross_zone,
      slowStartMs: regional.slow_start,
    },
    idleTimeoutMs: regional.idle_timeout,
    connectTimeoutMs: regional.connect_timeout,
    deregistrationDelayMs: regional.deregistration_delay,
  };
}
