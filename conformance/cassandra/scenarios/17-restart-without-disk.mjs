// A node loses its disk: it may not just come back; it takes its own place by a replacement at the same address.

import { keyspace, THREE_CHANGING } from '../shapes.mjs';

export const name =
  'restart without the disk: refused, then a replacement at the same address streams everything';
export const shape = THREE_CHANGING;
export const leaves = 'changed';

export async function run(script) {
  const [a, , c] = script.places;
  await script.schema(
    keyspace('wiped', shape),
    "CREATE TABLE wiped.t (k text PRIMARY KEY, v int) WITH speculative_retry = 'NONE'",
  );
  for (let i = 0; i < 50; i++)
    await script.run(a, `INSERT INTO wiped.t (k, v) VALUES ('k${i}', ${i})`, 'ALL');
  await script.run(a, "DELETE FROM wiped.t WHERE k = 'k7'", 'ALL');

  script.section('without its disk');
  await script.kill(c);
  await script.seen([c], 'D');
  await script.wipe(c);
  await script.run(a, "INSERT INTO wiped.t (k, v) VALUES ('while away', 1)", 'QUORUM');
  await script.tryStart('a plain start', c);
  await script.show(a, "INSERT INTO wiped.t (k, v) VALUES ('all', 1)", 'ALL');

  script.section('replaced at its address');
  script.note('replacement', (await script.replaceInPlace(c)) ?? 'serves');
  script.note('status', [...(await script.status(a))].map((entry) => entry.join(' ')).sort());
  await script.show(c, 'SELECT count(*) FROM wiped.t', 'ONE');
  await script.holdings('a deleted key', "SELECT v FROM wiped.t WHERE k = 'k7'");
  await script.eventually(
    'what was written meanwhile is there',
    async () => (await script.ask(c, "SELECT v FROM wiped.t WHERE k = 'while away'"))[0] === '1',
  );
  await script.show(c, "INSERT INTO wiped.t (k, v) VALUES ('all', 2)", 'ALL');
  await script.show(c, "SELECT v FROM wiped.t WHERE k = 'all'", 'ALL');
}
