// What DESCRIBE answers: the keyspace of describe-samples.cql, every system keyspace (system-schema.cql).

import { describe, expect, test } from 'vitest';
import { unpackMap } from '../../src/data/codec/packing.ts';
import { factText } from '../read-facts.ts';
import { plainNode } from './fact-node.ts';
import { expectRecorded } from './known-differences.ts';

const SAMPLES = factText('describe-samples.cql');
const [ddl = '', ...sections] = SAMPLES.split(/^-- ==== /m).slice(1);
const SETUP = ddl
  .split('\n')
  .filter((line) => /^(CREATE|ALTER)/.test(line))
  .map((line) => line.replace(/;$/, ''));

interface Sample {
  readonly cql: string;
  readonly count: number;
  readonly rows: readonly (readonly string[])[];
}

/** `DESCRIBE x  (3 rows)`, then rows: `-- [ks | type | name]` with a text under each, or bare `-- a | b | c`. */
function parseSection(section: string): Sample {
  const [head = '', ...lines] = section.split('\n');
  const [, cql = '', count = ''] = /^(.*?) {2}\((\d+) rows\)$/.exec(head) ?? [];
  const rows: string[][] = [];
  for (const line of lines) {
    const element = /^-- \[(.*)\]$/.exec(line);
    const listed = /^-- (.*)$/.exec(line);
    if (element !== null) rows.push([...(element[1] ?? '').split(' | '), '']);
    else if (listed !== null) rows.push((listed[1] ?? '').split(' | '));
    else if (rows.at(-1)?.length === 4) rows[rows.length - 1] = append(rows.at(-1) ?? [], line);
  }
  return { cql, count: Number(count), rows: rows.map((row) => row.map((cell) => cell.trimEnd())) };
}

function append(
  [keyspace = '', type = '', name = '', text = '']: string[],
  line: string,
): string[] {
  return [keyspace, type, name, text === '' ? line : `${text}\n${line}`];
}

/** Ids and drop times are of the day. */
function comparable(cell: string): string {
  return cell
    .replaceAll(/ID = [0-9a-f-]{36}/g, 'ID = <id>')
    .replaceAll(/USING TIMESTAMP \d+/g, 'USING TIMESTAMP <time>');
}

const here = plainNode(
  ...SETUP,
  "CREATE KEYSPACE e WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
);

async function describedRows(cql: string): Promise<string[][]> {
  const { rows } = await here.client.rows(cql);
  return rows.map((row) => row.map((cell) => comparable(cell?.toString() ?? '')));
}

const SAMPLE_ROWS = sections.map(parseSection);

test('the samples are whole', () => {
  expect(SAMPLE_ROWS.length).toBe(41);
});

test.each(SAMPLE_ROWS.filter(({ cql }) => cql !== 'DESCRIBE CLUSTER'))(
  '$cql',
  async ({ cql, count, rows }) => {
    // Names are told without a keyspace in use.
    if (!cql.includes('.') && cql !== 'DESCRIBE KEYSPACES') await here.client.setUp('USE ds');
    const found = await describedRows(cql);
    expect(found.length).toBe(count);
    expect(found).toEqual(rows.map((row) => row.map(comparable)));
  },
);

test('DESCRIBE CLUSTER', async () => {
  const fresh = await here.node.connect();
  const plain = await fresh.rows('DESCRIBE CLUSTER');
  const sample = SAMPLE_ROWS.find(({ cql }) => cql === 'DESCRIBE CLUSTER');
  const recorded = sample?.rows.at(-1) ?? [];
  expect(plain.rows.map((row) => row.map(String))).toEqual([recorded.slice(0, 3)]);
  await fresh.setUp('USE ds');
  const { rows } = await fresh.rows('DESCRIBE CLUSTER');
  const [first] = rows;
  const ownership = unpackMap(first?.[3] ?? Buffer.alloc(0)).map(String);
  expect(first?.slice(0, 3).map(String)).toEqual(recorded.slice(0, 3));
  expect(recorded[3]).toContain('"-1152921504606845975": ["/127.0.1.1:7000"]');
  const at = ownership.indexOf('-1152921504606845975');
  expect(ownership[at + 1]?.replaceAll(here.node.block, '127.0')).toContain('/127.0.1.1:7000');
  expect(ownership.length).toBe(2 * 16);
});

const SYSTEM = [
  ...factText('system-schema.cql').matchAll(
    /^-- ==== (\w+) \(\d+ elements\)\n([\s\S]*?)(?=^-- ====|$(?![\s\S]))/gm,
  ),
].map(([, keyspace = '', text = '']) => ({ keyspace, text }));

/** What only we say, and what only the recording does. */
function without(found: readonly string[], recorded: readonly string[]): string {
  const more = found.filter((one) => !recorded.includes(one)).map((one) => `+ ${one}`);
  const less = recorded.filter((one) => !found.includes(one)).map((one) => `- ${one}`);
  return [...more, ...less].join('\n');
}

describe('DESCRIBE KEYSPACE', () => {
  test.each(SYSTEM)('$keyspace', async ({ keyspace, text }) => {
    const rows = await describedRows(`DESCRIBE KEYSPACE ${keyspace}`);
    const found = rows.map((row) => row[3] ?? '');
    const recorded = text.trimEnd().split('\n\n');
    expectRecorded({
      file: 'system-schema.cql',
      row: keyspace,
      ours: without(found, recorded),
      recorded: '',
    });
    expect(found.filter((one) => recorded.includes(one))).toEqual(
      recorded.filter((one) => found.includes(one)),
    );
  });
});
