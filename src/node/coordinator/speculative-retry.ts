// When a read asks one more replica: the table option's values and the latencies its percentiles come from. Pure.
// Test: test/coordinator/speculative-retry.test.ts. Cassandra: service/reads/*SpeculativeRetryPolicy,
// metrics/DecayingEstimatedHistogramReservoir.

export type SpeculativeRetry =
  | { readonly kind: 'never' }
  | { readonly kind: 'always' }
  | { readonly kind: 'fixed'; readonly ms: number }
  | { readonly kind: 'percentile'; readonly percentile: number }
  | {
      readonly kind: 'min' | 'max';
      readonly percentile: SpeculativeRetry & { readonly kind: 'percentile' };
      readonly fixed: SpeculativeRetry & { readonly kind: 'fixed' };
    };

const FIXED = /^(\d+(?:\.\d+)?)ms$/i;
const PERCENTILE = /^(\d+(?:\.\d+)?)p(?:ercentile)?$/i;
const HYBRID = /^(min|max)\(([^,]+),([^,]+)\)$/i;

/** The value of `speculative_retry` or `additional_write_policy`; null when it is not valid. */
export function parseSpeculativeRetry(text: string): SpeculativeRetry | null {
  const trimmed = text.trim();
  const upper = trimmed.toUpperCase();
  if (upper === 'NEVER' || upper === 'NONE') return { kind: 'never' };
  if (upper === 'ALWAYS') return { kind: 'always' };
  const simple = parseSimple(trimmed);
  if (simple !== null) return simple;
  const hybrid = HYBRID.exec(trimmed.replace(/\s+/g, ''));
  if (hybrid === null) return null;
  const left = parseSimple(hybrid[2] ?? '');
  const right = parseSimple(hybrid[3] ?? '');
  if (left === null || right === null) return null;
  const kind = hybrid[1]?.toLowerCase() === 'min' ? 'min' : 'max';
  if (left.kind === 'percentile' && right.kind === 'fixed') {
    return { kind, percentile: left, fixed: right };
  }
  if (left.kind === 'fixed' && right.kind === 'percentile') {
    return { kind, percentile: right, fixed: left };
  }
  return null;
}

type Simple = SpeculativeRetry & { readonly kind: 'percentile' | 'fixed' };

function parseSimple(text: string): Simple | null {
  const fixed = FIXED.exec(text);
  if (fixed !== null) return { kind: 'fixed', ms: Number(fixed[1]) };
  const percentile = PERCENTILE.exec(text);
  if (percentile === null) return null;
  const value = Number(percentile[1]);
  return value <= 0 || value > 100 ? null : { kind: 'percentile', percentile: value };
}

/** Milliseconds after which one more replica is asked; Infinity: never. `existing` holds without measurements. */
export function speculationThresholdMs(
  policy: SpeculativeRetry,
  latencies: LatencyHistogram,
  existing: number,
): number {
  switch (policy.kind) {
    case 'never':
    case 'always':
      return Infinity;
    case 'fixed':
      return policy.ms;
    case 'percentile':
      return latencies.isEmpty ? existing : latencies.percentileMs(policy.percentile);
    case 'min':
    case 'max': {
      if (latencies.isEmpty) return existing;
      const measured = latencies.percentileMs(policy.percentile.percentile);
      const { ms } = policy.fixed;
      return policy.kind === 'min' ? Math.min(measured, ms) : Math.max(measured, ms);
    }
  }
}

const BUCKETS = 128;
const GROWTH = Math.log(1.2);
const HALF_LIFE_MS = 60_000;

/** Latencies in buckets that grow by a fifth, from a microsecond on; old ones fade. */
export class LatencyHistogram {
  private readonly counts = new Float64Array(BUCKETS);
  private total = 0;
  private fadedAtMs = 0;

  get isEmpty(): boolean {
    return this.total < 0.5;
  }

  record(ms: number): void {
    const micros = ms * 1000;
    const bucket = micros <= 1 ? 0 : Math.ceil(Math.log(micros) / GROWTH);
    this.counts[bucket < BUCKETS ? bucket : BUCKETS - 1] = this.at(bucket) + 1;
    this.total++;
  }

  /** Halves what is older than a minute; call it now and then. */
  fade(nowMs: number): void {
    if (nowMs - this.fadedAtMs < HALF_LIFE_MS) return;
    this.fadedAtMs = nowMs;
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.counts[bucket] = this.at(bucket) / 2;
    this.total /= 2;
  }

  /** The upper end of the bucket that holds the percentile. */
  percentileMs(percentile: number): number {
    const rank = (this.total * percentile) / 100;
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.at(bucket);
      if (seen >= rank && seen > 0) return Math.exp(bucket * GROWTH) / 1000;
    }
    return Math.exp(BUCKETS * GROWTH) / 1000;
  }

  private at(bucket: number): number {
    return this.counts[bucket < BUCKETS ? bucket : BUCKETS - 1] as number;
  }
}
