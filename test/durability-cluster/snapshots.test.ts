// Snapshots are files under the node's folder: listed by the next process, cleared, and brought back with nodetool import.

import { expect, test } from 'vitest';
import { DiskWorld, PLACES } from './disk-world.ts';

function filled(): DiskWorld {
  const world = new DiskWorld();
  world.createTable();
  for (let k = 0; k < 20; k++) world.write(k, 'r/a/1', 'ALL');
  return world;
}

async function onAll(world: DiskWorld, command: string): Promise<void> {
  for (const place of PLACES) await world.nodetool(place, command);
}

test('snapshot, truncate, import: the data is back on every node, also after a restart', async () => {
  const world = filled();
  await onAll(world, 'snapshot -t before ks');
  for (const place of PLACES) {
    expect(
      world.paths(place, '.db').filter((path) => path.startsWith('snapshots/before/ks-t-')),
    ).toHaveLength(1);
    expect(world.paths(place, 'before/manifest.json')).toHaveLength(1);
  }
  world.ok('TRUNCATE ks.t');
  expect(world.keys()).toEqual([]);
  await onAll(world, 'import ks t before');
  expect(world.keys('r/b/1', 'ALL')).toHaveLength(20);
  const after = new DiskWorld({}, world.disks);
  expect(after.keys('r/c/1', 'ALL')).toHaveLength(20);
});

test('the next process lists the snapshots of the last, restores and clears them', async () => {
  const before = filled();
  await onAll(before, 'snapshot -t kept ks');
  const world = new DiskWorld({}, before.disks);
  expect(await world.nodetool('r/a/1', 'listsnapshots')).toMatch(/kept\s+ks\s+t/);
  world.ok('DROP TABLE ks.t');
  world.ok('CREATE TABLE ks.t (k int PRIMARY KEY, v int)');
  world.loop.runUntilTrue(() => world.cluster.isWhole(), 60_000);
  await onAll(world, 'import ks t snapshots/kept');
  expect(world.keys('r/b/1', 'ALL')).toHaveLength(20);
  await onAll(world, 'clearsnapshot -t kept');
  for (const place of PLACES)
    expect(world.paths(place, '').filter((path) => path.startsWith('snapshots/kept/'))).toEqual([]);
});

test('a truncated table leaves a snapshot, as auto_snapshot says', async () => {
  const world = filled();
  world.ok('TRUNCATE ks.t');
  world.loop.runFor(1_000);
  const [path = ''] = world.paths('r/a/1', '.db');
  const tag = path.split('/')[1] ?? '';
  expect(tag).toMatch(/^truncated-\d+-t$/);
  await onAll(world, `import ks t ${tag}`);
  expect(world.keys('r/a/1', 'ONE')).toHaveLength(20);
});

test('what cannot be imported is named', async () => {
  const world = filled();
  expect(await world.nodetool('r/a/1', 'import ks t nothing')).toContain(
    'There is no snapshot nothing of ks.t',
  );
  await world.nodetool('r/a/1', 'snapshot -t bad ks');
  const [path = ''] = world.paths('r/a/1', '.db');
  world.disk('r/a/1').flipBit(path, 80);
  expect(await world.nodetool('r/a/1', 'import ks t bad')).toContain(`Checksum failure at`);
});
