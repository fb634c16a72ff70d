// Whatever the page size, the pages together are the rows of one read: none lost, none twice, in the same order; with
// LIMIT, PER PARTITION LIMIT, IN, ORDER BY, filters, DISTINCT, groups and aggregates; for both layouts of the state.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProtocolVersion } from '../../src/protocol/protocol-version.ts';
import { SingleNode } from './single-node.ts';

function filledNode(): SingleNode {
  const node = new SingleNode();
  node.setUp(
    "CREATE KEYSPACE ks WITH replication={'class':'SimpleStrategy','replication_factor':1}",
    'USE ks',
    'CREATE TABLE t (k int, a int, b text, s int static, v int, PRIMARY KEY (k,a,b)) WITH CLUSTERING ORDER BY (a DESC, b ASC)',
    'CREATE TABLE kv (k int PRIMARY KEY, v int)',
    'CREATE INDEX ON t(v)',
  );
  let v = 0;
  for (let k = 0; k < 7; k++) {
    if (k === 3) node.setUp(`UPDATE t SET s=${k} WHERE k=${k}`);
    else {
      for (let a = 0; a < (k % 3) + 2; a++) {
        for (const b of ['', 'x', 'yy'].slice(0, (a % 3) + 1)) {
          node.setUp(`INSERT INTO t (k,a,b,v) VALUES (${k},${a},'${b}',${v++ % 4})`);
        }
      }
    }
    if (k % 2 === 0) node.setUp(`UPDATE t SET s=${k} WHERE k=${k}`);
    node.setUp(`INSERT INTO kv (k,v) VALUES (${k},${k % 2})`);
  }
  node.setUp('DELETE FROM t WHERE k=5 AND a=1', 'DELETE FROM t WHERE k=6');
  return node;
}

const node = filledNode();

function pages(
  cql: string,
  pageSize: number,
  version: ProtocolVersion,
): readonly (readonly (string | null)[])[] {
  const all: (string | null)[][] = [];
  node.client.protocolVersion = version;
  let pagingState: Buffer | null = null;
  for (let page = 0; page < 500; page++) {
    const { rows, metadata } = node.rows(cql, { pageSize, pagingState });
    expect(rows.length).toBeLessThanOrEqual(pageSize);
    for (const row of rows) all.push(row.map((value) => value?.toString('hex') ?? null));
    pagingState = metadata.pagingState ?? null;
    if (pagingState === null) return all;
  }
  throw new Error('pages without end');
}

const SOURCES = [
  'SELECT * FROM t',
  'SELECT k, a, b FROM t WHERE k=2',
  'SELECT k, a, b FROM t WHERE k=2 ORDER BY a ASC, b DESC',
  'SELECT k, a, b, s FROM t WHERE k IN (5,2,0,3,9,2)',
  "SELECT k, a, b FROM t WHERE k IN (4,1) AND a IN (0,1) AND b IN ('','x')",
  'SELECT k, a, b FROM t WHERE k=2 AND a<=2 AND a>0',
  "SELECT k, a, b FROM t WHERE k=2 AND (a,b) > (1,'')",
  'SELECT k, a, b, v FROM t WHERE v=1',
  'SELECT k, a, b, v FROM t WHERE v>1 ALLOW FILTERING',
  'SELECT k, a FROM t WHERE a=1 ALLOW FILTERING',
  'SELECT k FROM t WHERE token(k) > -3000000000000000000 AND token(k) <= 6000000000000000000',
  'SELECT DISTINCT k, s FROM t',
  'SELECT DISTINCT k FROM t WHERE k IN (1,2,3)',
  'SELECT * FROM kv',
  'SELECT * FROM kv WHERE k IN (6,5,4)',
  'SELECT * FROM kv WHERE v=1 ALLOW FILTERING',
  'SELECT k, a, count(*), sum(v) FROM t GROUP BY k, a',
  'SELECT k, max(v) FROM t GROUP BY k',
  'SELECT a, min(b) FROM t WHERE k=2 GROUP BY a',
  'SELECT a, min(b) FROM t WHERE k IN (2,1) GROUP BY k, a',
  'SELECT count(*), sum(v) FROM t',
  'SELECT count(*) FROM t WHERE k=2',
] as const;

function withLimits(source: string, limit: number | null, perPartition: number | null): string {
  const filtering = source.includes(' ALLOW FILTERING') ? ' ALLOW FILTERING' : '';
  const allowed =
    perPartition !== null &&
    !/DISTINCT|count\(\*\), sum\(v\) FROM t$|count\(\*\) FROM t WHERE/.test(source);
  const limits = [
    allowed ? ` PER PARTITION LIMIT ${perPartition}` : '',
    limit === null ? '' : ` LIMIT ${limit}`,
  ].join('');
  return source.replace(' ALLOW FILTERING', '') + limits + filtering;
}

describe('pages', () => {
  test.each(SOURCES)('%s', (source) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.option(fc.integer({ min: 1, max: 15 })),
        fc.option(fc.integer({ min: 1, max: 4 })),
        fc.constantFrom<ProtocolVersion>(3, 4, 5),
        (pageSize, limit, perPartition, version) => {
          const cql = withLimits(source, limit, perPartition);
          const whole = node
            .rows(cql)
            .rows.map((row) => row.map((value) => value?.toString('hex') ?? null));
          expect(pages(cql, pageSize, version)).toEqual(whole);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a whole read is right', () => {
    expect(node.rows('SELECT k, a, b FROM t WHERE k=2').rows.length).toBe(1 + 2 + 3 + 1);
    expect(node.rows('SELECT * FROM t WHERE k=2 LIMIT 3').rows.length).toBe(3);
    expect(node.rows('SELECT * FROM kv').rows.length).toBe(7);
    expect(node.rows('SELECT k, a, b FROM t PER PARTITION LIMIT 1').rows.length).toBe(6);
    expect(node.rows('SELECT k, count(*) FROM t GROUP BY k').rows.length).toBe(6);
  });
});

describe('states', () => {
  test('a page that divides the rows is followed by an empty one; a LIMIT reached has no state', () => {
    const first = node.rows('SELECT a FROM t WHERE k=2', { pageSize: 7 });
    expect(first.metadata.pagingState).toBeInstanceOf(Buffer);
    const second = node.rows('SELECT a FROM t WHERE k=2', {
      pageSize: 7,
      pagingState: first.metadata.pagingState ?? null,
    });
    expect([second.rows.length, second.metadata.pagingState ?? null]).toEqual([0, null]);
    expect(
      node.rows('SELECT a FROM t WHERE k=2 LIMIT 5', { pageSize: 5 }).metadata.pagingState ?? null,
    ).toBeNull();
  });

  test.each(['', 'ff', '0011'])('garbage %s is a protocol error', (hex) => {
    expect(
      node.query('SELECT * FROM t', { pageSize: 2, pagingState: Buffer.from(hex, 'hex') }).response,
    ).toMatchObject({
      error: { code: 'PROTOCOL_ERROR', message: 'Invalid value for the paging state' },
    });
  });
});
