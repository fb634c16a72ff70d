// The load of a running stack, started, changed and stopped from a second terminal. Statistics go
// on over changes.

import type { Lab } from '../../drill/lab.ts';
import { ShopLoad } from '../../load/shop-load.ts';
import type { StatsRow } from '../../load/statistics.ts';
import { Statistics } from '../../load/statistics.ts';
import { populationShares } from '../../stack/stack.ts';

interface Running {
  readonly run: ShopLoad;
  readonly rate: number;
  readonly retry: boolean;
}

const RATE_DEFAULT = 100;
const RATE_MAX = 20_000;

export class LabLoad {
  private readonly lab: Lab;
  private running: Running | null = null;
  private statistics = new Statistics();
  private timer: NodeJS.Timeout | null = null;

  constructor(lab: Lab) {
    this.lab = lab;
  }

  /**
   * `{action: start | set | stats | stop, rate?, retry?, runTimeMs?}`. Throws Errors for people.
   */
  async command(body: Readonly<Record<string, unknown>>): Promise<unknown> {
    switch (body['action']) {
      case 'start':
        if (this.running !== null)
          throw new Error(
            'Load runs already. Change it: starfish load set --rate 200. Stop it: starfish load stop',
          );
        this.statistics = new Statistics();
        return this.begin(rateOf(body, RATE_DEFAULT), body['retry'] !== false, body['runTimeMs']);
      case 'set': {
        const { rate, retry, run } = this.required();
        void run.stop();
        return this.begin(
          rateOf(body, rate),
          body['retry'] === undefined ? retry : body['retry'] !== false,
          undefined,
        );
      }
      case 'stats':
        this.required();
        return this.statistics.rows();
      case 'stop':
        this.required();
        return this.stop();
      default:
        throw new Error(`load ${String(body['action'])}: write start, set, stats or stop`);
    }
  }

  /** The last statistics. */
  async stop(): Promise<readonly StatsRow[]> {
    const { running } = this;
    this.running = null;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    await running?.run.stop();
    return this.statistics.rows();
  }

  private required(): Running {
    if (this.running === null)
      throw new Error('No load runs. Start it: starfish load start --rate 100');
    return this.running;
  }

  private begin(rate: number, retry: boolean, runTimeMs: unknown): { readonly rate: number } {
    const { stack, topology } = this.lab;
    if (stack === null) throw new Error('There is no HTTP stack here: load needs the shop.');
    const { statistics } = this;
    const run = new ShopLoad({
      frontDoors: stack.frontDoors(),
      shape: { kind: 'constant', rate },
      shares: populationShares(topology),
      mix: { read: 0.6, write: 0.3 },
      retryOnce: retry,
      timeoutMs: 5_000,
      draw: Math.random,
      onRequest: ({ method, name, endMs, dueMs, attempts, error }) =>
        statistics.add({
          method,
          name,
          atMs: endMs,
          ms: endMs - dueMs,
          bytes: attempts.at(-1)?.bytes ?? 0,
          error,
        }),
    });
    run.start();
    this.running = { run, rate, retry };
    if (typeof runTimeMs === 'number') this.timer = setTimeout(() => void this.stop(), runTimeMs);
    return { rate };
  }
}

function rateOf(body: Readonly<Record<string, unknown>>, usual: number): number {
  const rate = body['rate'] === undefined ? usual : Number(body['rate']);
  if (!Number.isFinite(rate) || rate <= 0 || rate > RATE_MAX)
    throw new Error(`a rate is a number up to ${RATE_MAX}`);
  return rate;
}
