// Masked columns: what a client without UNMASK sees, in plain selections, functions and results of groups.

import { describe, expect, test } from 'vitest';
import { SingleNode } from './single-node.ts';

function newNode(): SingleNode {
  const node = new SingleNode();
  node.setUp(
    "CREATE KEYSPACE ks WITH replication={'class':'SimpleStrategy','replication_factor':1}",
    'USE ks',
    'CREATE TABLE m (k int PRIMARY KEY, d text MASKED WITH DEFAULT, n text MASKED WITH mask_null(), i text MASKED WITH mask_inner(1,1), r int MASKED WITH mask_replace(7), open text)',
    "INSERT INTO m (k,d,n,i,r,open) VALUES (1,'secret','secret','secret',42,'open')",
  );
  return node;
}

const texts = (node: SingleNode, cql: string): readonly (string | null)[] =>
  node.rows(cql).rows[0]?.map((value) => value?.toString('latin1') ?? null) ?? [];

describe('masks', () => {
  const CQL = 'SELECT d, n, i, open FROM m WHERE k=1';

  test('a client with UNMASK sees the values', () => {
    expect(texts(newNode(), CQL)).toEqual(['secret', 'secret', 'secret', 'open']);
  });

  test('another sees the masks, with * too and in functions', () => {
    const node = newNode();
    node.unmasks = false;
    expect(texts(node, CQL)).toEqual(['****', null, 's****t', 'open']);
    expect(node.rows('SELECT r FROM m').rows[0]?.[0]?.readInt32BE(0)).toBe(7);
    expect(node.rows('SELECT JSON d, r FROM m').rows[0]?.[0]?.toString()).toBe(
      '{"d": "****", "r": 7}',
    );
    expect(
      node.rows('SELECT * FROM m').rows[0]?.map((value) => value?.toString('hex') ?? null),
    ).toContain('2a2a2a2a');
    expect(node.rows('SELECT max(r) FROM m').rows[0]?.[0]?.readInt32BE(0)).toBe(7);
  });

  test('the keys of rows are found by their true values', () => {
    const node = newNode();
    node.unmasks = false;
    const cql = "SELECT open FROM m WHERE d='secret' ALLOW FILTERING";
    expect(node.rows(cql).rows.length).toBe(1);
    node.selectsMasked = false;
    expect(node.query(cql).response).toEqual({
      kind: 'error',
      error: {
        code: 'UNAUTHORIZED',
        message:
          'User anonymous has no UNMASK nor SELECT_MASKED permission on table ks.m, cannot query masked columns [d]',
      },
    });
  });
});
