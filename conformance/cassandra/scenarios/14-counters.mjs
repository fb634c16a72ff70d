// Counters: increments through every node, with a replica away, after its return, and after a delete.

import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'counters: through every node, with a replica away, hints, read repair, deletes';
export const shape = THREE;
export const quick = true;

export async function run(script) {
  const { places } = script;
  const [a, b, c] = places;
  await script.schema(
    keyspace('counting', shape),
    "CREATE TABLE counting.n (k text, c int, n counter, m counter, PRIMARY KEY (k, c)) WITH speculative_retry = 'NONE'",
  );
  const add = (place, key, by, level = 'QUORUM') =>
    script.run(place, `UPDATE counting.n SET n = n + ${by} WHERE k = '${key}' AND c = 1`, level);

  script.section('at once');
  await Promise.all(Array.from({ length: 30 }, (_, i) => add(places[i % 3], 'many', 1)));
  await Promise.all(Array.from({ length: 12 }, (_, i) => add(places[i % 3], 'many', -2)));
  await script.show(a, "SELECT n, m FROM counting.n WHERE k = 'many'", 'ALL');
  await script.eventually('every replica has it', async () => {
    const held = await Promise.all(
      places.map((place) => script.ask(place, "SELECT n FROM counting.n WHERE k = 'many'")),
    );
    return held.every(([n]) => n === '6');
  });

  script.section('one away');
  for (const key of ['hinted', 'lost', 'deleted'])
    for (const place of places) await add(place, key, 1);
  await script.leaveGossip(c);
  for (let i = 0; i < 5; i++) for (const place of [a, b]) await add(place, 'hinted', 1);
  await script.show(a, "UPDATE counting.n SET n = n + 1 WHERE k = 'hinted' AND c = 1", 'ALL');
  for (const place of [a, b]) await script.nodetool(place, 'disablehandoff');
  for (let i = 0; i < 5; i++) for (const place of [a, b]) await add(place, 'lost', 1);
  await script.run(a, "DELETE FROM counting.n WHERE k = 'deleted' AND c = 1", 'QUORUM');
  await script.joinGossip(c);
  for (const place of [a, b]) await script.nodetool(place, 'enablehandoff');

  script.section('back');
  await script.eventually(
    'the hints have come',
    async () => (await script.ask(c, "SELECT n FROM counting.n WHERE k = 'hinted'"))[0] === '13',
  );
  await script.holdings('lost', "SELECT n FROM counting.n WHERE k = 'lost'");
  await add(c, 'lost', 100, 'ALL');
  await script.show(c, "SELECT n FROM counting.n WHERE k = 'lost'", 'ALL');
  await script.holdings('lost', "SELECT n FROM counting.n WHERE k = 'lost'");
  await script.holdings('deleted', "SELECT n FROM counting.n WHERE k = 'deleted'");
  await script.show(c, "SELECT n FROM counting.n WHERE k = 'deleted'", 'ALL');
  await script.holdings('deleted', "SELECT n FROM counting.n WHERE k = 'deleted'");

  script.section('batches and refusals');
  await script.show(
    a,
    "BEGIN COUNTER BATCH UPDATE counting.n SET n = n + 1, m = m - 1 WHERE k = 'b' AND c = 1; UPDATE counting.n SET n = n + 2 WHERE k = 'b' AND c = 2; UPDATE counting.n SET n = n + 4 WHERE k = 'other' AND c = 1; APPLY BATCH",
    'QUORUM',
    { label: 'counter batch' },
  );
  await script.show(a, "SELECT c, n, m FROM counting.n WHERE k = 'b'", 'ALL');
  await script.show(a, "UPDATE counting.n SET n = n + 1 WHERE k = 'b' AND c = 1", 'ANY');
  await script.show(a, "UPDATE counting.n SET n = n + 1 WHERE k = 'b' AND c = 1", 'SERIAL');
}
