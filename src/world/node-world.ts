// One node's world, made anew at each start: its gate, clock, network end and random stream. Killing it makes every
// timer, message and disk callback of that life fall silent.

import type { EventLoop } from './event-loop.ts';
import { Gate } from './gate.ts';
import type { Fabric } from './network.ts';
import { NodeClock } from './node-clock.ts';
import type { Disk, Endpoint, Random, World } from './ports.ts';

export interface NodeWorld extends World {
  readonly gate: Gate;
  readonly clock: NodeClock;
  /** Ends this life of the node without a goodbye. */
  kill(): void;
}

/** `disk` makes the node's disk for this life; null keeps nothing. */
export function openNodeWorld(options: {
  readonly fabric: Fabric;
  readonly self: Endpoint;
  readonly random: Random;
  readonly disk: ((loop: EventLoop, gate: Gate) => Disk) | null;
}): NodeWorld {
  const { fabric, self, random } = options;
  const gate = new Gate();
  const network = fabric.open(self, gate);
  return {
    gate,
    network,
    random,
    clock: new NodeClock(fabric.loop, gate),
    disk: options.disk === null ? null : options.disk(fabric.loop, gate),
    kill() {
      gate.close();
      network.close();
    },
  };
}
