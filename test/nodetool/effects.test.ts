// What the verbs do: each changes the cluster as the same verb changes Cassandra.

import { expect, test } from 'vitest';
import { addNode, extensionStatements, newNodes } from '../../src/cluster/membership-changes.ts';
import type { ClusterWorld } from '../membership-cluster/world.ts';
import { filledWorld } from '../membership-cluster/world.ts';
import { nodetool, output } from './run.ts';

const A1 = 'us-east-1/a/1';
const B1 = 'us-east-1/b/1';

function filled(seed: number, keys = 100): ClusterWorld {
  return filledWorld({ seed }, keys);
}

function statusLine(text: string, address: string): string {
  return text.split('\n').find((line) => line.includes(`  ${address} `)) ?? '';
}

test('a node that is down is DN, and describecluster calls it unreachable', async () => {
  const world = filled(1);
  world.killAndConvict(B1);
  expect(statusLine(await output(world, A1, 'status'), '127.0.1.2')).toMatch(/^DN /);
  expect(await output(world, A1, 'describecluster')).toContain('\t\tUNREACHABLE: [127.0.1.2]');
  expect(await output(world, A1, 'describecluster')).toContain('\tus-east-1 #Nodes: 6 #Down: 1');
});

test('disablegossip makes the others see it down, enablegossip up again', async () => {
  const world = filled(2);
  await output(world, B1, 'disablegossip');
  expect(await output(world, B1, 'statusgossip')).toBe('not running\n');
  world.loop.runFor(3_000);
  expect(statusLine(await output(world, A1, 'status'), '127.0.1.2')).toMatch(/^DN /);
  expect(await output(world, B1, 'info')).toContain('Gossip active          : false');
  await output(world, B1, 'enablegossip');
  world.loop.runFor(10_000);
  expect(statusLine(await output(world, A1, 'status'), '127.0.1.2')).toMatch(/^UN /);
  world.settle();
  expect(world.unreadable(100, 'ALL')).toEqual([]);
});

test('handoff: off, paused, resumed, listed, truncated', async () => {
  const world = filled(3);
  world.killAndConvict(B1);
  await output(world, A1, 'disablehandoff');
  for (let k = 0; k < 50; k++)
    world.cql(`INSERT INTO ks.t (k, v) VALUES (${k}, ${k})`, world.host(A1));
  expect(await output(world, A1, 'listpendinghints')).toBe(
    'This node does not have any pending hints\n',
  );
  await output(world, A1, 'enablehandoff');
  await output(world, A1, 'pausehandoff');
  for (let k = 0; k < 50; k++)
    world.cql(`INSERT INTO ks.t (k, v) VALUES (${k}, ${k})`, world.host(A1));
  const listed = (await output(world, A1, 'listpendinghints')).split('\n');
  expect(listed[0]).toMatch(/^Host ID +Address +Rack +DC +Status Total files Newest +Oldest +$/);
  expect(listed[1]).toMatch(
    /^[0-9a-f-]{36} 127\.0\.1\.2:7000 us-east-1b us-east-1 DOWN {3}1 +2026-01-01 \d\d:\d\d:\d\d,\d{3} 2026-/,
  );
  world.until((done) => world.host(B1).start(done));
  world.loop.runFor(40_000);
  expect(await output(world, A1, 'listpendinghints')).toMatch(/ UP /);
  await output(world, A1, 'resumehandoff');
  world.loop.runFor(40_000);
  expect(await output(world, A1, 'listpendinghints')).toBe(
    'This node does not have any pending hints\n',
  );
  world.killAndConvict(B1);
  for (let k = 0; k < 50; k++)
    world.cql(`INSERT INTO ks.t (k, v) VALUES (${k}, ${k})`, world.host(A1));
  await output(world, A1, 'truncatehints 127.0.1.2');
  expect(await output(world, A1, 'listpendinghints')).toBe(
    'This node does not have any pending hints\n',
  );
});

test('disablehintsfordc and setmaxhintwindow decide what is hinted', async () => {
  const world = filled(4);
  world.killAndConvict(B1);
  await output(world, A1, 'disablehintsfordc us-east-1');
  expect(await output(world, A1, 'statushandoff')).toBe(
    'Hinted handoff is running\nData center us-east-1 is disabled\n',
  );
  world.cql('INSERT INTO ks.t (k, v) VALUES (1, 1)', world.host(A1));
  await output(world, A1, 'enablehintsfordc us-east-1');
  await output(world, A1, 'setmaxhintwindow 1000');
  world.loop.runFor(2_000);
  for (let k = 0; k < 50; k++)
    world.cql(`INSERT INTO ks.t (k, v) VALUES (${k}, ${k})`, world.host(A1));
  expect(await output(world, A1, 'listpendinghints')).toBe(
    'This node does not have any pending hints\n',
  );
});

