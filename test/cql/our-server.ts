// One node of ours, as the recordings' real one is set up: a plain one, and one with users.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { nodeConfig } from '../../src/cluster/cassandra-settings.ts';
import { Cluster } from '../../src/cluster/cluster.ts';
import { CqlPort } from '../../src/cluster/cql-port.ts';
import type { NodePlacement } from '../../src/cluster/placement.ts';
import { vmUserCode } from '../../src/cluster/user-code.ts';
import type { UserCodeRunner } from '../../src/node/query/user-code.ts';
import { NO_LATENCY } from '../../src/world/links.ts';
import { endpoint } from '../../src/world/ports.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { RealEventLoop } from '../../src/world/real/event-loop.ts';
import type { RealServer, RealSettings } from './real-server.ts';
import { settingsOf } from './real-server.ts';
import type { ServerWish } from './script-runner.ts';

const ADDRESS = '127.0.0.1';
const STORAGE_PORT = 7000;

/** Starts a node on a free port. */
export async function startOurs(wish: ServerWish): Promise<RealServer> {
  const { settings, superuser } = settingsOf(wish);
  const placement = place({ address: ADDRESS, datacenter: 'datacenter1', rack: 'rack1' });
  const nativePort = await freePort();
  const stop = await startNodes({
    clusterName: 'Test Cluster',
    nodes: [{ ...placement, nativePort }],
    settings,
  });
  return { server: { address: ADDRESS, port: nativePort, superuser }, stop };
}

interface NodesWanted {
  readonly clusterName: string;
  readonly nodes: readonly NodePlacement[];
  readonly settings: RealSettings['settings'];
  /** Of the nodes, in their order; absent: allocated. */
  readonly tokens?: readonly (readonly string[])[];
}

/** A cluster of ours behind its CQL ports; resolves to what stops it. */
export async function startNodes(wanted: NodesWanted): Promise<() => Promise<void>> {
  const { clusterName, nodes, settings, tokens } = wanted;
  const cluster = new Cluster({
    loop: new RealEventLoop(),
    nodes,
    config: nodeConfig({ cluster_name: clusterName, num_tokens: 16, ...settings }),
    random: new SeededRandom(1),
    latency: NO_LATENCY,
    disk: null,
    userCode: javaLike(vmUserCode()),
    ...(tokens === undefined ? {} : { tokens }),
  });
  const ports = cluster.hosts.map((host) => new CqlPort(host));
  await new Promise<void>((resolve, reject) => {
    cluster.start((error) => (error === null ? resolve() : reject(new Error(error))));
  });
  for (const port of ports) await port.open();
  return async () => {
    for (const port of ports) port.kill();
    for (const host of cluster.hosts) host.kill();
  };
}

/** Where a node stands. */
export function place(at: {
  readonly address: string;
  readonly datacenter: string;
  readonly rack: string;
}): NodePlacement {
  const { address, datacenter, rack } = at;
  return {
    place: `${datacenter}/${rack}/1`,
    region: datacenter,
    zone: rack,
    datacenter,
    rack,
    address,
    nativePort: 9042,
    storagePort: STORAGE_PORT,
    endpoint: endpoint(address, STORAGE_PORT),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, ADDRESS);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}

const JAVA_WORDS =
  'class RuntimeException extends Error { get name() { return "java.lang.RuntimeException"; } } ';

const ONLY_JAVA =
  'Currently only Java UDFs are available in Cassandra. For more information - CASSANDRA-18252 and CASSANDRA-17281';

/** The recorded functions are written in Java that is JavaScript as well, but for its exceptions. */
function javaLike(runner: UserCodeRunner): UserCodeRunner {
  return {
    compile: (source) => {
      if (source.language !== 'java') return { ok: false, message: ONLY_JAVA };
      return runner.compile({ ...source, language: 'javascript', body: JAVA_WORDS + source.body });
    },
  };
}
