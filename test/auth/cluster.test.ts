// Passwords and permissions on a cluster of nodes in virtual time: roles are rows of system_auth, so that every node
// knows them.

import { describe, expect, it } from 'vitest';
import type { NodeHost } from '../../src/cluster/node-host.ts';
import type { CqlError } from '../../src/data/cql-error.ts';
import type { ClientState } from '../../src/protocol/client-state.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import { PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import type { StatementResponse } from '../../src/protocol/responses/response.ts';
import { ClusterWorld } from '../membership-cluster/world.ts';

class Passwords {
  readonly world = new ClusterWorld({
    regions: { east: { zones: ['a', 'b', 'c'], nodesPerZone: 1 } },
    config: { authenticator: 'PasswordAuthenticator', authorizer: 'CassandraAuthorizer' },
  });

  constructor() {
    this.world.loop.runFor(20_000);
  }

  node(at: number): NonNullable<NodeHost['node']> {
    const node = this.world.up[at]?.node ?? null;
    if (node === null) throw new Error(`node ${at} is down`);
    return node;
  }

  login(at: number, user: string, password: string): ClientState | CqlError {
    const client = newClientState({ id: 1, remoteAddress: '127.0.0.1', remotePort: 50_000 });
    expect(this.node(at).cql.startup().kind).toBe('authenticate');
    let answer: ClientState | CqlError | undefined;
    const token = Buffer.from(`\u0000${user}\u0000${password}`);
    this.node(at).cql.authenticate(client, token, (result) => {
      answer = result.kind === 'success' ? client : result.error;
    });
    this.world.loop.runUntilTrue(() => answer !== undefined, 60_000);
    if (answer === undefined) throw new Error('no answer to the login');
    return answer;
  }

  client(at: number, user: string, password: string): ClientState {
    const client = this.login(at, user, password);
    if ('code' in client) throw new Error(client.message);
    return client;
  }

  run(at: number, client: ClientState, query: string): StatementResponse {
    let answer: StatementResponse | undefined;
    const parameters = { ...DEFAULT_PARAMETERS, consistency: 'LOCAL_QUORUM' } as const;
    const request = { kind: 'query', ...PLAIN_HEADER, query, parameters } as const;
    this.node(at).cql.execute(request, client, (response) => (answer = response));
    this.world.loop.runUntilTrue(() => answer !== undefined, 60_000);
    if (answer === undefined) throw new Error(`no answer to ${query}`);
    return answer;
  }

  setUp(client: ClientState, ...queries: readonly string[]): void {
    for (const query of queries) {
      const answer = this.run(0, client, query);
      if (answer.kind === 'error') throw new Error(`${query}: ${answer.error.message}`);
      this.world.settle();
    }
  }

  error(at: number, client: ClientState, query: string): string | null {
    const answer = this.run(at, client, query);
    return answer.kind === 'error' ? answer.error.message : null;
  }
}

describe('a cluster with passwords', () => {
  it('makes one superuser, which logs in everywhere', () => {
    const cluster = new Passwords();
    for (const at of [0, 1, 2]) {
      expect(cluster.login(at, 'cassandra', 'cassandra')).toMatchObject({ user: 'cassandra' });
    }
    expect(cluster.login(1, 'cassandra', 'wrong')).toMatchObject({
      code: 'BAD_CREDENTIALS',
      message: 'Provided username cassandra and/or password are incorrect',
    });
  });

  it('knows on every node what was granted on one', () => {
    const cluster = new Passwords();
    const root = cluster.client(0, 'cassandra', 'cassandra');
    cluster.setUp(
      root,
      "CREATE KEYSPACE ks WITH replication = {'class': 'NetworkTopologyStrategy', 'east': 3}",
      'CREATE TABLE ks.t (k int PRIMARY KEY, v int)',
      "CREATE ROLE bob WITH PASSWORD = 'b' AND LOGIN = true",
    );
    const bob = cluster.client(2, 'bob', 'b');
    const refused = 'User bob has no SELECT permission on <table ks.t> or any of its parents';
    expect(cluster.error(2, bob, 'SELECT * FROM ks.t')).toBe(refused);
    expect(cluster.error(2, bob, 'CREATE TABLE ks.u (k int PRIMARY KEY)')).toBe(
      'User bob has no CREATE permission on <all tables in ks> or any of its parents',
    );
    cluster.setUp(root, 'GRANT SELECT ON KEYSPACE ks TO bob');
    cluster.world.loop.runFor(3_000);
    expect(cluster.error(2, bob, 'SELECT * FROM ks.t')).toBeNull();
    expect(cluster.error(2, bob, 'INSERT INTO ks.t (k) VALUES (1)')).toBe(
      'User bob has no MODIFY permission on <table ks.t> or any of its parents',
    );
    cluster.setUp(root, 'DROP ROLE bob');
    cluster.world.loop.runFor(3_000);
    expect(cluster.login(1, 'bob', 'b')).toMatchObject({ code: 'BAD_CREDENTIALS' });
  });

  it('shows itself in virtual tables', () => {
    const cluster = new Passwords();
    const root = cluster.client(0, 'cassandra', 'cassandra');
    const rows = (query: string): number => {
      const answer = cluster.run(0, root, query);
      return answer.kind === 'rows' ? answer.rows.length : -1;
    };
    expect(rows('SELECT * FROM system_virtual_schema.keyspaces')).toBe(2);
    expect(rows('SELECT * FROM system_views.gossip_info')).toBe(3);
    expect(rows("SELECT * FROM system_views.settings WHERE name = 'authorizer'")).toBe(1);
  });
});
