// Disk faults by policy: the fault is named, that node stops or refuses or goes on as the setting says, the others serve.

import { describe, expect, test } from 'vitest';
import { DiskWorld } from './disk-world.ts';

const BROKEN = 'r/c/1';

function filled(config: ConstructorParameters<typeof DiskWorld>[0] = {}): DiskWorld {
  const world = new DiskWorld(config);
  world.createTable();
  for (let k = 0; k < 10; k++) world.write(k, 'r/a/1', 'ALL');
  return world;
}

/** The others take reads and writes at QUORUM, as soon as they know who is gone. */
function expectOthersServe(world: DiskWorld): void {
  if (world.host(BROKEN).state !== 'up') world.loop.runFor(60_000);
  for (const place of ['r/a/1', 'r/b/1']) {
    world.write(777, place);
    expect(world.cql('SELECT v FROM ks.t WHERE k = 3', place)).toMatchObject({
      kind: 'rows',
      rows: [[Buffer.from([0, 0, 0, 3])]],
    });
  }
}

describe('a full disk under the commit log', () => {
  const full = (
    policy: 'stop' | 'die' | 'stop_commit' | 'ignore',
    mode: 'periodic' | 'batch' = 'batch',
  ) => {
    const world = filled({ commit_failure_policy: policy, commitlog_sync: mode });
    world.disk(BROKEN).freeBytes = 0;
    world.write(100);
    world.loop.runFor(1_000);
    return world;
  };

  test.each([
    ['stop', 'stop-node', 'failed', 'periodic'],
    ['stop', 'stop-node', 'failed', 'batch'],
    ['die', 'kill-node', 'failed', 'batch'],
    ['stop_commit', 'stop-writes', 'up', 'batch'],
    ['ignore', 'go-on', 'up', 'periodic'],
  ] as const)('commit_failure_policy %s: %s', (policy, decision, state, mode) => {
    const world = full(policy, mode);
    const [failure] = world.diskFailures;
    expect(failure).toMatchObject({
      node: world.host(BROKEN).placement.endpoint,
      error: 'ENOSPC',
      policy: decision,
    });
    expect(failure?.path).toMatch(/^commitlog\/commitlog-\d+\.log$/);
    expect(world.host(BROKEN).state).toBe(state);
    expectOthersServe(world);
  });

  test('stop says goodbye: the others know at once; die does not', () => {
    const alive = (world: DiskWorld): boolean | undefined =>
      world.host('r/a/1').node?.membership.isAlive(world.host(BROKEN).placement.endpoint);
    expect(alive(full('stop'))).toBe(false);
    const died = full('die');
    expect(alive(died)).toBe(true);
    died.loop.runFor(60_000);
    expect(alive(died)).toBe(false);
  });

  test('stop_commit answers reads and acknowledges no write', () => {
    const world = full('stop_commit');
    expect(world.keys(BROKEN, 'ONE').length).toBeGreaterThan(0);
    const answer = world.cql('INSERT INTO ks.t (k, v) VALUES (5, 5)', 'r/a/1', 'ALL');
    expect(answer).toMatchObject({ kind: 'error', error: { code: 'WRITE_TIMEOUT' } });
  });

  test('ignore: the node goes on, and takes writes when there is space again', () => {
    const world = full('ignore');
    const answer = world.cql('INSERT INTO ks.t (k, v) VALUES (5, 5)', 'r/a/1', 'ALL');
    expect(answer).toMatchObject({ kind: 'error', error: { code: 'WRITE_FAILURE' } });
    world.disk(BROKEN).freeBytes = Infinity;
    world.write(6, 'r/a/1', 'ALL');
    expect(world.restart(BROKEN)).toBeNull();
    expect(world.keys(BROKEN, 'ALL')).toContain(6);
  });

  test('after stop, with space again, a restart brings the node and its hints back', () => {
    const world = full('stop');
    for (let k = 200; k < 220; k++) world.write(k);
    world.disk(BROKEN).freeBytes = Infinity;
    expect(world.restart(BROKEN)).toBeNull();
    world.loop.runFor(60_000);
    expect(world.held(BROKEN)).toBe(world.held('r/a/1'));
  });
});

describe('a full disk under a checkpoint', () => {
  test.each([
    ['stop', 'stop-node', 'failed'],
    ['stop_paranoid', 'stop-node', 'failed'],
    ['die', 'kill-node', 'failed'],
    ['best_effort', 'go-on', 'up'],
    ['ignore', 'go-on', 'up'],
  ] as const)('disk_failure_policy %s: %s', async (policy, decision, state) => {
    const world = filled({ disk_failure_policy: policy, commit_failure_policy: 'ignore' });
    world.disk(BROKEN).freeBytes = 10;
    await world.nodetool(BROKEN, 'flush');
    world.loop.runFor(1_000);
    expect(world.diskFailures.find(({ path }) => path.startsWith('data/'))).toMatchObject({
      node: world.host(BROKEN).placement.endpoint,
      error: 'ENOSPC',
      policy: decision,
    });
    expect(world.host(BROKEN).state).toBe(state);
    expectOthersServe(world);
  });
});

