// Anti-entropy repair of replicas that have missed writes and deletes of every kind.

import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'repair: full, incremental, primary ranges, one table; what it brings and what it leaves';
export const shape = THREE;

const KEYS = ['new', 'changed', 'row', 'range', 'partition', 'expiring'];

export async function run(script) {
  const [a, b, c] = script.places;
  const tables = ['whole', 'incremental', 'ranges', 'untouched'];
  await script.schema(
    keyspace('fix', shape),
    ...tables.map(
      (table) =>
        `CREATE TABLE fix.${table} (k text, c int, v text, PRIMARY KEY (k, c)) WITH speculative_retry = 'NONE'`,
    ),
    'CREATE TABLE fix.n (k text PRIMARY KEY, n counter)',
  );
  for (const table of tables) {
    for (const key of KEYS)
      if (key !== 'new')
        for (const i of [1, 2, 3])
          await script.run(
            a,
            `INSERT INTO fix.${table} (k, c, v) VALUES ('${key}', ${i}, 'old')`,
            'ALL',
          );
  }
  await script.run(a, "UPDATE fix.n SET n = n + 1 WHERE k = 'n'", 'ALL');
  for (const place of [a, b]) await script.nodetool(place, 'disablehandoff');
  await script.leaveGossip(c);
  for (const table of tables) {
    await script.run(a, `INSERT INTO fix.${table} (k, c, v) VALUES ('new', 1, 'new')`, 'QUORUM');
    await script.run(
      a,
      `UPDATE fix.${table} SET v = 'new' WHERE k = 'changed' AND c = 1`,
      'QUORUM',
    );
    await script.run(a, `DELETE FROM fix.${table} WHERE k = 'row' AND c = 2`, 'QUORUM');
    await script.run(a, `DELETE FROM fix.${table} WHERE k = 'range' AND c > 1`, 'QUORUM');
    await script.run(a, `DELETE FROM fix.${table} WHERE k = 'partition'`, 'QUORUM');
    await script.run(
      a,
      `UPDATE fix.${table} USING TTL 86400 SET v = 'expiring' WHERE k = 'expiring' AND c = 1`,
      'QUORUM',
    );
  }
  for (let i = 0; i < 4; i++)
    await script.run(b, "UPDATE fix.n SET n = n + 1 WHERE k = 'n'", 'QUORUM');
  await script.joinGossip(c);
  for (const place of [a, b]) await script.nodetool(place, 'enablehandoff');

  const repair = async (place, ...words) => {
    const lines = await script.tool(place, 'repair', ...words);
    script.note(
      `nodetool repair ${words.join(' ')} at ${place}`,
      lines.some((line) => /Repair completed successfully/.test(line))
        ? 'completed successfully'
        : lines,
    );
  };
  script.section('runs');
  await repair(c, '-full', 'fix', 'whole');
  await repair(b, 'fix', 'incremental');
  await repair(a, '-full', '-pr', 'fix', 'ranges');
  await repair(b, '-full', '-pr', 'fix', 'ranges');
  await repair(c, '-full', '-pr', 'fix', 'ranges');
  await repair(a, '-full', 'fix', 'n');
  for (const table of tables) {
    script.section(table);
    for (const key of KEYS)
      await script.holdings(key, `SELECT c, v FROM fix.${table} WHERE k = '${key}'`, [c]);
  }
  script.section('counter');
  await script.holdings('n', "SELECT n FROM fix.n WHERE k = 'n'");

  script.section('refused');
  // A node counts its repairs, and other scenarios may have run some.
  const refused = async (label, ...words) => {
    const lines = await script.tool(a, 'repair', ...words);
    script.note(
      label,
      lines.map((line) => line.replaceAll(/#\d+/g, '#n')),
    );
  };
  await refused('no such keyspace', 'nothere');
  await refused('no such table', 'fix', 'nothere');
  await refused('not on this host', '-full', '-hosts', '127.0.0.9', 'fix');
  await script.leaveGossip(c);
  await refused('with a replica away', '-full', 'fix', 'whole');
  await script.joinGossip(c);
}
