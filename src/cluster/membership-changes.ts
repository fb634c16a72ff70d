// Nodes that come into a running cluster and nodes that go: one node, a zone, a region, a replacement; and the words an
// operator would type for it, on the right nodes and in the right order. Callbacks, not promises, so that it runs in
// virtual time as well; progress is telemetry (streaming-progressed). Test: test/membership-cluster/.

import { eachInTurn } from '../base/each-in-turn.ts';
import type { Endpoint } from '../world/ports.ts';
import { isMoving } from '../ring/pending-table.ts';
import { replicationOf } from '../ring/replication.ts';
import type { StreamProgress } from '../node/membership/range-streaming.ts';
import type { CassandraNode } from '../node/node.ts';
import type { CleanupResult } from '../node/cleanup.ts';
import { allocationFactor } from './initial-tokens.ts';
import type { Cluster } from './cluster.ts';
import type { NodeHost } from './node-host.ts';
import { placeNewNode } from './placement.ts';
import type { NodePlacement } from './placement.ts';

/** null: done. Otherwise the refusal or failure, in Cassandra's words. */
export type ChangeDone = (error: string | null) => void;

export interface AddNodeOptions {
  /** A dead member whose tokens the new node takes; its own address, or another's. */
  readonly replaceAddress?: Endpoint | null;
  /** false: it owns its tokens at once, without data; `rebuild` brings that. */
  readonly autoBootstrap?: boolean;
}

/**
 * Starts a new node in the running cluster; `done` when it is in the ring, or why not: then it is no member, unless its
 * streams failed. That leaves it `starting`: host.resumeBootstrap tries again.
 */
export function addNode(
  cluster: Cluster,
  placement: NodePlacement,
  options: AddNodeOptions,
  done: ChangeDone,
): NodeHost {
  const host = cluster.admit(placement);
  const replaced = options.replaceAddress ?? null;
  // An earlier node of this place may have left its files.
  host.wipe(() => {
    plan(cluster, host, options);
    host.start((error) => {
      if (error === null && replaced !== null) dismissReplaced(cluster, replaced, placement);
      if (error !== null && host.state === 'failed') cluster.dismiss(host);
      done(error);
    });
  });
  return host;
}

/** One node after another, as Cassandra demands; ends at the first that fails. */
export function addNodes(
  cluster: Cluster,
  placements: readonly NodePlacement[],
  options: AddNodeOptions & { readonly onAdded?: (host: NodeHost) => void },
  done: ChangeDone,
): void {
  eachInTurn(
    placements,
    (placement, next) => {
      const host = addNode(cluster, placement, options, (error) => {
        if (error !== null) {
          next(`${placement.place}: ${error}`);
          return;
        }
        options.onAdded?.(host);
        whenQuiet(cluster, () => next(null));
      });
    },
    done,
  );
}

/** Calls back when every running node knows the same members, all normal, and one schema: as operators watch `nodetool status`. */
export function whenQuiet(cluster: Cluster, done: () => void): void {
  const intervalMs = cluster.config.gossip_interval;
  let rounds = 0;
  const look = (): void => {
    if (isQuiet(cluster) || rounds++ > QUIET_ROUNDS_MAX) done();
    else cluster.loop.after(intervalMs / 2, look);
  };
  look();
}

function isQuiet(cluster: Cluster): boolean {
  if (!cluster.isWhole()) return false;
  const { hosts } = cluster;
  return hosts.every(({ node, state }) => {
    if (node === null || state !== 'up') return true;
    const { nodes, movements } = node.membership.cluster;
    return (
      !isMoving(movements) &&
      nodes.size === hosts.length &&
      hosts.every(({ placement }) => nodes.has(placement.endpoint))
    );
  });
}

/** Where the next `count` nodes of a zone stand; a zone or region that is not there yet comes with them. */
export function newNodes(
  cluster: Cluster,
  at: { readonly region: string; readonly zone: string },
  count: number,
): readonly NodePlacement[] {
  const known = [...cluster.hosts, ...cluster.departed].map((host) => host.placement);
  const placements: NodePlacement[] = [];
  for (let i = 0; i < count; i++)
    placements.push(placeNewNode([...known, ...placements], at.region, at.zone));
  return placements;
}

