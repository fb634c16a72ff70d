// A dead node is removed from the ring: the others take its ranges over.

import { keyspace, THREE_RACKS_OF_TWO } from '../shapes.mjs';

export const name =
  'removenode of a dead node: the replicas are restored elsewhere; what is refused';
export const shape = { ...THREE_RACKS_OF_TWO, ringDelayMs: 5_000 };
export const leaves = 'changed';

export async function run(script) {
  const [a] = script.places;
  const dead = 'dc1/c/2';
  await script.schema(
    keyspace('shrink', shape),
    "CREATE TABLE shrink.t (k text PRIMARY KEY, v int) WITH speculative_retry = 'NONE'",
  );
  for (let i = 0; i < 60; i++)
    await script.run(a, `INSERT INTO shrink.t (k, v) VALUES ('k${i}', ${i})`, 'ALL');
  const id = async (place) => {
    const text = await script.nodetool(place, 'info');
    return /ID\s*:\s*(\S+)/.exec(text)[1];
  };
  const gone = await id(dead);

  script.section('refused');
  script.note('removenode of a live node', await script.tool(a, 'removenode', gone));
  script.note('removenode of itself', await script.tool(a, 'removenode', await id(a)));
  script.note(
    'removenode of nobody',
    await script.tool(a, 'removenode', '00000000-0000-4000-8000-000000000000'),
  );
  script.note('removenode status', await script.tool(a, 'removenode', 'status'));

  script.section('removed');
  await script.kill(dead);
  await script.seen([dead], 'D');
  script.note('removenode', await script.tool(a, 'removenode', gone));
  script.left(dead);
  await script.until('five members', async () => {
    const views = await Promise.all(script.running.map((place) => script.status(place)));
    return views.every((view) => view.size === 5);
  });
  script.note(
    'status',
    [...(await script.status(a))].map(([place, state]) => `${state} ${place}`).sort(),
  );
  const missing = [];
  for (let i = 0; i < 60; i++) {
    const key = `k${i}`;
    const owners = await script.replicas('shrink.t', key);
    for (const place of owners) {
      const [value] = await script.ask(place, `SELECT v FROM shrink.t WHERE k = '${key}'`, 'ONE');
      if (value !== String(i)) missing.push(`${key} at ${place}`);
    }
    if (owners.length !== 3) missing.push(`${key}: ${owners.length} owners`);
  }
  script.note('replicas that lack a key', missing.length === 0 ? 'none' : missing.slice(0, 5));
  await script.show(a, 'SELECT count(*) FROM shrink.t', 'ALL');
  script.note('removenode again', await script.tool(a, 'removenode', gone));
}
