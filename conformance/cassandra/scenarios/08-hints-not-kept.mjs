// When no hint is kept or delivered: handoff off, window passed, gc_grace zero, hint expired. Then only repair helps.

import { keyspace, THREE } from '../shapes.mjs';

export const name = 'hints that are not kept or expire, and the repair that makes up for them';
export const shape = THREE;

export async function run(script) {
  const [a, b, c] = script.places;
  const tables = {
    off: '',
    short: '',
    none: 'WITH gc_grace_seconds = 0',
    grace: 'WITH gc_grace_seconds = 4',
    kept: '',
  };
  await script.schema(
    keyspace('unhinted', shape),
    ...Object.entries(tables).map(
      ([table, options]) => `CREATE TABLE unhinted.${table} (k text PRIMARY KEY, v int) ${options}`,
    ),
  );
  for (const table of Object.keys(tables))
    await script.run(a, `INSERT INTO unhinted.${table} (k, v) VALUES ('gone', 1)`, 'ALL');

  await script.kill(c);
  await script.seen([c], 'D');
  script.section('away');
  await script.show(a, "INSERT INTO unhinted.kept (k, v) VALUES ('new', 1)", 'QUORUM');
  await script.show(a, "INSERT INTO unhinted.none (k, v) VALUES ('new', 1)", 'QUORUM');
  await script.show(a, "INSERT INTO unhinted.grace (k, v) VALUES ('new', 1)", 'QUORUM');
  script.note('statushandoff', await script.tool(a, 'statushandoff'));
  await script.nodetool(a, 'disablehandoff');
  script.note('statushandoff', await script.tool(a, 'statushandoff'));
  await script.show(a, "INSERT INTO unhinted.off (k, v) VALUES ('new', 1)", 'QUORUM');
  await script.show(a, "DELETE FROM unhinted.off WHERE k = 'gone'", 'QUORUM');
  await script.nodetool(a, 'enablehandoff');
  script.note('getmaxhintwindow', await script.tool(a, 'getmaxhintwindow'));
  // Longer than the window of one second that comes now.
  await script.sleep(2_000);
  await script.nodetool(a, 'setmaxhintwindow', '1000');
  await script.show(a, "INSERT INTO unhinted.short (k, v) VALUES ('new', 1)", 'QUORUM');
  await script.show(a, "DELETE FROM unhinted.short WHERE k = 'gone'", 'QUORUM');
  await script.nodetool(a, 'setmaxhintwindow', '10800000');
  // Past gc_grace of unhinted.grace, and the hints are in a file.
  await script.sleep(11_000);

  script.section('back');
  await script.revive(c);
  await script.eventually(
    'the hint that was kept has come',
    async () => (await script.ask(c, "SELECT v FROM unhinted.kept WHERE k = 'new'"))[0] === '1',
  );
  await script.hintsDelivered();
  await script.sleep(3_000);
  for (const table of Object.keys(tables))
    await script.holdings(table, `SELECT k, v FROM unhinted.${table} WHERE k IN ('gone', 'new')`, [
      b,
      c,
    ]);

  script.section('repaired');
  const lines = await script.tool(c, 'repair', '-full', 'unhinted');
  script.note(
    'repair completed successfully',
    lines.some((line) => /Repair completed successfully/.test(line)) ? 'yes' : lines,
  );
  for (const table of Object.keys(tables))
    await script.holdings(table, `SELECT k, v FROM unhinted.${table} WHERE k IN ('gone', 'new')`, [
      b,
      c,
    ]);
}
