// A running always-on stack as the library hands it out: a cluster, with the sample application's
// instances and the balancers around it. Test: test/api/start-stack.test.ts.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from './lab.ts';
import type { DriverConnections } from '../stack/app-instance.ts';
import type { StackEvent } from '../stack/stack-event.ts';
import type { Stack } from '../stack/stack.ts';
import type { FaultInput } from '../fault/fault.ts';
import type { FaultHandle } from './running-cluster.ts';
import { RunningCluster } from './running-cluster.ts';

export class RunningStack implements AsyncDisposable {
  /** The nodes, faults and checks. */
  readonly cluster: RunningCluster;
  private readonly stack: Stack;

  constructor(lab: Lab, stack: Stack, seed: number) {
    this.cluster = new RunningCluster(lab, seed);
    this.stack = stack;
  }

  /** One HTTP address for users of all regions: the global accelerator. */
  get globalUrl(): string {
    return this.stack.globalUrl();
  }

  /** Where the users nearest to a region enter; undefined for a region that is not there. */
  urlFor(region: string): string | undefined {
    return this.stack.frontDoors().find((door) => door.region === region)?.url;
  }

  /** Connections of each running instance's driver. */
  get driverConnections(): readonly DriverConnections[] {
    return this.stack.driverConnections();
  }

  /** As RunningCluster.fault: instances and balancer nodes at the place go too. */
  fault(fault: FaultInput): Promise<FaultHandle> {
    return this.cluster.fault(fault);
  }

  /** Hears what balancers, instances and the accelerator tell; returns the way to stop. */
  onEvent(listener: (event: StackEvent) => void): () => void {
    return this.stack.on(listener);
  }

  /**
   * As RunningCluster.settled, and every instance is in service again unless a fault still holds
   * it. Rejects at the limit.
   */
  async settled(limitMs = 60_000): Promise<void> {
    const deadline = performance.now() + limitMs;
    await this.cluster.settled(limitMs);
    while (!this.stack.isWhole()) {
      if (performance.now() > deadline)
        throw new Error(`The stack did not settle within ${limitMs / 1_000} s.`);
      await sleep(20);
    }
  }

  stop(): Promise<void> {
    return this.cluster.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
