// Tombstones: a delete that a replica has missed holds while it is kept, and the row comes back from the dead when it has
// been purged after gc_grace_seconds. And a read that meets too many of them fails.

import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'tombstones and gc_grace_seconds: what is purged, what comes back from the dead, and too many of them';
export const shape = {
  ...THREE,
  settings: { ...THREE.settings, tombstone_warn_threshold: 50, tombstone_failure_threshold: 100 },
};

export async function run(script) {
  const [a, b, c] = script.places;
  const columns = "(k text, c int, v text, PRIMARY KEY (k, c)) WITH speculative_retry = 'NONE'";
  await script.schema(
    keyspace('dead', shape),
    `CREATE TABLE dead.kept ${columns}`,
    `CREATE TABLE dead.short ${columns} AND gc_grace_seconds = 2`,
    `CREATE TABLE dead.many ${columns}`,
  );
  const keys = ['row', 'range', 'partition', 'cell'];
  for (const table of ['kept', 'short']) {
    for (const key of keys)
      for (const i of [1, 2, 3])
        await script.run(
          a,
          `INSERT INTO dead.${table} (k, c, v) VALUES ('${key}', ${i}, 'alive')`,
          'ALL',
        );
  }
  for (const place of [a, b]) await script.nodetool(place, 'disablehandoff');
  await script.leaveGossip(c);
  for (const table of ['kept', 'short']) {
    await script.run(a, `DELETE FROM dead.${table} WHERE k = 'row' AND c = 2`, 'QUORUM');
    await script.run(a, `DELETE FROM dead.${table} WHERE k = 'range' AND c >= 2`, 'QUORUM');
    await script.run(a, `DELETE FROM dead.${table} WHERE k = 'partition'`, 'QUORUM');
    await script.run(a, `DELETE v FROM dead.${table} WHERE k = 'cell' AND c = 1`, 'QUORUM');
  }
  await script.sleep(4_000);
  for (const place of [a, b]) {
    await script.nodetool(place, 'flush', 'dead');
    await script.nodetool(place, 'compact', 'dead');
  }
  await script.joinGossip(c);
  for (const place of [a, b]) await script.nodetool(place, 'enablehandoff');

  for (const table of ['kept', 'short']) {
    for (const key of keys) {
      script.section(`${table}: ${key}`);
      const cql = `SELECT c, v FROM dead.${table} WHERE k = '${key}'`;
      await script.show(a, cql, 'ONE', { label: 'before' });
      await script.show(a, cql, 'ALL', { label: 'read' });
      await script.holdings('afterwards', cql);
    }
  }

  script.section('purged everywhere, rewritten with an old timestamp');
  await script.run(
    a,
    "INSERT INTO dead.short (k, c, v) VALUES ('old', 1, 'first') USING TIMESTAMP 1000",
    'ALL',
  );
  await script.run(
    a,
    "DELETE FROM dead.short USING TIMESTAMP 2000 WHERE k = 'old' AND c = 1",
    'ALL',
  );
  await script.run(
    a,
    "INSERT INTO dead.short (k, c, v) VALUES ('old', 1, 'hidden') USING TIMESTAMP 1500",
    'ALL',
  );
  await script.show(a, "SELECT v FROM dead.short WHERE k = 'old'", 'ALL');
  await script.sleep(4_000);
  for (const place of [a, b, c]) {
    await script.nodetool(place, 'flush', 'dead');
    await script.nodetool(place, 'compact', 'dead');
  }
  await script.run(
    a,
    "INSERT INTO dead.short (k, c, v) VALUES ('old', 1, 'seen again') USING TIMESTAMP 1500",
    'ALL',
  );
  await script.show(a, "SELECT v FROM dead.short WHERE k = 'old'", 'ALL');

  script.section('too many');
  for (let i = 0; i < 110; i++)
    await script.run(a, `DELETE FROM dead.many WHERE k = 'many' AND c = ${i}`, 'ALL');
  for (let i = 0; i < 60; i++)
    await script.run(a, `DELETE FROM dead.many WHERE k = 'some' AND c = ${i}`, 'ALL');
  await script.show(a, "SELECT v FROM dead.many WHERE k = 'some'", 'ALL');
  await script.show(a, "SELECT v FROM dead.many WHERE k = 'many'", 'ONE');
  await script.show(a, "SELECT v FROM dead.many WHERE k = 'many' AND c > 1000", 'ONE');
  await script.show(a, "SELECT v FROM dead.many WHERE k = 'many' AND c < 40", 'ALL');
  await script.show(a, "SELECT v FROM dead.many WHERE k = 'nobody'", 'ALL');
}
