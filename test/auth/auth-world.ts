// One node with passwords and permissions: schema and auth statements over a toy store and a coordinator that answers
// from it at once. Reading and writing statements are only authorized, not run.

import type { Statement } from '../../src/cql/ast.ts';
import type { CqlError } from '../../src/data/cql-error.ts';
import { invalid } from '../../src/data/cql-error.ts';
import type { Coordinator } from '../../src/node/coordinator/coordinator.ts';
import { AuthService } from '../../src/node/auth/auth-service.ts';
import { BcryptHasher } from '../../src/node/auth/bcrypt-hasher.ts';
import type { NodeConfig } from '../../src/node/node-config.ts';
import { DEFAULT_NODE_CONFIG } from '../../src/node/node-config.ts';
import { SchemaStatements } from '../../src/node/query/ddl/ddl-executor.ts';
import type { StatementCall } from '../../src/node/query/executors.ts';
import { existingTable } from '../../src/node/query/schema-lookup.ts';
import type { ClientState } from '../../src/protocol/client-state.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import type { StatementResponse } from '../../src/protocol/responses/response.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { DdlWorld, FIXTURE_RUNNER } from '../schema/ddl-world.ts';

const CONFIG = {
  ...DEFAULT_NODE_CONFIG,
  authenticator: 'PasswordAuthenticator',
  authorizer: 'CassandraAuthorizer',
} as const;

export class AuthWorld {
  readonly ddl = new DdlWorld(CONFIG);
  readonly auth: AuthService;
  readonly schemaStatements: SchemaStatements;
  warnings: readonly string[] = [];
  private readonly clients = new Map<string, ClientState>();

  constructor(config: NodeConfig = CONFIG) {
    const { clock, schema, store } = this.ddl;
    const coordinator: Coordinator = {
      write(mutations, _options, _context, done) {
        for (const mutation of mutations) store.apply(mutation);
        done(null);
      },
      read(commands, _level, _context, done) {
        done({
          ok: true,
          partitions: commands.flatMap((command) => {
            const result = store.read(command);
            return result.kind === 'data' ? result.partitions : [];
          }),
        });
      },
      readRange(command, _level, _context, done) {
        const result = store.read(command);
        const partitions = result.kind === 'data' ? result.partitions : [];
        done({ ok: true, partitions, limitReached: false });
      },
      cas: () => undefined,
      truncate: (_table, _context, done) => done(null),
    };
    this.auth = new AuthService({
      clock,
      config,
      schema,
      coordinator,
      hasher: new BcryptHasher(new SeededRandom(1), 4),
      datacenters: () => ['dc1'],
    });
    this.auth.start();
    this.schemaStatements = new SchemaStatements({
      clock,
      config,
      schema,
      authorizer: this.auth.authorizer,
      runner: FIXTURE_RUNNER,
      replication: () => ({ nodesByDatacenter: new Map([['dc1', 1]]), defaultKeyspaceRf: 1 }),
      moving: () => [],
      nextTimeUuid: () => new SeededRandom(2).bytes(16),
    });
  }

  /** What a login with SASL PLAIN ends in. */
  login(user: string, password: string): CqlError | null {
    const client = this.client(user);
    let answer: CqlError | null | undefined;
    const token = Buffer.from(`\u0000${user}\u0000${password}`);
    this.auth.authenticator.login(client, token, (error) => (answer = error));
    if (answer === undefined) throw new Error('no answer to the login');
    return answer;
  }

  client(user: string): ClientState {
    let client = this.clients.get(user);
    if (client === undefined) {
      client = newClientState({ id: 1, remoteAddress: '127.0.0.1', remotePort: 1 });
      this.clients.set(user, client);
    }
    return client;
  }

  run(user: string, cql: string): StatementResponse {
    const answer = this.ddl.respond(cql, (statement, call, done) => {
      const client = this.client(user);
      this.dispatch(statement, { ...call, client, keyspace: client.keyspace, text: cql }, done);
    });
    this.warnings = this.ddl.warnings;
    return answer;
  }

  setUp(user: string, ...cqls: readonly string[]): void {
    for (const cql of cqls) {
      const response = this.run(user, cql);
      if (response.kind === 'error') throw new Error(`${cql}: ${response.error.message}`);
    }
  }

  private dispatch(
    statement: Statement,
    call: StatementCall,
    done: (response: StatementResponse) => void,
  ): void {
    switch (statement.kind) {
      case 'select':
      case 'insert':
      case 'update':
      case 'delete':
      case 'batch':
      case 'truncate': {
        if ('table' in statement) {
          const { keyspace, name } = statement.table;
          if (keyspace === null) throw invalid('a keyspace is needed');
          existingTable(this.ddl.schema.current, keyspace, name);
        }
        return this.auth.reads.authorize(statement, call, [], (error) =>
          done(error === null ? { kind: 'void' } : { kind: 'error', error }),
        );
      }
      case 'create-role':
      case 'alter-role':
      case 'drop-role':
      case 'grant-role':
      case 'revoke-role':
      case 'grant-permissions':
      case 'revoke-permissions':
      case 'list-permissions':
      case 'list-roles':
      case 'list-users':
      case 'add-identity':
      case 'drop-identity':
        return this.auth.statements.execute(statement, call, done);
      case 'use':
      case 'describe':
      case 'insert-json':
        return done({ kind: 'void' });
      default:
        return this.schemaStatements.execute(statement, call, done);
    }
  }
}
