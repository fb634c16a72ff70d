// system.prepared_statements: statements prepared before a restart can be executed after it.

import { expect, test } from 'vitest';
import { PreparedStatementsTable } from '../../src/node/prepared-statements-table.ts';
import { QueryProcessor } from '../../src/node/query/query-processor.ts';
import { SingleNode } from './single-node.ts';

function newNode(): SingleNode {
  const node = new SingleNode();
  node.setUp(
    "CREATE KEYSPACE ks WITH replication={'class':'SimpleStrategy','replication_factor':1}",
    'CREATE TABLE ks.t (k int PRIMARY KEY, v text)',
    'USE ks',
  );
  return node;
}

test('what is prepared is stored under both ids, and goes when its table changes', () => {
  const node = newNode();
  const qualified = node.prepare('SELECT v FROM ks.t WHERE k=?').id;
  const unqualified = node.prepare('SELECT k FROM t').id;
  const stored = (): readonly (string | null)[][] =>
    node
      .rows('SELECT prepared_id, logged_keyspace, query_string FROM system.prepared_statements')
      .rows.map((row) => [
        row[0]?.toString('hex') ?? null,
        row[1]?.toString() ?? null,
        row[2]?.toString() ?? null,
      ]);
  expect(stored()).toContainEqual([
    qualified.toString('hex'),
    'ks',
    'SELECT v FROM ks.t WHERE k=?',
  ]);
  expect(stored()).toContainEqual([unqualified.toString('hex'), 'ks', 'SELECT k FROM t']);
  expect(stored().length).toBe(4);
  node.setUp('ALTER TABLE t ADD w int');
  expect(node.execute(unqualified, []).response).toMatchObject({ error: { code: 'UNPREPARED' } });
  expect(stored().map(([id]) => id)).not.toContain(unqualified.toString('hex'));
});

test('a node that starts again knows them', () => {
  const node = newNode();
  const { id } = node.prepare('INSERT INTO t (k,v) VALUES (?,?)');
  node.prepare('SELECT v FROM t');
  const again = new QueryProcessor(node.parts);
  expect(again.preparedCount).toBe(0);
  const table = new PreparedStatementsTable(node.localStore, node.clock);
  for (const { text, keyspace } of table.load()) again.restorePrepared(text, keyspace);
  expect(again.preparedCount).toBe(node.processor.preparedCount);
  const parameters = {
    consistency: 'ONE',
    values: [Buffer.alloc(4), Buffer.from('x')],
    names: null,
  } as const;
  const rest = {
    skipMetadata: false,
    pageSize: -1,
    pagingState: null,
    serialConsistency: 'SERIAL',
  } as const;
  const more = { timestamp: null, keyspace: null, nowInSeconds: null };
  const answers: string[] = [];
  again.execute(
    {
      kind: 'execute',
      tracing: false,
      customPayload: null,
      id,
      resultMetadataId: null,
      parameters: { ...parameters, ...rest, ...more },
    },
    node.client,
    (response) => answers.push(response.kind),
  );
  expect(answers).toEqual(['void']);
});

test('a statement that no longer fits the schema is left out', () => {
  const node = newNode();
  expect(node.processor.restorePrepared('SELECT v FROM ks.nothing', null)).toBe(false);
  expect(node.processor.restorePrepared('SELEC', null)).toBe(false);
  expect(node.processor.preparedCount).toBe(0);
});
