// The open model: requests start when they are due, whether or not earlier ones have ended. A pure
// schedule; the response time counts from the due time, so a stall shows in full (no coordinated
// omission).

export type LoadShape =
  /** Constant requests per second. */
  | { readonly kind: 'constant'; readonly rate: number }
  /** From one rate to another over `overMs`, then constant. */
  | { readonly kind: 'ramp'; readonly from: number; readonly to: number; readonly overMs: number };

/**
 * Due times since the start, milliseconds, Poisson-spaced by the draws given; call `next` for each.
 */
export class Arrivals {
  private readonly shape: LoadShape;
  private readonly draw: () => number;
  private atMs = 0;

  /** `draw`: uniform in [0, 1). */
  constructor(shape: LoadShape, draw: () => number) {
    this.shape = shape;
    this.draw = draw;
  }

  next(): number {
    const rate = Math.max(0.001, rateAt(this.shape, this.atMs));
    this.atMs += (-Math.log(1 - this.draw()) / rate) * 1_000;
    return this.atMs;
  }
}

export function rateAt(shape: LoadShape, atMs: number): number {
  if (shape.kind === 'constant') return shape.rate;
  const progress = Math.min(1, atMs / shape.overMs);
  return shape.from + (shape.to - shape.from) * progress;
}
