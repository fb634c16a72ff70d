// Runs nodetool verbs in virtual time: the loop is driven while the verb's promise is open.

import { NodetoolFailure, runNodetool } from '../../src/cluster/nodetool.ts';
import type { ClusterWorld } from '../membership-cluster/world.ts';

interface Ended {
  readonly text: string;
  /** null: it went well. */
  readonly exitCode: 1 | 2 | null;
}

/** `nodetool us-east-1/a/1 status ks` */
export async function nodetool(
  world: ClusterWorld,
  place: string,
  command: string,
  limitMs = 1_800_000,
): Promise<Ended> {
  const [verb = '', ...words] = command.split(' ').filter((word) => word !== '');
  const host =
    world.cluster.host(place) ??
    world.cluster.departed.find((one) => one.placement.place === place);
  if (host === undefined) throw new Error(`no ${place}`);
  let ended: Ended | null = null;
  const running = runNodetool(world.cluster, host, verb, words).then(
    (text) => {
      ended = { text, exitCode: null };
    },
    (error: unknown) => {
      if (!(error instanceof NodetoolFailure)) throw error;
      ended = { text: error.message, exitCode: error.exitCode };
    },
  );
  const until = world.loop.nowMs() + limitMs;
  await settleMicrotasks();
  while (ended === null && world.loop.nowMs() < until) {
    world.loop.runFor(100);
    await settleMicrotasks();
  }
  await running;
  if (ended === null) throw new Error(`${command} does not end`);
  return ended;
}

/** A verb that must go well. */
export async function output(world: ClusterWorld, place: string, command: string): Promise<string> {
  const { text, exitCode } = await nodetool(world, place, command);
  if (exitCode !== null) throw new Error(`${command}: ${text}`);
  return text;
}

function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
