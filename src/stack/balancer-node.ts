// One node of an application load balancer, in one zone: an HTTP proxy that checks every target by
// itself, routes each request, never retries one, and refuses or answers on its own where the ALB
// does, each time with its cause told. Ordinary Node only: node:http, timers. Test:
// test/stack/balancer-node.test.ts. AWS: Application Load Balancers guide.

import * as http from 'node:http';
import type { Socket } from 'node:net';
import type { HttpPlacement } from '../cluster/placement.ts';
import type { ForwardEnd } from './forwarded-request.ts';
import { ForwardedRequest } from './forwarded-request.ts';
import { checkOnce } from './health-check.ts';
import { Router } from './routing.ts';
import type { Candidate, RoutingSettings } from './routing.ts';
import type { StackListener } from './stack-event.ts';
import { TargetHealth } from './target-health.ts';
import type { HealthCheckSettings } from './target-health.ts';

export interface BalancerSettings {
  readonly health: HealthCheckSettings;
  readonly routing: RoutingSettings;
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** How long a draining target may finish what it has. */
  readonly deregistrationDelayMs: number;
}

interface Target {
  readonly at: HttpPlacement;
  health: TargetHealth;
  healthySinceMs: number;
  readonly outstanding: Set<ForwardedRequest>;
}

/** The ALB's limits on what it accepts. */
const HEADERS_BYTES_MAX = 64 * 1024;
const LINE_BYTES_MAX = 16 * 1024;
const FORWARDED_ADDRESSES_MAX = 30;

export class BalancerNode {
  readonly at: HttpPlacement;
  /** Requests by final status; 460: the client went away. */
  readonly statuses = new Map<number, number>();
  requests = 0;
  private readonly settings: BalancerSettings;
  private readonly targets: readonly Target[];
  private readonly router: Router;
  private readonly tell: StackListener;
  private readonly sockets = new Set<Socket>();
  private readonly agent: http.Agent;
  private server: http.Server | null = null;
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(
    at: HttpPlacement,
    targets: readonly HttpPlacement[],
    settings: BalancerSettings,
    tell: StackListener,
  ) {
    this.at = at;
    this.settings = settings;
    this.tell = tell;
    this.router = new Router(settings.routing);
    this.agent = new http.Agent({
      keepAlive: true,
      maxFreeSockets: 32,
      timeout: settings.idleTimeoutMs,
    });
    this.targets = targets.map((target) => ({
      at: target,
      health: new TargetHealth(settings.health),
      healthySinceMs: 0,
      outstanding: new Set(),
    }));
  }

