// Options that `up` and `drill` share, checked once.

import { existsSync, readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { DocumentEdit } from '../../topology/load-topology.ts';
import { parseTopology, toTopology } from '../../topology/load-topology.ts';
import type { Topology, TopologyInput } from '../../topology/topology.ts';
import { ALWAYS_ON } from '../../topology/topology.ts';
import { parseDurationMs } from '../../topology/units.ts';
import { UsageProblem } from '../exit.ts';

/** The `..` of a link's name does not part a path. */
const SINGLE_DOT = /(?<!\.)\.(?!\.)/;

/** A seed from the command line, or a drawn one. */
export function seedOf(options: Readonly<Record<string, unknown>>): number {
  const { seed } = options;
  return typeof seed === 'number' ? seed : Math.floor(Math.random() * 1_000_000);
}

/** A duration from a flag, milliseconds. Throws UsageProblem. */
export function durationOf(flag: string, text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null || ms <= 0)
    throw new UsageProblem(`${flag} ${text}: write a duration such as 500ms, 30s or 2m`);
  return ms;
}

/** Reads a file, or throws UsageProblem that names it. */
export function readText(file: string): string {
  if (!existsSync(file)) throw new UsageProblem(`There is no file ${file}.`);
  return readFileSync(file, 'utf8');
}

/** The topology of `up`: a file, `-n 3:3`, or the built-in one; `--set` applied. */
export function topologyOf(
  file: string | undefined,
  options: Readonly<Record<string, unknown>>,
): Topology {
  const edit = setsOf(options);
  const { nodes } = options;
  if (typeof nodes === 'string') return toTopology(edit(byCounts(nodes)) as TopologyInput);
  const found = topologyFile(file);
  return found === null
    ? toTopology(edit(ALWAYS_ON) as TopologyInput)
    : parseTopology(readText(found), found, edit);
}

/**
 * The file that `up` reads: the one that is named, else ./starfish.yaml where it is; null: the
 * built-in topology.
 */
function topologyFile(file: string | undefined): string | null {
  return file ?? (existsSync(USUAL_FILE) ? USUAL_FILE : null);
}
const USUAL_FILE = 'starfish.yaml';

/**
 * Every `--set key=value` as an edit of a document; values are read as YAML. Throws UsageProblem.
 */
export function setsOf(
  options: Readonly<Record<string, unknown>>,
  prefix: readonly string[] = [],
): DocumentEdit {
  const sets = Array.isArray(options['set']) ? (options['set'] as string[]) : [];
  const changes = sets.map((set) => {
    const at = set.indexOf('=');
    if (at <= 0)
      throw new UsageProblem(`--set ${set}: write key=value, such as cassandra.max_hint_window=1h`);
    return {
      path: [...prefix, ...set.slice(0, at).split(SINGLE_DOT)],
      value: parseDocument(set.slice(at + 1)).toJS() as unknown,
    };
  });
  return (document) => {
    const edited = structuredClone(document) as Record<string, unknown>;
    for (const { path, value } of changes) assign(edited, path, value);
    return edited;
  };
}

function assign(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head = '', ...rest] = path;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = target[head];
  if (typeof inner !== 'object' || inner === null) target[head] = {};
  assign(target[head] as Record<string, unknown>, rest, value);
}

/** `3:3` -> two regions of three nodes each, one zone a node up to three. Nodes only. */
function byCounts(text: string): TopologyInput {
  const counts = text.split(':').map(Number);
  if (
    counts.length > 8 ||
    counts.some((count) => !Number.isInteger(count) || count < 1 || count > 48)
  ) {
    throw new UsageProblem(
      `-n ${text}: write nodes per region as ccm does: 3, or 3:3 (at most 8 regions of 48 nodes)`,
    );
  }
  const regions: TopologyInput['regions'] = {};
  counts.forEach((count, at) => {
    const zoneCount = count % 3 === 0 ? 3 : 1;
    regions[counts.length === 1 ? 'datacenter1' : `dc${at + 1}`] = {
      zones: ['a', 'b', 'c'].slice(0, zoneCount),
      nodesPerZone: count / zoneCount,
      appsPerZone: 0,
    };
  });
  return { version: 1, name: 'nodes', regions };
}

/**
 * Flags that change where a run is shown or kept, not what it does; with the number of values each
 * takes.
 */
const NOT_REPLAYED: ReadonlyMap<string, number> = new Map([
  ['--seed', 1],
  ['--address-block', 1],
  ['--out', 1],
  ['--csv', 1],
  ['--html', 1],
  ['--json', 0],
  ['--quiet', 0],
  ['--open', 0],
  ['--no-color', 0],
]);

/** The one line that runs it again. `words`: the command line behind `starfish`. */
export function replayLine(words: readonly string[], seed: number): string {
  const kept: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const values = NOT_REPLAYED.get(word.split('=')[0] ?? '');
    if (values === undefined)
      kept.push(/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
    else if (!word.includes('=')) at += values;
  }
  return `starfish ${kept.join(' ')} --seed ${seed}`;
}
