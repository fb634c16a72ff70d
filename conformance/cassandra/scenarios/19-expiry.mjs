// Time to live: what expires, expires on every replica, whatever way it came there.

import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'TTL: expiry on every replica, by write, hint and read repair; defaults; what outlives it';
export const shape = THREE;

export async function run(script) {
  const [a, b, c] = script.places;
  const columns =
    "(k text, c int, v text, w text, PRIMARY KEY (k, c)) WITH speculative_retry = 'NONE'";
  await script.schema(
    keyspace('ttl', shape),
    `CREATE TABLE ttl.t ${columns}`,
    `CREATE TABLE ttl.d ${columns} AND default_time_to_live = 4`,
  );
  const writes = [
    "INSERT INTO ttl.t (k, c, v, w) VALUES ('row', 1, 'a', 'b') USING TTL 4",
    "INSERT INTO ttl.t (k, c, v, w) VALUES ('cell', 1, 'a', 'b')",
    "UPDATE ttl.t USING TTL 4 SET v = 'expires' WHERE k = 'cell' AND c = 1",
    "UPDATE ttl.t USING TTL 4 SET v = 'a', w = 'b' WHERE k = 'update' AND c = 1",
    "INSERT INTO ttl.t (k, c, v) VALUES ('kept', 1, 'a') USING TTL 4",
    "UPDATE ttl.t SET w = 'stays' WHERE k = 'kept' AND c = 1",
    "INSERT INTO ttl.t (k, c, v) VALUES ('revived', 1, 'a') USING TTL 4",
    "INSERT INTO ttl.t (k, c, v) VALUES ('over', 1, 'long') USING TIMESTAMP 3000000000000000",
    "INSERT INTO ttl.t (k, c, v) VALUES ('over', 1, 'short') USING TIMESTAMP 3000000000000000 AND TTL 4",
    "INSERT INTO ttl.d (k, c, v) VALUES ('default', 1, 'a')",
    "INSERT INTO ttl.d (k, c, v) VALUES ('never', 1, 'a') USING TTL 0",
    "INSERT INTO ttl.d (k, c, v) VALUES ('long', 1, 'a') USING TTL 86400",
  ];
  for (const place of [a, b]) await script.nodetool(place, 'disablehandoff');
  await script.leaveGossip(c);
  for (const cql of writes) await script.run(a, cql, 'QUORUM');
  const keys = {
    t: ['row', 'cell', 'update', 'kept', 'revived', 'over'],
    d: ['default', 'never', 'long'],
  };
  const show = async (place, level) => {
    for (const [table, some] of Object.entries(keys))
      for (const key of some)
        await script.show(place, `SELECT v, w FROM ttl.${table} WHERE k = '${key}'`, level);
  };
  script.section('at once');
  await show(b, 'QUORUM');
  await script.joinGossip(c);
  for (const place of [a, b]) await script.nodetool(place, 'enablehandoff');
  await script.sleep(5_000);
  await script.run(a, "UPDATE ttl.t SET w = 'again' WHERE k = 'revived' AND c = 1", 'QUORUM');
  script.section('expired, read by the replica that missed it all');
  await show(c, 'ALL');
  script.section('held by it afterwards');
  await show(c, 'ONE');
  script.section('limits');
  await script.show(
    a,
    "INSERT INTO ttl.t (k, c, v) VALUES ('x', 1, 'a') USING TTL 630720001",
    'ONE',
  );
  await script.show(a, "INSERT INTO ttl.t (k, c, v) VALUES ('x', 1, 'a') USING TTL -1", 'ONE');
  await script.run(a, "INSERT INTO ttl.t (k, c, v) VALUES ('left', 1, 'a') USING TTL 86400", 'ALL');
  const [[left]] = await script.run(c, "SELECT ttl(v) FROM ttl.t WHERE k = 'left'", 'ALL');
  script.note('ttl() counts down', Number(left) > 86_300 && Number(left) <= 86_400 ? 'yes' : left);
}
