// The unmodified cqlsh, fed with scripts on its standard input as a person would type them; what it prints is compared.
// Prints one line a check (`ok name` or `not ok name: why`) and ends with 1 when one failed. STARFISH_CQLSH is the
// cqlsh to run; where the cluster is: see ../target.mjs.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, endChecks } from '../checks.mjs';
import { readTarget } from '../target.mjs';

const target = readTarget();
const folder = mkdtempSync(join(tmpdir(), 'starfish-cqlsh-'));
const KS = 'conf_cqlsh';
const REPLICATION = `{'class': 'NetworkTopologyStrategy', '${target.local}': '3', '${target.remote}': '3'}`;

/** Runs cqlsh over `script`; returns what it prints, without prompts and colours. */
function cqlsh(script, options = []) {
  const command = [
    process.env.STARFISH_CQLSH ?? 'cqlsh',
    '--no-color',
    ...options,
    target.contact,
    String(target.port),
  ];
  const { status, stdout, stderr, error } = spawnSync(command[0], command.slice(1), {
    input: script,
    encoding: 'utf8',
    cwd: folder,
    timeout: 120_000,
    env: { ...process.env, HOME: folder },
  });
  if (error !== undefined) throw error;
  return { status, text: stdout.replaceAll(/^(cqlsh(:\w+)?> +)+/gm, ''), errors: stderr };
}

/** Every line, trimmed, must appear in the output in this order. */
function inOrder({ text, errors }, lines) {
  const seen = text.split('\n').map((line) => line.trim());
  let at = 0;
  for (const line of lines) {
    const found = seen.findIndex(
      (one, index) => index >= at && (line instanceof RegExp ? line.test(one) : one === line),
    );
    assert.ok(found >= 0, `no line ${line} in: ${seen.slice(at).join('\n')}${errors}`);
    at = found + 1;
  }
}

await check('version and cluster', () => {
  const result = cqlsh('SHOW VERSION\nSHOW HOST\nDESCRIBE CLUSTER\n');
  inOrder(result, [
    /^\[cqlsh 6\.2\.\d+ \| Cassandra 5\.0\.\d+(-SNAPSHOT)? \| CQL spec 3\.4\.7 \| Native protocol v5\]$/,
    new RegExp(`^Connected to .+ at ${target.contact.replaceAll('.', '\\.')}:${target.port}$`),
    /^Cluster: .+$/,
    'Partitioner: Murmur3Partitioner',
    /^Snitch: .+$/,
  ]);
  assert.equal(result.errors, '');
});

await check('schema by SOURCE', () => {
  const file = join(folder, 'schema.cql');
  writeFileSync(
    file,
    `
    DROP KEYSPACE IF EXISTS ${KS};
    CREATE KEYSPACE ${KS} WITH replication = ${REPLICATION};
    USE ${KS};
    CREATE TYPE address (street text, number int);
    CREATE TABLE people (id int PRIMARY KEY, name text, tags set<text>, home frozen<address>, born date, worth decimal);
    CREATE TABLE many (part int, row int, value text, PRIMARY KEY (part, row)) WITH CLUSTERING ORDER BY (row DESC);
    CREATE INDEX people_by_name ON people (name);
    INSERT INTO people (id, name, tags, home, born, worth)
      VALUES (1, 'Ada', {'x', 'y'}, {street: 'Main', number: 12}, '1815-12-10', 12.50);
    INSERT INTO people (id, name) VALUES (2, 'Bob');
  `,
  );
  assert.equal(cqlsh(`SOURCE '${file}'\n`).errors, '');
});

await check('DESCRIBE', () => {
  const result = cqlsh(
    `DESCRIBE KEYSPACES\nUSE ${KS};\nDESCRIBE TABLES\nDESCRIBE TYPE address\nDESCRIBE TABLE people\nDESCRIBE INDEX people_by_name\nDESCRIBE KEYSPACE ${KS}\n`,
  );
  assert.equal(result.errors, '');
  for (const name of [KS, 'system', 'system_schema', 'system_virtual_schema'])
    assert.match(result.text, new RegExp(`\\b${name}\\b`));
  inOrder(result, [
    'many  people',
    `CREATE TYPE ${KS}.address (`,
    'street text,',
    'number int',
    ');',
    `CREATE TABLE ${KS}.people (`,
    'id int PRIMARY KEY,',
    'born date,',
    'home frozen<address>,',
    'name text,',
    'worth decimal,',
    'tags set<text>',
    ") WITH additional_write_policy = '99p'",
    "AND speculative_retry = '99p';",
    `CREATE INDEX people_by_name ON ${KS}.people (name);`,
    new RegExp(
      `^CREATE KEYSPACE ${KS} WITH replication = \\{'class': 'NetworkTopologyStrategy', .*\\}  AND durable_writes = true;$`,
    ),
    `CREATE TABLE ${KS}.many (`,
    'PRIMARY KEY (part, row)',
    ') WITH CLUSTERING ORDER BY (row DESC)',
  ]);
});

