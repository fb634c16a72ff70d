// What requests carry beside the statement: keyspace, values by name, tracing, now, timestamps, warnings.

import { describe, expect, test } from 'vitest';
import { newClientState } from '../../src/protocol/client-state.ts';
import type { QueryParameters } from '../../src/protocol/query-parameters.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import { int } from '../int-bytes.ts';
import { SingleNode } from './single-node.ts';

function newNode(): SingleNode {
  const node = new SingleNode();
  for (const keyspace of ['a', 'b']) {
    node.setUp(
      `CREATE KEYSPACE ${keyspace} WITH replication={'class':'SimpleStrategy','replication_factor':1}`,
      `CREATE TABLE ${keyspace}.kv (k int PRIMARY KEY, v text)`,
      `INSERT INTO ${keyspace}.kv (k,v) VALUES (1,'${keyspace}')`,
    );
  }
  return node;
}

const message = (
  node: SingleNode,
  cql: string,
  parameters: Partial<QueryParameters> = {},
): string => {
  const { response } = node.query(cql, parameters);
  return response.kind === 'error' ? response.error.message : response.kind;
};

describe('the keyspace of unqualified names', () => {
  test('comes from USE, or from the request', () => {
    const node = newNode();
    expect(message(node, 'SELECT v FROM kv')).toBe(
      'No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename',
    );
    expect(node.query('USE b').response).toEqual({ kind: 'set-keyspace', keyspace: 'b' });
    expect(node.rows('SELECT v FROM kv').rows[0]?.[0]?.toString()).toBe('b');
    expect(node.rows('SELECT v FROM kv', { keyspace: 'a' }).rows[0]?.[0]?.toString()).toBe('a');
    expect(message(node, 'SELECT v FROM kv', { keyspace: 'nope' })).toBe(
      "Keyspace 'nope' does not exist",
    );
    expect(message(node, 'USE "E"')).toBe("Keyspace 'E' does not exist");
  });

  test('a prepared statement keeps its own', () => {
    const node = newNode();
    node.setUp('USE a');
    const { id } = node.prepare('SELECT v FROM kv');
    node.setUp('USE b');
    const { response } = node.execute(id, []);
    expect(response.kind === 'rows' && response.rows[0]?.[0]?.toString()).toBe('a');
  });
});

describe('text that comes again', () => {
  test('is planned anew when its table changes', () => {
    const node = newNode();
    const columns = (): readonly string[] =>
      node.rows('SELECT * FROM a.kv').metadata.columns.map(({ name }) => name);
    expect([columns(), columns(), columns()]).toEqual([
      ['k', 'v'],
      ['k', 'v'],
      ['k', 'v'],
    ]);
    node.setUp('ALTER TABLE a.kv ADD w int');
    expect([columns(), columns()]).toEqual([
      ['k', 'v', 'w'],
      ['k', 'v', 'w'],
    ]);
    node.setUp('DROP TABLE a.kv');
    expect(message(node, 'SELECT * FROM a.kv')).toBe('table kv does not exist');
  });
});

describe('values', () => {
  test('by name, in any order, with strangers among them', () => {
    const node = newNode();
    const values = [Buffer.from('x'), Buffer.from('ignored'), int(9)];
    const names = ['v', 'other', 'k'];
    node.query('INSERT INTO a.kv (k,v) VALUES (:k,:v)', { names, values });
    const { id } = node.prepare('SELECT v FROM a.kv WHERE k=:k');
    const { response } = node.execute(id, [int(9)], { names: ['k'] });
    expect(response.kind === 'rows' && response.rows[0]?.[0]?.toString()).toBe('x');
  });

  test('must be as many as the markers', () => {
    const node = newNode();
    expect(message(node, 'SELECT v FROM a.kv WHERE k=?')).toBe('Invalid amount of bind variables');
    const { id } = node.prepare('SELECT v FROM a.kv WHERE k=?');
    expect(node.execute(id, []).response).toMatchObject({
      error: { message: 'there were 1 markers(?) in CQL but 0 bound variables' },
    });
  });
});

describe('time', () => {
  test('a timestamp of the request, and now for its TTLs', () => {
    const node = newNode();
    node.query("INSERT INTO a.kv (k,v) VALUES (5,'a')", { timestamp: -5 });
    expect(
      node.rows('SELECT writetime(v) FROM a.kv WHERE k=5').rows[0]?.[0]?.readBigInt64BE(),
    ).toBe(-5n);
    const nowInSeconds = 1_800_000_000;
    node.query("INSERT INTO a.kv (k,v) VALUES (6,'a') USING TTL 100", { nowInSeconds });
    const ttl = (now: number) =>
      node.rows('SELECT ttl(v) FROM a.kv WHERE k=6', { nowInSeconds: now }).rows;
    expect(ttl(nowInSeconds + 50)[0]?.[0]?.readInt32BE(0)).toBe(50);
    expect(ttl(nowInSeconds + 100)).toEqual([]);
  });

  test('timestamps of one connection rise though the clock stands still', () => {
    const node = newNode();
    const client = newClientState({ id: 3, remoteAddress: '127.0.0.1', remotePort: 1 });
    client.lastTimestampMicros = 4_000_000_000_000_000;
    expect(node.clock.wallMicros()).toBeLessThan(client.lastTimestampMicros);
    const before = client.lastTimestampMicros;
    node.send(
      {
        kind: 'query',
        tracing: false,
        customPayload: null,
        query: "INSERT INTO a.kv (k,v) VALUES (8,'t')",
        parameters: DEFAULT_PARAMETERS,
      },
      client,
    );
    expect(client.lastTimestampMicros).toBe(before + 1);
    const { rows } = node.rows('SELECT writetime(v) FROM a.kv WHERE k=8');
    expect(Number(rows[0]?.[0]?.readBigInt64BE())).toBe(before + 1);
  });
});

describe('INSERT JSON', () => {
  test('with a marker, absent columns null or left alone', () => {
    const node = newNode();
    const { id } = node.prepare('INSERT INTO a.kv JSON ?');
    node.execute(id, [Buffer.from('{"k": 7, "v": "seven"}')]);
    expect(node.rows('SELECT v FROM a.kv WHERE k=7').rows[0]?.[0]?.toString()).toBe('seven');
    node.setUp('INSERT INTO a.kv JSON \'{"k": 7}\' DEFAULT UNSET');
    expect(node.rows('SELECT v FROM a.kv WHERE k=7').rows[0]?.[0]?.toString()).toBe('seven');
    node.setUp('INSERT INTO a.kv JSON \'{"k": 7}\'');
    expect(node.rows('SELECT v FROM a.kv WHERE k=7').rows[0]?.[0] ?? null).toBeNull();
  });
});

describe('warnings', () => {
  test('of aggregates over more than a partition', () => {
    const node = newNode();
    expect(node.query('SELECT count(*) FROM a.kv').warnings).toEqual([
      'Aggregation query used without partition key',
    ]);
    expect(node.query('SELECT count(*) FROM a.kv WHERE k IN (1,2)').warnings).toEqual([
      'Aggregation query used on multiple partition keys (IN restriction)',
    ]);
    expect(node.query('SELECT count(*) FROM a.kv WHERE k=1').warnings).toEqual([]);
  });
});