test('settimeout counts at once, and ends with the life of the node', async () => {
  const world = filled(5);
  await output(world, A1, 'settimeout read 250');
  expect(await output(world, A1, 'gettimeout read')).toBe(
    'Current timeout for type read: 250 ms\n',
  );
  for (const place of ['us-east-1/b/1', 'us-east-1/b/2', 'us-east-1/c/1', 'us-east-1/c/2'])
    world.host(place).kill();
  const startedMs = world.loop.nowMs();
  let endedMs = 0;
  world.send(world.host(A1), 'SELECT * FROM ks.t WHERE k = 1', 'QUORUM', () => {
    endedMs = world.loop.nowMs();
  });
  world.loop.runFor(10_000);
  expect(endedMs - startedMs).toBe(250);
  world.host(A1).kill();
  world.until((done) => world.host(A1).start(done));
  expect(await output(world, A1, 'gettimeout read')).toBe(
    'Current timeout for type read: 5000 ms\n',
  );
});

test('a bootstrapping node is UJ, a leaving one UL, and netstats shows the stream', async () => {
  const world = filled(6, 300);
  const [placement] = newNodes(world.cluster, { region: 'us-east-1', zone: 'a' }, 1);
  if (placement === undefined) throw new Error('no placement');
  let isIn = false;
  const host = addNode(world.cluster, placement, {}, () => {
    isIn = true;
  });
  world.loop.runFor(25_000);
  const line = statusLine(await output(world, A1, 'status'), '127.0.1.7');
  expect(line).toMatch(/^UJ {2}127\.0\.1\.7 .* 16 +\? /);
  expect(await output(world, placement.place, 'info')).toContain(
    'Token                  : (node is not joined to the cluster)',
  );
  await output(world, A1, 'setstreamthroughput 1');
  for (const { node } of world.up) node?.streaming.setThroughput(2_000);
  world.loop.runUntilTrue(() => (host.node?.streamPlans.active().length ?? 0) > 0, 60_000);
  const netstats = await output(world, placement.place, 'netstats');
  expect(netstats).toMatch(
    /^Mode: JOINING\nBootstrap #1\n {4}\/127\.0\.1\.\d\n {8}Receiving \d+ ranges of \w+\n/,
  );
  expect(netstats).toMatch(
    /\n {4}\d+ ranges total\. Already done \d+ ranges \(\d+\.\d\d%\), \d+ rows total\n/,
  );
  expect(world.loop.runUntilTrue(() => isIn, 300_000)).toBe(true);
  world.loop.runFor(5_000);
  const leaving = nodetool(world, placement.place, 'decommission');
  world.loop.runFor(20_000);
  expect(statusLine(await output(world, A1, 'status'), '127.0.1.7')).toMatch(/^UL /);
  expect(await leaving).toEqual({ text: '', exitCode: null });
  expect(await output(world, placement.place, 'netstats')).toMatch(/^Mode: DECOMMISSIONED\n/);
  expect(await output(world, placement.place, 'decommission')).toBe(
    'Node was already decommissioned.\n',
  );
  expect(statusLine(await output(world, A1, 'status'), '127.0.1.7')).toBe('');
});

