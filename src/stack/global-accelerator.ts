// The global balancer: a TCP front door that steers each new connection to a regional balancer and
// then only moves bytes; established connections are never moved. Each user population enters at
// its own edge address. An endpoint is healthy while its balancer says so; a change takes
// `propagationMs` to reach the edges. Ordinary Node only: node:net, timers. AWS: Global Accelerator
// guide; facts on failover in docs/balancers.md.

import * as net from 'node:net';
import type { StackListener } from './stack-event.ts';
import { steer } from './steering.ts';

export interface AcceleratorEndpoint {
  readonly region: string;
  /** 0 to 1. */
  readonly dial: number;
  /** Balancer nodes that DNS answers with now, as [address, port]. */
  readonly addresses: () => readonly (readonly [string, number])[];
  /** What the balancer reports now. */
  readonly isHealthy: () => boolean;
}

export interface EdgeListener {
  /** Region whose users enter here; null: users of all regions by `shares`. */
  readonly population: string | null;
  readonly address: string;
  readonly port: number;
}

export interface AcceleratorSettings {
  readonly edges: readonly EdgeListener[];
  readonly endpoints: readonly AcceleratorEndpoint[];
  /** Regions nearest first, seen from a population. */
  readonly nearest: (population: string) => readonly string[];
  /** Share of users by region, for an edge of all populations. */
  readonly shares: ReadonlyMap<string, number>;
  readonly propagationMs: number;
  readonly connectTimeoutMs: number;
}

const HEALTH_POLL_MS = 250;

export class GlobalAccelerator {
  /** Connections by region since the start. */
  readonly connections = new Map<string, number>();
  private readonly settings: AcceleratorSettings;
  private readonly tell: StackListener;
  private readonly servers: net.Server[] = [];
  private readonly sockets = new Set<net.Socket>();
  /** What the edges believe, and since when the balancer has said something else. */
  private readonly believed = new Map<
    string,
    { healthy: boolean; differsSinceMs: number | null }
  >();
  private readonly dials = new Map<string, number>();
  private poll: NodeJS.Timeout | null = null;
  private turn = 0;

  constructor(settings: AcceleratorSettings, tell: StackListener) {
    this.settings = settings;
    this.tell = tell;
    for (const { region, dial } of settings.endpoints) {
      this.believed.set(region, { healthy: true, differsSinceMs: null });
      this.dials.set(region, dial);
    }
  }

  async start(): Promise<void> {
    for (const edge of this.settings.edges) {
      const server = net.createServer({ noDelay: true }, (socket) => this.accept(socket, edge));
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(edge.port, edge.address, resolve);
      });
      server.on('error', () => undefined);
      this.servers.push(server);
    }
    this.poll = setInterval(() => this.watchHealth(), HEALTH_POLL_MS);
  }

  /** Sets a region's traffic dial, 0 to 1. */
  setDial(region: string, dial: number): void {
    this.dials.set(region, dial);
  }

  healthOf(region: string): boolean {
    return this.believed.get(region)?.healthy ?? false;
  }

  stop(): void {
    if (this.poll !== null) clearInterval(this.poll);
    for (const server of this.servers) server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private watchHealth(): void {
    const now = Date.now();
    for (const { region, isHealthy } of this.settings.endpoints) {
      const belief = this.believed.get(region);
      if (belief === undefined) continue;
      const reported = isHealthy();
      if (reported === belief.healthy) {
        belief.differsSinceMs = null;
        continue;
      }
      belief.differsSinceMs ??= now;
      if (now - belief.differsSinceMs < this.settings.propagationMs) continue;
      belief.healthy = reported;
      belief.differsSinceMs = null;
      this.tell({ kind: reported ? 'endpoint-healthy' : 'endpoint-unhealthy', region });
    }
  }

  private accept(client: net.Socket, edge: EdgeListener): void {
    this.track(client);
    const population = edge.population ?? this.drawPopulation();
    const groups = this.settings.nearest(population).map((region) => ({
      region,
      healthy: this.healthOf(region),
      dial: this.dials.get(region) ?? 1,
    }));
    const steering = steer(groups, Math.random());
    if (steering.kind === 'none') {
      client.resetAndDestroy();
      return;
    }
    if (steering.reason === 'fail-open') this.tell({ kind: 'accelerator-failed-open' });
    this.connect(client, steering.region);
  }

  private connect(client: net.Socket, region: string): void {
    const endpoint = this.settings.endpoints.find((candidate) => candidate.region === region);
    const addresses = endpoint?.addresses() ?? [];
    const chosen = addresses[this.turn++ % Math.max(1, addresses.length)];
    if (chosen === undefined) {
      this.tell({ kind: 'accelerator-dropped', region, cause: 'the balancer has no address' });
      client.resetAndDestroy();
      return;
    }
    this.connections.set(region, (this.connections.get(region) ?? 0) + 1);
    const [host, port] = chosen;
    const upstream = net.connect({ host, port, noDelay: true });
    this.track(upstream);
    upstream.setTimeout(this.settings.connectTimeoutMs, () =>
      upstream.destroy(new Error('connect timed out')),
    );
    upstream.once('connect', () => {
      upstream.setTimeout(0);
      client.pipe(upstream);
      upstream.pipe(client);
    });
    upstream.on('error', (error) => {
      this.tell({ kind: 'accelerator-dropped', region, cause: error.message });
      client.resetAndDestroy();
    });
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  }

  private track(socket: net.Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
  }

  private drawPopulation(): string {
    let left = Math.random();
    let last = '';
    for (const [region, share] of this.settings.shares) {
      last = region;
      if (left < share) return region;
      left -= share;
    }
    return last;
  }
}
