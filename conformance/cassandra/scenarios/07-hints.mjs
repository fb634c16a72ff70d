// Writes of every kind while a replica is away come to it as hints, those before its conviction too.

import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'hints: writes of every kind reach a replica that was away, from before and after its conviction';
export const shape = THREE;

export async function run(script) {
  const [a, b, c] = script.places;
  await script.schema(
    keyspace('hinted', shape),
    "CREATE TABLE hinted.t (k text, c int, v text, s text static, l list<int>, m map<text, int>, z set<int>, PRIMARY KEY (k, c)) WITH speculative_retry = 'NONE'",
    'CREATE TABLE hinted.n (k text PRIMARY KEY, n counter)',
  );
  for (const key of ['row', 'cell', 'partition', 'range', 'set', 'over']) {
    for (const i of [1, 2, 3])
      await script.run(
        a,
        `INSERT INTO hinted.t (k, c, v, l, m, z) VALUES ('${key}', ${i}, 'old', [1, 2], {'a': 1}, {1, 2})`,
        'ALL',
      );
  }
  await script.run(a, "UPDATE hinted.n SET n = n + 1 WHERE k = 'n'", 'ALL');

  script.section('just killed');
  await script.kill(c);
  await Promise.all(
    ['ANY', 'ONE', 'QUORUM', 'ALL'].map(async (level) => {
      await script.ask(
        a,
        `INSERT INTO hinted.t (k, c, v) VALUES ('early ${level}', 1, 'new')`,
        level,
      );
    }),
  );
  await script.seen([c], 'D');

  script.section('convicted');
  const writes = [
    "INSERT INTO hinted.t (k, c, v) VALUES ('new', 1, 'new')",
    "INSERT INTO hinted.t (k, c, v, s) VALUES ('new', 2, 'new', 'static')",
    "DELETE FROM hinted.t WHERE k = 'row' AND c = 2",
    "DELETE v, m FROM hinted.t WHERE k = 'cell' AND c = 2",
    "DELETE FROM hinted.t WHERE k = 'partition'",
    "DELETE FROM hinted.t WHERE k = 'range' AND c >= 2",
    "UPDATE hinted.t SET l = l + [3], m['b'] = 2, z = z - {1} WHERE k = 'set' AND c = 1",
    "UPDATE hinted.t SET l = [9], m = {'z': 26} WHERE k = 'over' AND c = 1",
    "UPDATE hinted.t USING TTL 3600 SET v = 'with time' WHERE k = 'over' AND c = 2",
    "BEGIN BATCH INSERT INTO hinted.t (k, c, v) VALUES ('batch1', 1, 'x'); INSERT INTO hinted.t (k, c, v) VALUES ('batch2', 1, 'y'); APPLY BATCH",
    "BEGIN UNLOGGED BATCH INSERT INTO hinted.t (k, c, v) VALUES ('batch3', 1, 'x'); DELETE FROM hinted.t WHERE k = 'batch1' AND c = 5; APPLY BATCH",
    "INSERT INTO hinted.t (k, c, v) VALUES ('cas', 1, 'once') IF NOT EXISTS",
    "UPDATE hinted.n SET n = n + 5 WHERE k = 'n'",
  ];
  for (const cql of writes) await script.show(b, cql, 'QUORUM');

  script.section('back');
  await script.revive(c);
  const last = () =>
    script.ask(c, "SELECT n FROM hinted.n WHERE k = 'n'").then(([value]) => value === '6');
  const early = () =>
    script
      .ask(c, "SELECT v FROM hinted.t WHERE k = 'early ALL'")
      .then(([value]) => value === "'new'");
  await script.eventually('the last hint has come', last);
  await script.eventually('the hints of before the conviction have come', early);
  await script.hintsDelivered();
  for (const key of [
    'new',
    'row',
    'cell',
    'partition',
    'range',
    'set',
    'over',
    'batch1',
    'batch2',
    'batch3',
    'cas',
    'early ANY',
    'early ONE',
    'early QUORUM',
    'early ALL',
  ]) {
    await script.holdings(key, `SELECT c, v, s, l, m, z FROM hinted.t WHERE k = '${key}'`, [c]);
  }
  await script.holdings('counter', "SELECT n FROM hinted.n WHERE k = 'n'");
}
