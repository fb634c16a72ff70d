// Exchanges, deadlines and answers between two nodes.

import { describe, expect, it } from 'vitest';

import { Messaging } from '../../src/node/messaging/messaging.ts';
import type { Exchange, ExchangeHandler } from '../../src/node/messaging/messaging.ts';
import { DEFAULT_NODE_CONFIG } from '../../src/node/node-config.ts';
import { LinkTable } from '../../src/world/links.ts';
import { Fabric } from '../../src/world/network.ts';
import { openNodeWorld } from '../../src/world/node-world.ts';
import { endpoint } from '../../src/world/ports.ts';
import type { Endpoint } from '../../src/world/ports.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { VirtualEventLoop } from '../../src/world/virtual/event-loop.ts';
import { mutation, toyTable, update } from './toy-schema.ts';

const A = endpoint('127.0.1.1', 7000);
const B = endpoint('127.0.1.2', 7000);
const one = mutation(update(toyTable(), { k: '1', v: 'x', timestamp: 1 }), 0);

function setUp() {
  const loop = new VirtualEventLoop();
  const random = new SeededRandom(1);
  const links = new LinkTable(
    (_from, _to, same) => ({ oneWayMs: same ? 0 : 1, jitterMs: 0 }),
    random,
  );
  const fabric = new Fabric(loop, links);
  const open = (self: Endpoint) => {
    links.place(self, { datacenter: 'dc1', rack: 'a' });
    const world = openNodeWorld({ fabric, self, random, disk: null });
    return { world, messaging: new Messaging(world, DEFAULT_NODE_CONFIG) };
  };
  return { loop, links, a: open(A), b: open(B) };
}

class Recorder implements ExchangeHandler<string> {
  readonly heard: string[] = [];
  onResponse(operation: string, from: Endpoint): void {
    this.heard.push(`${operation}: answer of ${from}`);
  }
  onFailure(operation: string, from: Endpoint, reason: string): void {
    this.heard.push(`${operation}: ${reason} of ${from}`);
  }
  onExpired(operation: string, exchange: Exchange): void {
    this.heard.push(`${operation}: expired, open ${exchange.open}`);
  }
}

describe('messaging', () => {
  it('brings answers and failures to their exchange, until it is closed', () => {
    const { loop, a, b } = setUp();
    const recorder = new Recorder();
    b.messaging.serve('MUTATION_REQ', (message, from) =>
      b.messaging.respond(message, from, 'MUTATION_RSP', null),
    );
    a.messaging.serve('MUTATION_REQ', (message, from) =>
      a.messaging.fail(message, from, 'INCOMPATIBLE_SCHEMA'),
    );
    const exchange = a.messaging.open(recorder, 'write', 2_000);
    a.messaging.request(exchange, A, 'MUTATION_REQ', one, null);
    a.messaging.request(exchange, B, 'MUTATION_REQ', one, null);
    loop.runFor(10);
    a.messaging.close(exchange);
    a.messaging.close(exchange);
    a.messaging.request(exchange, B, 'MUTATION_REQ', one, null);
    loop.runFor(5_000);
    expect(recorder.heard).toEqual([`write: INCOMPATIBLE_SCHEMA of ${A}`, `write: answer of ${B}`]);
    expect(a.messaging.pending()).toBe(0);
  });

  it('expires exchanges at their deadlines, in order, with one timer a duration', () => {
    const { loop, a } = setUp();
    const recorder = new Recorder();
    a.messaging.open(recorder, 'first', 2_000);
    const second = a.messaging.open(recorder, 'second', 2_000);
    loop.runFor(500);
    a.messaging.open(recorder, 'third', 2_000);
    a.messaging.open(recorder, 'odd', 7);
    a.messaging.close(second);
    loop.runFor(1_499);
    expect(recorder.heard).toEqual(['odd: expired, open false']);
    loop.runFor(1);
    expect(recorder.heard).toEqual(['odd: expired, open false', 'first: expired, open false']);
    loop.runFor(500);
    expect(recorder.heard.at(-1)).toBe('third: expired, open false');
    expect(a.messaging.pending()).toBe(0);
  });

  it('drops a request that arrives too late and counts it', () => {
    const { loop, links, a, b } = setUp();
    let served = 0;
    b.messaging.serve('MUTATION_REQ', () => void served++);
    links.add({
      name: 'slow',
      matches: () => true,
      effect: { kind: 'slow', addedMs: 2_500, jitterMs: 0 },
    });
    const exchange = a.messaging.open(new Recorder(), 'write', 2_000);
    a.messaging.request(exchange, B, 'MUTATION_REQ', one, null);
    loop.runFor(5_000);
    expect(served).toBe(0);
    expect(b.messaging.stats.dropped.get('MUTATION_REQ')).toBe(1);
  });

  it('waits out a pause of the receiver, and drops what became too old in it', () => {
    const { loop, a, b } = setUp();
    let served = 0;
    b.messaging.serve('MUTATION_REQ', () => void served++);
    b.world.gate.pause();
    a.messaging.request(
      a.messaging.open(new Recorder(), 'old', 2_000),
      B,
      'MUTATION_REQ',
      one,
      null,
    );
    loop.runFor(1_500);
    a.messaging.request(
      a.messaging.open(new Recorder(), 'new', 2_000),
      B,
      'MUTATION_REQ',
      one,
      null,
    );
    loop.runFor(1_000);
    b.world.gate.resume();
    loop.runFor(10);
    expect(served).toBe(1);
  });

  it('asks once and hears once', () => {
    const { loop, links, a, b } = setUp();
    const heard: string[] = [];
    b.messaging.serve('ECHO_REQ', (message, from) =>
      b.messaging.respond(message, from, 'ECHO_RSP', null),
    );
    a.messaging.ask(B, 'ECHO_REQ', null, (answer, reason) =>
      heard.push(answer === null ? reason : answer.verb),
    );
    loop.runFor(100);
    links.add({ name: 'cut', matches: () => true, effect: { kind: 'cut' } });
    a.messaging.ask(
      B,
      'ECHO_REQ',
      null,
      (answer, reason) => heard.push(answer === null ? reason : answer.verb),
      50,
    );
    loop.runFor(100);
    expect(heard).toEqual(['ECHO_RSP', 'TIMEOUT']);
  });
});
