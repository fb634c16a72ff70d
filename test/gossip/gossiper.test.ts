// Gossipers in virtual time: they find one another, convict the silent, revive the returned, heal partitions.

import { describe, expect, test } from 'vitest';
import { at, GossipCluster } from './gossip-cluster.ts';

/** Rounds of three nodes, until everybody knows everybody. */
function whole(count: number, seed = 1): GossipCluster {
  const cluster = new GossipCluster({}, seed);
  cluster.startAll(count);
  expect(cluster.loop.runUntilTrue(() => cluster.isWhole, 60_000)).toBe(true);
  return cluster;
}

describe('a cluster', () => {
  test.each([2, 3, 6, 12, 48])('of %i nodes finds itself within seconds', (count) => {
    const cluster = new GossipCluster();
    cluster.startAll(count);
    expect(cluster.loop.runUntilTrue(() => cluster.isWhole, 30_000)).toBe(true);
    expect(cluster.loop.nowMs()).toBeLessThan(15_000);
    // And stays so.
    cluster.seconds(300);
    expect(cluster.isWhole).toBe(true);
    expect(cluster.telemetry.filter(({ kind }) => kind === 'node-convicted')).toEqual([]);
  });

  test('a killed node is convicted after about 18 seconds', () => {
    const cluster = whole(3);
    cluster.seconds(600);
    cluster.kill(2);
    const killedAt = cluster.loop.nowMs();
    const isDown = (): boolean => [1, 3].every((n) => !cluster.node(n).gossiper.isAlive(at(2)));
    expect(cluster.loop.runUntilTrue(isDown, 60_000)).toBe(true);
    const seconds = (cluster.loop.nowMs() - killedAt) / 1000;
    expect(seconds).toBeGreaterThan(15);
    expect(seconds).toBeLessThan(24);
    expect(cluster.node(1).log.at(-1)).toBe('dead 2');
    expect(cluster.node(1).gossiper.unreachableEndpoints()).toEqual([at(2)]);
    cluster.seconds(10);
    expect(cluster.node(1).gossiper.downtimeMs(at(2))).toBeGreaterThan(9999);
  });

  test('a restarted node is seen as such and revived by its echo', () => {
    const cluster = whole(3);
    cluster.seconds(60);
    cluster.kill(2);
    cluster.seconds(40);
    cluster.node(1).log.length = 0;
    cluster.start(2);
    expect(cluster.loop.runUntilTrue(() => cluster.isWhole, 20_000)).toBe(true);
    expect(cluster.node(1).log).toEqual(['restarted 2', 'joined 2', 'alive 2']);
  });

  test('a restart faster than conviction is noticed too', () => {
    const cluster = whole(3);
    cluster.seconds(60);
    cluster.kill(2);
    cluster.seconds(2);
    cluster.node(1).log.length = 0;
    cluster.start(2);
    cluster.seconds(10);
    expect(cluster.node(1).log).toEqual(['restarted 2', 'joined 2', 'alive 2']);
    expect(cluster.isWhole).toBe(true);
  });

  test('a goodbye marks the node down at once, and rumours do not revive it', () => {
    const cluster = whole(4);
    cluster.seconds(60);
    let announced = false;
    cluster.node(2).gossiper.shutdown(() => (announced = true));
    cluster.seconds(0.1);
    for (const n of [1, 3, 4]) expect(cluster.node(n).gossiper.isAlive(at(2))).toBe(false);
    expect(announced).toBe(false);
    cluster.seconds(2);
    expect(announced).toBe(true);
    cluster.kill(2);
    cluster.seconds(120);
    for (const n of [1, 3, 4]) {
      expect(cluster.node(n).gossiper.isAlive(at(2))).toBe(false);
      expect(cluster.node(n).gossiper.state(at(2))?.status).toBe('shutdown');
    }
    cluster.start(2);
    expect(cluster.loop.runUntilTrue(() => cluster.isWhole, 20_000)).toBe(true);
  });

  test('a partition splits the views and heals', () => {
    const cluster = whole(6);
    cluster.seconds(120);
    cluster.cut('wan', [1, 2, 3], [4, 5, 6]);
    cluster.seconds(60);
    expect([...cluster.node(1).gossiper.liveEndpoints()].toSorted()).toEqual([at(2), at(3)]);
    expect([...cluster.node(6).gossiper.liveEndpoints()].toSorted()).toEqual([at(4), at(5)]);
    cluster.links.remove('wan');
    expect(cluster.loop.runUntilTrue(() => cluster.isWhole, 60_000)).toBe(true);
  });

  test('a single cut link: each hears of the other by third parties, so nobody is convicted', () => {
    const cluster = whole(4);
    cluster.seconds(120);
    cluster.cut('pair', [2], [3]);
    cluster.seconds(120);
    expect(cluster.node(2).gossiper.isAlive(at(3))).toBe(true);
  });

  test('a node that comes back behind a cut link stays down where its echo does not pass', () => {
    const cluster = whole(4);
    cluster.seconds(120);
    cluster.kill(3);
    cluster.seconds(60);
    cluster.cut('pair', [2], [3]);
    cluster.start(3);
    cluster.seconds(60);
    expect(cluster.node(1).gossiper.isAlive(at(3))).toBe(true);
    expect(cluster.node(2).gossiper.isAlive(at(3))).toBe(false);
    cluster.links.remove('pair');
    cluster.seconds(30);
    expect(cluster.node(2).gossiper.isAlive(at(3))).toBe(true);
  });

  test('a paused node convicts nobody when it wakes', () => {
    const cluster = whole(3);
    cluster.seconds(300);
    cluster.node(1).world.gate.pause();
    cluster.seconds(120);
    cluster.node(1).world.gate.resume();
    cluster.seconds(3);
    expect(cluster.node(1).gossiper.liveEndpoints()).toHaveLength(2);
    cluster.seconds(30);
    expect(cluster.isWhole).toBe(true);
  });

  test('state changes reach everybody', () => {
    const cluster = whole(12);
    cluster.node(5).gossiper.publish([['SCHEMA', 'v1']]);
    const everywhere = (): boolean =>
      [...cluster.nodes.values()].every(
        ({ gossiper }) => gossiper.state(at(5))?.get('SCHEMA') === 'v1',
      );
    expect(cluster.loop.runUntilTrue(everywhere, 20_000)).toBe(true);
    expect(cluster.node(9).log.filter((line) => line === '5 SCHEMA=v1')).toHaveLength(1);
  });

  test('shorter intervals scale everything', () => {
    const cluster = new GossipCluster({
      intervalMs: 100,
      initialIntervalMs: 200,
      localPauseMs: 500,
    });
    cluster.startAll(3);
    cluster.seconds(20);
    expect(cluster.isWhole).toBe(true);
    cluster.kill(3);
    cluster.seconds(2.6);
    expect(cluster.node(1).gossiper.isAlive(at(3))).toBe(false);
  });

  test('the same seed twice is the same run', () => {
    const run = (): string => {
      const cluster = whole(6, 42);
      cluster.seconds(30);
      cluster.kill(2);
      cluster.seconds(60);
      return cluster.loop.traceHash();
    };
    expect(run()).toBe(run());
  });
});

