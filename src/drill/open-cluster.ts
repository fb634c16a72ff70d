// What the library's startCluster and startStack take, and how it becomes a running lab: regions in
// short form or a whole topology, a schema as file or text, addresses that are found. Test:
// test/api/start-cluster.test.ts.

import { existsSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseTopology, toTopology } from '../topology/load-topology.ts';
import { splitStatements } from '../topology/schema-text.ts';
import type { Topology, TopologyInput } from '../topology/topology.ts';
import { ALWAYS_ON } from '../topology/topology.ts';
import { chooseAddresses } from './addresses.ts';
import type { SchemaScript } from './apply-schema.ts';
import type { Lab } from './lab.ts';
import { openLab } from './lab.ts';

/** A region in short form: zones by number (a, b, c ...) or by name. */
export interface RegionOption {
  readonly zones: number | readonly string[];
  readonly nodesPerZone?: number;
  readonly appsPerZone?: number;
}

export interface ClusterOptions {
  /**
   * Region -> its zones; region names are datacenter names in CQL. One region of three zones when
   * absent.
   */
  readonly regions?: Readonly<Record<string, RegionOption>>;
  /** A whole topology, or the path of a starfish.yaml; instead of `regions`. */
  readonly topology?: TopologyInput | string;
  /** Keyspaces to create: name -> region -> replication factor. */
  readonly keyspaces?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** CQL to run at the start: the path of a file, or the text itself. */
  readonly schema?: string;
  /** Of all random choices; drawn when absent, see `RunningCluster.seed`. */
  readonly seed?: number;
  /** cassandra.yaml's names and values. */
  readonly cassandra?: TopologyInput['cassandra'];
  /** Latency of links: `within-zone`, `between-zones`, `<region>..<region>`. */
  readonly links?: TopologyInput['links'];
  /**
   * First two octets of the loopback addresses (127.44), or 'none': one address, a port a node.
   * Found when absent.
   */
  readonly addressBlock?: string;
  /** Keeps the data here; in memory when absent. */
  readonly dataFolder?: string;
}

export interface OpenedLab {
  readonly lab: Lab;
  readonly seed: number;
}

/**
 * Throws InvalidDocument (what is wrong), AddressProblem (with the cure), or an Error that names
 * the CQL statement.
 */
export async function openCluster(options: ClusterOptions, withStack: boolean): Promise<OpenedLab> {
  const topology = topologyOf(options, withStack);
  const seed = options.seed ?? Math.floor(Math.random() * 1_000_000);
  const addresses = await chooseAddresses(
    topology,
    options.addressBlock,
    options.dataFolder ?? null,
  );
  const schema = options.schema === undefined ? [] : [readSchema(options.schema)];
  const lab = await openLab({
    topology,
    addresses,
    seed,
    dataFolder: options.dataFolder ?? null,
    schema,
    engineOnly: !withStack,
    keepAccount: true,
  });
  return { lab, seed };
}

function topologyOf(options: ClusterOptions, withStack: boolean): Topology {
  const { regions, keyspaces, cassandra, links } = options;
  if (typeof options.topology === 'string') {
    const file = options.topology;
    return parseTopology(readFileSync(file, 'utf8'), file, (document) => ({
      ...(document as object),
      ...changes(options, document),
    }));
  }
  const base: TopologyInput =
    options.topology ??
    (regions === undefined && withStack
      ? ALWAYS_ON
      : { name: 'cluster', regions: expand(regions, withStack) });
  const chosen =
    regions === undefined || options.topology !== undefined
      ? base
      : { ...base, regions: expand(regions, withStack) };
  return toTopology({
    ...chosen,
    keyspaces: {
      ...(withStack ? { shop: shopKeyspace(chosen) } : {}),
      ...chosen.keyspaces,
      ...keyspacesOf(keyspaces),
    },
    ...(cassandra === undefined ? {} : { cassandra: { ...chosen.cassandra, ...cassandra } }),
    ...(links === undefined ? {} : { links: { ...chosen.links, ...links } }),
  });
}

function changes(
  { cassandra, links, keyspaces }: ClusterOptions,
  document: unknown,
): Partial<TopologyInput> {
  const given = (document as Partial<TopologyInput> | null)?.keyspaces;
  return {
    ...(cassandra === undefined ? {} : { cassandra }),
    ...(links === undefined ? {} : { links }),
    ...(keyspaces === undefined ? {} : { keyspaces: { ...given, ...keyspacesOf(keyspaces) } }),
  };
}

function keyspacesOf(
  keyspaces: ClusterOptions['keyspaces'],
): NonNullable<TopologyInput['keyspaces']> {
  return Object.fromEntries(
    Object.entries(keyspaces ?? {}).map(([name, replication]) => [
      name,
      { replication: { ...replication } },
    ]),
  );
}

/** The sample application's: up to three replicas a region. */
function shopKeyspace({ regions }: TopologyInput): { replication: Record<string, number> } {
  const replication = Object.entries(regions).map(
    ([name, { zones, nodesPerZone }]) =>
      [name, Math.min(3, zones.length * (nodesPerZone ?? 1))] as const,
  );
  return { replication: Object.fromEntries(replication) };
}

const ZONE_NAMES = 'abcdefghi';

function expand(regions: ClusterOptions['regions'], withStack: boolean): TopologyInput['regions'] {
  const given = regions ?? { datacenter1: { zones: 3 } };
  return Object.fromEntries(
    Object.entries(given).map(([name, { zones, nodesPerZone, appsPerZone }]) => [
      name,
      {
        zones: typeof zones === 'number' ? ZONE_NAMES.slice(0, zones).split('') : [...zones],
        nodesPerZone: nodesPerZone ?? 1,
        appsPerZone: appsPerZone ?? (withStack ? 1 : 0),
      },
    ]),
  );
}

/**
 * A path when such a file is there or it looks like one; else CQL. Throws the system's error for a
 * missing file.
 */
function readSchema(schema: string): SchemaScript {
  const isPath =
    !/[;\n]/.test(schema) && (/\.(?:cql|sql|txt)$/i.test(schema) || existsSync(schema));
  if (!isPath) return { source: 'schema', keyspace: null, statements: splitStatements(schema) };
  return {
    source: basename(schema),
    keyspace: null,
    statements: splitStatements(readFileSync(resolve(schema), 'utf8')),
  };
}