/** The nodes of a whole region, zone by zone: a/1, b/1, c/1, a/2, ... */
export function newRegion(
  cluster: Cluster,
  region: string,
  zones: readonly string[],
  nodesPerZone: number,
): readonly NodePlacement[] {
  const known = [...cluster.hosts, ...cluster.departed].map((host) => host.placement);
  const placements: NodePlacement[] = [];
  for (let index = 0; index < nodesPerZone; index++) {
    for (const zone of zones)
      placements.push(placeNewNode([...known, ...placements], region, zone));
  }
  return placements;
}

/**
 * ALTER KEYSPACE statements that give a datacenter a factor in every keyspace that is spread over nodes, the system ones
 * too: a rebuild refuses a keyspace without a replica at its source. SimpleStrategy becomes NetworkTopologyStrategy.
 */
export function extensionStatements(
  cluster: Cluster,
  datacenter: string,
  factor: number,
): readonly string[] {
  const node = cluster.hosts.find((host) => host.state === 'up')?.node ?? null;
  if (node === null) return [];
  const present = new Map<string, number>();
  for (const info of node.membership.cluster.nodes.values()) {
    if (info.datacenter !== datacenter)
      present.set(info.datacenter, (present.get(info.datacenter) ?? 0) + 1);
  }
  return [...node.schema.current.keyspaces.values()].flatMap(
    ({ name, kind, replication: params }) => {
      const replication = replicationOf(params);
      if (kind !== 'regular' || replication.kind === 'local') return [];
      const factors =
        replication.kind === 'network'
          ? new Map(replication.factors)
          : new Map(
              [...present].map(([other, nodes]) => [
                other,
                Math.min(nodes, Math.max(replication.total, factor)),
              ]),
            );
      factors.set(datacenter, factor);
      const options = [...factors].map(([other, count]) => `'${other}': ${count}`);
      return [
        `ALTER KEYSPACE "${name}" WITH replication = {'class': 'NetworkTopologyStrategy', ${options.join(', ')}}`,
      ];
    },
  );
}

export interface AddRegionOptions {
  readonly placements: readonly NodePlacement[];
  /** Where the data comes from. */
  readonly sourceDatacenter: string;
  /** Runs `ALTER KEYSPACE ... WITH replication = {... , '<region>': n}` on some node, once the nodes are there. */
  readonly alterKeyspaces: (done: ChangeDone) => void;
  readonly onAdded?: (host: NodeHost) => void;
  readonly onRebuilt?: (host: NodeHost) => void;
}

/**
 * The runbook of a new datacenter: its nodes join without data, the keyspaces are extended to it, every node is rebuilt
 * from another datacenter.
 */
export function addRegion(cluster: Cluster, options: AddRegionOptions, done: ChangeDone): void {
  const { placements, sourceDatacenter, onAdded } = options;
  const rebuildAll = (): void =>
    eachInTurn(
      placements,
      ({ place }, next) => {
        rebuildNode(cluster, place, sourceDatacenter, (error) => {
          const host = cluster.host(place);
          if (error === null && host !== undefined) options.onRebuilt?.(host);
          next(error === null ? null : `${place}: ${error}`);
        });
      },
      done,
    );
  const joining = { autoBootstrap: false, ...(onAdded === undefined ? {} : { onAdded }) };
  addNodes(cluster, placements, joining, (error) => {
    if (error !== null) done(error);
    else
      options.alterKeyspaces((alterError) =>
        alterError === null ? rebuildAll() : done(alterError),
      );
  });
}

/** A dead node is started again on a new, empty machine with the same address: it keeps its host id. */
export function replaceAtSameAddress(cluster: Cluster, place: string, done: ChangeDone): void {
  const host = cluster.host(place);
  if (host === undefined || host.state === 'up' || host.state === 'paused') {
    done(host === undefined ? `There is no node ${place}.` : 'Cannot replace a live node... ');
    return;
  }
  host.kill();
  host.wipe(() => {
    plan(cluster, host, { replaceAddress: host.placement.endpoint });
    host.start(done);
  });
}

