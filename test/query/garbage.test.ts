// Whatever bytes a client binds, the answer is a result or an error of the protocol; nothing else escapes.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UNSET } from '../../src/protocol/bound-value.ts';
import type { BoundValue } from '../../src/protocol/bound-value.ts';
import { int } from '../int-bytes.ts';
import { SingleNode } from './single-node.ts';

const TYPES = [
  'ascii',
  'bigint',
  'blob',
  'boolean',
  'date',
  'decimal',
  'double',
  'duration',
  'float',
  'inet',
  'int',
  'smallint',
  'text',
  'time',
  'timestamp',
  'timeuuid',
  'tinyint',
  'uuid',
  'varint',
  'list<int>',
  'set<text>',
  'map<text,int>',
  'frozen<list<text>>',
  'frozen<set<int>>',
  'frozen<map<int,text>>',
  'tuple<int,text>',
  'frozen<ut>',
  'ut',
  'vector<float,3>',
  'vector<text,2>',
  'frozen<list<frozen<tuple<int,text>>>>',
  'list<frozen<ut>>',
] as const;

const MULTI_CELL = new Set<string>([
  'list<int>',
  'set<text>',
  'map<text,int>',
  'ut',
  'list<frozen<ut>>',
]);

const node = new SingleNode();
node.setUp(
  "CREATE KEYSPACE ks WITH replication={'class':'SimpleStrategy','replication_factor':1}",
  'USE ks',
  'CREATE TYPE ut (a int, b frozen<list<text>>)',
  `CREATE TABLE t (k int, c frozen<tuple<int,text>>, ${TYPES.map((type, i) => `v${i} ${type}`).join(', ')}, PRIMARY KEY (k,c))`,
  'CREATE TABLE cnt (k int PRIMARY KEY, n counter)',
);

const STATEMENTS = [
  ...TYPES.map((_, i) => `UPDATE ks.t SET v${i}=? WHERE k=1 AND c=?`),
  ...TYPES.map((_, i) => `UPDATE ks.t SET v0='a' WHERE k=1 AND c=(1,'a') IF v${i}=?`),
  ...TYPES.flatMap((type, i) =>
    MULTI_CELL.has(type) ? [] : [`SELECT * FROM ks.t WHERE v${i}=? ALLOW FILTERING`],
  ),
  'UPDATE ks.t SET v19=v19+? WHERE k=1 AND c=?',
  'UPDATE ks.t SET v19=v19-? WHERE k=1 AND c=?',
  'UPDATE ks.t SET v19[?]=? WHERE k=1 AND c=?',
  'UPDATE ks.t SET v20=v20+? WHERE k=1 AND c=?',
  'UPDATE ks.t SET v21[?]=? WHERE k=1 AND c=?',
  'UPDATE ks.t SET v27.b=? WHERE k=1 AND c=?',
  'DELETE v21[?] FROM ks.t WHERE k=? AND c=?',
  'DELETE FROM ks.t WHERE k=? AND c>?',
  'SELECT * FROM ks.t WHERE k IN ?',
  'SELECT * FROM ks.t WHERE k=? AND c IN ?',
  'SELECT * FROM ks.t WHERE token(k)>?',
  'SELECT * FROM ks.t WHERE k=? AND (c) IN ?',
  'SELECT * FROM ks.t WHERE k=? AND (c)>=? LIMIT ?',
  'SELECT v21[?], v10+(int)?, (list<int>)? FROM ks.t WHERE k=? PER PARTITION LIMIT ?',
  'SELECT * FROM ks.t WHERE v19 CONTAINS ? AND v21[?]=? ALLOW FILTERING',
  'INSERT INTO ks.t JSON ?',
  'INSERT INTO ks.t (k,c,v19,v25) VALUES (?,?,?,(?,?)) USING TTL ? AND TIMESTAMP ?',
  'INSERT INTO ks.t (k,c,v0) VALUES (?,(?,?),?) IF NOT EXISTS',
  'UPDATE ks.cnt SET n=n+? WHERE k=?',
  "UPDATE ks.t SET v0='a' WHERE k=1 AND c=(1,'a') IF v19[?]=? AND v21[?]=? AND v10 IN ? AND v27.a=?",
  'SELECT to_json(v26), to_date((timeuuid)?), min(v10), cast(v5 as text) FROM ks.t WHERE k=?',
] as const;

const anyInt = fc.integer({ min: -3, max: 9 }).map(int);
const piece = fc.oneof(
  anyInt,
  fc.uint8Array({ maxLength: 9 }).map((a) => Buffer.from(a)),
);
const value = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.array(piece, { maxLength: 6 }).map((parts): BoundValue => Buffer.concat(parts)),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(0, 1, 2, 3, 4, 8, 12, 16, 20)
      .chain((n) => fc.uint8Array({ minLength: n, maxLength: n }))
      .map((a): BoundValue => Buffer.from(a)),
  },
  fc.constant<BoundValue>(null),
  fc.constant<BoundValue>(UNSET),
);

describe('garbage', () => {
  test.each(STATEMENTS)('%s', (cql) => {
    const { id, bindColumns } = node.prepare(cql);
    const count = bindColumns.length;
    fc.assert(
      fc.property(fc.array(value, { minLength: count, maxLength: count }), (values) => {
        const { response } = node.execute(id, values);
        if (response.kind === 'error')
          expect(['INVALID', 'FUNCTION_FAILURE', 'WRITE_FAILURE']).toContain(response.error.code);
        else expect(['rows', 'void']).toContain(response.kind);
      }),
      { numRuns: 150 },
    );
  });
});
