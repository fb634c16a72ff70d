// Every node is killed and starts again from its disk: data, hints, Paxos state and schema are there.

import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'restart with the disk: data, deletes, counters, Paxos, hints and schema survive kill -9';
export const shape = THREE;

export async function run(script) {
  const { places } = script;
  const [a, b, c] = places;
  await script.schema(
    keyspace('kept', shape),
    'CREATE TYPE kept.u (x int, y text)',
    "CREATE TABLE kept.t (k text, c int, v text, u frozen<u>, m map<text, int>, PRIMARY KEY (k, c)) WITH speculative_retry = 'NONE'",
    'CREATE TABLE kept.n (k text PRIMARY KEY, n counter)',
    'CREATE INDEX by_v ON kept.t (v)',
  );
  for (const i of [1, 2, 3])
    await script.run(
      a,
      `INSERT INTO kept.t (k, c, v, u, m) VALUES ('k', ${i}, 'v${i}', {x: ${i}, y: 'y'}, {'a': ${i}})`,
      'ALL',
    );
  await script.run(a, "DELETE FROM kept.t WHERE k = 'k' AND c = 2", 'ALL');
  await script.run(
    a,
    "UPDATE kept.t USING TTL 86400 SET v = 'expiring' WHERE k = 'k' AND c = 3",
    'ALL',
  );
  for (const place of places)
    await script.run(place, "UPDATE kept.n SET n = n + 7 WHERE k = 'n'", 'ALL');
  await script.run(
    b,
    "INSERT INTO kept.t (k, c, v) VALUES ('cas', 1, 'once') IF NOT EXISTS",
    'ALL',
  );
  await script.run(a, "INSERT INTO kept.t (k, c, v) VALUES ('flushed', 1, 'on disk')", 'ALL');
  for (const place of places) await script.nodetool(place, 'flush', 'kept');
  await script.run(a, "INSERT INTO kept.t (k, c, v) VALUES ('flushed', 2, 'in the log')", 'ALL');

  script.section('one is killed, its hints are with the others');
  await script.kill(c);
  await script.seen([c], 'D');
  await script.run(a, "INSERT INTO kept.t (k, c, v) VALUES ('hinted', 1, 'by a')", 'QUORUM');
  await script.run(b, "INSERT INTO kept.t (k, c, v) VALUES ('hinted', 2, 'by b')", 'QUORUM');
  // Hints are written to their file every ten seconds; what is in memory only dies with the node.
  await script.sleep(22_000);
  await script.kill(a, b);

  script.section('all start again');
  await script.show(a, 'SELECT k FROM kept.t', 'ONE', { label: 'while down' });
  await script.revive(a, b, c);
  await script.eventually(
    'the hints of before the restart have come',
    async () =>
      (await script.ask(c, "SELECT c, v FROM kept.t WHERE k = 'hinted'")).join() ===
      "1 | 'by a',2 | 'by b'",
    120_000,
  );
  for (const key of ['k', 'cas', 'flushed', 'hinted'])
    await script.holdings(key, `SELECT c, v, u, m FROM kept.t WHERE k = '${key}'`);
  await script.holdings('counter', "SELECT n FROM kept.n WHERE k = 'n'");
  await script.show(b, "SELECT k, c FROM kept.t WHERE v = 'v1'", 'ALL');
  await script.show(
    c,
    "INSERT INTO kept.t (k, c, v) VALUES ('cas', 1, 'twice') IF NOT EXISTS",
    'ALL',
  );
  await script.run(c, "UPDATE kept.n SET n = n + 1 WHERE k = 'n'", 'ALL');
  await script.show(a, "SELECT n FROM kept.n WHERE k = 'n'", 'ALL');
  for (const place of places)
    await script.show(
      place,
      "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'kept'",
      'ONE',
      { label: `tables at ${place}` },
    );
}
