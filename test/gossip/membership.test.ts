// Nodes join, leave, die, are removed, replaced, moved: rings agree, owners have their data, drivers hear of it.

import { describe, expect, test } from 'vitest';
import { assassinate, decommission } from '../../src/node/membership/departure.ts';
import { memoryStore } from '../../src/node/membership/membership-store.ts';
import { move, rebuild } from '../../src/node/membership/relocation.ts';
import { networkReplication, simpleReplication } from '../../src/ring/replication.ts';
import { growRing } from '../../src/ring/ring-balance.ts';
import { evenTokens, tokenText } from '../../src/ring/token.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { at, MembershipCluster } from './membership-cluster.ts';

function three(): MembershipCluster {
  const cluster = new MembershipCluster();
  cluster.startAll(3);
  expect(cluster.isSettled).toBe(true);
  cluster.write();
  expect(cluster.missing()).toBe(0);
  return cluster;
}

describe('joining', () => {
  test('nodes started one after the other share one ring of 16 tokens each', () => {
    const cluster = three();
    const { ring } = cluster.node(3).membership.cluster;
    expect(ring.members.map(({ tokens }) => tokens.length)).toEqual([16, 16, 16]);
    expect(cluster.node(2).membership.mode).toBe('NORMAL');
    expect(cluster.node(1).events).toEqual(['NEW_NODE 2', 'UP 2', 'NEW_NODE 3', 'UP 3']);
    const peers = cluster.node(1).membership.peers();
    expect(
      peers.map(({ nativeAddress, nativePort, rack, releaseVersion, schemaVersion }) => [
        nativeAddress,
        nativePort,
        rack,
        releaseVersion,
        schemaVersion,
      ]),
    ).toEqual([
      ['127.0.1.2', 9042, 'rack2', '5.0.9', 'v'],
      ['127.0.1.3', 9042, 'rack3', '5.0.9', 'v'],
    ]);
    expect(peers[0]?.hostId).toMatch(
      /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
    );
    expect(peers[0]?.tokens).toEqual(cluster.node(2).membership.localTokens);
  });

  test('a bootstrapping node is pending, streams, then owns', () => {
    const cluster = three();
    const four = cluster.begin(4);
    const isPending = (): boolean => cluster.node(1).membership.info(at(4))?.status === 'joining';
    expect(cluster.loop.runUntilTrue(isPending, 120_000)).toBe(true);
    expect(cluster.node(1).events).not.toContain('NEW_NODE 4');
    cluster.seconds(25);
    // Written while it is pending: it is not to miss these.
    cluster.write();
    expect(four.data.size).toBeGreaterThan(0);
    expect(cluster.loop.runUntilTrue(() => four.joined !== undefined, 120_000)).toBe(true);
    cluster.seconds(15);
    expect(four.joined).toBeNull();
    expect(cluster.isSettled).toBe(true);
    expect(cluster.missing()).toBe(0);
    expect(cluster.node(1).events.slice(-2)).toEqual(['NEW_NODE 4', 'UP 4']);
  });

  test('data comes from the replica that loses it', () => {
    const cluster = three();
    const four = cluster.start(4);
    // Node 4 stands in node 1's rack: node 1 gives up a replica of every range node 4 takes.
    expect(four.plans[0]?.tasks.map(({ peer }) => peer)).toEqual([at(1)]);
    expect(cluster.missing()).toBe(0);
  });

  test('a source that is down stops a consistent bootstrap', () => {
    const cluster = new MembershipCluster(simpleReplication(2));
    cluster.startAll(4);
    const five = cluster.begin(5);
    cluster.seconds(3);
    cluster.kill(2);
    cluster.loop.runUntilTrue(() => five.joined !== undefined, 120_000);
    expect(five.joined).toMatch(
      /^Necessary replicas for strict consistency were removed by source filters: Filtered Full\(\/127\.0\.1\.2:7000,\(.*\]\) out because it was down$/,
    );
    expect(five.membership.mode).toBe('JOINING_FAILED');
    cluster.kill(5);
    cluster.seconds(60);
    expect(cluster.node(1).membership.info(at(5))).toBeUndefined();
  });

  test('a failed bootstrap can be resumed', () => {
    const cluster = three();
    cluster.streamError = 'Stream failed';
    const four = cluster.begin(4);
    cluster.loop.runUntilTrue(() => four.joined !== undefined, 120_000);
    expect(four.joined).toBe('Stream failed');
    expect(four.membership.mode).toBe('JOINING_FAILED');
    expect(cluster.node(1).membership.info(at(4))?.status).toBe('joining');
    cluster.streamError = null;
    expect(cluster.run((done) => four.handle?.resume(done))).toBeNull();
    cluster.seconds(15);
    expect(cluster.isSettled).toBe(true);
    expect(cluster.missing()).toBe(0);
    expect(cluster.run((done) => four.handle?.resume(done))).toBe(
      'Resuming bootstrap is requested, but the node is already bootstrapped.',
    );
  });

  test('a second bootstrap at the same time is refused', () => {
    const cluster = three();
    cluster.begin(4);
    const isJoining = (): boolean => cluster.node(1).membership.info(at(4)) !== undefined;
    cluster.loop.runUntilTrue(isJoining, 120_000);
    const five = cluster.begin(5);
    cluster.seconds(5);
    expect(five.joined).toBe(
      'Other bootstrapping/leaving/moving nodes detected, cannot bootstrap while cassandra.consistent.rangemovement is true',
    );
  });

  test('an address in use is refused', () => {
    const cluster = three();
    cluster.kill(3);
    const again = cluster.begin(3, { store: memoryStore() });
    cluster.seconds(5);
    expect(again.joined).toBe(
      'A node with address /127.0.1.3:7000 already exists, cancelling join. Use cassandra.replace_address if you want to replace this node.',
    );
  });

  test('nobody to talk to', () => {
    const cluster = new MembershipCluster();
    const node = cluster.begin(2);
    cluster.seconds(70);
    expect(node.joined).toBe('Unable to gossip with any peers');
  });

  test('auto_bootstrap false owns at once, without data', () => {
    const cluster = three();
    const four = cluster.start(4, { config: { auto_bootstrap: false } });
    expect(four.plans).toEqual([]);
    cluster.seconds(15);
    expect(cluster.isSettled).toBe(true);
    expect(cluster.missing()).toBeGreaterThan(0);
  });

  test('fewer racks than replicas: allocation refuses', () => {
    const cluster = new MembershipCluster();
    cluster.start(1, { rack: 'a' });
    cluster.start(2, { rack: 'b' });
    const three_ = cluster.begin(3, { rack: 'a' });
    cluster.seconds(60);
    expect(three_.joined).toBe(
      'Token allocation failed: the number of racks 2 in datacenter dc1 is lower than its replication factor 3.',
    );
  });
});

