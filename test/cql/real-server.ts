// One real Cassandra node to record from, with all that is off by default switched on.

import type { Settings } from '../../src/engine/cassandra/node-config-files.ts';
import { RealCluster } from '../../src/engine/cassandra/real-cluster.ts';
import { Connection } from './connection.ts';
import type { Server, ServerWish } from './script-runner.ts';

const SWITCHED_ON: Settings = {
  materialized_views_enabled: true,
  sasi_indexes_enabled: true,
  user_defined_functions_enabled: true,
  drop_compact_storage_enabled: true,
  dynamic_data_masking_enabled: true,
};

/** What only real Cassandra has to be told: grants are seen at once. */
const WITHOUT_CACHES: Settings = {
  role_manager: 'CassandraRoleManager',
  roles_validity: '0ms',
  permissions_validity: '0ms',
  credentials_validity: '0ms',
};

export interface RealSettings {
  readonly settings: Settings;
  readonly superuser: Server['superuser'];
}

/** By what a file asks for. */
export const REAL_SETTINGS: Readonly<Record<'plain' | 'auth', RealSettings>> = {
  plain: { settings: SWITCHED_ON, superuser: null },
  auth: {
    settings: {
      ...SWITCHED_ON,
      authenticator: 'PasswordAuthenticator',
      authorizer: 'CassandraAuthorizer',
    },
    superuser: { user: 'cassandra', password: 'cassandra' },
  },
};

/** What a file's node is started with. */
export function settingsOf(wish: ServerWish): RealSettings {
  const { settings, superuser } = REAL_SETTINGS[wish.kind];
  return { settings: { ...settings, ...wish.settings }, superuser };
}

export interface RealServer {
  readonly server: Server;
  stop(): Promise<void>;
}

/** Away from 127.0.x.x, where other clusters like to be. */
const BLOCK = '127.9';

/** Starts a node. Rejects with the cure when Java or Maven is missing. */
export async function startReal(wanted: RealSettings): Promise<RealServer> {
  const cluster = await RealCluster.start({
    datacenters: ['datacenter1'],
    racksPerDatacenter: 1,
    nodesPerRack: 1,
    block: BLOCK,
    settings:
      wanted.superuser === null ? wanted.settings : { ...wanted.settings, ...WITHOUT_CACHES },
    flags: ['-Dcassandra.unsafesystem=true', '-Duser.timezone=UTC', '-Duser.language=en'],
  });
  const server = { address: `${BLOCK}.1.1`, port: 9042, superuser: wanted.superuser };
  const stop = (): Promise<void> => cluster.stop();
  try {
    if (wanted.superuser !== null) await superuserIsThere(server);
  } catch (error) {
    await stop();
    throw error;
  }
  return { server, stop };
}

/** The node makes its first user some time after it answers. */
async function superuserIsThere(server: Server): Promise<void> {
  const { address, port, superuser } = server;
  for (let left = 600; left > 0; left--) {
    const opened = await Connection.open({ address, port, version: 5, credentials: superuser });
    if (opened instanceof Connection) return opened.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the node made no superuser');
}
