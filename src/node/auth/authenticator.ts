// Who a client is. AllowAllAuthenticator lets everybody in without a name; PasswordAuthenticator takes SASL PLAIN.
// Test: test/auth/roles.test.ts. Cassandra: auth/PasswordAuthenticator, service/ClientState.login.

import type { CqlError } from '../../data/cql-error.ts';
import type { ClientState } from '../../protocol/client-state.ts';
import type { AuthStore } from './auth-store.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { UserCache } from './user-cache.ts';

const PASSWORD_AUTHENTICATOR = 'org.apache.cassandra.auth.PasswordAuthenticator';

export interface Authenticator {
  /** The class name of the AUTHENTICATE message; null: no login. */
  readonly className: string | null;
  /** Answers an AUTH_RESPONSE; sets `client.user` when it is right. null: welcome. */
  login(client: ClientState, token: Buffer | null, done: (error: CqlError | null) => void): void;
}

export const ALLOW_ALL_AUTHENTICATOR: Authenticator = {
  className: null,
  login: (_client, _token, done) => done(null),
};

export class PasswordAuthenticator implements Authenticator {
  readonly className = PASSWORD_AUTHENTICATOR;
  private readonly store: AuthStore;
  private readonly users: UserCache;
  private readonly hasher: PasswordHasher;

  constructor(parts: {
    readonly store: AuthStore;
    readonly users: UserCache;
    readonly hasher: PasswordHasher;
  }) {
    this.store = parts.store;
    this.users = parts.users;
    this.hasher = parts.hasher;
  }

  login(client: ClientState, token: Buffer | null, done: (error: CqlError | null) => void): void {
    const credentials = parsePlainToken(token);
    if ('error' in credentials) return done(credentials.error);
    const { username, password } = credentials;
    const wrong = badCredentials(`Provided username ${username} and/or password are incorrect`);
    return this.store.readRole(username, (outcome) => {
      if (!outcome.ok) {
        return done(badCredentials(`Unable to perform authentication: ${outcome.error.message}`));
      }
      const hash = outcome.value?.saltedHash ?? null;
      if (hash === null) return done(wrong);
      return this.hasher.verify(password, hash, (matches) => {
        if (matches) this.enter(client, username, done);
        else done(wrong);
      });
    });
  }

  /** A right password is not enough: the role, or one it has, must be allowed to log in. */
  private enter(
    client: ClientState,
    username: string,
    done: (error: CqlError | null) => void,
  ): void {
    this.users.user(username, (outcome) => {
      if (!outcome.ok) return done(outcome.error);
      const own = outcome.value.roles.get(username);
      if (own?.canLogin !== true) {
        return done(badCredentials(`${username} is not permitted to log in`));
      }
      client.user = username;
      return done(null);
    });
  }
}

interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** SASL PLAIN: [authorization id] NUL authentication id NUL password. */
function parsePlainToken(token: Buffer | null): Credentials | { readonly error: CqlError } {
  const parts: Buffer[] = [];
  const bytes = token ?? Buffer.alloc(0);
  let end = bytes.length;
  for (let i = end - 1; i >= 0; i--) {
    if (bytes[i] !== 0) continue;
    if (parts.length === 2) {
      return {
        error: badCredentials(
          'Credential format error: username or password is empty or contains NUL(\\0) character',
        ),
      };
    }
    parts.push(bytes.subarray(i + 1, end));
    end = i;
  }
  const [password, username] = parts;
  if (password === undefined || password.length === 0) {
    return { error: badCredentials('Password must not be null') };
  }
  if (username === undefined || username.length === 0) {
    return { error: badCredentials('Authentication ID must not be null') };
  }
  return { username: username.toString('utf8'), password: password.toString('utf8') };
}

function badCredentials(message: string): CqlError {
  return { code: 'BAD_CREDENTIALS', message };
}
