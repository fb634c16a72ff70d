// Injects faults into an engine, its links and the stack around it, all layers of a place at once, and heals them.
// Overlapping faults are counted: a node stays down until the last fault that holds it is healed.

import type { Placement } from '../cluster/placement.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import type { BlastRadius } from './blast-radius.ts';
import { blastRadius } from './blast-radius.ts';
import type { Fault } from './fault.ts';

export interface ActiveFault {
  readonly id: string;
  readonly fault: Fault;
  readonly radius: BlastRadius;
  /** performance.now() at injection. */
  readonly sinceMs: number;
  /** Lifts it; resolves when everything has been started again (not when it has recovered). */
  heal(): Promise<void>;
}

export class Injector {
  private readonly engine: Engine;
  private readonly stack: Stack | null;
  private readonly placement: Placement;
  private readonly holds = new Map<string, number>();
  private readonly faults = new Map<string, ActiveFault>();
  private count = 0;

  constructor(engine: Engine, stack: Stack | null, placement: Placement) {
    this.engine = engine;
    this.stack = stack;
    this.placement = placement;
  }

  active(): readonly ActiveFault[] {
    return [...this.faults.values()];
  }

  /** Throws UnknownPlace or an Error that says what fits. */
  async inject(fault: Fault): Promise<ActiveFault> {
    const radius = blastRadius(fault, this.engine.topology, this.placement);
    const id = `${fault.kind}-${++this.count}`;
    const lifts: (() => Promise<void>)[] = [];
    for (const link of radius.links) lifts.push(await this.engine.linkFault(link));
    // Everything at the place goes at once: balancer nodes and instances do not wait for nodes.
    await Promise.all([
      ...radius.balancerNodes.map((place) => this.take(place, async () => this.stack?.killBalancerNode(place))),
      ...radius.instances.map((place) => this.take(place, async () => this.stack?.killInstance(place))),
      ...radius.nodes.map((place) => this.take(place, () => this.engine.kill(place))),
      ...radius.drainedNodes.map((place) => this.take(place, () => this.engine.drain(place))),
      ...radius.pausedNodes.map((place) => this.take(place, () => this.engine.pause(place))),
    ]);
    const active: ActiveFault = {
      id, fault, radius,
      sinceMs: performance.now(),
      heal: async () => {
        if (!this.faults.delete(id)) return;
        for (const lift of lifts) await lift();
        await this.giveBack(radius);
      },
    };
    this.faults.set(id, active);
    return active;
  }

  async healAll(): Promise<void> {
    for (const fault of this.active()) await fault.heal();
  }

  private async giveBack(radius: BlastRadius): Promise<void> {
    await Promise.all(radius.pausedNodes.map((place) => this.release(place, () => this.engine.resume(place))));
    const stopped = [...radius.nodes, ...radius.drainedNodes];
    await Promise.all(stopped.map((place) => this.release(place, () => this.engine.restart(place))));
    await Promise.all(radius.instances.map((place) => this.release(place, async () => this.stack?.restartInstance(place))));
    await Promise.all(
      radius.balancerNodes.map((place) => this.release(place, async () => this.stack?.restartBalancerNode(place))),
    );
  }

  private async take(place: string, action: () => Promise<unknown>): Promise<void> {
    const before = this.holds.get(place) ?? 0;
    this.holds.set(place, before + 1);
    if (before === 0) await action();
  }

  private async release(place: string, action: () => Promise<unknown>): Promise<void> {
    const before = this.holds.get(place) ?? 0;
    this.holds.set(place, Math.max(0, before - 1));
    if (before === 1) await action();
  }
}
