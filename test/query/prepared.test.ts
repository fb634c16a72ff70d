// What PREPARE tells a client: bind markers with their names, the partition key among them, result columns and their
// id, the statement's id; and what EXECUTE does with values that do not fit. As recorded from a real node.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { UNSET } from '../../src/protocol/bound-value.ts';
import type { BoundValue } from '../../src/protocol/bound-value.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import { PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import { int } from '../int-bytes.ts';
import { factText } from '../read-facts.ts';
import { wireTypeName } from '../wire-type-name.ts';
import { SingleNode } from './single-node.ts';
import { recordedNode } from './fixtures.ts';

const PAIR = /\((?:'([^']*)'|"([^"]*)"), '([^']*)'\)/g;

function pairs(text: string): readonly (readonly [string, string])[] {
  return [...text.matchAll(PAIR)].map((match) => [match[1] ?? match[2] ?? '', match[3] ?? '']);
}

interface Recorded {
  readonly cql: string;
  readonly bind: readonly (readonly [string, string])[];
  readonly pk: readonly number[];
  readonly columns: readonly (readonly [string, string])[];
  readonly rid: string;
}

const LINES = factText('raw-checks.txt')
  .split('\n')
  .filter((line) => line.startsWith('PREP '));

const RECORDED: readonly Recorded[] = LINES.flatMap((line) => {
  const match =
    /^PREP (.*) -> \('bind', \[(.*?)\], 'pk', \[(.*?)\], 'flags', \d+, 'RES flags', \d+, 'n', \d+, \[(.*)\], 'rid', '(\w+)'\)$/.exec(
      line,
    );
  if (match === null) return [];
  const [, cql = '', bind = '', pk = '', columns = '', rid = ''] = match;
  return [
    {
      cql,
      bind: pairs(bind),
      pk: pk === '' ? [] : pk.split(', ').map(Number),
      columns: pairs(columns),
      rid,
    },
  ];
});

const REFUSED = LINES.flatMap((line) => {
  const match = /^PREP (.*) -> (INVALID|SYNTAX_ERROR) (?:'(.*)'|"(.*)")$/.exec(line);
  return match === null
    ? []
    : [{ cql: match[1] ?? '', code: match[2], message: match[3] ?? match[4] }];
});

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

describe('PREPARE', () => {
  const node = recordedNode();

  test.each(RECORDED)('$cql', ({ cql, bind, pk, columns, rid }) => {
    const prepared = node.prepare(cql);
    expect(prepared.bindColumns.map(({ name, type }) => [name, wireTypeName(type)])).toEqual(bind);
    expect(prepared.partitionKeyIndexes).toEqual(pk);
    expect(
      (prepared.resultColumns ?? []).map(({ name, type }) => [name, wireTypeName(type)]),
    ).toEqual(columns);
    expect(prepared.resultMetadataId.toString('hex')).toBe(rid);
  });

  test.each(REFUSED)('$cql', ({ cql, code, message }) => {
    const { response } = node.send({
      kind: 'prepare',
      ...PLAIN_HEADER,
      query: cql,
      keyspace: null,
    });
    expect(response).toEqual({ kind: 'error', error: { code, message } });
  });

  test('knows a statement by the MD5 of its text, behind the keyspace unless it is qualified', () => {
    const qualified = 'SELECT * FROM e.kv WHERE k=?';
    expect(node.prepare(qualified).id.toString('hex')).toBe(md5(qualified));
    const unqualified = 'SELECT * FROM kv WHERE k=?';
    expect(node.prepare(unqualified).id.toString('hex')).toBe(md5(`e${unqualified}`));
    expect(md5('SELECT * FROM ks.t')).toBe('b9623a6c99961d7b406f9c1ef308cd26');
  });

  test('warns once a connection of USE with prepared statements', () => {
    const client = newClientState({ id: 2, remoteAddress: '127.0.0.1', remotePort: 1 });
    client.keyspace = 'e';
    const prepare = (query: string) =>
      node.send({ kind: 'prepare', ...PLAIN_HEADER, query, keyspace: null }, client);
    expect(prepare('SELECT v FROM kv').warnings[0]).toMatch(
      /^`USE <keyspace>` with prepared statements is .* Keyspace used: e, statement keyspace: e, statement id: \w{32}$/,
    );
    expect(prepare('SELECT t FROM kv').warnings).toEqual([]);
  });
});

function pairsNode(): SingleNode {
  const node = new SingleNode();
  node.setUp(
    "CREATE KEYSPACE pr WITH replication={'class':'SimpleStrategy','replication_factor':1}",
    'USE pr',
    'CREATE TABLE t (k int, c int, v text, PRIMARY KEY (k,c))',
    'CREATE TABLE cnt (k int PRIMARY KEY, n counter)',
    'CREATE TABLE tx (k text, c text, PRIMARY KEY (k,c))',
  );
  return node;
}

describe('values', () => {
  const node = pairsNode();
  const select = 'SELECT * FROM pr.t WHERE k=? AND c=?';
  const insert = 'INSERT INTO pr.t (k,c,v) VALUES (?,?,?)';
  const run = (cql: string, values: readonly BoundValue[], more = {}): string => {
    const { response } = node.execute(node.prepare(cql).id, values, more);
    return response.kind === 'error'
      ? `${response.error.code} ${response.error.message}`
      : response.kind;
  };

  test.each<[string, string, readonly BoundValue[], string]>([
    ['too few', select, [int(1)], 'INVALID there were 2 markers(?) in CQL but 1 bound variables'],
    ['none', select, [], 'INVALID there were 2 markers(?) in CQL but 0 bound variables'],
    ['bad int length', select, [Buffer.alloc(2), int(1)], 'INVALID Expected 4 or 0 byte int (2)'],
    ['empty key', select, [Buffer.alloc(0), int(1)], 'INVALID Key may not be empty'],
    ['null key', select, [null, int(1)], 'INVALID Invalid null value in condition for column k'],
    ['unset key', select, [UNSET, int(1)], 'INVALID Invalid unset value for column k'],
    [
      'null clustering',
      select,
      [int(1), null],
      'INVALID Invalid null value in condition for column c',
    ],
    ['unset clustering', select, [int(1), UNSET], 'INVALID Invalid unset value for column c'],
    [
      'insert null key',
      insert,
      [null, int(1), null],
      'INVALID Invalid null value in condition for column k',
    ],
    ['insert unset key', insert, [UNSET, int(1), null], 'INVALID Invalid unset value for column k'],
    [
      'insert null clustering',
      insert,
      [int(1), null, null],
      'INVALID Invalid null value in condition for column c',
    ],
    [
      'insert unset clustering',
      insert,
      [int(1), UNSET, null],
      'INVALID Invalid unset value for column c',
    ],
    ['bad utf8', insert, [int(1), int(1), Buffer.of(0xff)], "INVALID String didn't validate."],
    ['bad int', insert, [int(1), Buffer.alloc(1), null], 'INVALID Expected 4 or 0 byte int (1)'],
    ['unset value', insert, [int(1), int(1), UNSET], 'void'],
    [
      'null ttl',
      'UPDATE pr.t USING TTL ? SET v=? WHERE k=1 AND c=1',
      [null, Buffer.from('x')],
      'void',
    ],
    [
      'unset ttl',
      'UPDATE pr.t USING TTL ? SET v=? WHERE k=1 AND c=1',
      [UNSET, Buffer.from('x')],
      'void',
    ],
    [
      'negative ttl',
      'UPDATE pr.t USING TTL ? SET v=? WHERE k=1 AND c=1',
      [int(-1), null],
      'INVALID A TTL must be greater or equal to 0, but was -1',
    ],
    [
      'null timestamp',
      'UPDATE pr.t USING TIMESTAMP ? SET v=? WHERE k=1 AND c=1',
      [null, null],
      'INVALID Invalid null value of timestamp',
    ],
    ['limit 0', 'SELECT * FROM pr.t LIMIT ?', [int(0)], 'INVALID LIMIT must be strictly positive'],
    ['limit null', 'SELECT * FROM pr.t LIMIT ?', [null], 'INVALID Invalid null value of limit'],
    ['limit unset', 'SELECT * FROM pr.t LIMIT ?', [UNSET], 'rows'],
    [
      'limit negative',
      'SELECT * FROM pr.t LIMIT ?',
      [int(-1)],
      'INVALID LIMIT must be strictly positive',
    ],
    [
      'long key',
      'INSERT INTO pr.tx (k,c) VALUES (?,?)',
      [Buffer.alloc(65536, 97), Buffer.from('a')],
      'INVALID Key length of 65536 is longer than maximum of 65535',
    ],
    [
      'long clustering',
      'INSERT INTO pr.tx (k,c) VALUES (?,?)',
      [Buffer.from('a'), Buffer.alloc(65536, 97)],
      'INVALID Key length of 65536 is longer than maximum of 65535',
    ],
  ])('%s', (_name, cql, values, expected) => {
    expect(run(cql, values)).toBe(expected);
  });

  test('by name', () => {
    expect(
      run('SELECT * FROM pr.t WHERE k=:a AND c=:b', [int(2), int(1)], { names: ['b', 'a'] }),
    ).toBe('rows');
    expect(
      run('SELECT * FROM pr.t WHERE k=:a AND c=:b', [int(2), int(1)], { names: ['x', 'a'] }),
    ).toBe('INVALID there were 2 markers(?) in CQL but 1 bound variables');
  });

  test('of QUERY', () => {
    expect(node.query('SELECT * FROM t WHERE k=?').response).toMatchObject({
      error: { message: 'Invalid amount of bind variables' },
    });
    expect(node.query('SELECT * FROM t', { values: [int(1)] }).response).toMatchObject({
      error: { message: 'Invalid amount of bind variables' },
    });
  });

  test.each<[string, string, object, string]>([
    [
      'read at ANY',
      'SELECT * FROM t',
      { consistency: 'ANY' },
      'ANY ConsistencyLevel is only supported for writes',
    ],
    [
      'write at SERIAL',
      'INSERT INTO t (k,c) VALUES (1,1)',
      { consistency: 'SERIAL' },
      'You must use conditional updates for serializable writes',
    ],
    [
      'serial read of two',
      'SELECT * FROM t WHERE k IN (1,2)',
      { consistency: 'SERIAL' },
      'SERIAL/LOCAL_SERIAL consistency may only be requested for one partition at a time',
    ],
    [
      'bad serial level',
      'INSERT INTO t (k,c) VALUES (1,1) IF NOT EXISTS',
      { serialConsistency: 'ONE' },
      'Invalid consistency for conditional update. Must be one of SERIAL or LOCAL_SERIAL',
    ],
    [
      'commit at SERIAL',
      'INSERT INTO t (k,c) VALUES (1,1) IF NOT EXISTS',
      { consistency: 'SERIAL' },
      'SERIAL is not supported as conditional update commit consistency. Use ANY if you mean "make sure it is accepted but I don\'t care how many replicas commit it for non-SERIAL reads"',
    ],
    [
      'counter at ANY',
      'UPDATE cnt SET n=n+1 WHERE k=1',
      { consistency: 'ANY' },
      'Consistency level ANY is not yet supported for counter table cnt',
    ],
    [
      'counter at SERIAL',
      'UPDATE cnt SET n=n+1 WHERE k=1',
      { consistency: 'SERIAL' },
      'Counter operations are inherently non-serializable',
    ],
    [
      'conditional at EACH_QUORUM',
      'INSERT INTO t (k,c) VALUES (1,1) IF NOT EXISTS',
      { consistency: 'EACH_QUORUM' },
      'consistency level EACH_QUORUM not compatible with replication strategy (org.apache.cassandra.locator.SimpleStrategy)',
    ],
    [
      'node local',
      'SELECT * FROM t',
      { consistency: 'NODE_LOCAL' },
      'NODE_LOCAL consistency level is highly dangerous and should be used only for debugging purposes',
    ],
    ['unknown keyspace', 'SELECT * FROM t', { keyspace: 'nope' }, "Keyspace 'nope' does not exist"],
    [
      'sorted pages',
      'SELECT * FROM t WHERE k IN (1,2) ORDER BY c',
      { pageSize: 100 },
      'Cannot page queries with both ORDER BY and a IN restriction on the partition key; you must either remove the ORDER BY or the IN and sort client side, or disable paging for this query',
    ],
  ])('%s', (_name, cql, parameters, message) => {
    expect(node.query(cql, parameters).response).toMatchObject({
      kind: 'error',
      error: { code: 'INVALID', message },
    });
  });
});

const gone = (id: Buffer): string =>
  `Prepared query with ID ${id.toString('hex')} not found (either the query was not prepared on this host (maybe the ` +
  'host has been restarted?) or you have prepared too many queries and it has been evicted from the internal cache)';

describe('EXECUTE after a change', () => {
  test('of the columns: the statement must be prepared again', () => {
    const node = pairsNode();
    const { id } = node.prepare('SELECT * FROM pr.t WHERE k=?');
    node.setUp('ALTER TABLE pr.t ADD extra int');
    expect(node.execute(id, [int(1)]).response).toEqual({
      kind: 'error',
      error: { code: 'UNPREPARED', id, message: gone(id) },
    });
  });

  test('that no statement sees: it goes on', () => {
    const node = pairsNode();
    const { id } = node.prepare('SELECT * FROM pr.t WHERE k=?');
    node.setUp("ALTER TABLE pr.t WITH comment='x'", 'CREATE TABLE pr.other (k int PRIMARY KEY)');
    expect(node.execute(id, [int(1)]).response.kind).toBe('rows');
  });

  test('drop: gone', () => {
    const node = pairsNode();
    const { id } = node.prepare('SELECT * FROM pr.t WHERE k=?');
    node.setUp('DROP TABLE pr.t');
    expect(node.execute(id, [int(1)]).response).toMatchObject({ error: { code: 'UNPREPARED' } });
    const unknown = Buffer.alloc(16, 0xab);
    expect(node.execute(unknown, []).response).toMatchObject({ error: { message: gone(unknown) } });
  });

  test('the cache is bounded', () => {
    const node = pairsNode();
    for (let i = 0; i < 6_000; i++) node.prepare(`SELECT * FROM pr.t WHERE k=? AND c=${i}`);
    expect(node.processor.preparedCount).toBeLessThan(6_000);
  });
});

describe('metadata of results', () => {
  const node = pairsNode();
  node.setUp('INSERT INTO t (k,c) VALUES (1,1)');
  const { id, resultMetadataId } = node.prepare('SELECT * FROM pr.t WHERE k=1');
  const execute = (skipMetadata: boolean, known: Buffer | null) =>
    node.send({
      kind: 'execute',
      ...PLAIN_HEADER,
      id,
      resultMetadataId: known,
      parameters: { ...DEFAULT_PARAMETERS, skipMetadata },
    }).response;

  test('is left out when asked for and known', () => {
    expect(execute(true, resultMetadataId)).toMatchObject({ metadata: { noMetadata: true } });
    expect(execute(false, resultMetadataId)).not.toMatchObject({ metadata: { noMetadata: true } });
  });

  test('comes with its new id when the client knows another', () => {
    expect(execute(true, Buffer.alloc(16))).toMatchObject({
      metadata: { changedId: resultMetadataId },
    });
  });

  test('is never left out of the answer of a conditional statement', () => {
    const conditional = node.prepare("UPDATE pr.t SET v='x' WHERE k=1 AND c=1 IF v='y'");
    const { response } = node.execute(conditional.id, [], { skipMetadata: true });
    if (response.kind !== 'rows') throw new Error(response.kind);
    expect(response.metadata.columns.map(({ name }) => name)).toEqual(['[applied]', 'v']);
    expect(response.metadata.noMetadata).toBeUndefined();
  });
});
