// Nodes that come and go while the embedded cluster serves real drivers: the changes of cluster/membership-changes.ts as
// promises, with the new nodes' CQL ports opened. Progress is telemetry (streaming-progressed, bootstrap-progressed).

import type { Cluster } from '../cluster/cluster.ts';
import type { CqlPort } from '../cluster/cql-port.ts';
import {
  addNode,
  addNodes,
  addRegion,
  assassinateNode,
  cleanupAll,
  decommissionNode,
  extensionStatements,
  newNodes,
  newRegion,
  rebuildNode,
  removeNode,
  replaceAtSameAddress,
  whenQuiet,
} from '../cluster/membership-changes.ts';
import type { ChangeDone } from '../cluster/membership-changes.ts';
import type { NodeHost } from '../cluster/node-host.ts';
import type { NodePlacement } from '../cluster/placement.ts';
import type { Membership, RegionShape } from './engine.ts';

/** All reject with Cassandra's words for why not. Places are those of the topology, or new ones. */
export class EngineMembership implements Membership {
  private readonly cluster: Cluster;
  private readonly portOf: (host: NodeHost) => CqlPort;

  constructor(cluster: Cluster, portOf: (host: NodeHost) => CqlPort) {
    this.cluster = cluster;
    this.portOf = portOf;
  }

  /** Bootstraps `count` nodes into a zone, one after another; the zone may be new. */
  async addNodes(region: string, zone: string, count = 1): Promise<readonly NodePlacement[]> {
    const placements = newNodes(this.cluster, { region, zone }, count);
    const ports: Promise<void>[] = [];
    const onAdded = (host: NodeHost): void => {
      this.cluster.onMembers();
      const opened = this.portOf(host).open();
      // Looked at when all are in: until then a port that is taken is nobody's unheard rejection.
      opened.catch(() => undefined);
      ports.push(opened);
    };
    await changed((done) => addNodes(this.cluster, placements, { onAdded }, done));
    await Promise.all(ports);
    return placements;
  }

  /** A new region by the runbook: nodes without data, every keyspace extended to it, rebuild from `source`. */
  async addRegion(region: string, shape: RegionShape): Promise<readonly NodePlacement[]> {
    const { cluster } = this;
    const placements = newRegion(cluster, region, shape.zones, shape.nodesPerZone);
    await changed((done) =>
      addRegion(
        cluster,
        {
          placements,
          sourceDatacenter: shape.source,
          onAdded: () => cluster.onMembers(),
          alterKeyspaces: (altered) =>
            this.executeAll(extensionStatements(cluster, region, shape.factor)).then(
              () => altered(null),
              (error: unknown) => altered(textOf(error)),
            ),
        },
        done,
      ),
    );
    for (const { place } of placements) {
      const host = cluster.host(place);
      if (host !== undefined) await this.portOf(host).open();
    }
    return placements;
  }

  /** A dead node's place is taken: at its own address, or by a new node of its zone. */
  async replace(place: string, options: { readonly sameAddress: boolean }): Promise<NodePlacement> {
    const { cluster } = this;
    const dead = cluster.host(place);
    if (dead === undefined) throw new Error(`There is no node ${place}.`);
    if (options.sameAddress) {
      await changed((done) => replaceAtSameAddress(cluster, place, done));
      await this.portOf(dead).open();
      return dead.placement;
    }
    const { region, zone, endpoint } = dead.placement;
    const [placement] = newNodes(cluster, { region, zone }, 1);
    if (placement === undefined)
      throw new Error(`There is no room for another node in ${region}/${zone}.`);
    let added: NodeHost | null = null;
    await changed((done) => {
      added = addNode(cluster, placement, { replaceAddress: endpoint }, done);
    });
    if (added !== null) await this.portOf(added).open();
    this.cluster.onMembers();
    return placement;
  }

  decommission(place: string, options: { readonly force?: boolean } = {}): Promise<void> {
    return changed((done) => decommissionNode(this.cluster, place, options, done));
  }

  removeNode(place: string): Promise<void> {
    return changed((done) => removeNode(this.cluster, place, done));
  }

  assassinate(place: string): Promise<void> {
    return changed((done) => assassinateNode(this.cluster, place, done));
  }

  rebuild(place: string, datacenter: string | null): Promise<void> {
    return changed((done) => rebuildNode(this.cluster, place, datacenter, done));
  }

  /** On every node that runs. Resolves with the number of partitions dropped. */
  async cleanup(): Promise<number> {
    let dropped = 0;
    await changed((done) =>
      cleanupAll(this.cluster, (error, { partitionsDropped }) => {
        dropped = partitionsDropped;
        done(error);
      }),
    );
    return dropped;
  }

  private async executeAll(statements: readonly string[]): Promise<void> {
    for (const cql of statements) {
      const host = this.cluster.hosts.find(({ state }) => state === 'up');
      if (host === undefined) throw new Error('No node is up.');
      await this.portOf(host).execute(cql);
      await new Promise<void>((resolve) => whenQuiet(this.cluster, resolve));
    }
  }
}

function changed(start: (done: ChangeDone) => void): Promise<void> {
  return new Promise((resolve, reject) =>
    start((error) => (error === null ? resolve() : reject(new Error(error)))),
  );
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
