// One node of an application load balancer, in one zone: an HTTP proxy that checks every target by itself, routes each
// request, never retries one, and answers 502, 503 and 504 on its own where the ALB does (each with its cause told).
// Ordinary Node only: node:http, timers. AWS: "Troubleshoot your Application Load Balancers".

import * as http from 'node:http';
import type { Socket } from 'node:net';
import type { HttpPlacement } from '../cluster/placement.ts';
import { Router } from './routing.ts';
import type { Candidate, RoutingSettings } from './routing.ts';
import type { StackListener } from './stack-event.ts';
import { TargetHealth } from './target-health.ts';
import type { CheckResult, HealthCheckSettings } from './target-health.ts';

export interface BalancerSettings {
  readonly health: HealthCheckSettings;
  readonly routing: RoutingSettings;
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
}

interface Target {
  readonly at: HttpPlacement;
  readonly health: TargetHealth;
  outstanding: number;
  healthySinceMs: number;
}

/** Headers that belong to one connection and are not passed on. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

export class BalancerNode {
  readonly at: HttpPlacement;
  /** Requests by final status. */
  readonly statuses = new Map<number, number>();
  requests = 0;
  private readonly settings: BalancerSettings;
  private readonly targets: Target[];
  private readonly router: Router;
  private readonly tell: StackListener;
  private readonly sockets = new Set<Socket>();
  private readonly agent: http.Agent;
  private server: http.Server | null = null;
  private checks: NodeJS.Timeout[] = [];

  constructor(at: HttpPlacement, targets: readonly HttpPlacement[], settings: BalancerSettings, tell: StackListener) {
    this.at = at;
    this.settings = settings;
    this.tell = tell;
    this.router = new Router(settings.routing);
    this.agent = new http.Agent({ keepAlive: true, maxFreeSockets: 32, keepAliveMsecs: 30_000 });
    this.targets = targets.map((target) => ({
      at: target, health: new TargetHealth(settings.health), outstanding: 0, healthySinceMs: 0,
    }));
  }

  /** Listens and starts checking. Rejects with the system's error when the address is taken or absent. */
  async start(): Promise<void> {
    const server = http.createServer({ keepAlive: true }, (request, response) => this.proxy(request, response));
    server.keepAliveTimeout = this.settings.idleTimeoutMs;
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.at.port, this.at.address, resolve);
    });
    server.on('error', () => undefined);
    this.server = server;
    this.tell({ kind: 'balancer-node-started', place: this.at.place });
    for (const target of this.targets) this.check(target);
  }

  /** True when at least one target passed its checks: what DNS and the accelerator look at. */
  hasHealthyTarget(zone?: string): boolean {
    return this.targets.some(({ at, health }) => health.state === 'healthy' && (zone === undefined || at.zone === zone));
  }

  targetStates(): readonly { readonly place: string; readonly state: string; readonly reason: string | null }[] {
    return this.targets.map(({ at, health }) => ({ place: at.place, state: health.state, reason: health.reason }));
  }

  isListening(): boolean {
    return this.server !== null;
  }

  /** The machine is gone: sockets are torn, nobody listens. */
  kill(): void {
    for (const timer of this.checks) clearTimeout(timer);
    this.checks = [];
    this.server?.close();
    this.server = null;
    for (const socket of this.sockets) socket.resetAndDestroy();
    this.agent.destroy();
    this.tell({ kind: 'balancer-node-killed', place: this.at.place });
  }

  /** Deregisters a target: no new requests to it. */
  drain(place: string): void {
    for (const target of this.targets) if (target.at.place === place) target.health.drain();
  }

  private check(target: Target): void {
    const { health } = this.settings;
    const again = (): void => {
      if (this.server !== null) this.check(target);
    };
    const slot = this.targets.indexOf(target);
    this.checks[slot] = setTimeout(again, health.intervalMs);
    void checkOnce(target.at, health).then((result) => {
      if (this.server === null) return;
      const state = target.health.onCheck(result);
      if (state === 'healthy') {
        target.healthySinceMs = Date.now();
        this.tell({ kind: 'target-healthy', by: this.at.place, target: target.at.place, reason: '' });
      } else if (state === 'unhealthy') {
        this.tell({ kind: 'target-unhealthy', by: this.at.place, target: target.at.place, reason: target.health.reason ?? '' });
      }
    });
  }

  private proxy(request: http.IncomingMessage, response: http.ServerResponse): void {
    this.requests++;
    const now = Date.now();
    const candidates: Candidate[] = this.targets.map(({ at, health, outstanding, healthySinceMs }) => ({
      zone: at.zone, state: health.state, outstanding, healthyForMs: now - healthySinceMs,
    }));
    const choice = this.router.choose(candidates, this.at.zone, Math.random());
    const target = choice.kind === 'target' ? this.targets[choice.index] : undefined;
    if (target === undefined) {
      this.answer(response, 503, null, 'no registered targets');
      return;
    }
    if (choice.kind === 'target' && choice.failOpen) this.tell({ kind: 'balancer-failed-open', by: this.at.place });
    this.forward(request, response, target);
  }

  private forward(request: http.IncomingMessage, response: http.ServerResponse, target: Target): void {
    target.outstanding++;
    let settled = false;
    let connected = false;
    let timer: NodeJS.Timeout;
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      target.outstanding--;
      clearTimeout(timer);
      return true;
    };
    const upstream = http.request({
      host: target.at.address, port: target.at.port, method: request.method ?? 'GET', path: request.url ?? '/',
      headers: this.forwardedHeaders(request), agent: this.agent,
    });
    timer = setTimeout(() => fail(504, 'no connection to the target in time'), this.settings.connectTimeoutMs);
    const fail = (status: number, cause: string): void => {
      if (!settle()) return;
      upstream.destroy();
      this.answer(response, status, target.at.place, cause);
    };
    const onConnect = (): void => {
      connected = true;
      clearTimeout(timer);
      timer = setTimeout(() => fail(504, 'the target did not answer within the idle timeout'), this.settings.idleTimeoutMs);
    };
    upstream.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', onConnect);
      else onConnect();
    });
    upstream.on('response', (answer) => {
      answer.on('error', () => response.destroy());
      answer.on('aborted', () => response.destroy());
      if (settle()) this.pass(answer, response, target.at.place);
    });
    upstream.on('error', () =>
      fail(502, connected ? 'the target closed the connection with the request outstanding' : 'the target refused the connection'),
    );
    response.on('close', () => {
      if (!response.writableFinished && settle()) {
        upstream.destroy();
        this.count(460);
      }
    });
    request.pipe(upstream);
  }

  private pass(answer: http.IncomingMessage, response: http.ServerResponse, target: string): void {
    if (response.destroyed) return;
    const status = answer.statusCode ?? 502;
    this.count(status);
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined && !HOP_BY_HOP.has(name)) response.setHeader(name, value);
    }
    response.setHeader('x-starfish-target', target);
    response.writeHead(status);
    answer.pipe(response);
  }

  private forwardedHeaders(request: http.IncomingMessage): http.OutgoingHttpHeaders {
    const headers: http.OutgoingHttpHeaders = {};
    for (const [name, value] of Object.entries(request.headers)) if (!HOP_BY_HOP.has(name)) headers[name] = value;
    const before = request.headers['x-forwarded-for'];
    const client = request.socket.remoteAddress ?? '';
    headers['x-forwarded-for'] = before === undefined ? client : `${String(before)}, ${client}`;
    headers['x-forwarded-proto'] = 'http';
    return headers;
  }

  private answer(response: http.ServerResponse, status: number, target: string | null, cause: string): void {
    this.count(status);
    this.tell({ kind: 'balancer-answered', by: this.at.place, status, target, cause });
    if (response.destroyed) return;
    const text = http.STATUS_CODES[status] ?? '';
    response.writeHead(status, {
      server: 'awselb/2.0', 'content-type': 'text/html', 'x-starfish-cause': cause,
      ...(target === null ? {} : { 'x-starfish-target': target }),
    });
    response.end(`<html><head><title>${status} ${text}</title></head><body><h1>${status} ${text}</h1></body></html>`);
  }

  private count(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }
}

/** One health check on a new connection. */
function checkOnce(at: HttpPlacement, settings: HealthCheckSettings): Promise<CheckResult> {
  return new Promise((resolve) => {
    const request = http.get({
      host: at.address, port: at.port, path: settings.path, agent: false,
      headers: { 'user-agent': 'ELB-HealthChecker/2.0' },
    });
    const timer = setTimeout(() => {
      resolve('timeout');
      request.destroy();
    }, settings.timeoutMs);
    request.on('response', (response) => {
      clearTimeout(timer);
      response.resume();
      resolve(response.statusCode === 200 ? 'success' : 'code-mismatch');
    });
    request.on('error', () => {
      clearTimeout(timer);
      resolve('failed');
    });
  });
}
