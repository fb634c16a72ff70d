// Injects faults into an engine, its links and the stack around it, all layers of a place at once,
// and heals them. Overlapping faults are counted: a node stays down until the last fault that holds
// it is healed. Test: test/fault/injector.test.ts.

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
  /** Injecting and healing happen one after another: a node that starts is not killed half-way. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine, stack: Stack | null, placement: Placement) {
    this.engine = engine;
    this.stack = stack;
    this.placement = placement;
  }

  active(): readonly ActiveFault[] {
    return [...this.faults.values()];
  }

  /** Throws UnknownPlace or an Error that says what fits. */
  inject(fault: Fault): Promise<ActiveFault> {
    return this.inTurn(() => this.injectNow(fault));
  }

  async healAll(): Promise<void> {
    for (const fault of this.active()) await fault.heal();
  }

  private inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.last.then(action);
    this.last = result.catch(() => undefined);
    return result;
  }

  private async injectNow(fault: Fault): Promise<ActiveFault> {
    const { topology, nodes } = this.engine;
    const radius = blastRadius(fault, topology, { ...this.placement, nodes });
    const id = `${fault.kind}-${++this.count}`;
    const lifts: (() => Promise<void>)[] = [];
    for (const link of radius.links) lifts.push(await this.engine.linkFault(link));
    // Everything at the place goes at once: balancer nodes and instances do not wait for nodes.
    await Promise.all([
      ...radius.balancerNodes.map((place) =>
        this.take(place, async () => this.stack?.killBalancerNode(place)),
      ),
      ...radius.instances.map((place) =>
        this.take(place, async () => this.stack?.killInstance(place)),
      ),
      ...radius.nodes.map((place) => this.take(place, () => this.engine.kill(place))),
      ...radius.drainedNodes.map((place) => this.take(place, () => this.engine.drain(place))),
      ...radius.pausedNodes.map((place) => this.take(place, () => this.engine.pause(place))),
    ]);
    const active: ActiveFault = {
      id,
      fault,
      radius,
      sinceMs: performance.now(),
      heal: () =>
        this.inTurn(async () => {
          if (!this.faults.delete(id)) return;
          for (const lift of lifts) await lift();
          await this.giveBack(radius);
        }),
    };
    this.faults.set(id, active);
    return active;
  }

  /**
   * Nodes first: instances need them. What cannot be started does not keep the rest down; the first
   * such error is thrown at the end.
   */
  private async giveBack(radius: BlastRadius): Promise<void> {
    const problems: unknown[] = [];
    const each = async (
      places: readonly string[],
      action: (place: string) => Promise<unknown>,
    ): Promise<void> => {
      const results = await Promise.allSettled(
        places.map((place) => this.release(place, () => action(place))),
      );
      for (const result of results) if (result.status === 'rejected') problems.push(result.reason);
    };
    await each(radius.pausedNodes, (place) => this.engine.resume(place));
    await each([...radius.nodes, ...radius.drainedNodes], async (place) => {
      // One that was removed or replaced meanwhile does not come back.
      if (this.engine.nodes.some((node) => node.place === place)) await this.engine.restart(place);
    });
    await each(radius.instances, async (place) => this.stack?.restartInstance(place));
    await each(radius.balancerNodes, async (place) => this.stack?.restartBalancerNode(place));
    if (problems.length > 0) throw problems[0];
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