await check('SELECT', () => {
  const result = cqlsh(
    `SELECT * FROM ${KS}.people;\nSELECT JSON id, name FROM ${KS}.people WHERE id = 2;\n`,
  );
  inOrder(result, [
    'id | born       | home                         | name | tags       | worth',
    "1 | 1815-12-10 | {street: 'Main', number: 12} |  Ada | {'x', 'y'} | 12.50",
    '2 |       null |                         null |  Bob |       null |  null',
    '(2 rows)',
    '[json]',
    '{"id": 2, "name": "Bob"}',
    '(1 rows)',
  ]);
});

await check('EXPAND', () => {
  inOrder(cqlsh(`EXPAND ON\nSELECT id, name FROM ${KS}.people WHERE id = 1;\n`), [
    'EXPAND set to ON',
    '@ Row 1',
    'id   | 1',
    'name | Ada',
    '(1 rows)',
  ]);
});

await check('CONSISTENCY and SERIAL CONSISTENCY', () => {
  inOrder(
    cqlsh(
      `CONSISTENCY\nCONSISTENCY LOCAL_QUORUM\nSERIAL CONSISTENCY LOCAL_SERIAL\nINSERT INTO ${KS}.people (id, name) VALUES (2, 'no') IF NOT EXISTS;\n`,
    ),
    [
      'Current consistency level is ONE.',
      'Consistency level set to LOCAL_QUORUM.',
      'Serial consistency level set to LOCAL_SERIAL.',
      '[applied] | id | born | home | name | tags | worth',
      'False |  2 | null | null |  Bob | null |  null',
    ],
  );
});

await check('COPY FROM, COPY TO', () => {
  const rows = Array.from({ length: 500 }, (_, row) => `1,${row},value ${row}`);
  writeFileSync(join(folder, 'in.csv'), `part,row,value\n${rows.join('\n')}\n`);
  const result = cqlsh(
    `COPY ${KS}.many (part, row, value) FROM 'in.csv' WITH HEADER = TRUE;\nCOPY ${KS}.many (part, row, value) TO 'out.csv' WITH HEADER = TRUE;\n`,
  );
  assert.equal(result.errors, '');
  inOrder(result, [/^500 rows imported from 1 files in /, /^500 rows exported to 1 files in /]);
  const [header, ...copied] = readFileSync(join(folder, 'out.csv'), 'utf8').trim().split(/\r?\n/);
  assert.equal(header, 'part,row,value');
  assert.deepEqual(copied.sort(), rows.sort());
});

await check('PAGING', () => {
  inOrder(
    cqlsh(
      `PAGING 100\nSELECT row FROM ${KS}.many WHERE part = 1;\nPAGING OFF\nSELECT count(*) FROM ${KS}.many;\n`,
    ),
    [
      'Page size: 100',
      '499',
      '0',
      '(500 rows)',
      'PAGING set to OFF',
      'count',
      '500',
      'Warnings :',
      /^Aggregation query used without partition key$/,
    ],
  );
});

await check('TRACING', () => {
  const result = cqlsh(`TRACING ON\nSELECT * FROM ${KS}.people WHERE id = 1;\n`);
  inOrder(result, [
    'TRACING set to ON',
    /^Tracing session: [0-9a-f-]{36}$/,
    /^activity +\| timestamp +\| source +\| source_elapsed \| client$/,
    new RegExp(
      `^Execute CQL3 query \\| .* \\| +${target.contact.replaceAll('.', '\\.')} \\| +0 \\| `,
    ),
    /^Request complete \| /,
  ]);
});

await check('errors', () => {
  const cases = {
    'SELEC 1;':
      "<stdin>:2:SyntaxException: line 1:0 no viable alternative at input 'SELEC' ([SELEC]...)",
    [`SELECT nothing FROM ${KS}.people;`]: `<stdin>:2:InvalidRequest: Error from server: code=2200 [Invalid query] message="Undefined column name nothing in table ${KS}.people"`,
    [`SELECT * FROM ${KS}.nowhere;`]:
      '<stdin>:2:InvalidRequest: Error from server: code=2200 [Invalid query] message="table nowhere does not exist"',
    [`CREATE KEYSPACE ${KS} WITH replication = ${REPLICATION};`]: `<stdin>:2:AlreadyExists: Keyspace '${KS}' already exists`,
  };
  for (const [statement, words] of Object.entries(cases))
    assert.equal(cqlsh(`${statement}\n`).errors.trim(), words);
});

await check('options -e, -f, -k', () => {
  inOrder(cqlsh('', ['-k', KS, '-e', 'SELECT name FROM people WHERE id = 2']), [
    'name',
    'Bob',
    '(1 rows)',
  ]);
  writeFileSync(join(folder, 'one.cql'), `SELECT count(*) FROM ${KS}.many WHERE part = 1;`);
  inOrder(cqlsh('', ['-f', 'one.cql']), ['count', '500', '(1 rows)']);
});

rmSync(folder, { recursive: true });
endChecks();