describe('damage found at the start', () => {
  type Fault = 'flipped bit' | 'unreadable file';

  /** Damages a file of the node while it is down; gives its path. */
  const damage = (world: DiskWorld, ending: string, fault: Fault, which = -1): string => {
    world.host(BROKEN).kill();
    const path = world.paths(BROKEN, ending).at(which) ?? '';
    if (fault === 'unreadable file') world.disk(BROKEN).unreadable.add(path);
    else world.disk(BROKEN).flipBit(path, 60);
    return path;
  };

  const mend = (world: DiskWorld, path: string, fault: Fault): void => {
    if (fault === 'unreadable file') world.disk(BROKEN).unreadable.delete(path);
    else world.disk(BROKEN).flipBit(path, 60);
  };

  test.each(['flipped bit', 'unreadable file'] as const)(
    '%s in the commit log: the node refuses, whatever the policy',
    (fault) => {
      const world = filled({
        commitlog_sync: 'batch',
        commit_failure_policy: 'ignore',
        disk_failure_policy: 'ignore',
      });
      const path = damage(world, '.log', fault);
      expect(world.restart(BROKEN)).toContain(path);
      expect(world.host(BROKEN).state).toBe('failed');
      expect(world.diskFailures).toMatchObject([{ path, policy: 'refuse-start' }]);
      expectOthersServe(world);
      mend(world, path, fault);
      expect(world.restart(BROKEN)).toBeNull();
      world.loop.runFor(60_000);
      expect(world.keys(BROKEN, 'ALL')).toContain(777);
    },
  );

  test('a flipped bit in what only a restart had made durable', () => {
    const world = filled();
    // Killed before the first sync: no marker vouches for anything yet.
    expect(world.restart(BROKEN)).toBeNull();
    const path = damage(world, '.log', 'flipped bit', 0);
    expect(world.restart(BROKEN)).toContain(path);
  });

  test('ignore_replay_errors: the node starts without the rest, and repair brings it back', async () => {
    const world = filled({ commitlog_sync: 'batch', ignore_replay_errors: true });
    await world.nodetool(BROKEN, 'flush');
    for (let k = 50; k < 60; k++) world.write(k, 'r/a/1', 'ALL');
    const path = damage(world, '.log', 'flipped bit');
    expect(world.restart(BROKEN)).toBeNull();
    expect(world.diskFailures).toMatchObject([{ path, policy: 'go-on' }]);
    world.loop.runFor(5_000);
    expect(world.held(BROKEN)).toBeLessThan(20);
    await world.nodetool('r/a/1', 'repair -full ks');
    expect(world.held(BROKEN)).toBe(20);
  });

  test.each([
    ['stop', 'flipped bit', 'refuse-start'],
    ['stop', 'unreadable file', 'refuse-start'],
    ['stop_paranoid', 'flipped bit', 'refuse-start'],
    ['die', 'unreadable file', 'refuse-start'],
    ['best_effort', 'flipped bit', 'go-on'],
    ['best_effort', 'unreadable file', 'go-on'],
    ['ignore', 'flipped bit', 'go-on'],
  ] as const)('disk_failure_policy %s, %s in a checkpoint: %s', async (policy, fault, decision) => {
    const world = filled({ disk_failure_policy: policy });
    await world.nodetool(BROKEN, 'flush');
    const path = damage(world, '.db', fault);
    const error = world.restart(BROKEN);
    expect(world.diskFailures).toMatchObject([{ path, policy: decision }]);
    if (decision === 'refuse-start') expect(error).toContain(path);
    else expect(error).toBeNull();
    expect(world.host(BROKEN).state).toBe(decision === 'go-on' ? 'up' : 'failed');
    expectOthersServe(world);
  });

  test('a cluster that starts with one damaged node serves without it, and says why', () => {
    const before = filled({ commitlog_sync: 'batch' });
    const [path = ''] = before.paths(BROKEN, '.log');
    before.disk(BROKEN).flipBit(path, 60);
    const after = new DiskWorld({}, before.disks);
    expect(after.cluster.startErrors).toHaveLength(1);
    expect(after.cluster.startErrors[0]).toContain(BROKEN);
    expect(after.cluster.startErrors[0]).toContain(path);
    expect(after.keys('r/b/1').length).toBe(10);
    after.write(11);
  });

  test('a torn tail is no damage', () => {
    const before = filled();
    const [path = ''] = before.paths(BROKEN, '.log');
    const file = before.disk(BROKEN).files.get(path);
    if (file !== undefined) file.length -= 3;
    const after = new DiskWorld({}, before.disks);
    expect(after.cluster.startErrors).toEqual([]);
    expect(after.diskFailures).toEqual([]);
    expect(after.keys('r/a/1', 'ALL')).toHaveLength(10);
  });
});
