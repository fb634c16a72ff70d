// One request on its way through a balancer node: connect within a limit, wait within the idle
// timeout, pass the answer on as it comes. Never asks a second target. Each answer that the
// balancer makes itself has the cause that AWS names. Ordinary Node only. Test:
// test/stack/balancer-node.test.ts. AWS: "Troubleshoot your Application Load Balancers".

import { randomUUID } from 'node:crypto';
import * as http from 'node:http';
import type { HttpPlacement } from '../cluster/placement.ts';

export interface ForwardLimits {
  /** Between two signs of life, on either side. */
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
}

/** How the request ended, as the balancer counts it. */
export type ForwardEnd =
  | { readonly kind: 'answered'; readonly status: number }
  /** The balancer answers by itself. */
  | { readonly kind: 'failed'; readonly status: 502 | 504; readonly cause: string }
  /** 460: the client went away while the balancer waited. */
  | { readonly kind: 'client-gone' };

/** Headers that belong to one connection and are not passed on. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
]);

export class ForwardedRequest {
  private readonly request: http.IncomingMessage;
  private readonly response: http.ServerResponse;
  private readonly target: HttpPlacement;
  private readonly limits: ForwardLimits;
  private readonly onEnd: (end: ForwardEnd) => void;
  private readonly upstream: http.ClientRequest;
  private timer: NodeJS.Timeout | null = null;
  private connected = false;
  private ended = false;

  /** `onEnd` is called once: when the target's answer begins, or when there will be none. */
  constructor(
    exchange: { readonly request: http.IncomingMessage; readonly response: http.ServerResponse },
    to: {
      readonly target: HttpPlacement;
      readonly agent: http.Agent;
      readonly limits: ForwardLimits;
    },
    onEnd: (end: ForwardEnd) => void,
  ) {
    this.request = exchange.request;
    this.response = exchange.response;
    this.target = to.target;
    this.limits = to.limits;
    this.onEnd = onEnd;
    this.upstream = http.request({
      host: to.target.address,
      port: to.target.port,
      method: this.request.method ?? 'GET',
      path: this.request.url ?? '/',
      headers: forwardedHeaders(this.request),
      agent: to.agent,
    });
    this.watch();
  }

  /** Ends it with a 502: its target's deregistration delay ran out. */
  cut(): void {
    this.fail(502, 'the deregistration delay ran out under the request');
    this.upstream.destroy();
    if (this.response.headersSent && !this.response.writableFinished) this.response.destroy();
  }

  private watch(): void {
    const { upstream, response, request, limits } = this;
    this.wait(limits.connectTimeoutMs, 'no connection to the target in time');
    upstream.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', () => this.onConnect());
      else this.onConnect();
    });
    upstream.on('response', (answer) => this.pass(answer));
    upstream.on('error', () =>
      this.fail(
        502,
        this.connected
          ? 'the target closed the connection with the request outstanding'
          : 'the target refused the connection',
      ),
    );
    response.on('close', () => {
      if (response.writableFinished) return;
      upstream.destroy();
      this.end({ kind: 'client-gone' });
    });
    // A large body is a sign of life as it moves.
    request.on('data', () => {
      if (this.connected && !this.ended) this.waitForAnswer();
    });
    request.pipe(upstream);
  }

  private onConnect(): void {
    this.connected = true;
    if (!this.ended) this.waitForAnswer();
  }

  private waitForAnswer(): void {
    this.wait(this.limits.idleTimeoutMs, 'the target did not answer within the idle timeout');
  }

  private wait(ms: number, cause: string): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fail(504, cause), ms);
  }

  private fail(status: 502 | 504, cause: string): void {
    if (!this.end({ kind: 'failed', status, cause })) return;
    this.upstream.destroy();
  }

  private end(end: ForwardEnd): boolean {
    if (this.ended) return false;
    this.ended = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.onEnd(end);
    return true;
  }

  private pass(answer: http.IncomingMessage): void {
    const { response } = this;
    const status = answer.statusCode ?? 502;
    if (!this.end({ kind: 'answered', status })) return;
    // Headers are out: what goes wrong from here can only tear the connection.
    answer.on('error', () => response.destroy());
    answer.on('aborted', () => response.destroy());
    this.upstream.setTimeout(this.limits.idleTimeoutMs, () => {
      this.upstream.destroy();
      response.destroy();
    });
    if (response.destroyed) return;
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined && !HOP_BY_HOP.has(name)) response.setHeader(name, value);
    }
    response.setHeader('x-starfish-target', this.target.place);
    response.writeHead(status);
    answer.pipe(response);
  }
}

function forwardedHeaders(request: http.IncomingMessage): http.OutgoingHttpHeaders {
  const headers: http.OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers))
    if (!HOP_BY_HOP.has(name)) headers[name] = value;
  // A body without a length is passed on as it came: in chunks.
  if (request.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  const client = request.socket.remoteAddress ?? '';
  const before = request.headers['x-forwarded-for'];
  headers['x-forwarded-for'] = before === undefined ? client : `${String(before)}, ${client}`;
  headers['x-forwarded-proto'] = 'http';
  headers['x-forwarded-port'] = String(request.socket.localPort ?? '');
  headers['x-amzn-trace-id'] ??= traceId();
  return headers;
}

/** `Root=1-<seconds>-<24 hex digits>`. */
function traceId(): string {
  const seconds = Math.floor(Date.now() / 1_000)
    .toString(16)
    .padStart(8, '0');
  return `Root=1-${seconds}-${randomUUID().replaceAll('-', '').slice(0, 24)}`;
}
