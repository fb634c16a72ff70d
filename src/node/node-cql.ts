// The node as its CQL edge sees it: the query processor with what it runs on, put together. Implements the edge's
// CqlNode by shape (server/node-port.ts).

import { TimeUuidGenerator } from '../data/time-uuid.ts';
import type { CqlError } from '../data/cql-error.ts';
import type { KeyspaceMetadata } from '../data/schema.ts';
import type { ClientState } from '../protocol/client-state.ts';
import type { ClientRequest } from '../protocol/requests/request.ts';
import type { ReplicationEnvironment } from '../ring/replication-options.ts';
import { tokenText } from '../ring/token.ts';
import { ALLOW_ALL } from './auth/authorizer.ts';
import { LocalTablesAccess } from './local-tables-access.ts';
import type { VirtualTables } from './local-tables-access.ts';
import type { CassandraNode } from './node.ts';
import { SchemaStatements } from './query/ddl/ddl-executor.ts';
import type { ClusterDescription } from './query/describe/describe-executor.ts';
import { DescribeStatements } from './query/describe/describe-executor.ts';
import type { AuthExecutor } from './query/executors.ts';
import type { ProcessorDone } from './query/query-processor.ts';
import { QueryProcessor } from './query/query-processor.ts';

const ANONYMOUS: CqlError = {
  code: 'UNAUTHORIZED',
  message: 'You have to be logged in and not anonymous to perform this request',
};

const NO_VIRTUAL_ROWS: VirtualTables = {
  read: () => ({ kind: 'data', partitions: [], liveRows: 0, tombstones: 0, limitReached: false }),
  filtersImplicitly: () => true,
  write: (mutations) => {
    const table = mutations[0]?.updates[0]?.table;
    return { code: 'INVALID', message: `Modification is not supported by table ${table?.keyspace ?? ''}.${table?.name ?? ''}` };
  },
};

export class NodeCql {
  readonly processor: QueryProcessor;
  /** Open connections, once the native transport listens. */
  clients: () => readonly ClientState[] = () => [];

  constructor(node: CassandraNode) {
    const { world, config, userCode } = node.options;
    const { clock, random } = world;
    const ids = new TimeUuidGenerator(random.fork('table ids').bytes(8));
    const auth: AuthExecutor = { execute: (_statement, _call, done) => done({ kind: 'error', error: ANONYMOUS }) };
    this.processor = new QueryProcessor({
      clock, random, config,
      schema: node.schema,
      coordinator: node.coordinator,
      local: new LocalTablesAccess(node.store, NO_VIRTUAL_ROWS),
      ddl: new SchemaStatements({
        clock, config,
        schema: node.schema,
        authorizer: ALLOW_ALL,
        runner: userCode,
        replication: () => replicationEnvironment(node),
        moving: () => movingNodes(node),
        nextTimeUuid: () => ids.next(clock.wallMs()),
      }),
      describe: new DescribeStatements(node.schema, describeCluster(node)),
      auth,
      authorizer: { isNeeded: false, authorize: (_statement, _call, _functions, done) => done(null), unmasks: (_client, _table, done) => done(true) },
      runner: userCode,
    });
  }

  startup(_client: ClientState): { readonly kind: 'ready' } {
    return { kind: 'ready' };
  }

  authenticate(_client: ClientState, _token: Buffer | null, done: (result: { readonly kind: 'success'; readonly token: null }) => void): void {
    done({ kind: 'success', token: null });
  }

  execute(request: ClientRequest, client: ClientState, done: ProcessorDone): void {
    this.processor.execute(request, client, done);
  }
}

function replicationEnvironment(node: CassandraNode): ReplicationEnvironment {
  const nodesByDatacenter = new Map<string, number>([[node.membership.localDatacenter, 0]]);
  for (const { datacenter } of node.membership.cluster.nodes.values()) {
    nodesByDatacenter.set(datacenter, (nodesByDatacenter.get(datacenter) ?? 0) + 1);
  }
  return { nodesByDatacenter, defaultKeyspaceRf: node.options.config.default_keyspace_rf };
}

function movingNodes(node: CassandraNode): readonly ReturnType<CassandraNode['membership']['endpoints']>[number][] {
  return [...node.membership.cluster.nodes.values()].filter(({ status }) => status !== 'normal').map(({ endpoint }) => endpoint);
}

function describeCluster(node: CassandraNode): ClusterDescription {
  return {
    clusterName: node.options.config.cluster_name,
    partitioner: 'Murmur3Partitioner',
    snitch: 'GossipingPropertyFileSnitch',
    rangeOwnership(keyspace: KeyspaceMetadata) {
      const { ring } = node.membership.cluster;
      const replicas = ring.replicas(keyspace.replication);
      return Array.from({ length: ring.size }, (_, at) => {
        const token = ring.tokenAt(at);
        return { token: tokenText(token), endpoints: replicas.at(token).map((endpoint) => `/${endpoint}`) };
      });
    },
  };
}
