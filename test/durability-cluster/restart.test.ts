// A whole cluster that ends at once and is started by another process from the same disks: who it was, what it knew and
// what it had acknowledged is there again.

import { expect, test } from 'vitest';
import { unpackList } from '../../src/data/codec/packing.ts';
import { WHOLE_RING } from '../../src/node/storage/table-store.ts';
import { DiskWorld, PLACES } from './disk-world.ts';

function identity(world: DiskWorld): unknown {
  return PLACES.map((place) => {
    const membership = world.host(place).node?.membership;
    return { place, hostId: membership?.hostId, tokens: membership?.localTokens.toSorted() };
  });
}

const NOTHING = Buffer.alloc(4);

function rowsOf(world: DiskWorld, cql: string): readonly (readonly (Buffer | null)[])[] {
  const answer = world.cql(cql, 'r/a/1', 'ONE');
  return answer.kind === 'rows' ? answer.rows : [];
}

function filled(config: ConstructorParameters<typeof DiskWorld>[0] = {}): DiskWorld {
  const world = new DiskWorld(config);
  world.createTable();
  for (let k = 0; k < 30; k++) world.write(k, PLACES[k % 3]);
  return world;
}

const KEYS = Array.from({ length: 30 }, (_, k) => k);

test.each(['periodic', 'batch', 'group'] as const)('kill -9 of the process in %s mode', (mode) => {
  const before = filled({ commitlog_sync: mode, commitlog_sync_group_window: 5 });
  // Another seed: saved tokens and host ids win over what would be allocated now.
  const after = new DiskWorld({ commitlog_sync: mode }, before.disks, 99);
  expect(identity(after)).toEqual(identity(before));
  expect(after.host('r/a/1').node?.schema.current.version).toBe(
    before.host('r/a/1').node?.schema.current.version,
  );
  for (const place of PLACES) expect(after.keys(place, 'ALL')).toEqual(KEYS);
});

test('a power cut of everything in batch mode loses nothing', () => {
  const before = filled({ commitlog_sync: 'batch' });
  for (const place of PLACES) before.disk(place).cutPower();
  const after = new DiskWorld({ commitlog_sync: 'batch' }, before.disks);
  expect(identity(after)).toEqual(identity(before));
  expect(after.keys('r/b/1', 'ALL')).toEqual(KEYS);
});

test('a schema change that was answered outlives a power cut in any mode', () => {
  const before = filled();
  before.ok('CREATE TABLE ks.late (k int PRIMARY KEY)');
  for (const place of PLACES) before.disk(place).cutPower();
  const after = new DiskWorld({}, before.disks);
  after.loop.runUntilTrue(() => after.cluster.isWhole(), 60_000);
  for (const place of PLACES) after.ok('SELECT * FROM ks.late', place);
});

test('hints outlive the process and are delivered by the next', () => {
  const before = filled({ hints_flush_period: 1_000 });
  before.host('r/c/1').kill();
  before.loop.runFor(60_000);
  for (let k = 100; k < 110; k++) before.write(k);
  before.loop.runFor(2_000);
  expect(before.paths('r/a/1', '.hints')).toHaveLength(1);
  const after = new DiskWorld({ read_request_timeout: 5_000 }, before.disks);
  after.loop.runFor(30_000);
  expect(after.held('r/c/1')).toBe(40);
});

