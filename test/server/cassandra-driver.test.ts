// The unmodified Node.js driver against the CQL edge over a fake node.

import cassandra from 'cassandra-driver';
import { describe, expect, test } from 'vitest';
import { NATIVE } from '../../src/data/cql-type.ts';
import { int } from '../int-bytes.ts';
import { table } from './fake-node.ts';
import type { Started } from './harness.ts';
import { cleanup, HOST, start } from './harness.ts';

describe('the unmodified cassandra-driver', () => {
  const text = NATIVE.text;
  const tokens = { kind: 'set', element: text, frozen: false } as const;

  async function withSystemTables(): Promise<Started> {
    const started = await start();
    const setOf = (value: string): Buffer =>
      Buffer.concat([int(1), int(value.length), Buffer.from(value)]);
    const local = {
      key: text,
      cluster_name: text,
      data_center: text,
      rack: text,
      release_version: text,
      partitioner: text,
      rpc_address: NATIVE.inet,
      host_id: NATIVE.uuid,
      schema_version: NATIVE.uuid,
      tokens,
    };
    const row = [
      Buffer.from('local'),
      Buffer.from('Test'),
      Buffer.from('dc1'),
      Buffer.from('r1'),
      Buffer.from('5.0.9'),
      Buffer.from('org.apache.cassandra.dht.Murmur3Partitioner'),
      Buffer.from([127, 0, 0, 1]),
      Buffer.alloc(16, 1),
      Buffer.alloc(16, 2),
      setOf('0'),
    ];
    const { answers } = started.node;
    answers.set("SELECT * FROM system.local WHERE key='local'", table(local, [row]));
    answers.set('SELECT * FROM system.peers', table({ peer: NATIVE.inet }, []));
    answers.set('SELECT * FROM system_schema.keyspaces', table({ keyspace_name: text }, []));
    answers.set(
      'SELECT * FROM system_virtual_schema.keyspaces',
      table({ keyspace_name: text }, []),
    );
    return started;
  }

  function client(port: number, options: Partial<cassandra.ClientOptions> = {}): cassandra.Client {
    const driver = new cassandra.Client({
      contactPoints: [`${HOST}:${port}`],
      localDataCenter: 'dc1',
      protocolOptions: { port },
      ...options,
    });
    cleanup.push(() => driver.shutdown());
    return driver;
  }

  test('negotiates down from 0x42, queries, prepares, batches, reads errors and warnings', async () => {
    const { node, port, server } = await withSystemTables();
    const driver = client(port);
    await driver.connect();
    node.answers.set(
      'q',
      table({ a: NATIVE.int, b: text }, [
        [int(7), null],
        [int(8), Buffer.from('x')],
      ]),
    );
    const result = await driver.execute('q');
    expect(result.rows.map((row) => [row['a'], row['b']])).toEqual([
      [7, null],
      [8, 'x'],
    ]);
    const prepared = await driver.execute('SELECT k FROM ks.t WHERE k=?', [42], { prepare: true });
    expect(prepared.first()['k']).toBe(42);
    await driver.batch(['INSERT 1', 'INSERT 2']);
    node.answers.set('bad', {
      kind: 'error',
      error: { code: 'INVALID', message: 'table nope does not exist' },
    });
    await expect(driver.execute('bad')).rejects.toThrow('table nope does not exist');
    node.extras = { warnings: ['careful'], tracingId: Buffer.alloc(16, 9) };
    const warned = await driver.execute('x', [], { traceQuery: true });
    expect(warned.info.warnings).toEqual(['careful']);
    expect(warned.info.traceId?.toString()).toBe('09090909-0909-0909-0909-090909090909');
    expect(node.requests.filter((r) => r.kind === 'batch')).toHaveLength(1);
    expect(server.clients().map((c) => [c.driverName, c.protocolVersion])).toContainEqual([
      'Apache Cassandra Node.js Driver',
      4,
    ]);
  });

  test('every protocol version it can speak', async () => {
    const { node, port } = await withSystemTables();
    node.answers.set('q', table({ a: NATIVE.int }, [[int(7)]]));
    for (const maxVersion of [3, 4]) {
      const driver = client(port, { protocolOptions: { port, maxVersion } });
      expect((await driver.execute('q')).first()['a']).toBe(7);
    }
  });

  test('pages through a result', async () => {
    const { node, port } = await withSystemTables();
    const driver = client(port);
    const columns = [{ keyspace: 'ks', table: 't', name: 'a', type: NATIVE.int }];
    const executed: (string | null)[] = [];
    const original = node.execute;
    node.execute = (request, state, done) => {
      if (request.kind !== 'query' || request.query !== 'paged')
        return original(request, state, done);
      const { pagingState } = request.parameters;
      executed.push(pagingState === null ? null : pagingState.toString());
      const page = pagingState === null ? 0 : Number(pagingState.toString());
      const next = page < 2 ? Buffer.from(`${page + 1}`) : null;
      done({ kind: 'rows', metadata: { columns, pagingState: next }, rows: [[int(page)]] });
    };
    const values: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      driver.eachRow(
        'paged',
        [],
        { autoPage: true },
        (_n, row) => values.push(row['a']),
        (error) => (error ? reject(error) : resolve()),
      );
    });
    expect(values).toEqual([0, 1, 2]);
    expect(executed).toEqual([null, '1', '2']);
  });

  test('logs in, and is refused with a wrong password', async () => {
    const { node, port } = await withSystemTables();
    node.password = 'secret';
    const good = client(port, { credentials: { username: 'alice', password: 'secret' } });
    await good.connect();
    const bad = client(port, { credentials: { username: 'alice', password: 'guess' } });
    await expect(bad.connect()).rejects.toThrow('All host(s) tried for query failed');
  });

  test('hears events', async () => {
    const { node, port, server } = await withSystemTables();
    const driver = client(port);
    await driver.connect();
    const added = new Promise((resolve) => {
      driver.on('hostUp', resolve);
      driver.on('hostAdd', resolve);
    });
    node.answers.set(
      'SELECT * FROM system.peers',
      table(
        {
          peer: NATIVE.inet,
          rpc_address: NATIVE.inet,
          data_center: text,
          rack: text,
          release_version: text,
          tokens,
        },
        [
          [
            Buffer.from([127, 0, 0, 2]),
            Buffer.from([127, 0, 0, 2]),
            Buffer.from('dc1'),
            Buffer.from('r1'),
            Buffer.from('5.0.9'),
            Buffer.concat([int(1), int(1), Buffer.from('1')]),
          ],
        ],
      ),
    );
    server.broadcast({ type: 'TOPOLOGY_CHANGE', change: 'NEW_NODE', address: '127.0.0.2', port });
    await added;
  });
});
