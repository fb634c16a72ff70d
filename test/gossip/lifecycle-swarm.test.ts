// Random lives of a cluster: nodes join, die and are removed, leave, are replaced, restart. After every step all nodes
// agree on the ring and every owner has its data.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decommission } from '../../src/node/membership/departure.ts';
import { networkReplication } from '../../src/ring/replication.ts';
import { at, MembershipCluster } from './membership-cluster.ts';

type Step = 'join' | 'leave' | 'remove' | 'replace' | 'restart';

class Life {
  readonly cluster: MembershipCluster;
  private next = 5;

  constructor(seed: number) {
    this.cluster = new MembershipCluster(networkReplication({ dc1: 2 }), seed);
    this.cluster.startAll(4, { rack: 'r1' });
    this.cluster.write();
  }

  /** Node 1 stays: it is the seed. */
  step(step: Step, pick: number): void {
    const { cluster } = this;
    const others = [...cluster.nodes.keys()].filter((n) => n !== 1);
    const n = others[pick % others.length] ?? 2;
    const shrinks = step === 'leave' || step === 'remove';
    if (shrinks && others.length < 3) return;
    if (step === 'join' && others.length > 6) return;
    const { hostId } = cluster.node(n).membership;
    switch (step) {
      case 'join':
        cluster.start(this.next++, { rack: 'r1' });
        break;
      case 'leave': {
        const { membership } = cluster.node(n);
        expect(cluster.run((done) => decommission(membership, { force: false }, done))).toBeNull();
        cluster.kill(n);
        break;
      }
      case 'remove':
        cluster.kill(n);
        cluster.seconds(60);
        expect(cluster.run((done) => cluster.node(1).removals.removeNode(hostId, done))).toBeNull();
        break;
      case 'replace':
        cluster.kill(n);
        cluster.seconds(60);
        cluster.start(this.next++, { rack: 'r1', replace: n });
        break;
      case 'restart': {
        const { data } = cluster.node(n);
        cluster.kill(n);
        cluster.seconds(pick);
        const again = cluster.start(n, { rack: 'r1' });
        for (const sample of data) again.data.add(sample);
        break;
      }
    }
    cluster.seconds(90);
  }
}

test('agreement and data after every step', () => {
  const step = fc.tuple(
    fc.constantFrom<Step>('join', 'leave', 'remove', 'replace', 'restart'),
    fc.nat(99),
  );
  fc.assert(
    fc.property(fc.nat(10_000), fc.array(step, { minLength: 3, maxLength: 8 }), (seed, steps) => {
      const life = new Life(seed);
      for (const [what, pick] of steps) {
        life.step(what, pick);
        const { cluster } = life;
        expect(cluster.isSettled, what).toBe(true);
        expect(cluster.missing(), what).toBe(0);
        const endpoints = [...cluster.nodes.keys()].map(at).toSorted();
        for (const { membership } of cluster.nodes.values()) {
          expect([...membership.endpoints()].toSorted(), what).toEqual(endpoints);
          expect(
            endpoints.every((node) => membership.isAlive(node)),
            what,
          ).toBe(true);
        }
      }
    }),
    { numRuns: 12, seed: 20_260_101 },
  );
});
