// What a drill sees of engine and stack while it runs: detections and recoveries for the timeline,
// repairs that happened along the way, and whether a fault did what it should.

import type { Engine, EngineEvent } from '../engine/engine.ts';
import type { BlastRadius } from '../fault/blast-radius.ts';
import type { StackEvent } from '../stack/stack-event.ts';
import type { Stack } from '../stack/stack.ts';
import type { TimelineEntry } from './drill-result.ts';

export class DrillObserver {
  /**
   * performance.now() of the last sign of recovery: a node up, hints delivered, a target healthy, a
   * region steered to.
   */
  lastRecoveryAtMs = 0;
  private readRepairs = 0;
  private speculativeRetries = 0;
  private readonly convicted = new Set<string>();
  private readonly note: (kind: TimelineEntry['kind'], text: string) => void;

  constructor(note: (kind: TimelineEntry['kind'], text: string) => void) {
    this.note = note;
  }

  /** Since the start. */
  counts(): { readonly readRepairs: number; readonly speculativeRetries: number } {
    return { readRepairs: this.readRepairs, speculativeRetries: this.speculativeRetries };
  }

  onEngineEvent({ kind, place, details }: EngineEvent): void {
    switch (kind) {
      case 'read-repaired':
        this.readRepairs++;
        return;
      case 'speculative-retry-sent':
        this.speculativeRetries++;
        return;
      case 'node-convicted': {
        const node = String(details['node']);
        if (this.convicted.has(node)) return;
        this.convicted.add(node);
        this.note('detected', `${node} is down, says ${place}`);
        return;
      }
      case 'node-marked-up':
        this.convicted.delete(String(details['node']));
        this.lastRecoveryAtMs = performance.now();
        return;
      case 'hints-delivered':
        this.lastRecoveryAtMs = performance.now();
        return;
      case 'node-failed':
        this.note('fault', `${place} failed by itself: ${String(details['reason'])}`);
        return;
      default:
        return;
    }
  }

  onStackEvent(event: StackEvent): void {
    switch (event.kind) {
      case 'target-unhealthy':
        this.note('detected', `${event.by} marks ${event.target} unhealthy (${event.reason})`);
        return;
      case 'endpoint-unhealthy':
        this.note('detected', `the accelerator steers away from ${event.region}`);
        return;
      case 'endpoint-healthy':
        this.lastRecoveryAtMs = performance.now();
        this.note('recovered', `the accelerator steers to ${event.region} again`);
        return;
      case 'target-healthy':
        this.lastRecoveryAtMs = performance.now();
        return;
      default:
        return;
    }
  }
}

/** Places of a blast radius that run all the same. */
export function untouchedPlaces(
  radius: BlastRadius,
  engine: Engine,
  stack: Stack,
): readonly string[] {
  const states = new Map(engine.status().map(({ place, state }) => [place, state]));
  const balancerNodes = [...stack.balancers.values()].flatMap(({ nodes }) => nodes);
  return [
    ...[...radius.nodes, ...radius.drainedNodes, ...radius.pausedNodes].filter(
      (place) => states.get(place) === 'up',
    ),
    ...stack.instances
      .filter(({ at }) => radius.instances.includes(at.place))
      .filter((instance) => instance.isRunning())
      .map(({ at }) => at.place),
    ...balancerNodes
      .filter(({ at }) => radius.balancerNodes.includes(at.place))
      .filter((node) => node.isListening())
      .map(({ at }) => at.place),
  ];
}