describe('restarting', () => {
  test('keeps tokens, host id and place', () => {
    const cluster = three();
    const before = cluster.node(2).membership;
    cluster.kill(2);
    cluster.seconds(40);
    expect(cluster.node(1).events.at(-1)).toBe('DOWN 2');
    expect(cluster.node(1).membership.isAlive(at(2))).toBe(false);
    const after = cluster.start(2).membership;
    expect(after.hostId).toBe(before.hostId);
    expect(after.localTokens.toSorted()).toEqual(before.localTokens.toSorted());
    cluster.seconds(15);
    expect(cluster.isSettled).toBe(true);
    expect(cluster.node(1).events.at(-1)).toBe('UP 2');
    expect(cluster.node(1).events.filter((event) => event === 'NEW_NODE 2')).toHaveLength(1);
  });

  test('a quick restart is DOWN and UP for drivers', () => {
    const cluster = three();
    cluster.kill(2);
    cluster.seconds(3);
    cluster.start(2);
    cluster.seconds(5);
    expect(cluster.node(1).events.slice(-2)).toEqual(['DOWN 2', 'UP 2']);
  });

  test('a moved rack or datacenter is refused', () => {
    const cluster = three();
    cluster.kill(2);
    expect(cluster.begin(2, { rack: 'rack9' }).joined).toBe(
      "Cannot start node if snitch's rack (rack9) differs from previous rack (rack2). Please fix the snitch configuration, " +
        'decommission and rebootstrap this node or use the flag -Dcassandra.ignore_rack=true.',
    );
    expect(cluster.begin(2, { datacenter: 'dc9' }).joined).toContain(
      'data center (dc9) differs from previous data center (dc1)',
    );
  });

  test('another num_tokens is refused', () => {
    const cluster = three();
    cluster.kill(2);
    const node = cluster.begin(2, { config: { num_tokens: 8 } });
    cluster.seconds(5);
    expect(node.joined).toBe('Cannot change the number of tokens from 16 to 8');
  });

  test('a whole cluster laid out beforehand starts at once', () => {
    const cluster = new MembershipCluster();
    const ring = growRing({
      nodes: { dc1: 6 },
      racks: 3,
      numTokens: 16,
      allocateForLocalReplicationFactor: 3,
      random: new SeededRandom(4),
    });
    const peers = ring.members.map((member, i) => ({
      ...member,
      hostId: `00000000-0000-4000-8000-00000000000${i}`,
    }));
    for (const peer of peers) {
      const n = Number(peer.endpoint.split(':')[0]?.split('.').at(-1));
      const store = memoryStore({
        ...peer,
        generation: 0,
        bootstrapped: 'COMPLETED',
        peers: peers.filter((one) => one !== peer),
      });
      cluster.begin(n, { store });
    }
    cluster.seconds(12);
    expect([...cluster.nodes.values()].map(({ joined }) => joined)).toEqual([
      null,
      null,
      null,
      null,
      null,
      null,
    ]);
    expect(cluster.isSettled).toBe(true);
    for (const { membership } of cluster.nodes.values()) {
      expect(membership.endpoints().every((node) => membership.isAlive(node))).toBe(true);
    }
  });
});