test('removenode, removenode of a live node, assassinate', async () => {
  const world = filled(7);
  const hostId = world.host(B1).node?.membership.hostId ?? '';
  expect(await nodetool(world, A1, `removenode ${hostId}`)).toEqual({
    exitCode: 2,
    text: 'error: Node /127.0.1.2:7000 is alive and owns this ID. Use decommission command to remove it from the ring',
  });
  world.killAndConvict(B1);
  const removing = nodetool(world, A1, `removenode ${hostId}`);
  world.loop.runFor(10_000);
  expect(await output(world, A1, 'removenode status')).toMatch(
    /^RemovalStatus: Removing token \(-?\d+\)\. Waiting for replication confirmation from \[\/127/,
  );
  expect(await removing).toEqual({ text: '', exitCode: null });
  world.loop.runFor(10_000);
  expect(statusLine(await output(world, A1, 'status'), '127.0.1.2')).toBe('');
  world.killAndConvict('us-east-1/c/2');
  await output(world, A1, 'assassinate 127.0.1.6');
  world.loop.runFor(10_000);
  expect(statusLine(await output(world, 'us-east-1/c/1', 'status'), '127.0.1.6')).toBe('');
  expect(world.cluster.hosts).toHaveLength(4);
});

test('bootstrap resume ends a failed bootstrap', async () => {
  const world = filled(8);
  const [placement] = newNodes(world.cluster, { region: 'us-east-1', zone: 'b' }, 1);
  if (placement === undefined) throw new Error('no placement');
  let error: string | null | undefined;
  const host = addNode(world.cluster, placement, {}, (result) => {
    error = result;
  });
  world.loop.runUntilTrue(
    () => host.node?.membership.metadata.isJoining(placement.endpoint) === true,
    60_000,
  );
  world.host('us-east-1/b/2').kill();
  world.loop.runUntilTrue(() => error !== undefined, 600_000);
  expect(await output(world, placement.place, 'info')).toContain('Bootstrap failed       : true');
  world.until((done) => world.host('us-east-1/b/2').start(done));
  world.loop.runFor(30_000);
  expect(await output(world, placement.place, 'bootstrap resume -f')).toBe(
    'Resuming bootstrap\nResume bootstrap complete\n',
  );
  expect(host.state).toBe('up');
});

test('drain says goodbye; a second drain does not find the node', async () => {
  const world = filled(9);
  await output(world, B1, 'drain');
  world.loop.runFor(2_000);
  expect(statusLine(await output(world, A1, 'status'), '127.0.1.2')).toMatch(/^DN /);
  expect((await nodetool(world, B1, 'status')).exitCode).toBe(1);
});

test('cleanup and rebuild', async () => {
  const world = filled(10);
  world.until((done) => world.alter(extensionStatements(world.cluster, 'us-east-1', 3), done));
  world.cql(
    "ALTER KEYSPACE ks WITH replication = {'class': 'NetworkTopologyStrategy', 'us-east-1': 1}",
  );
  world.settle();
  const before = world.surplusCopies();
  expect(before).toBeGreaterThan(100);
  for (const host of world.up)
    expect(await output(world, host.placement.place, 'cleanup ks')).toBe('');
  expect(world.surplusCopies()).toBe(0);
  world.cql(
    "ALTER KEYSPACE ks WITH replication = {'class': 'NetworkTopologyStrategy', 'us-east-1': 3}",
  );
  world.settle();
  for (const host of world.up)
    await output(world, host.placement.place, 'rebuild us-east-1').catch(() => undefined);
  await output(world, A1, 'repair -full ks');
  for (const host of world.up) await output(world, host.placement.place, 'repair -full ks');
  expect(world.missingCopies(100)).toEqual([]);
});

test('toppartitions samples what is read and written meanwhile', async () => {
  const world = filled(11);
  const replica = (await output(world, A1, 'getendpoints ks t 7')).split('\n')[0] ?? '';
  const place =
    world.cluster.hosts.find((host) => host.placement.address === replica)?.placement.place ?? '';
  const sampling = nodetool(world, place, 'toppartitions ks t 1000');
  for (let i = 0; i < 20; i++) world.cql('INSERT INTO ks.t (k, v) VALUES (7, 7)');
  const { text } = await sampling;
  expect(text).toMatch(
    /Frequency of writes by partition:\n {3}Table Partition Count {3}\+\/-\n {3}ks\.t 7 {9}20 {6}0\n/,
  );
});

test('snapshots keep what is deleted afterwards', async () => {
  const world = filled(12);
  await output(world, A1, 'snapshot -t before -kt ks.t');
  world.cql('TRUNCATE ks.t');
  world.loop.runFor(1_000);
  expect(await output(world, A1, 'listsnapshots')).toMatch(
    /\nbefore +ks +t +([1-9]\S*) (KiB|bytes) +\1 (KiB|bytes) /,
  );
  await output(world, A1, 'clearsnapshot --all');
  expect(await output(world, A1, 'listsnapshots')).toBe(
    'Snapshot Details: \nThere are no snapshots\n',
  );
});

test('an incremental repair shows in Percent repaired', async () => {
  const world = filled(13);
  await output(world, A1, 'repair ks');
  expect(await output(world, A1, 'tablestats ks.t')).toContain('\t\tPercent repaired: 100.0\n');
});

test('settraceprobability traces requests that did not ask for it', async () => {
  const world = filled(14);
  const sessions = (): number => world.rows('SELECT session_id FROM system_traces.sessions').length;
  world.cql('SELECT * FROM ks.t WHERE k = 1', world.host(A1));
  expect(sessions()).toBe(0);
  await output(world, A1, 'settraceprobability 1');
  expect(await output(world, A1, 'gettraceprobability')).toBe('Current trace probability: 1.0\n');
  world.cql('SELECT * FROM ks.t WHERE k = 1', world.host(A1));
  await output(world, A1, 'settraceprobability 0');
  world.loop.runFor(2_000);
  expect(sessions()).toBe(1);
});
