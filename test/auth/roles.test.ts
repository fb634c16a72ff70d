import { describe, expect, it } from 'vitest';
import { BcryptHasher } from '../../src/node/auth/bcrypt-hasher.ts';
import { AUTH_CACHE_VALIDITY_MS } from '../../src/node/auth/user-cache.ts';
import {
  applicablePermissions,
  functionResource,
  parseResourceName,
  resourceName,
  resourceText,
  tableResource,
} from '../../src/node/auth/resource.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { DEFAULT_NODE_CONFIG } from '../../src/node/node-config.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { AuthWorld } from './auth-world.ts';

function world(): AuthWorld {
  const made = new AuthWorld();
  made.login('cassandra', 'cassandra');
  made.setUp(
    'cassandra',
    "CREATE KEYSPACE ak WITH replication = {'class': 'SimpleStrategy'}",
    'CREATE TABLE ak.t (k int PRIMARY KEY, v int)',
    'CREATE ROLE readers',
    "CREATE ROLE bob WITH PASSWORD = 'bob' AND LOGIN = true",
    'GRANT readers TO bob',
  );
  made.login('bob', 'bob');
  return made;
}

function rows(made: AuthWorld, user: string, cql: string): string[] {
  const response = made.run(user, cql);
  if (response.kind === 'error') return [`${response.error.code} ${response.error.message}`];
  if (response.kind !== 'rows') return [response.kind];
  return response.rows.map((row) => {
    return row
      .map((cell, column) => {
        const type = response.metadata.columns[column]?.type;
        const isFlag = type?.kind === 'native' && type.name === 'boolean';
        if (type?.kind === 'map') return '{}';
        return isFlag ? String(cell?.[0] === 1) : (cell?.toString() ?? 'null');
      })
      .join(' | ');
  });
}

describe('login', () => {
  it.each([
    ['cassandra', 'cassandra', null],
    ['bob', 'bob', null],
    ['bob', 'wrong', 'Provided username bob and/or password are incorrect'],
    ['nobody', 'x', 'Provided username nobody and/or password are incorrect'],
    ['readers', 'x', 'Provided username readers and/or password are incorrect'],
    ['', 'x', 'Authentication ID must not be null'],
    ['bob', '', 'Password must not be null'],
  ])('%s with %s', (user, password, message) => {
    expect(world().login(user, password)?.message ?? null).toBe(message);
  });

  it('refuses a role without LOGIN though its password is right', () => {
    const made = world();
    made.setUp('cassandra', "CREATE ROLE nl WITH PASSWORD = 'x'");
    expect(made.login('nl', 'x')).toEqual({
      code: 'BAD_CREDENTIALS',
      message: 'nl is not permitted to log in',
    });
  });
});

describe('LIST', () => {
  it('shows roles and users', () => {
    const made = world();
    expect(rows(made, 'cassandra', 'LIST ROLES')).toEqual([
      'bob | false | true | {} | ALL',
      'cassandra | true | true | {} | ALL',
      'readers | false | false | {} | ALL',
    ]);
    expect(rows(made, 'cassandra', 'LIST USERS')).toEqual([
      'bob | false | ALL',
      'cassandra | true | ALL',
    ]);
    expect(rows(made, 'bob', 'LIST ROLES')).toEqual([
      'bob | false | true | {} | ALL',
      'readers | false | false | {} | ALL',
    ]);
    expect(rows(made, 'bob', 'LIST USERS')).toEqual(['bob | false | ALL']);
  });

  it('shows permissions, inherited ones too', () => {
    const made = world();
    made.setUp(
      'cassandra',
      'GRANT SELECT ON KEYSPACE ak TO readers',
      'GRANT MODIFY ON ak.t TO bob',
    );
    expect(rows(made, 'bob', 'LIST ALL PERMISSIONS OF bob')).toEqual([
      'bob | bob | <table ak.t> | MODIFY',
      'readers | readers | <keyspace ak> | SELECT',
    ]);
    expect(rows(made, 'cassandra', 'LIST SELECT ON ak.t OF bob')).toEqual([
      'readers | readers | <keyspace ak> | SELECT',
    ]);
    expect(rows(made, 'cassandra', 'LIST SELECT ON ak.t OF bob NORECURSIVE')).toEqual(['void']);
  });
});