describe('decommission', () => {
  test('hands the data over and leaves', () => {
    const cluster = new MembershipCluster(networkReplication({ dc1: 2 }));
    cluster.startAll(4);
    cluster.write();
    expect(
      cluster.run((done) => decommission(cluster.node(4).membership, { force: false }, done)),
    ).toBeNull();
    expect(cluster.node(4).membership.mode).toBe('DECOMMISSIONED');
    cluster.kill(4);
    cluster.seconds(5);
    expect(cluster.isSettled).toBe(true);
    expect(cluster.node(1).membership.endpoints()).toEqual([at(1), at(2), at(3)]);
    expect(cluster.node(1).events.at(-1)).toBe('REMOVED_NODE 4');
    expect(cluster.missing()).toBe(0);
    const again = cluster.begin(4);
    expect(again.joined).toMatch(
      /^This node was decommissioned and will not rejoin the ring unless/,
    );
  });

  test('is refused where the replication factor would not hold, unless forced', () => {
    const cluster = three();
    const { membership } = cluster.node(3);
    expect(cluster.run((done) => decommission(membership, { force: false }, done))).toBe(
      'Not enough live nodes to maintain replication factor in keyspace ks (RF = 3, N = 3). Perform a forceful decommission to ignore.',
    );
    expect(cluster.run((done) => decommission(membership, { force: true }, done))).toBeNull();
  });

  test('of the only node is pointless', () => {
    const cluster = new MembershipCluster();
    cluster.start(1);
    expect(
      cluster.run((done) => decommission(cluster.node(1).membership, { force: true }, done)),
    ).toBe('no other normal nodes in the ring; decommission would be pointless');
  });

  test('a failed stream leaves the node in the ring', () => {
    const cluster = new MembershipCluster(networkReplication({ dc1: 2 }));
    cluster.startAll(4);
    cluster.streamError = 'Stream failed';
    expect(
      cluster.run((done) => decommission(cluster.node(4).membership, { force: false }, done)),
    ).toBe('Error while decommissioning node: Stream failed');
    expect(cluster.node(4).membership.mode).toBe('DECOMMISSION_FAILED');
    cluster.streamError = null;
    expect(
      cluster.run((done) => decommission(cluster.node(4).membership, { force: false }, done)),
    ).toBeNull();
  });
});

