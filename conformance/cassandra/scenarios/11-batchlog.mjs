// Logged batches that time out, and what the batchlog makes of them.

import { THREE_RACKS_OF_TWO, keyspace } from '../shapes.mjs';

export const name =
  'the batchlog: a batch that timed out at BATCH_LOG or BATCH is applied in the end';
export const shape = THREE_RACKS_OF_TWO;

export async function run(script) {
  const [a1] = script.places;
  const at = (rack) => script.places.filter((place) => place.startsWith(`dc1/${rack}/`));
  const [, a2] = at('a');
  await script.schema(
    keyspace('logged', shape),
    'CREATE TABLE logged.t (k text PRIMARY KEY, v int)',
  );
  await script.learnKeys('logged.t', 80);
  await script.run(a1, batch(['w1', 'w2']), 'ALL');

  script.section('a replica hangs, the batchlog is written');
  const onA2 = await script.keys('logged.t', 2, (order) => order.includes(a2));
  await script.pause(a2);
  await script.show(a1, batch(onA2), 'ALL', { label: 'batch' });
  await script.show(
    a1,
    batch(await script.keys('logged.t', 2, (order) => order.includes(a2))),
    'QUORUM',
    { label: 'batch' },
  );
  await script.resume(a2);
  await script.whole();
  await script.eventually('applied on the one that hung', async () =>
    (
      await Promise.all(
        onA2.map((key) => script.ask(a2, `SELECT v FROM logged.t WHERE k = '${key}'`)),
      )
    ).every(([v]) => v === '1'),
  );

  script.section('one holder of the batchlog hangs');
  const keys = await script.keys('logged.t', 2, (order) => order.includes(a1));
  for (const place of at('b')) await script.pause(place);
  await script.show(a1, batch(keys), 'QUORUM', { label: 'batch' });
  for (const key of keys)
    await script.holdings(
      `just after, ${key === keys[0] ? 'first' : 'second'}`,
      `SELECT v FROM logged.t WHERE k = '${key}'`,
      [a1],
    );
  await script.eventually('applied by the other holder', async () =>
    (
      await Promise.all(
        keys.map((key) => script.ask(a1, `SELECT v FROM logged.t WHERE k = '${key}'`)),
      )
    ).every(([v]) => v === '1'),
  );
  for (const place of at('b')) await script.resume(place);
  await script.whole();
  await script.eventually('applied everywhere', async () => {
    const counts = await Promise.all(
      keys.map((key) => script.ask(a1, `SELECT count(*) FROM logged.t WHERE k = '${key}'`, 'ALL')),
    );
    return counts.every(([count]) => count === '1');
  });

  script.section('nobody to hold it');
  const others = [...at('b'), ...at('c'), a2];
  await script.kill(...others);
  await script.seen(others, 'D');
  for (const level of ['ANY', 'ONE', 'QUORUM'])
    await script.show(a1, batch(['n1', 'n2']), level, { label: 'batch' });
  await script.show(
    a1,
    "BEGIN BATCH INSERT INTO logged.t (k, v) VALUES ('n1', 1); APPLY BATCH",
    'ANY',
    { label: 'batch of one partition' },
  );
  await script.revive(...others);
  await script.eventually(
    'the write at ANY came to its replicas',
    async () => (await script.ask(a1, "SELECT v FROM logged.t WHERE k = 'n1'", 'ALL'))[0] === '1',
  );
}

function batch(keys) {
  return `BEGIN BATCH ${keys.map((key) => `INSERT INTO logged.t (k, v) VALUES ('${key}', 1);`).join(' ')} APPLY BATCH`;
}
