// Which target a balancer node sends the next request to: round robin or least outstanding
// requests, cross-zone or not, slow start, and fail open. Pure but for its turn. Test:
// test/stack/routing.test.ts. AWS: "Routing algorithms", "Target group health".

import type { TargetState } from './target-health.ts';

export type RoutingAlgorithm = 'round_robin' | 'least_outstanding_requests';

/** One target as the chooser sees it. */
export interface Candidate {
  readonly zone: string;
  readonly state: TargetState;
  readonly outstanding: number;
  /** Milliseconds since it turned healthy; Infinity when slow start does not apply to it. */
  readonly healthyForMs: number;
}

export interface RoutingSettings {
  readonly algorithm: RoutingAlgorithm;
  readonly crossZone: boolean;
  /** 0: off. (An ALB offers it with round robin only.) */
  readonly slowStartMs: number;
}

export type Choice =
  | { readonly kind: 'target'; readonly index: number; readonly failOpen: boolean }
  /** 503: no registered target (or none in this zone with cross-zone off). */
  | { readonly kind: 'none' };

export class Router {
  private readonly settings: RoutingSettings;
  private turn = 0;

  constructor(settings: RoutingSettings) {
    this.settings = settings;
  }

  /** `draw`: uniform in [0, 1), for slow start. */
  choose(targets: readonly Candidate[], zone: string, draw: number): Choice {
    const usable: number[] = [];
    const healthy: number[] = [];
    targets.forEach((target, index) => {
      if (target.state === 'draining' || target.state === 'unused') return;
      if (!this.settings.crossZone && target.zone !== zone) return;
      usable.push(index);
      if (target.state === 'healthy') healthy.push(index);
    });
    if (usable.length === 0) return { kind: 'none' };
    const failOpen = healthy.length === 0;
    const pool = failOpen ? usable : this.afterSlowStart(targets, healthy, draw);
    return { kind: 'target', index: this.pick(targets, pool), failOpen };
  }

  private pick(targets: readonly Candidate[], pool: readonly number[]): number {
    const start = this.turn++;
    let best = pool[start % pool.length] ?? 0;
    if (this.settings.algorithm === 'round_robin') return best;
    for (let step = 1; step < pool.length; step++) {
      const index = pool[(start + step) % pool.length] ?? best;
      if ((targets[index]?.outstanding ?? 0) < (targets[best]?.outstanding ?? 0)) best = index;
    }
    return best;
  }

  /** A target in slow start takes part with a probability that grows linearly. */
  private afterSlowStart(
    targets: readonly Candidate[],
    healthy: readonly number[],
    draw: number,
  ): readonly number[] {
    const { slowStartMs } = this.settings;
    if (slowStartMs === 0) return healthy;
    const warm = healthy.filter((index) => (targets[index]?.healthyForMs ?? 0) >= slowStartMs);
    if (warm.length === 0) return healthy;
    return healthy.filter((index) => (targets[index]?.healthyForMs ?? 0) / slowStartMs > draw);
  }
}
