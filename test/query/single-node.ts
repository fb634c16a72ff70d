// One node in one process: the real query layer, schema, storage; a coordinator that goes straight to the store. Text
// in, answer out, no network.

import { required } from '../../src/base/assert.ts';
import { CqlException } from '../../src/data/cql-error.ts';
import type { CqlError } from '../../src/data/cql-error.ts';
import type { Mutation } from '../../src/data/partition.ts';
import type { ReadCommand } from '../../src/data/read-command.ts';
import { TimeUuidGenerator } from '../../src/data/time-uuid.ts';
import { ALLOW_ALL } from '../../src/node/auth/authorizer.ts';
import type { NodeConfig } from '../../src/node/node-config.ts';
import { PreparedStatementsTable } from '../../src/node/prepared-statements-table.ts';
import { SchemaStatements } from '../../src/node/query/ddl/ddl-executor.ts';
import { readLiteral } from '../../src/node/query/ddl/literals.ts';
import type { LocalAccess } from '../../src/node/query/local-access.ts';
import type { QueryProcessorParts } from '../../src/node/query/query-processor.ts';
import { QueryProcessor } from '../../src/node/query/query-processor.ts';
import type { UserCodeRunner } from '../../src/node/query/user-code.ts';
import type { LocalStore } from '../../src/node/replica/local-store.ts';
import { SchemaCache } from '../../src/node/schema/schema-cache.ts';
import { SchemaService } from '../../src/node/schema/schema-service.ts';
import { NodeStorage } from '../../src/node/storage/node-storage.ts';
import { SILENT } from '../../src/node/telemetry.ts';
import type { BoundValue } from '../../src/protocol/bound-value.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import type { ClientState } from '../../src/protocol/client-state.ts';
import type { QueryParameters } from '../../src/protocol/query-parameters.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import type { ClientRequest } from '../../src/protocol/requests/request.ts';
import { PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import type { PreparedResult } from '../../src/protocol/responses/prepared.ts';
import type { RowsResult } from '../../src/protocol/responses/rows.ts';
import type { StatementResponse } from '../../src/protocol/responses/response.ts';
import { endpoint } from '../../src/world/ports.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { FIXTURE_CONFIG } from '../schema/ddl-world.ts';
import { StepClock } from '../schema/schema-world.ts';
import { DirectCoordinator } from './direct-coordinator.ts';

const INT_RETURN = /^return (\w+)(?:\s*([+-])\s*(\d+))?;$/;

/** Runs the few Java bodies of the fixtures. */
export const FIXTURE_RUNNER: UserCodeRunner = {
  compile({ body, argumentNames }) {
    const thrown = /^throw new RuntimeException\("(.*)"\);$/.exec(body);
    const returned = INT_RETURN.exec(body);
    const at = argumentNames.indexOf(returned?.[1] ?? '');
    return {
      ok: true,
      function: {
        call: (args) => {
          if (thrown !== null)
            return { ok: false, message: `java.lang.RuntimeException: ${thrown[1]}` };
          const value = args[at] ?? null;
          if (value === null || returned?.[2] === undefined) return { ok: true, value };
          const sum = Buffer.alloc(4);
          sum.writeInt32BE(value.readInt32BE(0) + Number(`${returned[2]}${returned[3]}`));
          return { ok: true, value: sum };
        },
      },
    };
  },
};

export interface Answer {
  readonly response: StatementResponse;
  readonly warnings: readonly string[];
}

export class SingleNode {
  readonly clock = new StepClock();
  readonly storage: NodeStorage;
  readonly schema: SchemaService;
  readonly processor: QueryProcessor;
  readonly parts: QueryProcessorParts;
  readonly localStore: LocalStore;
  readonly coordinator = new DirectCoordinator(this);
  /** Whether clients see masked columns. */
  unmasks = true;
  selectsMasked = true;
  readonly client: ClientState = newClientState({
    id: 1,
    remoteAddress: '127.0.0.1',
    remotePort: 50_000,
  });

  constructor(config: NodeConfig = FIXTURE_CONFIG) {
    const { clock } = this;
    this.storage = new NodeStorage({ clock, disk: null, config, onFailure: () => undefined });
    const store: LocalStore = {
      apply: (mutation: Mutation) => {
        this.storage.merge(mutation);
        return null;
      },
      applyDurably: (mutation: Mutation, done: (failure: null) => void) => {
        this.storage.merge(mutation);
        done(null);
      },
      read: (command: ReadCommand) => this.storage.read(command),
      truncate: (_table: unknown, done: (failure: null) => void) => done(null),
    };
    this.localStore = store;
    this.schema = new SchemaService({
      self: endpoint('127.0.1.1', 7000),
      clock,
      store,
      cache: new SchemaCache(),
      telemetry: SILENT,
      livePeers: () => [],
      readLiteral,
      messenger: { push: () => undefined, pull: (_from, done) => done(null) },
    });
    this.createTables();
    this.schema.subscribe(() => this.createTables());
    this.schema.start();
    const uuids = new TimeUuidGenerator(Buffer.alloc(8, 7));
    const ddl = new SchemaStatements({
      clock,
      config,
      schema: this.schema,
      authorizer: ALLOW_ALL,
      runner: FIXTURE_RUNNER,
      replication: () => ({ nodesByDatacenter: new Map([['dc1', 1]]), defaultKeyspaceRf: 1 }),
      moving: () => [],
      nextTimeUuid: () => uuids.next(clock.wallMs()),
    });
    const unsupported = {
      execute: () => {
        throw new CqlException({ code: 'SERVER_ERROR', message: 'not in this test' });
      },
    };
    this.parts = {
      self: endpoint('127.0.1.1', 7000),
      clock,
      random: new SeededRandom(1),
      config,
      schema: this.schema,
      coordinator: this.coordinator,
      local: this.localAccess(),
      ddl,
      describe: unsupported,
      auth: unsupported,
      authorizer: {
        isNeeded: false,
        authorize: (_statement, _call, _functions, done) => done(null),
        unmasks: (_client, _table, done) => done(this.unmasks),
        selectsMasked: (_client, _table, done) => done(this.selectsMasked),
      },
      runner: FIXTURE_RUNNER,
      preparedStore: new PreparedStatementsTable(store, clock),
    };
    this.processor = new QueryProcessor(this.parts);
  }

  private createTables(): void {
    for (const keyspace of this.schema.current.keyspaces.values()) {
      for (const table of keyspace.tables.values()) this.storage.createTable(table);
    }
  }

  private localAccess(): LocalAccess {
    return {
      read: (command) => this.storage.read(command),
      write: (mutations) => {
        for (const { updates } of mutations) {
          const virtual = updates.find(({ table }) => table.kind === 'virtual');
          if (virtual === undefined) continue;
          const { keyspace, name } = virtual.table;
          return {
            code: 'INVALID',
            message: `Modification is not supported by table ${keyspace}.${name}`,
          };
        }
        for (const mutation of mutations) this.storage.merge(mutation);
        return null;
      },
      truncate: (table) => {
        if (table.kind !== 'virtual') return null;
        return {
          code: 'INVALID',
          message: `Truncation is not supported by table ${table.keyspace}.${table.name}`,
        };
      },
      filtersImplicitly: () => true,
    };
  }

  apply(mutation: Mutation): CqlError | null {
    let error: CqlError | null = null;
    this.storage.apply(mutation, false, (result) => {
      if (result.ok) return;
      const message =
        'Operation failed - received 0 responses and 1 failures: UNKNOWN from 127.0.1.1/127.0.1.1:7000';
      error = {
        code: 'WRITE_FAILURE',
        message,
        consistency: 'ONE',
        received: 0,
        blockFor: 1,
        writeType: 'SIMPLE',
        failures: new Map(),
      };
    });
    return error;
  }

  send(request: ClientRequest, client: ClientState = this.client): Answer {
    let answer: Answer | null = null;
    this.processor.execute(request, client, (response, extras) => {
      if (answer !== null) throw new Error('answered twice');
      answer = { response, warnings: extras?.warnings ?? [] };
    });
    return required(answer as Answer | null, 'an answer');
  }

  query(cql: string, parameters: Partial<QueryParameters> = {}): Answer {
    return this.send({
      kind: 'query',
      ...PLAIN_HEADER,
      query: cql,
      parameters: { ...DEFAULT_PARAMETERS, ...parameters },
    });
  }

  prepare(cql: string): PreparedResult {
    const { response } = this.send({
      kind: 'prepare',
      ...PLAIN_HEADER,
      query: cql,
      keyspace: null,
    });
    if (response.kind !== 'prepared') throw new Error(`${cql}: ${JSON.stringify(response)}`);
    return response;
  }

  execute(
    id: Buffer,
    values: readonly BoundValue[],
    parameters: Partial<QueryParameters> = {},
  ): Answer {
    return this.send({
      kind: 'execute',
      ...PLAIN_HEADER,
      id,
      resultMetadataId: null,
      parameters: { ...DEFAULT_PARAMETERS, values, ...parameters },
    });
  }

  /** Runs statements that must work. */
  setUp(...statements: readonly string[]): void {
    for (const cql of statements) {
      const { response } = this.query(cql);
      if (response.kind === 'error') throw new Error(`${cql}: ${response.error.message}`);
    }
  }

  /** The rows of a SELECT that must work. */
  rows(cql: string, parameters: Partial<QueryParameters> = {}): RowsResult {
    const { response } = this.query(cql, parameters);
    if (response.kind !== 'rows')
      throw new Error(
        `${cql}: ${response.kind === 'error' ? response.error.message : response.kind}`,
      );
    return response;
  }
}
