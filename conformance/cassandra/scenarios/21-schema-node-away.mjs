// Schema changes, truncation and prepared knowledge while a node is away.

import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'schema changes and TRUNCATE with a node away, and what it knows when it is back';
export const shape = THREE;

export async function run(script) {
  const [a, b, c] = script.places;
  await script.schema(
    keyspace('ddl', shape),
    "CREATE TABLE ddl.t (k text PRIMARY KEY, v int) WITH speculative_retry = 'NONE'",
    'CREATE TABLE ddl.gone (k text PRIMARY KEY)',
    'CREATE TABLE ddl.emptied (k text PRIMARY KEY)',
  );
  for (const key of ['x', 'y'])
    await script.run(a, `INSERT INTO ddl.emptied (k) VALUES ('${key}')`, 'ALL');
  await script.run(a, "INSERT INTO ddl.t (k, v) VALUES ('x', 1)", 'ALL');

  script.section('away');
  await script.kill(c);
  await script.seen([c], 'D');
  await script.show(a, 'TRUNCATE ddl.emptied', 'ONE');
  await script.show(a, 'TRUNCATE ddl.emptied', 'ALL');
  await script.show(a, 'ALTER TABLE ddl.t ADD w text', 'ONE');
  await script.agreed();
  await script.show(a, 'CREATE TABLE ddl.born (k text PRIMARY KEY, v int)', 'ONE');
  await script.agreed();
  await script.show(b, 'DROP TABLE ddl.gone', 'ONE');
  await script.agreed();
  await script.show(b, 'CREATE TABLE ddl.born (k text PRIMARY KEY)', 'ONE');
  await script.show(b, 'CREATE TABLE IF NOT EXISTS ddl.born (k text PRIMARY KEY)', 'ONE');
  await script.show(a, "INSERT INTO ddl.t (k, v, w) VALUES ('x', 2, 'new column')", 'QUORUM');
  await script.show(b, "INSERT INTO ddl.born (k, v) VALUES ('x', 3)", 'QUORUM');
  await script.show(b, "INSERT INTO ddl.gone (k) VALUES ('x')", 'QUORUM');
  await script.show(
    a,
    `ALTER KEYSPACE ddl WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 2}`,
    'ONE',
  );
  await script.agreed();
  await script.show(a, "SELECT * FROM ddl.emptied WHERE k = 'x'", 'ALL', {
    label: 'at ALL of two replicas',
  });
  await script.schema(keyspace('ddl2', shape).replace('CREATE', 'CREATE'));
  await script.show(
    a,
    `ALTER KEYSPACE ddl WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3}`,
    'ONE',
  );
  await script.agreed();

  script.section('back');
  await script.revive(c);
  await script.show(
    c,
    "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'ddl'",
    'ONE',
  );
  await script.show(
    c,
    "SELECT column_name, type FROM system_schema.columns WHERE keyspace_name = 'ddl' AND table_name = 't'",
    'ONE',
  );
  await script.show(
    c,
    "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = 'ddl2'",
    'ONE',
  );
  await script.eventually(
    'hints for the new column have come',
    async () =>
      (await script.ask(c, "SELECT v, w FROM ddl.t WHERE k = 'x'"))[0] === "2 | 'new column'",
  );
  await script.eventually(
    'hints for the new table have come',
    async () => (await script.ask(c, "SELECT v FROM ddl.born WHERE k = 'x'"))[0] === '3',
  );
  await script.show(c, 'TRUNCATE ddl.emptied', 'ONE');
  for (const place of script.places)
    await script.show(place, 'SELECT k FROM ddl.emptied', 'ONE', { label: `emptied at ${place}` });
}