describe('permissions', () => {
  it('are inherited from roles and from resources above, and end with REVOKE', () => {
    const made = world();
    const select = 'SELECT * FROM ak.t';
    expect(rows(made, 'bob', select)[0]).toMatch(/^UNAUTHORIZED User bob has no SELECT permission/);
    made.setUp('cassandra', 'GRANT SELECT ON ALL KEYSPACES TO readers');
    expect(rows(made, 'bob', select)).toEqual(['void']);
    expect(rows(made, 'bob', 'SELECT * FROM system_auth.roles')[0]).toMatch(/^UNAUTHORIZED/);
    expect(rows(made, 'bob', 'SELECT * FROM system.local')).toEqual(['void']);
    made.setUp('cassandra', 'REVOKE SELECT ON ALL KEYSPACES FROM readers');
    expect(rows(made, 'bob', select)[0]).toMatch(/^UNAUTHORIZED/);
  });

  it('come with creation and go with the resource', () => {
    const made = world();
    made.setUp('cassandra', 'GRANT CREATE ON KEYSPACE ak TO bob');
    made.setUp('bob', 'CREATE TABLE ak.own (k int PRIMARY KEY)');
    expect(rows(made, 'bob', 'INSERT INTO ak.own (k) VALUES (1)')).toEqual(['void']);
    expect(rows(made, 'cassandra', 'LIST ALL ON ak.own OF bob').length).toBeGreaterThan(5);
    made.setUp('bob', 'DROP TABLE ak.own');
    made.setUp('cassandra', 'CREATE TABLE ak.own (k int PRIMARY KEY)');
    expect(rows(made, 'bob', 'INSERT INTO ak.own (k) VALUES (1)')[0]).toMatch(/^UNAUTHORIZED/);
  });

  it('warn of what changes nothing', () => {
    const made = world();
    made.setUp('cassandra', 'GRANT SELECT ON ak.t TO bob', 'GRANT SELECT ON ak.t TO bob');
    expect(made.warnings).toEqual(["Role 'bob' was already granted SELECT on <table ak.t>"]);
    made.setUp('cassandra', 'REVOKE ALTER ON ak.t FROM bob');
    expect(made.warnings).toEqual(["Role 'bob' was not granted ALTER on <table ak.t>"]);
  });

  it('of a dropped role do not come back with its name', () => {
    const made = world();
    made.setUp(
      'cassandra',
      'GRANT SELECT ON ak.t TO bob',
      'DROP ROLE bob',
      "CREATE ROLE bob WITH PASSWORD = 'bob' AND LOGIN = true",
    );
    expect(rows(made, 'cassandra', 'LIST ALL PERMISSIONS OF bob')).toEqual(['void']);
    expect(rows(made, 'cassandra', 'LIST ROLES OF bob')).toEqual(['bob | false | true | {} | ALL']);
  });

  it('that another node changed are seen when the cache is old', () => {
    const made = world();
    const select = 'SELECT * FROM ak.t';
    expect(rows(made, 'bob', select)[0]).toMatch(/^UNAUTHORIZED/);
    made.auth.store.grant('bob', 'data/ak/t', ['SELECT'], () => undefined);
    expect(rows(made, 'bob', select)[0]).toMatch(/^UNAUTHORIZED/);
    made.ddl.clock.advance(AUTH_CACHE_VALIDITY_MS);
    expect(rows(made, 'bob', select)).toEqual(['void']);
  });
});

describe('without authentication', () => {
  const open = new AuthWorld({ ...DEFAULT_NODE_CONFIG });
  it.each([
    'CREATE ROLE r',
    'ALTER ROLE r WITH LOGIN = true',
    'DROP ROLE r',
    'GRANT r TO s',
    'GRANT SELECT ON ALL KEYSPACES TO r',
    'LIST ROLES',
    'LIST USERS',
    'LIST ALL PERMISSIONS',
  ])('%s', (cql) => {
    expect(rows(open, 'anonymous', cql)).toEqual([
      'UNAUTHORIZED You have to be logged in and not anonymous to perform this request',
    ]);
  });
});

describe('resources', () => {
  const f = functionResource({
    keyspace: 'ak',
    name: 'f',
    argumentTypes: [NATIVE.int, NATIVE.text],
  });
  it.each([
    [tableResource('ak', 't'), 'data/ak/t', '<table ak.t>'],
    [
      f,
      'functions/ak/f[org.apache.cassandra.db.marshal.Int32Type^org.apache.cassandra.db.marshal.UTF8Type]',
      '<function ak.f(int, text)>',
    ],
    [{ kind: 'role', role: 'r/x' } as const, 'roles/r/x', '<role r/x>'],
    [{ kind: 'mbean', bean: 'a:type=b' } as const, 'mbean/a:type=b', '<mbean a:type=b>'],
  ])('%o', (resource, name, text) => {
    expect(resourceName(resource)).toBe(name);
    expect(resourceText(resource)).toBe(text);
    expect(parseResourceName(name)).toEqual(resource);
    expect(applicablePermissions(resource).length).toBeGreaterThan(2);
  });
});

function hash(seed: number): string {
  let found = '';
  new BcryptHasher(new SeededRandom(seed), 4).hash('cassandra', (made) => (found = made));
  return found;
}

describe('bcrypt', () => {
  it('is deterministic, verifies, and knows hashes of other makers', () => {
    expect(hash(1)).toBe(hash(1));
    expect(hash(1)).not.toBe(hash(2));
    const hasher = new BcryptHasher(new SeededRandom(3), 4);
    const verify = (password: string, against: string): boolean => {
      let matches = false;
      hasher.verify(password, against, (answer) => (matches = answer));
      return matches;
    };
    expect(verify('cassandra', hash(1))).toBe(true);
    expect(verify('cassandra', hash(1))).toBe(true);
    expect(verify('Cassandra', hash(1))).toBe(false);
    expect(verify('x', 'nonsense')).toBe(false);
    // The shape of what jBcrypt makes.
    const java = '$2a$10$iDpVMrMVvbNKXhMbFh2f1uAYvQyqB3nqRxPxqKJpS0Wp4mT3Vxj8W';
    expect(hasher.isHash(java)).toBe(true);
    expect(hasher.isHash('nothash')).toBe(false);
  });
});
