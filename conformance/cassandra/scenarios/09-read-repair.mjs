// A replica has missed writes and deletes and has no hints: which reads see what, and which of them mend it.

import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'read repair: BLOCKING and NONE, by partition, by row, by range, deletes, and what is not mended';
export const shape = THREE;
export const quick = true;

const MISSED = [
  ["INSERT INTO $t (k, c, v, w) VALUES ('added', 1, 'new', 'new')", 'added'],
  ["UPDATE $t SET v = 'new' WHERE k = 'changed' AND c = 1", 'changed'],
  ["DELETE FROM $t WHERE k = 'rowGone' AND c = 2", 'rowGone'],
  ["DELETE FROM $t WHERE k = 'allGone'", 'allGone'],
  ["DELETE FROM $t WHERE k = 'rangeGone' AND c > 1", 'rangeGone'],
  ["DELETE v FROM $t WHERE k = 'cellGone' AND c = 1", 'cellGone'],
  ["UPDATE $t SET m['b'] = 2, l = l + [2] WHERE k = 'collections' AND c = 1", 'collections'],
  ["INSERT INTO $t (k, c, v) VALUES ('expiring', 4, 'new') USING TTL 86400", 'expiring'],
  ["INSERT INTO $t (k, s) VALUES ('static', 'new')", 'static'],
];

export async function run(script) {
  const [a, b, c] = script.places;
  const columns =
    "(k text, c int, v text, w text, s text static, m map<text, int>, l list<int>, PRIMARY KEY (k, c)) WITH speculative_retry = 'NONE'";
  await script.schema(
    keyspace('mend', shape),
    `CREATE TABLE mend.blocking ${columns}`,
    `CREATE TABLE mend.none ${columns} AND read_repair = 'NONE'`,
  );
  for (const table of ['blocking', 'none']) {
    for (const [, key] of MISSED) {
      for (const i of [1, 2, 3]) {
        if (key !== 'added')
          await script.run(
            a,
            `INSERT INTO mend.${table} (k, c, v, w, m, l) VALUES ('${key}', ${i}, 'old', 'old', {'a': 1}, [1])`,
            'ALL',
          );
      }
    }
  }
  for (const place of [a, b]) await script.nodetool(place, 'disablehandoff');
  await script.leaveGossip(c);
  for (const table of ['blocking', 'none'])
    for (const [cql] of MISSED) await script.run(a, cql.replace('$t', `mend.${table}`), 'QUORUM');
  await script.joinGossip(c);
  for (const place of [a, b]) await script.nodetool(place, 'enablehandoff');

  for (const table of ['blocking', 'none']) {
    for (const [, key] of MISSED) {
      script.section(`${table}: ${key}`);
      const cql = `SELECT c, v, w, s, m, l FROM mend.${table} WHERE k = '${key}'`;
      await script.show(c, cql, 'ONE', { label: 'stale replica' });
      await script.show(b, cql, 'QUORUM', { label: 'read' });
      await script.show(c, cql, 'ALL', { label: 'read' });
      await script.holdings('afterwards', cql, [c]);
      await script.show(c, cql, 'QUORUM', { label: 'read again' });
    }
  }

  await rangesAndRows(script, { a, b, c });
}

/** What a read does not cover it does not mend; a range read mends too. */
async function rangesAndRows(script, { a, b, c }) {
  script.section('only what is read is mended');
  await script.schema(
    "CREATE TABLE mend.part (k text, c int, v text, w text, PRIMARY KEY (k, c)) WITH speculative_retry = 'NONE'",
    'CREATE TABLE mend.scan (k text PRIMARY KEY, v int)',
  );
  await script.run(a, "INSERT INTO mend.scan (k, v) VALUES ('old', 1)", 'ALL');
  for (const place of [a, b]) await script.nodetool(place, 'disablehandoff');
  await script.leaveGossip(c);
  for (const i of [1, 2, 3])
    await script.run(
      a,
      `INSERT INTO mend.part (k, c, v, w) VALUES ('p', ${i}, 'new', 'new')`,
      'QUORUM',
    );
  for (const key of ['x', 'y', 'z'])
    await script.run(a, `INSERT INTO mend.scan (k, v) VALUES ('${key}', 2)`, 'QUORUM');
  await script.run(a, "DELETE FROM mend.scan WHERE k = 'old'", 'QUORUM');
  await script.joinGossip(c);
  for (const place of [a, b]) await script.nodetool(place, 'enablehandoff');
  const held = () => script.holdings('held', "SELECT c, v, w FROM mend.part WHERE k = 'p'", [c]);
  await script.show(c, "SELECT v FROM mend.part WHERE k = 'p' AND c = 2", 'ALL');
  await held();
  await script.show(c, "SELECT v FROM mend.part WHERE k = 'p' LIMIT 1", 'ALL');
  await held();
  await script.show(c, "SELECT c, v FROM mend.part WHERE k = 'p'", 'ALL');
  await held();
  const sorted = async (place, level) =>
    (await script.ask(place, 'SELECT k, v FROM mend.scan', level)).sort();
  script.note('scan of the stale replica', await sorted(c, 'ONE'));
  script.note('scan @ QUORUM', await sorted(c, 'QUORUM'));
  script.note('scan @ ALL', await sorted(b, 'ALL'));
  script.note('scan of the stale replica afterwards', await sorted(c, 'ONE'));
}