/** nodetool decommission on the node; its process goes on without the ring. */
export function decommissionNode(
  cluster: Cluster,
  place: string,
  options: { readonly force?: boolean },
  done: ChangeDone,
): void {
  withNode(cluster, place, done, (node, host) => {
    node.lifecycle.decommission({ force: options.force === true }, (error) => {
      if (error !== null) done(error);
      else depart(cluster, host, done);
    });
  });
}

/** nodetool removenode of a dead node, on the first other node that runs. */
export function removeNode(cluster: Cluster, place: string, done: ChangeDone): void {
  const dead = cluster.host(place);
  const by = cluster.hosts.find((host) => host.state === 'up' && host !== dead)?.node ?? null;
  if (dead === undefined || by === null) {
    done(dead === undefined ? `There is no node ${place}.` : 'No node is up.');
    return;
  }
  const hostId = by.membership.metadata.hostId(dead.placement.endpoint);
  by.lifecycle.removals.removeNode(hostId ?? '', (error) => {
    if (error === null) cluster.dismiss(dead);
    done(error);
  });
}

/** nodetool assassinate of a dead node, on the first other node that runs: nothing is restored. */
export function assassinateNode(cluster: Cluster, place: string, done: ChangeDone): void {
  const dead = cluster.host(place);
  const by = cluster.hosts.find((host) => host.state === 'up' && host !== dead)?.node ?? null;
  if (dead === undefined || by === null) {
    done(dead === undefined ? `There is no node ${place}.` : 'No node is up.');
    return;
  }
  by.lifecycle.assassinate(dead.placement.endpoint, (error) => {
    if (error === null) cluster.dismiss(dead);
    done(error);
  });
}

/** nodetool rebuild; `datacenter` null: from anybody. */
export function rebuildNode(
  cluster: Cluster,
  place: string,
  datacenter: string | null,
  done: ChangeDone,
  progress: (progress: StreamProgress) => void = () => undefined,
): void {
  withNode(cluster, place, done, (node) => node.lifecycle.rebuild(datacenter, progress, done));
}

/** nodetool cleanup on every node that runs, one after another. `done` hears what was dropped in all. */
export function cleanupAll(
  cluster: Cluster,
  done: (error: string | null, result: CleanupResult) => void,
): void {
  let tables = 0;
  let partitionsDropped = 0;
  eachInTurn(
    cluster.hosts.filter((host) => host.state === 'up'),
    ({ node }, next) => {
      if (node === null) {
        next(null);
        return;
      }
      node.lifecycle.cleanup({ keyspace: null, tables: null }, (error, result) => {
        tables += result.tables;
        partitionsDropped += result.partitionsDropped;
        next(error);
      });
    },
    (error) => done(error, { tables, partitionsDropped }),
  );
}

/** After LEFT: clients are turned away, the process goes on outside the ring. */
export function depart(cluster: Cluster, host: NodeHost, done: ChangeDone): void {
  cluster.dismiss(host);
  if (host.transport === null) done(null);
  else void host.transport.drain().then(() => done(null));
}

function plan(cluster: Cluster, host: NodeHost, options: AddNodeOptions): void {
  const { endpoint, datacenter } = host.placement;
  const members = cluster.hosts.map((one) => one.placement);
  host.joinPlan = {
    replaceAddress: options.replaceAddress ?? null,
    autoBootstrap: options.autoBootstrap ?? true,
    allocateForFactor: allocationFactor(members, datacenter, cluster.config) ?? null,
    seeds: cluster.seedsFor(endpoint),
  };
}

function dismissReplaced(
  cluster: Cluster,
  endpoint: Endpoint,
  { endpoint: newcomer }: NodePlacement,
): void {
  const old = cluster.hostAt(endpoint);
  if (old !== undefined && endpoint !== newcomer) cluster.dismiss(old);
}

function withNode(
  cluster: Cluster,
  place: string,
  done: ChangeDone,
  work: (node: CassandraNode, host: NodeHost) => void,
): void {
  const host = cluster.host(place);
  if (host?.node === undefined || host.node === null)
    done(host === undefined ? `There is no node ${place}.` : `${place} is down.`);
  else work(host.node, host);
}

const QUIET_ROUNDS_MAX = 120;
