// What the folder of `up --data` says of the cluster in it: the topology it was made with, its addresses, the nodes that
// are members now. Data opened with another topology would be silently wrong, so that is refused in words.
// Test: test/durability-cluster/data-folder.test.ts.

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { InvalidDocument } from '../topology/load-topology.ts';
import type { Topology } from '../topology/topology.ts';
import type { AddressPlan, NodePlacement } from './placement.ts';
import { placeTopology } from './placement.ts';

const FILE = 'cluster.json';
const VERSION = 1;

export interface DataFolderManifest {
  readonly version: number;
  /** Of the tokens: a start that was cut short is repeated with the same. */
  readonly seed: number;
  /** First two octets; null: one address, a port a node. */
  readonly block: string | null;
  /** `us-east-1/a/1`, as the topology names them. */
  readonly founders: readonly string[];
  /** Who belongs to the cluster now: founders that did not leave, and nodes that came later. */
  readonly members: readonly NodePlacement[];
}

/** Null for a folder that is new. Throws InvalidDocument when the file is not one of ours. */
export function readDataFolder(folder: string): DataFolderManifest | null {
  const path = join(folder, FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const manifest = parse(text);
  if (manifest === null)
    throw new InvalidDocument(
      `${path} cannot be read: it is damaged or of another version. Move ${folder} away, or restore the file.`,
    );
  return manifest;
}

/** The folder's manifest, made if the folder is new. Throws InvalidDocument when it belongs to another topology. */
export function openDataFolder(
  folder: string,
  opening: { readonly topology: Topology; readonly addresses: AddressPlan; readonly seed: number },
): DataFolderManifest {
  const { topology, addresses, seed } = opening;
  const { nodes } = placeTopology(topology, addresses);
  const kept = readDataFolder(folder);
  if (kept !== null) {
    refuseOther(folder, kept, nodes);
    refuseMoved(folder, kept, addresses.block);
    return kept;
  }
  const made = {
    version: VERSION,
    seed,
    block: addresses.block,
    founders: nodes.map(({ place }) => place),
    members: nodes,
  };
  saveDataFolder(folder, made);
  return made;
}

/** Replaces the manifest atomically and durably. */
export function saveDataFolder(folder: string, manifest: DataFolderManifest): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, FILE);
  writeFileSync(`${path}.tmp`, `${JSON.stringify(manifest, null, 1)}\n`);
  sync(`${path}.tmp`);
  renameSync(`${path}.tmp`, path);
  sync(folder);
}

function refuseOther(
  folder: string,
  { founders }: DataFolderManifest,
  nodes: readonly NodePlacement[],
): void {
  const wanted = nodes.map(({ place }) => place);
  const without = founders.filter((place) => !wanted.includes(place));
  const added = wanted.filter((place) => !founders.includes(place));
  if (without.length === 0 && added.length === 0) return;
  const differences = [
    ...(without.length > 0 ? [`the topology lacks ${without.join(', ')}`] : []),
    ...(added.length > 0 ? [`there is no data of ${added.join(', ')}`] : []),
  ];
  throw new InvalidDocument(
    `The data in ${folder} belongs to another topology: ${differences.join('; ')}. ` +
      'Use the topology it was made with (nodes are added and removed while the cluster runs), or another --data folder.',
  );
}

function refuseMoved(folder: string, { block }: DataFolderManifest, asked: string | null): void {
  if (block === asked) return;
  throw new InvalidDocument(
    `The data in ${folder} belongs to nodes at ${block === null ? 'one address' : `${block}.*`}: leave --address-block out, or use --address-block ${block ?? 'none'}.`,
  );
}

function parse(text: string): DataFolderManifest | null {
  try {
    const manifest = JSON.parse(text) as DataFolderManifest | null;
    const isOurs =
      manifest?.version === VERSION &&
      Array.isArray(manifest.founders) &&
      Array.isArray(manifest.members);
    return isOurs ? manifest : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
