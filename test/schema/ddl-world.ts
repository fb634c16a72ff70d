// One node's schema statements over a toy store: text in, answer out. User code runs only where a fixture needs it.

import { CqlException } from '../../src/data/cql-error.ts';
import type { CqlError } from '../../src/data/cql-error.ts';
import { TimeUuidGenerator } from '../../src/data/time-uuid.ts';
import { parseStatement } from '../../src/cql/parse.ts';
import type { SchemaStatement } from '../../src/cql/ast.ts';
import { ALLOW_ALL } from '../../src/node/auth/authorizer.ts';
import type { Authorizer } from '../../src/node/auth/authorizer.ts';
import type { NodeConfig } from '../../src/node/node-config.ts';
import { DEFAULT_NODE_CONFIG } from '../../src/node/node-config.ts';
import { SchemaStatements } from '../../src/node/query/ddl/ddl-executor.ts';
import { readLiteral } from '../../src/node/query/ddl/literals.ts';
import type { StatementCall } from '../../src/node/query/executors.ts';
import type { UserCodeRunner } from '../../src/node/query/user-code.ts';
import { SchemaCache } from '../../src/node/schema/schema-cache.ts';
import { SchemaService } from '../../src/node/schema/schema-service.ts';
import { SILENT } from '../../src/node/telemetry.ts';
import type { ClientState } from '../../src/protocol/client-state.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import type { StatementResponse } from '../../src/protocol/responses/response.ts';
import type { Clock } from '../../src/world/ports.ts';
import { endpoint } from '../../src/world/ports.ts';
import { MapStore } from './map-store.ts';
import { StepClock } from './schema-world.ts';

/** The switches under which Cassandra answered the fixtures. */
export const FIXTURE_CONFIG: NodeConfig = {
  ...DEFAULT_NODE_CONFIG,
  dynamic_data_masking_enabled: true,
  drop_compact_storage_enabled: true,
  materialized_views_enabled: true,
  user_defined_functions_enabled: true,
  sasi_indexes_enabled: true,
};

/** Knows the Java bodies of the fixtures well enough to accept them; says what Cassandra says of other languages. */
export const FIXTURE_RUNNER: UserCodeRunner = {
  compile({ language, body }) {
    if (language !== 'java') {
      const message =
        'Currently only Java UDFs are available in Cassandra. For more information - ' +
        'CASSANDRA-18252 and CASSANDRA-17281';
      return { ok: false, message };
    }
    if (body.includes('return') || body.includes('throw')) {
      return { ok: true, function: { call: () => ({ ok: true, value: null }) } };
    }
    const message =
      'Java source compilation failed:\n' +
      'Line 1: Syntax error, insert "VariableDeclarators" to complete LocalVariableDeclaration\n' +
      'Line 1: Syntax error, insert ";" to complete BlockStatements\n' +
      `Line 1: ${body} cannot be resolved\n`;
    return { ok: false, message };
  },
};

/** The schema statements of one node; `node` makes its table ids its own. */
export function schemaStatements(
  schema: SchemaService,
  clock: Clock,
  node: number,
  config: NodeConfig = FIXTURE_CONFIG,
  authorizer: Authorizer = ALLOW_ALL,
): SchemaStatements {
  const uuids = new TimeUuidGenerator(Buffer.alloc(8, node));
  return new SchemaStatements({
    clock,
    config,
    schema,
    authorizer,
    runner: FIXTURE_RUNNER,
    replication: () => ({ nodesByDatacenter: new Map([['dc1', 1]]), defaultKeyspaceRf: 1 }),
    moving: () => [],
    nextTimeUuid: () => uuids.next(clock.wallMs()),
  });
}

export class DdlWorld {
  readonly clock = new StepClock();
  readonly store = new MapStore();
  readonly schema: SchemaService;
  readonly statements: SchemaStatements;
  readonly client: ClientState = newClientState({
    id: 1,
    remoteAddress: '127.0.0.1',
    remotePort: 50_000,
  });
  warnings: readonly string[] = [];

  constructor(config: NodeConfig = FIXTURE_CONFIG, authorizer: Authorizer = ALLOW_ALL) {
    const self = endpoint('127.0.1.1', 7000);
    this.schema = new SchemaService({
      self,
      clock: this.clock,
      store: this.store,
      cache: new SchemaCache(),
      telemetry: SILENT,
      livePeers: () => [],
      readLiteral,
      messenger: { push: () => undefined, pull: (_from, done) => done(null) },
    });
    this.schema.start();
    this.statements = schemaStatements(this.schema, this.clock, 7, config, authorizer);
  }

  /** Runs one schema statement. */
  run(cql: string): StatementResponse {
    return this.respond(cql, (statement, call, done) =>
      this.statements.execute(statement as SchemaStatement, call, done),
    );
  }

  respond(
    cql: string,
    execute: (
      statement: ReturnType<typeof parseStatement>['statement'],
      call: StatementCall,
      done: (response: StatementResponse) => void,
    ) => void,
  ): StatementResponse {
    const context = {
      startedAtMs: 0,
      trace: null,
      warnings: null as string[] | null,
      guard: null,
      reads: null,
    };
    const call: StatementCall = {
      client: this.client,
      keyspace: this.client.keyspace,
      context,
      pageSize: null,
      pagingState: null,
    };
    let answer: StatementResponse | null = null;
    try {
      execute(parseStatement(cql).statement, call, (response) => (answer = response));
    } catch (error) {
      if (!(error instanceof CqlException)) throw error;
      answer = { kind: 'error', error: error.error };
    }
    this.warnings = context.warnings ?? [];
    if (answer === null) throw new Error(`no answer to ${cql}`);
    return answer;
  }

  /** Runs statements that must work. */
  setUp(...cqls: readonly string[]): void {
    for (const cql of cqls) {
      const response = this.run(cql);
      if (response.kind === 'error') throw new Error(`${cql}: ${response.error.message}`);
    }
  }
}

export function errorOf(response: StatementResponse): CqlError | null {
  return response.kind === 'error' ? response.error : null;
}
