// Conditional writes and a replica that misses their commits: who sees them at which level, and what mends it.

import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'conditional writes with a replica away: stale commits, serial reads, commit levels';
export const shape = THREE;
export const quick = true;

export async function run(script) {
  const [a, b, c] = script.places;
  await script.schema(
    keyspace('cas', shape),
    "CREATE TABLE cas.t (k text PRIMARY KEY, v int) WITH speculative_retry = 'NONE'",
  );
  for (const key of ['serial', 'local', 'update', 'delete', 'plain'])
    await script.run(a, `INSERT INTO cas.t (k, v) VALUES ('${key}', 1) IF NOT EXISTS`, 'ALL');
  for (const place of [a, b]) await script.nodetool(place, 'disablehandoff');
  await script.leaveGossip(c);

  script.section('away');
  for (const level of ['ANY', 'ONE', 'QUORUM', 'ALL'])
    await script.show(
      a,
      `INSERT INTO cas.t (k, v) VALUES ('commit ${level}', 1) IF NOT EXISTS`,
      level,
    );
  for (const key of ['serial', 'local', 'update', 'plain'])
    await script.show(a, `UPDATE cas.t SET v = 2 WHERE k = '${key}' IF v = 1`, 'QUORUM');
  await script.show(a, "DELETE FROM cas.t WHERE k = 'delete' IF EXISTS", 'QUORUM');
  await script.show(b, "SELECT v FROM cas.t WHERE k = 'serial'", 'SERIAL');
  await script.joinGossip(c);
  for (const place of [a, b]) await script.nodetool(place, 'enablehandoff');

  script.section('back, without hints');
  for (const key of [
    'serial',
    'local',
    'update',
    'delete',
    'plain',
    'commit ANY',
    'commit ONE',
    'commit QUORUM',
    'commit ALL',
  ]) {
    await script.show(c, `SELECT v FROM cas.t WHERE k = '${key}'`, 'ONE');
  }
  await script.show(c, "SELECT v FROM cas.t WHERE k = 'serial'", 'SERIAL');
  await script.show(c, "SELECT v FROM cas.t WHERE k = 'local'", 'LOCAL_SERIAL');
  await script.show(c, "UPDATE cas.t SET v = 3 WHERE k = 'update' IF v = 1", 'QUORUM');
  await script.show(c, "UPDATE cas.t SET v = 3 WHERE k = 'update' IF v = 2", 'QUORUM');
  await script.show(c, "INSERT INTO cas.t (k, v) VALUES ('delete', 3) IF NOT EXISTS", 'QUORUM');
  await script.show(c, "SELECT v FROM cas.t WHERE k = 'plain'", 'QUORUM');
  for (const key of ['serial', 'local', 'update', 'delete', 'plain'])
    await script.holdings(key, `SELECT v FROM cas.t WHERE k = '${key}'`);

  script.section('a plain write between conditional ones');
  await script.run(a, "INSERT INTO cas.t (k, v) VALUES ('mixed', 1) IF NOT EXISTS", 'ALL');
  await script.run(a, "UPDATE cas.t USING TIMESTAMP 1 SET v = 100 WHERE k = 'mixed'", 'ALL');
  await script.show(b, "SELECT v FROM cas.t WHERE k = 'mixed'", 'SERIAL');
  await script.run(a, "UPDATE cas.t SET v = 101 WHERE k = 'mixed'", 'ALL');
  await script.show(b, "UPDATE cas.t SET v = 102 WHERE k = 'mixed' IF v = 101", 'ALL');
  await script.show(c, "SELECT v FROM cas.t WHERE k = 'mixed'", 'ONE');
}
