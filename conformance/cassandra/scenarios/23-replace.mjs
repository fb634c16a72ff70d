// A dead node is replaced by a new one at another address, which takes its tokens and its data.

import { keyspace, THREE_CHANGING } from '../shapes.mjs';

export const name = 'replacement of a dead node by a new one; a replacement that is refused';
export const shape = THREE_CHANGING;
export const leaves = 'changed';

export async function run(script) {
  const [a, b, c] = script.places;
  await script.schema(
    keyspace('swap', shape),
    "CREATE TABLE swap.t (k text PRIMARY KEY, v int) WITH speculative_retry = 'NONE'",
  );
  for (let i = 0; i < 60; i++)
    await script.run(a, `INSERT INTO swap.t (k, v) VALUES ('k${i}', ${i})`, 'ALL');

  script.section('dead');
  await script.kill(c);
  await script.seen([c], 'D');
  await script.run(a, "INSERT INTO swap.t (k, v) VALUES ('meanwhile', 1)", 'QUORUM');
  await script.show(a, "SELECT v FROM swap.t WHERE k = 'k1'", 'ALL');

  script.section('replaced');
  const { place: d, error } = await script.addNode('dc1', 2, { replaced: c });
  script.note('replacement', error ?? `serves as ${d}`);
  script.note(
    'status',
    [...(await script.status(a))].map(([place, state]) => `${state} ${place}`).sort(),
  );
  await script.show(d, 'SELECT count(*) FROM swap.t', 'ONE');
  await script.show(d, "SELECT v FROM swap.t WHERE k = 'meanwhile'", 'ONE');
  await script.show(a, "SELECT v FROM swap.t WHERE k = 'k1'", 'ALL');
  await script.show(b, "INSERT INTO swap.t (k, v) VALUES ('after', 1)", 'ALL');
  await script.holdings('after', "SELECT v FROM swap.t WHERE k = 'after'", [a, b, d]);

  script.section('refused');
  const refused = await script.addNode('dc1', 1, { replaced: b });
  script.note('replacement of a live node', refused.error ?? 'serves');
  script.note(
    'status',
    [...(await script.status(a))].map(([place, state]) => `${state} ${place}`).sort(),
  );
}
