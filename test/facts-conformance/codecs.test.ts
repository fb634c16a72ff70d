// Every literal of codecs.json, written to a table of its type and read back: bytes, JSON, CAST, and what the column is
// described as in each protocol version. The recorded bytes bound to a marker, and the recorded JSON, give them as well.

import { describe, expect, test } from 'vitest';
import { required } from '../../src/base/assert.ts';
import { int } from '../int-bytes.ts';
import { facts } from '../read-facts.ts';
import { wireTypeName } from '../wire-type-name.ts';
import { plainNode } from './fact-node.ts';

interface Row {
  readonly type: string;
  readonly literal: string;
  readonly hex: string | null;
  readonly json: string;
  readonly wireType?: string;
  readonly castAsText?: string;
  readonly error?: string;
}

const FACTS = facts<{
  readonly values: readonly Row[];
  readonly wireTypes: Readonly<Record<string, Readonly<Record<'v3' | 'v4' | 'v5', string>>>>;
}>('codecs.json');

const TYPES = [...new Set(FACTS.values.map(({ type }) => type))];
/** Names of three letters, as on the real node: errors tell columns. */
const tableOf = (type: string): string => `t${String(TYPES.indexOf(type)).padStart(2, '0')}`;
const columnOf = (type: string): string => (type === 'counter' ? 'n' : 'v');

const here = plainNode(
  "CREATE KEYSPACE cod WITH replication={'class':'SimpleStrategy','replication_factor':1}",
  'USE cod',
  'CREATE TYPE pt (x int, y int)',
  'CREATE TYPE addr (street text, num int, tags frozen<set<text>>)',
  ...TYPES.map(
    (type) => `CREATE TABLE ${tableOf(type)} (k int PRIMARY KEY, ${columnOf(type)} ${type})`,
  ),
);

/** What the one row of a table holds in a selected column: null when it is null or there is no row. */
async function read(selected: string, type: string, key: number): Promise<Buffer | null> {
  const { rows } = await here.client.rows(
    `SELECT ${selected} FROM ${tableOf(type)} WHERE k=${key}`,
  );
  return rows[0]?.[0] ?? null;
}

const numbered = FACTS.values.map((row) => ({
  ...row,
  key: FACTS.values.filter(({ type }) => type === row.type).indexOf(row),
}));

describe.each(TYPES)('%s', (type) => {
  const rows = numbered.filter((row) => row.type === type);
  const table = tableOf(type);
  const column = columnOf(type);

  test.each(rows)('$literal', async (row) => {
    const { literal, key } = row;
    const cql =
      type === 'counter'
        ? `UPDATE ${table} SET ${literal} WHERE k=${key}`
        : `INSERT INTO ${table} (k,v) VALUES (${key},${literal})`;
    const { response } = await here.client.query(cql);
    const error = response.kind === 'error' ? response.error.message : undefined;
    expect(error).toBe(row.error);
    if (row.error !== undefined) return;
    const result = await here.client.rows(`SELECT ${column} FROM ${table} WHERE k=${key}`);
    const described = required(result.metadata.columns[0], 'a column').type;
    const cast =
      row.castAsText === undefined ? undefined : await read('CAST(v AS text)', type, key);
    expect({
      wireType: wireTypeName(described),
      hex: result.rows[0]?.[0]?.toString('hex') ?? null,
      json: (await read(`JSON ${column}`, type, key))?.toString(),
      castAsText: cast?.toString(),
    }).toEqual({
      wireType: row.wireType,
      hex: row.hex,
      json: row.json,
      castAsText: row.castAsText,
    });
  });

  const stored = rows.filter((row) => row.error === undefined && type !== 'counter');
  if (stored.length > 0)
    test('bound', async () => {
      const insert = await here.client.prepare(`INSERT INTO ${table} (k,v) VALUES (?,?)`);
      const described = required(insert.bindColumns[1], 'a marker').type;
      for (const { hex, key, wireType, json } of stored) {
        const bound = 1000 + key;
        const values = [int(bound), hex === null ? null : Buffer.from(hex, 'hex')];
        const { response } = await here.client.execute(insert, { values });
        const back = await read('v', type, bound);
        expect({
          kind: response.kind,
          wireType: wireTypeName(described),
          hex: back?.toString('hex') ?? null,
          json: (await read('JSON v', type, bound))?.toString(),
        }).toEqual({ kind: 'void', wireType, hex, json });
      }
    });

  /** JSON cannot say NaN, reads decimals through a double, and a zero duration prints as nothing. */
  const readable = stored.filter(
    ({ literal }) => !/NaN|Infinity/.test(literal) && type !== 'decimal' && literal !== '0s',
  );
  if (readable.length > 0)
    test('as JSON', async () => {
      for (const { hex, key, json } of readable) {
        const inserted = 2000 + key;
        const text = json.replace('{', `{"k": ${inserted}, `).replaceAll("'", "''");
        await here.client.setUp(`INSERT INTO ${table} JSON '${text}'`);
        const back = await read('v', type, inserted);
        expect(`${json} ${back?.toString('hex') ?? null}`).toBe(`${json} ${hex}`);
      }
    });
});

test.each([3, 4, 5] as const)('columns as protocol version %d describes them', async (version) => {
  const other = await here.node.connect({ version });
  const found: Record<string, string> = {};
  for (const type of Object.keys(FACTS.wireTypes)) {
    const { metadata } = await other.rows(`SELECT v FROM cod.${tableOf(type)} LIMIT 1`);
    found[type] = wireTypeName(required(metadata.columns[0], 'a column').type);
  }
  const recorded = Object.entries(FACTS.wireTypes).map(([type, of]) => [type, of[`v${version}`]]);
  expect(found).toEqual(Object.fromEntries(recorded));
  other.close();
});
