// A cluster in virtual time with a CQL client inside it: what the tests of this folder stand on. The same classes as in
// real time; only the event loop differs.

import { latencyModel, placeTopology } from '../../src/cluster/placement.ts';
import { Cluster } from '../../src/cluster/cluster.ts';
import { nodeConfig } from '../../src/cluster/cassandra-settings.ts';
import type { NodeHost } from '../../src/cluster/node-host.ts';
import { tableContent } from '../../src/cluster/table-content.ts';
import type { ConsistencyLevel } from '../../src/data/consistency.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import { PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import type { StatementResponse } from '../../src/protocol/responses/response.ts';
import { required } from '../../src/base/assert.ts';
import { decorateKey } from '../../src/ring/token.ts';
import { toTopology } from '../../src/topology/load-topology.ts';
import type { TopologyInput } from '../../src/topology/topology.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { VirtualEventLoop } from '../../src/world/virtual/event-loop.ts';

export class VirtualLab {
  readonly loop = new VirtualEventLoop();
  readonly cluster: Cluster;
  readonly random: SeededRandom;
  private readonly client = newClientState({ id: 1, remoteAddress: '127.0.0.1', remotePort: 1 });

  constructor(input: TopologyInput, seed: number) {
    const topology = toTopology(input);
    this.random = new SeededRandom(seed);
    this.client.protocolVersion = 4;
    this.cluster = new Cluster({
      loop: this.loop,
      nodes: placeTopology(topology).nodes,
      config: nodeConfig(topology.cassandra),
      random: this.random,
      latency: latencyModel(topology),
      disk: null,
    });
    this.cluster.fabric.observer = (from, to, verb, lost) =>
      this.loop.mix(`${from}${to}${verb}${lost ? '!' : ''}`);
    let result: string | null | undefined;
    this.cluster.start((error) => (result = error));
    this.loop.runUntilTrue(() => result !== undefined, 60_000);
    if (result !== null) throw new Error(result ?? 'the cluster did not start');
    for (const { node } of this.cluster.hosts) node?.membership.setRpcReady(true);
    this.loop.runFor(2_000);
  }

  host(place: string): NodeHost {
    return required(this.cluster.host(place), place);
  }

  /** Sends a statement to a node; `done` hears the answer in an event of its own. */
  send(
    place: string,
    query: string,
    consistency: ConsistencyLevel,
    done: (response: StatementResponse) => void,
  ): void {
    const node = required(this.host(place).node, `${place} runs`);
    node.cql.execute(
      { kind: 'query', ...PLAIN_HEADER, query, parameters: { ...DEFAULT_PARAMETERS, consistency } },
      this.client,
      done,
    );
  }

  /** Sends a statement and runs the world until it is answered. */
  run(
    place: string,
    query: string,
    consistency: ConsistencyLevel = 'LOCAL_QUORUM',
  ): StatementResponse {
    let answer: StatementResponse | undefined;
    this.send(place, query, consistency, (response) => (answer = response));
    this.loop.runUntilTrue(() => answer !== undefined, 60_000);
    return required(answer, `an answer to ${query}`);
  }

  kill(place: string): void {
    this.host(place).kill();
  }

  restart(place: string): void {
    let result: string | null | undefined;
    this.host(place).start((error) => (result = error));
    this.loop.runUntilTrue(() => result !== undefined, 120_000);
    if (result !== null) throw new Error(`${place}: ${result ?? 'did not start'}`);
    this.host(place).node?.membership.setRpcReady(true);
  }

  /** Partitions of which the replicas hold different content, by key. */
  differences(keyspace: string, table: string): readonly string[] {
    const node = required(this.cluster.hosts.find((host) => host.node !== null)?.node, 'a node');
    const replication = node.membership.replication(
      required(node.schema.current.keyspaces.get(keyspace), keyspace),
    );
    const contents = new Map(
      this.cluster.hosts.flatMap(({ placement, node: one }) =>
        one === null ? [] : [[placement.endpoint, tableContent(one, keyspace, table)] as const],
      ),
    );
    const keys = new Set([...contents.values()].flatMap((content) => [...content.keys()]));
    return [...keys].filter((key) => {
      const owners = replication.natural(decorateKey(Buffer.from(key, 'latin1')));
      return new Set(owners.map((owner) => contents.get(owner)?.get(key) ?? '')).size > 1;
    });
  }
}
