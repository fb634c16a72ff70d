// The node as its CQL edge sees it: the query processor with what it runs on, put together. Implements the edge's
// CqlNode by shape (server/node-port.ts).

import { TimeUuidGenerator } from '../data/time-uuid.ts';
import type { KeyspaceMetadata } from '../data/schema.ts';
import type { ClientState } from '../protocol/client-state.ts';
import type { ClientRequest } from '../protocol/requests/request.ts';
import type { ReplicationEnvironment } from '../ring/replication-options.ts';
import { snitchName } from '../ring/snitch.ts';
import { tokenText } from '../ring/token.ts';
import type { LoginResult } from './auth/auth-service.ts';
import { AuthService } from './auth/auth-service.ts';
import { BcryptHasher } from './auth/bcrypt-hasher.ts';
import { LocalTablesAccess } from './local-tables-access.ts';
import type { CassandraNode } from './node.ts';
import { PreparedStatementsTable } from './prepared-statements-table.ts';
import { SchemaStatements } from './query/ddl/ddl-executor.ts';
import type { ClusterDescription } from './query/describe/describe-executor.ts';
import { DescribeStatements } from './query/describe/describe-executor.ts';
import { QueryTracer } from './query-tracer.ts';
import type { ProcessorDone } from './query/query-processor.ts';
import { QueryProcessor } from './query/query-processor.ts';
import { nodeViewSources } from './query/system/node-views.ts';
import { systemViews } from './query/system/system-views.ts';

export class NodeCql {
  readonly processor: QueryProcessor;
  readonly auth: AuthService;
  private readonly preparedStatements: PreparedStatementsTable;
  /** Open connections, once the native transport listens. */
  clients: () => readonly ClientState[] = () => [];

  constructor(node: CassandraNode) {
    const { world, config, userCode } = node.options;
    const { clock, random } = world;
    const ids = new TimeUuidGenerator(random.fork('table ids').bytes(8));
    this.preparedStatements = new PreparedStatementsTable(node.store, clock);
    this.auth = new AuthService({
      clock,
      config,
      schema: node.schema,
      coordinator: node.coordinator,
      hasher: new BcryptHasher(random.fork('password salts')),
      datacenters: () => [
        ...new Set([...node.membership.cluster.nodes.values()].map(({ datacenter }) => datacenter)),
      ],
    });
    const views = systemViews(
      nodeViewSources({
        self: node.self,
        config,
        guardrails: () => node.guardrails,
        clock,
        identity: node.options.identity,
        clients: () => this.clients(),
        gossiper: node.membership.gossiper,
        cluster: node.membership,
        hints: node.hints,
        streams: node.streamPlans,
        cqlMetrics: () => this.processor.metrics(),
        snapshots: () => node.storage.listSnapshots(),
      }),
    );
    this.processor = new QueryProcessor({
      self: node.self,
      clock,
      random,
      config,
      schema: node.schema,
      coordinator: node.metered,
      local: new LocalTablesAccess(node.store, views, (command) =>
        node.bookkeeping.beforeRead(command),
      ),
      ddl: new SchemaStatements({
        clock,
        config,
        schema: node.schema,
        authorizer: this.auth.authorizer,
        runner: userCode,
        replication: () => replicationEnvironment(node),
        moving: () => movingNodes(node),
        nextTimeUuid: () => ids.next(clock.wallMs()),
        persist: (done) => node.storage.persist(done),
      }),
      describe: new DescribeStatements(node.schema, describeCluster(node)),
      auth: this.auth.statements,
      authorizer: this.auth.reads,
      guardrails: this.auth.guardrails,
      guardrailSettings: () => node.guardrails,
      diskUsage: node.diskUsage,
      tracer: new QueryTracer({
        clock,
        random,
        coordinator: node.coordinator,
        self: node.self,
        ttlMs: config.trace_type_query_ttl,
      }),
      traceProbability: () => node.traceProbability,
      runner: userCode,
      preparedStore: this.preparedStatements,
      faults: node.messaging.faults,
    });
  }

  /** Prepares again what was prepared before a restart. */
  restorePrepared(): void {
    for (const { text, keyspace } of this.preparedStatements.load()) {
      this.processor.restorePrepared(text, keyspace);
    }
  }

  startup(): ReturnType<AuthService['startup']> {
    return this.auth.startup();
  }

  authenticate(
    client: ClientState,
    token: Buffer | null,
    done: (result: LoginResult) => void,
  ): void {
    this.auth.authenticate(client, token, done);
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

function movingNodes(
  node: CassandraNode,
): readonly ReturnType<CassandraNode['membership']['endpoints']>[number][] {
  return [...node.membership.cluster.nodes.values()]
    .filter(({ status }) => status !== 'normal')
    .map(({ endpoint }) => endpoint);
}

function describeCluster(node: CassandraNode): ClusterDescription {
  const { config, identity } = node.options;
  return {
    clusterName: config.cluster_name,
    partitioner: 'Murmur3Partitioner',
    // The one that wraps the other.
    snitch: config.dynamic_snitch ? 'DynamicEndpointSnitch' : snitchName(identity.snitch),
    rangeOwnership(keyspace: KeyspaceMetadata) {
      const { ring } = node.membership.cluster;
      const replicas = ring.replicas(keyspace.replication);
      return Array.from({ length: ring.size }, (_, at) => {
        const token = ring.tokenAt(at);
        return {
          token: tokenText(token),
          endpoints: replicas.at(token).map((endpoint) => `/${endpoint}`),
        };
      });
    },
  };
}
