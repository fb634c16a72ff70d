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
import type { RealServer } from './real-server.ts';
import { REAL_SETTINGS } from './real-server.ts';

const ADDRESS = '127.0.0.1';
const STORAGE_PORT = 7000;

/** Starts a node on a free port. */
export async function startOurs(kind: 'plain' | 'auth'): Promise<RealServer> {
  const { settings, superuser } = REAL_SETTINGS[kind];
  const placement = await place();
  const cluster = new Cluster({
    loop: new RealEventLoop(),
    nodes: [placement],
    config: nodeConfig({ cluster_name: 'Test Cluster', num_tokens: 16, paxos_variant: 'v2', ...settings }),
    random: new SeededRandom(1),
    latency: NO_LATENCY,
    disk: null,
    userCode: javaLike(vmUserCode()),
  });
  const [host] = cluster.hosts;
  if (host === undefined) throw new Error('a cluster without nodes');
  const port = new CqlPort(host);
  await new Promise<void>((resolve, reject) => {
    cluster.start((error) => (error === null ? resolve() : reject(new Error(error))));
  });
  await port.open();
  const stop = async (): Promise<void> => {
    port.kill();
    host.kill();
  };
  return { server: { address: ADDRESS, port: placement.nativePort, superuser }, stop };
}

async function place(): Promise<NodePlacement> {
  return {
    place: 'datacenter1/rack1/1',
    region: 'datacenter1',
    zone: 'rack1',
    datacenter: 'datacenter1',
    rack: 'rack1',
    address: ADDRESS,
    nativePort: await freePort(),
    storagePort: STORAGE_PORT,
    endpoint: endpoint(ADDRESS, STORAGE_PORT),
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
