// Three nodes of one region in virtual time, each with a disk that can be filled, damaged and unplugged; the same disks
// can be given to the cluster of a next process.

import { Cluster } from '../../src/cluster/cluster.ts';
import { NodetoolFailure, runNodetool } from '../../src/cluster/nodetool.ts';
import type { NodeHost } from '../../src/cluster/node-host.ts';
import { placeTopology } from '../../src/cluster/placement.ts';
import type { ConsistencyLevel } from '../../src/data/consistency.ts';
import type { NodeConfig } from '../../src/node/node-config.ts';
import { DEFAULT_NODE_CONFIG } from '../../src/node/node-config.ts';
import type { TelemetryEvent } from '../../src/node/telemetry.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import { PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import type { StatementResponse } from '../../src/protocol/responses/response.ts';
import { toTopology } from '../../src/topology/load-topology.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { DiskImage, VirtualDisk } from '../../src/world/virtual/disk.ts';
import { VirtualEventLoop } from '../../src/world/virtual/event-loop.ts';
import { required } from '../../src/base/assert.ts';

const TOPOLOGY = toTopology({ regions: { r: { zones: ['a', 'b', 'c'], nodesPerZone: 1 } } });
export const PLACES = ['r/a/1', 'r/b/1', 'r/c/1'];

type Disks = ReadonlyMap<string, DiskImage>;

function newDisks(): Disks {
  return new Map(PLACES.map((place) => [place, new DiskImage()]));
}

export class DiskWorld {
  readonly loop = new VirtualEventLoop();
  readonly cluster: Cluster;
  readonly disks: Disks;
  readonly events: TelemetryEvent[] = [];

  constructor(config: Partial<NodeConfig> = {}, disks: Disks = newDisks(), seed = 1) {
    this.disks = disks;
    this.cluster = new Cluster({
      loop: this.loop,
      nodes: placeTopology(TOPOLOGY).nodes,
      config: { ...DEFAULT_NODE_CONFIG, ...config },
      random: new SeededRandom(seed),
      latency: () => ({ oneWayMs: 0.2, jitterMs: 0 }),
      disk:
        ({ place }) =>
        (loop, gate) =>
          new VirtualDisk(this.disk(place), loop, gate),
    });
    this.cluster.on((event) => void this.events.push(event));
    this.until((done) => this.cluster.start(done));
  }

  disk(place: string): DiskImage {
    return required(this.disks.get(place), place);
  }

  /** Paths on a node's disk with this ending, sorted. */
  paths(place: string, ending: string): readonly string[] {
    return [...this.disk(place).files.keys()].filter((path) => path.endsWith(ending)).sort();
  }

  host(place: string): NodeHost {
    return required(this.cluster.host(place), place);
  }

  get diskFailures(): readonly Extract<TelemetryEvent, { kind: 'disk-failed' }>[] {
    return this.events.filter((event) => event.kind === 'disk-failed');
  }

  /** What the operation calls back with. */
  outcome(operation: (done: (error: string | null) => void) => void): string | null {
    let outcome: string | null | undefined;
    operation((error) => (outcome = error));
    if (!this.loop.runUntilTrue(() => outcome !== undefined, 600_000))
      throw new Error('it does not end');
    return outcome ?? null;
  }

  until(operation: (done: (error: string | null) => void) => void): void {
    const error = this.outcome(operation);
    if (error !== null) throw new Error(error);
  }

  /** Kills a node and starts it from its disk; why it does not start, or null. */
  restart(place: string): string | null {
    this.host(place).kill();
    return this.outcome((done) => this.host(place).start(done));
  }

  cql(cql: string, at = 'r/a/1', consistency: ConsistencyLevel = 'QUORUM'): StatementResponse {
    const client = newClientState({ id: 1, remoteAddress: '127.0.0.1', remotePort: 50_000 });
    client.protocolVersion = 5;
    let answer: StatementResponse | undefined;
    const { node } = this.host(at);
    required(node, `${at} runs`).cql.execute(
      {
        kind: 'query',
        ...PLAIN_HEADER,
        query: cql,
        parameters: { ...DEFAULT_PARAMETERS, consistency },
      },
      client,
      (response) => {
        answer = response;
      },
    );
    this.loop.runUntilTrue(() => answer !== undefined, 60_000);
    return required(answer, `an answer to ${cql}`);
  }

  createTable(): void {
    this.ok("CREATE KEYSPACE ks WITH replication = {'class': 'NetworkTopologyStrategy', 'r': 3}");
    this.ok('CREATE TABLE ks.t (k int PRIMARY KEY, v int)');
    this.loop.runUntilTrue(() => this.cluster.isWhole(), 60_000);
  }

  ok(cql: string, at?: string, consistency?: ConsistencyLevel): void {
    const answer = this.cql(cql, at, consistency);
    if (answer.kind === 'error') throw new Error(`${cql}: ${answer.error.message}`);
  }

  write(k: number, at?: string, consistency?: ConsistencyLevel): void {
    this.ok(`INSERT INTO ks.t (k, v) VALUES (${k}, ${k})`, at, consistency);
  }

  /** Keys of ks.t as a read at the level finds them, sorted. */
  keys(at = 'r/a/1', consistency: ConsistencyLevel = 'QUORUM'): readonly number[] {
    const answer = this.cql('SELECT k FROM ks.t', at, consistency);
    if (answer.kind !== 'rows')
      throw new Error(answer.kind === 'error' ? answer.error.message : answer.kind);
    return answer.rows.map(([k]) => k?.readInt32BE(0) ?? -1).sort((a, b) => a - b);
  }

  /** Keys of ks.t that this node holds itself. */
  held(place: string): number {
    const table = required(
      required(this.host(place).node, place).schema.current.keyspaces.get('ks')?.tables.get('t'),
      'ks.t',
    );
    return this.host(place).node?.storage.store(table.id)?.partitionCount ?? 0;
  }

  /** The verb's output, or the text of its failure. */
  async nodetool(place: string, command: string): Promise<string> {
    const [verb = '', ...words] = command.split(' ');
    let text: string | undefined;
    const running = runNodetool(this.cluster, this.host(place), verb, words).then(
      (output) => (text = output),
      (error: unknown) => {
        if (!(error instanceof NodetoolFailure)) throw error;
        text = error.message;
      },
    );
    for (let round = 0; text === undefined && round < 1_000; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      this.loop.runFor(50);
    }
    await running;
    return text ?? '';
  }
}
