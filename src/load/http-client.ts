// Sends one request the way an SDK does: to the front door, and, if it is idempotent and failed,
// once more to the next nearest region's balancer. Tells what each attempt did. Ordinary Node only
// (undici).

import { Pool } from 'undici';

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly body: string | null;
}

export interface Attempt {
  readonly url: string;
  /** null: no answer. */
  readonly status: number | null;
  /** null: it succeeded (2xx, or 404 and 409, which are answers). */
  readonly error: string | null;
  /** False when the request surely had no effect. */
  readonly mayHaveRun: boolean;
  readonly region: string | null;
  readonly body: unknown;
  readonly bytes: number;
  readonly ms: number;
}

const CONNECTIONS = 64;
/** A connection that stands is never moved to a region that came back: clients renew theirs. */
const CONNECTION_AGE_MS_MAX = 5_000;

export class HttpClient {
  private readonly pools = new Map<string, Pool>();
  private readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  async send(origin: string, request: HttpRequest): Promise<Attempt> {
    const started = performance.now();
    const ms = (): number => performance.now() - started;
    try {
      const response = await this.pool(origin).request({
        method: request.method,
        path: request.path,
        body: request.body,
        headers: request.body === null ? {} : { 'content-type': 'application/json' },
        headersTimeout: this.timeoutMs,
        bodyTimeout: this.timeoutMs,
      });
      const text = await response.body.text();
      const status = response.statusCode;
      const error =
        status < 400 || status === 404 || status === 409
          ? null
          : describe(status, response.headers, text);
      return {
        url: origin,
        status,
        error,
        mayHaveRun: error === null || status === 504 || status === 502 || status === 503,
        region: header(response.headers, 'x-region'),
        body: error === null ? parse(text) : null,
        bytes: Buffer.byteLength(text),
        ms: ms(),
      };
    } catch (error) {
      const text =
        error instanceof Error
          ? `${'code' in error ? String(error.code) : error.name}: ${error.message}`
          : String(error);
      const mayHaveRun = !/ECONNREFUSED|UND_ERR_CONNECT_TIMEOUT|EADDRNOTAVAIL/.test(text);
      return {
        url: origin,
        status: null,
        error: text,
        mayHaveRun,
        region: null,
        body: null,
        bytes: 0,
        ms: ms(),
      };
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.destroy()));
    this.pools.clear();
  }

  private pool(origin: string): Pool {
    let pool = this.pools.get(origin);
    if (pool === undefined) {
      pool = new Pool(origin, {
        connections: CONNECTIONS,
        clientTtl: CONNECTION_AGE_MS_MAX,
        pipelining: 1,
        connect: { timeout: this.timeoutMs },
      });
      this.pools.set(origin, pool);
    }
    return pool;
  }
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function header(headers: Headers, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : null;
}

/**
 * What a failed request is listed as: the status and its cause, without ids, so that equal causes
 * add up.
 */
function describe(status: number, headers: Headers, text: string): string {
  const cause = header(headers, 'x-starfish-cause');
  if (cause !== null) return `${status} from the balancer: ${cause}`;
  const body = parse(text);
  const error =
    typeof body === 'object' && body !== null && 'error' in body
      ? String(body.error)
      : text.slice(0, 120);
  return `${status} from the application: ${error}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