describe('exclusion', () => {
  test('another cluster name is not listened to', () => {
    const cluster = new GossipCluster();
    cluster.start(1);
    const stranger = cluster.open(2, { clusterName: 'Other' });
    stranger.gossiper.start(1_767_225_600, []);
    cluster.seconds(30);
    expect(cluster.node(1).gossiper.state(at(2))).toBeUndefined();
    expect(stranger.gossiper.state(at(1))).toBeUndefined();
  });

  test('a removed node is not listened to for a minute', () => {
    const cluster = whole(3);
    cluster.node(1).members.delete(at(3));
    cluster.node(1).gossiper.removeEndpoint(at(3));
    cluster.seconds(50);
    expect(cluster.node(1).gossiper.isAlive(at(3))).toBe(false);
    cluster.seconds(20);
    expect(cluster.node(1).gossiper.isAlive(at(3))).toBe(true);
  });

  test('a silent node without tokens is forgotten', () => {
    const cluster = whole(3);
    for (const { members } of cluster.nodes.values()) members.delete(at(3));
    cluster.kill(3);
    cluster.seconds(45);
    for (const n of [1, 2]) {
      expect(cluster.node(n).gossiper.state(at(3))).toBeUndefined();
      expect(cluster.node(n).log.at(-1)).toBe('removed 3');
    }
  });

  test('the state of a node that left is kept until it expires', () => {
    const cluster = whole(3);
    cluster.node(3).gossiper.publish([['STATUS_WITH_PORT', 'LEFT,0,0']]);
    cluster.seconds(5);
    for (const n of [1, 2]) {
      const { gossiper, members } = cluster.node(n);
      members.delete(at(3));
      gossiper.setExpiry(at(3), cluster.node(n).world.clock.wallMs() + 100_000);
      gossiper.removeEndpoint(at(3));
    }
    cluster.kill(3);
    cluster.seconds(90);
    expect(cluster.node(1).gossiper.state(at(3))?.status).toBe('LEFT');
    cluster.seconds(15);
    expect(cluster.node(1).gossiper.state(at(3))).toBeUndefined();
  });
});

describe('the shadow round', () => {
  test('learns the cluster without entering it', () => {
    const cluster = whole(3);
    const newcomer = cluster.open(4);
    let known = 0;
    newcomer.gossiper.shadowRound([], (result) => (known = result.ok ? result.states.size : -1));
    cluster.seconds(1);
    expect(known).toBe(3);
    expect(cluster.node(1).gossiper.state(at(4))).toBeUndefined();
  });

  test('fails for a node that finds nobody, after twice the ring delay', () => {
    const cluster = new GossipCluster();
    let error = '';
    cluster.open(2).gossiper.shadowRound([], (result) => (error = result.ok ? '' : result.error));
    cluster.seconds(59);
    expect(error).toBe('');
    cluster.seconds(2);
    expect(error).toBe('Unable to gossip with any peers');
  });

  test('a lone seed goes on at once; seeds that start together too', () => {
    const alone = new GossipCluster();
    let done = 0;
    alone.open(1).gossiper.shadowRound([], () => done++);
    expect(done).toBe(1);
    const cluster = new GossipCluster({}, 1, [1, 2, 3]);
    for (const n of [1, 2, 3]) {
      const { gossiper } = cluster.open(n);
      gossiper.shadowRound([], () => {
        done++;
        gossiper.start(1_767_225_600, []);
      });
    }
    cluster.seconds(6);
    expect(done).toBe(4);
  });

  test('peers of an earlier life are asked when the seeds are silent', () => {
    const cluster = whole(3);
    cluster.kill(1);
    let known = 0;
    cluster
      .open(4)
      .gossiper.shadowRound([at(2)], (result) => (known = result.ok ? result.states.size : -1));
    cluster.seconds(10);
    expect(known).toBe(3);
  });
});

test('settling waits until no node is added any more', () => {
  const cluster = new GossipCluster();
  cluster.start(1);
  let settledAt = 0;
  cluster.node(1).gossiper.whenSettled(() => (settledAt = cluster.loop.nowMs()));
  cluster.seconds(6.5);
  cluster.start(2);
  cluster.seconds(10);
  // Node 2 is heard of after 7.5 s; three calm polls follow.
  expect(settledAt).toBe(11_000);
});