test('what an incremental repair has repaired, and its sessions', async () => {
  const before = filled();
  expect(await before.nodetool('r/a/1', 'repair ks')).toMatch(/Repair completed successfully/);
  expect(await before.nodetool('r/b/1', 'repair_admin list')).toBe('no sessions\n');
  const sessions = await before.nodetool('r/b/1', 'repair_admin list --all');
  expect(sessions).toMatch(/ \| FINALIZED \| \d+ \(s\) +\| \/127\.0\.1\.1:7000 \| /);
  const percent = /Percent repaired: .*/;
  const [repaired] = percent.exec(await before.nodetool('r/b/1', 'tablestats ks.t')) ?? [];
  expect(repaired).toBe('Percent repaired: 100.0');
  // What an operator looks up later.
  const [[tables, successful, options] = []] = rowsOf(
    before,
    'SELECT columnfamily_names, successful_ranges, options FROM system_distributed.parent_repair_history',
  );
  expect(unpackList(tables ?? NOTHING).map(String)).toEqual(['t']);
  expect(unpackList(successful ?? NOTHING).length).toBeGreaterThan(0);
  expect(String(options)).toContain('incremental');
  const jobs = rowsOf(
    before,
    "SELECT status, finished_at, parent_id FROM system_distributed.repair_history WHERE keyspace_name = 'ks' AND columnfamily_name = 't'",
  );
  expect(jobs.map(([status]) => String(status))).toEqual(jobs.map(() => 'SUCCESS'));
  expect(jobs.length).toBe(sessions.match(/FINALIZED/g)?.length);
  const after = new DiskWorld({}, before.disks);
  const ids = (text: string): string[] => text.match(/^\S{36}/gm)?.toSorted() ?? [];
  expect(ids(await after.nodetool('r/b/1', 'repair_admin list --all'))).toEqual(ids(sessions));
  expect(await after.nodetool('r/b/1', 'tablestats ks.t')).toContain(repaired);
});

test('conditional writes, counters and truncation are what they were', () => {
  const before = filled();
  before.ok('CREATE TABLE ks.c (k int PRIMARY KEY, n counter)');
  for (let i = 0; i < 5; i++) before.ok('UPDATE ks.c SET n = n + 2 WHERE k = 1', PLACES[i % 3]);
  before.ok('INSERT INTO ks.t (k, v) VALUES (500, 1) IF NOT EXISTS');
  before.ok('CREATE TABLE ks.gone (k int PRIMARY KEY)');
  before.ok('INSERT INTO ks.gone (k) VALUES (1)', 'r/a/1', 'ALL');
  before.ok('TRUNCATE ks.gone');
  const after = new DiskWorld({}, before.disks);
  const counter = after.cql('SELECT n FROM ks.c WHERE k = 1', 'r/b/1', 'ALL');
  expect(counter.kind === 'rows' && counter.rows[0]?.[0]?.readBigInt64BE(0)).toBe(10n);
  const again = after.cql('INSERT INTO ks.t (k, v) VALUES (500, 2) IF NOT EXISTS');
  expect(again.kind === 'rows' && again.rows[0]?.[0]?.readUInt8(0)).toBe(0);
  const gone = after.cql('SELECT k FROM ks.gone', 'r/c/1', 'ALL');
  expect(gone.kind === 'rows' && gone.rows).toEqual([]);
});

test('a start that was cut short is made up for', () => {
  const before = new DiskWorld();
  // One node never wrote a thing.
  before.disk('r/b/1').files.clear();
  const after = new DiskWorld({}, before.disks);
  expect(after.cluster.startErrors).toEqual([]);
  expect(after.cluster.isWhole()).toBe(true);
  after.createTable();
  after.write(1, 'r/b/1', 'ALL');
});

test('replicas that read the same back from their own files share it again', () => {
  const before = filled();
  const after = new DiskWorld({}, before.disks);
  const table = after.host('r/a/1').node?.schema.current.keyspaces.get('ks')?.tables.get('t');
  const [a, b, c] = PLACES.map((place) => {
    const found: unknown[] = [];
    after
      .host(place)
      .node?.storage.store(table?.id ?? '')
      ?.forEachPartition(WHOLE_RING, (partition) => void found.push(partition));
    return found;
  });
  expect(a).toHaveLength(30);
  expect(b?.every((partition, at) => partition === a?.[at])).toBe(true);
  expect(c?.every((partition, at) => partition === a?.[at])).toBe(true);
});
