// A node's authentication and authorization, put together from its configuration; and the default superuser, made once
// in a cluster that has no roles yet. Test: test/auth/. Cassandra: auth/AuthConfig, CassandraRoleManager.setup.

import type { CqlError } from '../../data/cql-error.ts';
import type { ClientState } from '../../protocol/client-state.ts';
import type { Clock, Timer } from '../../world/ports.ts';
import type { Coordinator } from '../coordinator/coordinator.ts';
import type { GuardrailScope } from '../guardrails/guardrails.ts';
import type { NodeConfig } from '../node-config.ts';
import type { AuthExecutor, StatementAuthorizer } from '../query/executors.ts';
import type { SchemaView } from '../schema-view.ts';
import { AuthStatements } from './auth-statements.ts';
import { AuthStore, DEFAULT_SUPERUSER } from './auth-store.ts';
import type { Authenticator } from './authenticator.ts';
import { ALLOW_ALL_AUTHENTICATOR, PasswordAuthenticator } from './authenticator.ts';
import type { Authorizer } from './authorizer.ts';
import { ALLOW_ALL, unauthorizedError } from './authorizer.ts';
import { CassandraAuthorizer } from './cassandra-authorizer.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { AuthorizedStatements } from './statement-authorizer.ts';
import { UserCache } from './user-cache.ts';

/** Between attempts to make the default superuser. */
const SETUP_RETRY_MS = 10_000;
/** Of `cassandra`, which everybody knows: nodes that make the superuser at the same time write the same row. */
const DEFAULT_PASSWORD_HASH = '$2a$10$a1PfakXna0eeXETkWVTqb.z3xe1wvDemD8YT9VRQsgFNkY3wTvr.W';

export interface AuthServiceOptions {
  readonly clock: Clock;
  readonly config: NodeConfig;
  readonly schema: SchemaView;
  readonly coordinator: Coordinator;
  readonly hasher: PasswordHasher;
  readonly datacenters: () => readonly string[];
}

export type LoginResult =
  | { readonly kind: 'success'; readonly token: null }
  | { readonly kind: 'error'; readonly error: CqlError };

export class AuthService {
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** Runs role and permission statements. */
  readonly statements: AuthExecutor;
  /** Checks reading and writing statements. */
  readonly reads: StatementAuthorizer;
  readonly store: AuthStore;
  /** null: everybody is a superuser, for nobody is asked who they are. */
  readonly guardrails: GuardrailScope | null;
  private readonly options: AuthServiceOptions;
  private timer: Timer | null = null;

  constructor(options: AuthServiceOptions) {
    const { clock, config, schema, coordinator, hasher, datacenters } = options;
    this.options = options;
    const hasPasswords = config.authenticator === 'PasswordAuthenticator';
    const allowsAll = config.authorizer === 'AllowAllAuthorizer';
    const store = new AuthStore({ coordinator, clock });
    const users = new UserCache(store, clock);
    this.store = store;
    this.authenticator = hasPasswords
      ? new PasswordAuthenticator({ store, users, hasher })
      : ALLOW_ALL_AUTHENTICATOR;
    this.authorizer = allowsAll ? ALLOW_ALL : new CassandraAuthorizer(store, users);
    this.guardrails = hasPasswords ? guardrailScope(users) : null;
    this.reads = new AuthorizedStatements(this.authorizer, schema, !allowsAll);
    this.statements = new AuthStatements({
      store,
      users,
      hasher,
      clock,
      schema,
      allowsAll,
      hasPasswords,
      datacenters,
      passwordChanges: new Map(),
    });
  }

  /** After the node has joined. Makes the default superuser when there are no roles; tries until it can tell. */
  start(): void {
    if (this.options.config.authenticator !== 'PasswordAuthenticator') return;
    this.store.readRole(DEFAULT_SUPERUSER, (outcome) => {
      if (!outcome.ok) return this.retry();
      if (outcome.value !== null) return undefined;
      return this.store.readAllRoles((all) => {
        if (!all.ok) return this.retry();
        if (all.value.length > 0) return undefined;
        return this.store.createDefaultSuperuser(DEFAULT_PASSWORD_HASH, (written) => {
          if (!written.ok) this.retry();
        });
      });
    });
  }

  /** The answer to STARTUP. */
  startup():
    | { readonly kind: 'ready' }
    | { readonly kind: 'authenticate'; readonly authenticator: string } {
    const { className } = this.authenticator;
    return className === null
      ? { kind: 'ready' }
      : { kind: 'authenticate', authenticator: className };
  }

  /** The answer to AUTH_RESPONSE: `client.user` is set on success. */
  authenticate(
    client: ClientState,
    token: Buffer | null,
    done: (result: LoginResult) => void,
  ): void {
    this.authenticator.login(client, token, (error) =>
      done(error === null ? { kind: 'success', token: null } : { kind: 'error', error }),
    );
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private retry(): void {
    this.timer?.cancel();
    this.timer = this.options.clock.after(SETUP_RETRY_MS, () => this.start());
  }
}

/** Cassandra: service/ClientState.isOrdinaryUser. */
function guardrailScope(users: UserCache): GuardrailScope {
  return {
    holdFor({ user }, done) {
      if (user === null) return done(true, null);
      return users.user(user, (outcome) => {
        if (outcome.ok) return done(!outcome.value.isSuperuser, null);
        const text = 'Unable to perform authorization of super-user permission: ';
        return done(true, unauthorizedError(text + outcome.error.message));
      });
    },
  };
}
