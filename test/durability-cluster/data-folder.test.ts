// The manifest of a --data folder: made once, and in the way of a cluster it does not belong to.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openDataFolder, readDataFolder, saveDataFolder } from '../../src/cluster/data-folder.ts';
import { DEFAULT_ADDRESS_PLAN } from '../../src/cluster/placement.ts';
import { toTopology } from '../../src/topology/load-topology.ts';

const folder = mkdtempSync(join(tmpdir(), 'starfish-folder-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const addresses = { ...DEFAULT_ADDRESS_PLAN, block: '127.9' };

function topology(zones: string[]) {
  return toTopology({ regions: { r: { zones, nodesPerZone: 1 } } });
}

const opening = (zones: string[], seed = 7) => ({ topology: topology(zones), addresses, seed });

test('a new folder gets a manifest; the next start has the same seed and members', () => {
  expect(readDataFolder(folder)).toBeNull();
  const made = openDataFolder(folder, opening(['a', 'b']));
  expect(made).toMatchObject({ seed: 7, block: '127.9', founders: ['r/a/1', 'r/b/1'] });
  expect(openDataFolder(folder, opening(['a', 'b'], 8))).toEqual(made);
});

test('members that came and went since are kept', () => {
  const made = openDataFolder(folder, opening(['a', 'b']));
  saveDataFolder(folder, { ...made, members: made.members.slice(0, 1) });
  expect(openDataFolder(folder, opening(['a', 'b'])).members).toHaveLength(1);
});

test('another topology is refused, in words', () => {
  openDataFolder(folder, opening(['a', 'b']));
  expect(() => openDataFolder(folder, opening(['a', 'c']))).toThrow(
    `The data in ${folder} belongs to another topology: the topology lacks r/b/1; there is no data of r/c/1. ` +
      'Use the topology it was made with (nodes are added and removed while the cluster runs), or another --data folder.',
  );
});

test('other addresses are refused, in words', () => {
  openDataFolder(folder, opening(['a']));
  expect(() =>
    openDataFolder(folder, { ...opening(['a']), addresses: { ...addresses, block: '127.10' } }),
  ).toThrow(
    `The data in ${folder} belongs to nodes at 127.9.*: leave --address-block out, or use --address-block 127.9.`,
  );
});

test('a damaged manifest is named and left alone', () => {
  openDataFolder(folder, opening(['a']));
  const path = join(folder, 'cluster.json');
  writeFileSync(path, '{ half');
  expect(() => readDataFolder(folder)).toThrow(`${path} cannot be read`);
  expect(readFileSync(path, 'utf8')).toBe('{ half');
});