  /**
   * Listens and checks every target anew. Rejects with the system's error when the address is taken
   * or absent.
   */
  async start(): Promise<void> {
    const server = http.createServer(
      { keepAlive: true, maxHeaderSize: HEADERS_BYTES_MAX },
      (request, response) => this.serve(request, response),
    );
    server.keepAliveTimeout = this.settings.idleTimeoutMs;
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.refuseMalformed(error, socket as Socket),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.at.port, this.at.address, resolve);
    });
    server.on('error', () => undefined);
    this.server = server;
    this.tell({ kind: 'balancer-node-started', place: this.at.place });
    for (const target of this.targets) {
      // A machine that comes back knows nothing of its earlier life.
      target.health = new TargetHealth(this.settings.health);
      this.check(target, server);
    }
  }

  /** True when at least one target passed its checks: what DNS and the accelerator look at. */
  hasHealthyTarget(zone?: string): boolean {
    return this.targets.some(
      ({ at, health }) => health.state === 'healthy' && (zone === undefined || at.zone === zone),
    );
  }

  targetStates(): readonly {
    readonly place: string;
    readonly state: string;
    readonly reason: string | null;
  }[] {
    return this.targets.map(({ at, health }) => ({
      place: at.place,
      state: health.state,
      reason: health.reason,
    }));
  }

  isListening(): boolean {
    return this.server !== null;
  }

  /** The machine is gone: sockets are torn, nobody listens. */
  kill(): void {
    if (this.server === null) return;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.server.close();
    this.server = null;
    for (const socket of this.sockets) socket.resetAndDestroy();
    this.agent.destroy();
    this.tell({ kind: 'balancer-node-killed', place: this.at.place });
  }

  /**
   * Deregisters a target: no new requests to it; what it still has after the delay is cut off with
   * a 502.
   */
  drain(place: string): void {
    for (const target of this.targets) {
      if (target.at.place !== place) continue;
      target.health.drain();
      this.after(this.settings.deregistrationDelayMs, () => {
        target.health.endDraining();
        for (const request of target.outstanding) request.cut();
      });
    }
  }

  private check(target: Target, server: http.Server): void {
    const { health } = this.settings;
    const { health: machine } = target;
    this.after(health.intervalMs, () => this.check(target, server));
    void checkOnce(target.at, health).then((result) => {
      if (this.server !== server || target.health !== machine) return;
      const state = machine.onCheck(result);
      if (state === 'healthy') {
        target.healthySinceMs = Date.now();
        this.tell({
          kind: 'target-healthy',
          by: this.at.place,
          target: target.at.place,
          reason: '',
        });
      } else if (state === 'unhealthy') {
        this.tell({
          kind: 'target-unhealthy',
          by: this.at.place,
          target: target.at.place,
          reason: machine.reason ?? '',
        });
      }
    });
  }

  private after(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, ms);
    this.timers.add(timer);
  }

  private serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    this.requests++;
    const refusal = refusalOf(request);
    if (refusal !== null) {
      this.answer(response, { status: refusal.status, target: null, cause: refusal.cause });
      return;
    }
    const now = Date.now();
    const candidates: Candidate[] = this.targets.map(
      ({ at, health, outstanding, healthySinceMs }) => ({
        zone: at.zone,
        state: health.state,
        outstanding: outstanding.size,
        healthyForMs: now - healthySinceMs,
      }),
    );
    const choice = this.router.choose(candidates, this.at.zone, Math.random());
    const target = choice.kind === 'target' ? this.targets[choice.index] : undefined;
    if (target === undefined) {
      this.answer(response, { status: 503, target: null, cause: 'no registered targets' });
      return;
    }
    if (choice.kind === 'target' && choice.failOpen)
      this.tell({ kind: 'balancer-failed-open', by: this.at.place });
    this.forward(request, response, target);
  }

  private forward(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    target: Target,
  ): void {
    const forwarded = new ForwardedRequest(
      { request, response },
      { target: target.at, agent: this.agent, limits: this.settings },
      (end) => this.onForwarded(end, response, target),
    );
    target.outstanding.add(forwarded);
    response.on('close', () => target.outstanding.delete(forwarded));
  }

  private onForwarded(end: ForwardEnd, response: http.ServerResponse, target: Target): void {
    // A killed machine answers nobody and counts nothing.
    if (this.server === null) return;
    switch (end.kind) {
      case 'answered':
        this.count(end.status);
        return;
      case 'client-gone':
        this.count(460);
        return;
      case 'failed':
        this.answer(response, { status: end.status, target: target.at.place, cause: end.cause });
        return;
    }
  }

  private answer(
    response: http.ServerResponse,
    made: { readonly status: number; readonly target: string | null; readonly cause: string },
  ): void {
    const { status, target, cause } = made;
    this.count(status);
    this.tell({ kind: 'balancer-answered', by: this.at.place, status, target, cause });
    if (response.destroyed) return;
    const body = page(status);
    response.writeHead(status, {
      server: 'awselb/2.0',
      'content-type': 'text/html',
      'content-length': Buffer.byteLength(body),
      'x-starfish-cause': cause,
      ...(target === null ? {} : { 'x-starfish-target': target }),
    });
    response.end(body);
  }

  private refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
    if (socket.destroyed) return;
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const cause =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? 'the headers are larger than 64 KiB'
        : 'the request is malformed';
    this.requests++;
    this.count(400);
    this.tell({ kind: 'balancer-answered', by: this.at.place, status: 400, target: null, cause });
    const body = page(400);
    socket.end(
      `HTTP/1.1 400 Bad Request\r\nServer: awselb/2.0\r\nContent-Type: text/html\r\nContent-Length: ${body.length}\r\n` +
        `X-Starfish-Cause: ${cause}\r\nConnection: close\r\n\r\n${body}`,
    );
  }

  private count(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }
}

/** What the ALB refuses before it chooses a target; null: nothing. */
function refusalOf(
  request: http.IncomingMessage,
): { readonly status: number; readonly cause: string } | null {
  if (request.method === 'TRACE') return { status: 405, cause: 'TRACE is not supported' };
  if ((request.url ?? '').length > LINE_BYTES_MAX)
    return { status: 414, cause: 'the URI is longer than 16 KiB' };
  for (let at = 1; at < request.rawHeaders.length; at += 2) {
    if ((request.rawHeaders[at] ?? '').length > LINE_BYTES_MAX)
      return { status: 400, cause: 'a header is larger than 16 KiB' };
  }
  const forwarded = request.headers['x-forwarded-for'];
  if (forwarded !== undefined && String(forwarded).split(',').length > FORWARDED_ADDRESSES_MAX) {
    return { status: 463, cause: 'X-Forwarded-For has more than 30 addresses' };
  }
  return null;
}

function page(status: number): string {
  const title = `${status} ${http.STATUS_CODES[status] ?? ''}`.trim();
  return `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`;
}
