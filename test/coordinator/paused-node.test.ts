// A node that stops for minutes under load (SIGSTOP, a frozen machine) while nobody convicts it: nothing grows without
// bound on either side, and when it goes on it ends up with everything.

import { describe, expect, it } from 'vitest';

import { WHOLE_RING } from '../../src/node/storage/table-store.ts';
import { Gate } from '../../src/world/gate.ts';
import { ToyCluster, toyNodes } from './toy-cluster.ts';
import { mutation, toyKeyspace, toySchema, toyTable, update } from './toy-schema.ts';

const MESSAGES_MAX = 50_000;

describe('a paused node', () => {
  it('keeps a bounded number of messages, and catches up by hints', () => {
    const table = toyTable();
    const cluster = new ToyCluster({
      nodes: toyNodes({ dc1: ['a', 'b', 'c'] }),
      schema: toySchema(toyKeyspace({ dc1: 3 }, [table])),
      config: { hinted_handoff_throttle: 0 },
      latency: (_from, _to, same) => ({ oneWayMs: same ? 0 : 1, jitterMs: 0 }),
    });
    const { loop } = cluster;
    const a = cluster.node('a/1');
    const c = cluster.node('c/1');
    const { gate } = c.world;
    let written = 0;
    let failed = 0;
    let waitingMax = 0;
    let pendingMax = 0;
    const perTick = 8;
    const ticks = 9_000;
    c.world.gate.pause();
    for (let tick = 0; tick < ticks; tick++) {
      loop.runFor(20);
      for (let n = 0; n < perTick; n++) {
        const one = update(table, { k: String(written++), v: 'x', timestamp: 1 });
        a.coordinator.write(
          [mutation(one, Math.floor(loop.wallMicros() / 1000))],
          { kind: 'simple', consistency: 'QUORUM' },
          cluster.context(),
          (error) => {
            if (error !== null) failed++;
          },
        );
      }
      waitingMax = Math.max(waitingMax, gate.waitingMessages);
      pendingMax = Math.max(pendingMax, a.messaging.pending());
    }
    expect(written).toBe(72_000);
    expect(failed).toBe(0);
    expect(waitingMax).toBe(MESSAGES_MAX);
    // Two seconds of writes wait for their last acknowledgement, and one page of hints.
    expect(pendingMax).toBeLessThanOrEqual(((2_000 + 20) / 20) * perTick + 128);
    expect(gate.droppedMessages).toBeGreaterThan(20_000);
    gate.resume();
    expect(gate.waitingMessages).toBe(0);
    loop.runFor(120_000);
    let partitions = 0;
    c.store.table(table).forEachPartition(WHOLE_RING, () => void partitions++);
    expect(partitions).toBe(written);
    expect(a.hints.pendingHints()).toEqual([]);
    expect(a.messaging.pending()).toBe(0);
  });
});

describe('a gate', () => {
  it('drops expired messages first, then the latest, and never a timer', () => {
    const gate = new Gate();
    const order: string[] = [];
    gate.pause();
    for (let n = 0; n < MESSAGES_MAX; n++) {
      gate.passMessage(() => void order.push(`message ${n}`), n < 10 ? 1_000 : 60_000, 0);
    }
    gate.pass(() => void order.push('timer'));
    gate.passMessage(() => void order.push('too many'), 60_000, 0);
    gate.passMessage(() => void order.push('has room'), 60_000, 2_000);
    expect([gate.waitingMessages, gate.droppedMessages]).toEqual([MESSAGES_MAX - 9, 11]);
    gate.resume();
    expect([order[0], order.at(-2), order.at(-1)]).toEqual(['message 10', 'timer', 'has room']);
    expect(order.length).toBe(MESSAGES_MAX - 8);
  });

  it('keeps the rest when an event pauses it again', () => {
    const gate = new Gate();
    const order: number[] = [];
    gate.pause();
    gate.passMessage(
      () => {
        order.push(1);
        gate.pause();
      },
      Infinity,
      0,
    );
    gate.passMessage(() => void order.push(2), Infinity, 0);
    gate.pass(() => void order.push(3));
    gate.resume();
    expect([order, gate.waitingMessages]).toEqual([[1], 1]);
    gate.resume();
    expect([order, gate.waitingMessages]).toEqual([[1, 2, 3], 0]);
  });
});
