import { describe, expect, it } from 'vitest';
import { DEFAULT_NODE_CONFIG } from '../../src/node/node-config.ts';
import { recordedErrors } from '../read-facts.ts';
import { AuthWorld } from './auth-world.ts';

const ROWS = recordedErrors();

function fresh(): AuthWorld {
  const world = new AuthWorld();
  expect(world.login('cassandra', 'cassandra')).toBeNull();
  world.setUp(
    'cassandra',
    "CREATE KEYSPACE ak WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'CREATE TABLE ak.t (k int PRIMARY KEY, v int)',
    'CREATE TABLE ak.t2 (k int PRIMARY KEY, v int)',
    'CREATE ROLE admin',
    'CREATE ROLE nologin',
    "CREATE ROLE bob WITH PASSWORD = 'bob' AND LOGIN = true",
    "CREATE USER carol WITH PASSWORD 'c' NOSUPERUSER",
    'GRANT nologin TO bob',
    'GRANT SELECT ON ak.t TO bob',
    'GRANT CREATE ON ALL ROLES TO carol',
    "ADD IDENTITY 'spiffe://x' TO ROLE 'bob'",
  );
  expect(world.login('bob', 'bob')).toBeNull();
  expect(world.login('carol', 'c')).toBeNull();
  return world;
}

/** Ran after the identity had been dropped. */
const WITHOUT_IDENTITY = new Set(["DROP IDENTITY 'spiffe://x'"]);

describe.each([
  ['auth (superuser)', 'cassandra'],
  ['auth (role bob)', 'bob'],
  ['auth (role carol)', 'carol'],
])('%s', (section, user) => {
  const rows = ROWS.filter((row) => row.section === section);
  let world = fresh();
  it.each(rows)('$cql', ({ cql, name, message }) => {
    if (WITHOUT_IDENTITY.has(cql)) world.run('cassandra', "DROP IDENTITY 'spiffe://x'");
    const response = world.run(user, cql);
    if (response.kind !== 'error') world = fresh();
    const error = response.kind === 'error' ? response.error : null;
    expect(error === null ? null : { name: error.code, message: error.message }).toEqual({
      name,
      message,
    });
  });
});

describe('without logins', () => {
  const statement = /^(GRANT|REVOKE|LIST|ADD IDENTITY|(CREATE|ALTER|DROP) (ROLE|USER))/;
  const rows = ROWS.filter(({ section, cql, name }) => {
    return section === 'names' && statement.test(cql) && name !== 'SYNTAX_ERROR';
  });
  expect(rows).toHaveLength(9);
  const world = new AuthWorld(DEFAULT_NODE_CONFIG);
  world.client('anonymous').keyspace = 'e';
  it.each(rows)('$cql', ({ cql, name, message }) => {
    const response = world.run('anonymous', cql);
    const error = response.kind === 'error' ? response.error : null;
    expect(error).toMatchObject({ code: name, message });
  });
});
