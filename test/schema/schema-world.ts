// A few schema services over toy stores, joined by a network that delivers at once unless it is cut.

import type { Mutation } from '../../src/data/partition.ts';
import type { SchemaUpdate } from '../../src/node/schema/schema-service.ts';
import { SchemaService } from '../../src/node/schema/schema-service.ts';
import { SchemaCache } from '../../src/node/schema/schema-cache.ts';
import { SILENT } from '../../src/node/telemetry.ts';
import type { Clock, Endpoint } from '../../src/world/ports.ts';
import { endpoint } from '../../src/world/ports.ts';
import { MapStore } from './map-store.ts';

/** A clock that moves on demand and by a millisecond a look at the wall. */
export class StepClock implements Clock {
  private timers: { at: number; callback: () => void }[] = [];
  private ms = 1_700_000_000_000;
  wallMs(): number {
    return this.ms;
  }
  wallMicros(): number {
    return this.ms++ * 1_000;
  }
  nowMs(): number {
    return this.ms;
  }
  after(ms: number, callback: () => void) {
    const timer = { at: this.ms + ms, callback };
    this.timers.push(timer);
    return {
      cancel: () => {
        this.timers = this.timers.filter((other) => other !== timer);
      },
    };
  }
  advance(ms: number): void {
    const until = this.ms + ms;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= until).sort((x, y) => x.at - y.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.ms = Math.max(this.ms, next.at);
      next.callback();
    }
    this.ms = until;
  }
}

export class SchemaWorld {
  cut = false;
  readonly clock = new StepClock();
  readonly stores: MapStore[] = [];
  private readonly nodes: SchemaService[] = [];
  private readonly updates: SchemaUpdate[][] = [];
  private readonly queue: (() => void)[] = [];

  constructor(count: number) {
    const cache = new SchemaCache();
    const endpoints = Array.from({ length: count }, (_, i) => endpoint(`127.0.1.${i + 1}`, 7000));
    for (const self of endpoints) {
      const store = new MapStore();
      const service: SchemaService = new SchemaService({
        self,
        clock: this.clock,
        store,
        cache,
        telemetry: SILENT,
        livePeers: () => endpoints.filter((other) => other !== self),
        readLiteral: () => null,
        messenger: {
          push: (to: Endpoint, mutations: readonly Mutation[]) => {
            if (!this.cut) this.queue.push(() => this.at(endpoints.indexOf(to)).merge(mutations));
          },
          pull: (from, done) => {
            this.queue.push(() =>
              done(this.cut ? null : this.at(endpoints.indexOf(from)).allMutations()),
            );
          },
        },
      });
      const heard: SchemaUpdate[] = [];
      service.start();
      service.subscribe((update) => heard.push(update));
      this.stores.push(store);
      this.nodes.push(service);
      this.updates.push(heard);
    }
    this.endpoints = endpoints;
  }
  readonly endpoints: readonly Endpoint[];

  services(): [SchemaService, SchemaService, ...SchemaService[]] {
    return this.nodes as [SchemaService, SchemaService, ...SchemaService[]];
  }

  eventsOf(index: number): string[] {
    return (this.updates[index] ?? []).flatMap(({ changes }) =>
      changes.map((event) => {
        const name = event.target === 'KEYSPACE' ? '' : `.${event.name}`;
        return `${event.change} ${event.target} ${event.keyspace}${name}`;
      }),
    );
  }

  /** Every node hears every other node's version. */
  gossip(): void {
    if (this.cut) return;
    for (const [i, node] of this.nodes.entries()) {
      for (const [j, peer] of this.nodes.entries()) {
        const from = this.endpoints[j];
        if (i !== j && from !== undefined) node.migrations.onVersion(from, peer.current.version);
      }
    }
    this.clock.advance(70_000);
  }

  /** Delivers everything under way. */
  settle(): void {
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) next();
  }

  private at(index: number): SchemaService {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`no node ${index}`);
    return node;
  }
}