describe('removenode', () => {
  function four(): { cluster: MembershipCluster; hostId: string } {
    const cluster = new MembershipCluster(networkReplication({ dc1: 2 }));
    cluster.startAll(4);
    cluster.write();
    return { cluster, hostId: cluster.node(4).membership.hostId };
  }

  test('restores the data of a dead node from the others', () => {
    const { cluster, hostId } = four();
    cluster.kill(4);
    cluster.seconds(40);
    expect(cluster.run((done) => cluster.node(2).removals.removeNode(hostId, done))).toBeNull();
    cluster.seconds(10);
    expect(cluster.isSettled).toBe(true);
    expect(cluster.node(1).membership.endpoints()).toEqual([at(1), at(2), at(3)]);
    expect(cluster.missing()).toBe(0);
    for (const n of [1, 2, 3]) expect(cluster.node(n).events.at(-1)).toBe('REMOVED_NODE 4');
  });

  test('refusals', () => {
    const { cluster, hostId } = four();
    const { removals, membership } = cluster.node(2);
    const remove = (id: string): string | null =>
      cluster.run((done) => removals.removeNode(id, done));
    expect(remove(hostId)).toBe(
      'Node /127.0.1.4:7000 is alive and owns this ID. Use decommission command to remove it from the ring',
    );
    expect(remove(membership.hostId)).toBe('Cannot remove self');
    expect(remove('00000000-0000-4000-8000-000000000000')).toBe('Host ID not found.');
    expect(removals.status()).toBe('No token removals in process.');
    expect(cluster.run((done) => removals.force(done))).toBe(
      "No nodes to force removal on, call 'removenode' first",
    );
  });

  test('status and force, when an heir does not finish', () => {
    const { cluster, hostId } = four();
    cluster.kill(4);
    cluster.seconds(40);
    cluster.streamError = 'Stream failed';
    const { removals } = cluster.node(2);
    let result: string | null | undefined;
    removals.removeNode(hostId, (error) => (result = error));
    cluster.seconds(60);
    expect(result).toBeUndefined();
    expect(removals.status()).toMatch(
      /^Removing token \(-?\d+\)\. Waiting for replication confirmation from \[\/127\.0\.1\.\d:7000/,
    );
    expect(cluster.run((done) => removals.force(done))).toBeNull();
    cluster.seconds(5);
    expect(result).toBeNull();
    expect(cluster.isSettled).toBe(true);
  });

  test('a node that comes back meanwhile is not removed', () => {
    const { cluster, hostId } = four();
    cluster.kill(4);
    cluster.seconds(40);
    let result: string | null | undefined;
    cluster.node(2).removals.removeNode(hostId, (error) => (result = error));
    cluster.begin(4);
    cluster.seconds(40);
    expect(result).toBe('Endpoint /127.0.1.4:7000 generation changed while trying to remove it');
  });
});

describe('replace', () => {
  test('under another address: pending for all of it, then owner with a new host id', () => {
    const cluster = three();
    const { localTokens, hostId } = cluster.node(3).membership;
    cluster.kill(3);
    cluster.seconds(40);
    const five = cluster.begin(5, { replace: 3, rack: 'rack3' });
    const isReplacing = (): boolean =>
      cluster.node(1).membership.info(at(5))?.status === 'replacing';
    expect(cluster.loop.runUntilTrue(isReplacing, 120_000)).toBe(true);
    const replication = cluster.node(1).membership.replication(cluster.keyspace);
    const [range] = replication.ranges;
    if (range !== undefined) expect(replication.pending(range.right)).toEqual([at(5)]);
    cluster.loop.runUntilTrue(() => five.joined !== undefined, 120_000);
    cluster.seconds(15);
    expect(five.joined).toBeNull();
    expect(cluster.isSettled).toBe(true);
    expect(five.membership.localTokens.toSorted()).toEqual(localTokens.toSorted());
    expect(five.membership.hostId).not.toBe(hostId);
    expect(cluster.missing()).toBe(0);
    expect(cluster.node(1).membership.endpoints()).toEqual([at(1), at(2), at(5)]);
    expect(cluster.node(1).events.slice(-3)).toEqual(['REMOVED_NODE 3', 'NEW_NODE 5', 'UP 5']);
  });

  test('under the same address: no writes meanwhile, the old host id', () => {
    const cluster = three();
    const { localTokens, hostId } = cluster.node(3).membership;
    cluster.kill(3);
    cluster.seconds(40);
    const again = cluster.begin(3, { replace: 3, store: memoryStore() });
    cluster.seconds(20);
    expect(cluster.node(1).membership.isAlive(at(3))).toBe(false);
    cluster.loop.runUntilTrue(() => again.joined !== undefined, 120_000);
    cluster.seconds(15);
    expect(again.joined).toBeNull();
    expect(again.membership.hostId).toBe(hostId);
    expect(again.membership.localTokens.toSorted()).toEqual(localTokens.toSorted());
    expect(cluster.isSettled).toBe(true);
    expect(cluster.missing()).toBe(0);
    expect(cluster.node(1).events.slice(-2)).toEqual(['DOWN 3', 'UP 3']);
  });

  test('a live node cannot be replaced, nor one nobody knows', () => {
    const cluster = three();
    const five = cluster.begin(5, { replace: 3 });
    cluster.seconds(120);
    expect(five.joined).toBe('Cannot replace a live node... ');
    const six = cluster.begin(6, { replace: 9 });
    cluster.seconds(5);
    expect(six.joined).toBe(
      "Cannot replace_address /127.0.1.9:7000 because it doesn't exist in gossip",
    );
  });

  test('on first boot only: later starts are plain restarts', () => {
    const cluster = three();
    cluster.kill(3);
    cluster.seconds(40);
    cluster.start(5, { replace: 3, rack: 'rack3' });
    cluster.kill(5);
    cluster.seconds(40);
    expect(cluster.start(5, { replace: 3, rack: 'rack3' }).joined).toBeNull();
  });
});

describe('assassinate', () => {
  test('a dead node is forgotten everywhere', () => {
    const cluster = three();
    cluster.kill(3);
    cluster.seconds(40);
    expect(cluster.run((done) => assassinate(cluster.node(1).membership, at(3), done))).toBeNull();
    cluster.seconds(10);
    for (const n of [1, 2]) expect(cluster.node(n).membership.endpoints()).toEqual([at(1), at(2)]);
  });

  test('a live one shows that it lives', () => {
    const cluster = three();
    expect(cluster.run((done) => assassinate(cluster.node(1).membership, at(3), done))).toBe(
      'Endpoint still alive: /127.0.1.3:7000 heartbeat changed while trying to assassinate it',
    );
  });
});

describe('move and rebuild', () => {
  test('a single-token node takes another place', () => {
    const cluster = new MembershipCluster(simpleReplication(2));
    const tokens = evenTokens(4).map(tokenText);
    for (let n = 1; n <= 4; n++) {
      cluster.start(n, { config: { num_tokens: 1, initial_token: [tokens[n - 1] ?? ''] } });
    }
    cluster.seconds(15);
    cluster.write();
    const { membership } = cluster.node(3);
    expect(cluster.run((done) => move(membership, '1234567890123', done))).toBeNull();
    cluster.seconds(15);
    expect(cluster.isSettled).toBe(true);
    expect(membership.localTokens).toEqual(['1234567890123']);
    expect(cluster.missing()).toBe(0);
    expect(cluster.node(1).events.at(-1)).toBe('MOVED_NODE 3');
    expect(cluster.run((done) => move(membership, tokens[0] ?? '', done))).toBe(
      `target token ${tokens[0] ?? ''} is already owned by another node.`,
    );
  });

  test('vnodes do not move', () => {
    const cluster = three();
    expect(cluster.run((done) => move(cluster.node(1).membership, '5', done))).toBe(
      'This node has more than one token and cannot be moved thusly.',
    );
  });

  test('a new datacenter is filled from the old one', () => {
    const cluster = new MembershipCluster(networkReplication({ dc1: 2, dc2: 2 }));
    cluster.startAll(3);
    cluster.write();
    for (const n of [4, 5, 6])
      cluster.start(n, { datacenter: 'dc2', config: { auto_bootstrap: false } });
    cluster.seconds(15);
    expect(cluster.missing()).toBeGreaterThan(0);
    for (const n of [4, 5, 6]) {
      expect(
        cluster.run((done) => rebuild(cluster.node(n).membership, 'dc1', () => undefined, done)),
      ).toBeNull();
    }
    expect(cluster.missing()).toBe(0);
    expect(
      cluster.node(4).plans[0]?.tasks.every(({ peer }) => [at(1), at(2), at(3)].includes(peer)),
    ).toBe(true);
    expect(
      cluster.run((done) => rebuild(cluster.node(4).membership, 'dc9', () => undefined, done)),
    ).toBe(
      "Provided datacenter 'dc9' is not a valid datacenter, available datacenters are: dc1,dc2",
    );
  });
});

describe('ClusterState', () => {
  test('what the coordinator reads', () => {
    const cluster = three();
    const { membership } = cluster.node(1);
    const replication = membership.replication(cluster.keyspace);
    expect([
      replication.strategy,
      replication.factor,
      replication.factorOf('dc1'),
      replication.factorOf('x'),
    ]).toEqual(['NetworkTopologyStrategy', 3, 3, 0]);
    expect(replication.ranges).toHaveLength(49);
    expect(membership.replication(cluster.keyspace)).toBe(replication);
    expect(membership.sortedByProximity([at(3), at(1)])).toEqual([at(1), at(3)]);
    expect(membership.info(at(2))).toMatchObject({
      datacenter: 'dc1',
      rack: 'rack2',
      status: 'normal',
    });
    const { epoch } = membership;
    cluster.seconds(60);
    expect(membership.epoch).toBe(epoch);
    cluster.kill(2);
    cluster.seconds(40);
    expect(membership.epoch).toBeGreaterThan(epoch);
    expect(membership.downtimeMs(at(2))).toBeGreaterThan(10_000);
  });

  test('LocalStrategy is this node', () => {
    const cluster = three();
    const { membership } = cluster.node(2);
    const local = {
      className: 'org.apache.cassandra.locator.LocalStrategy',
      options: new Map<string, string>(),
    };
    const replication = membership.replication({ ...cluster.keyspace, replication: local });
    expect(replication.natural({ high: 5, low: 5 })).toEqual([at(2)]);
    expect(replication.pending({ high: 5, low: 5 })).toEqual([]);
  });
});
