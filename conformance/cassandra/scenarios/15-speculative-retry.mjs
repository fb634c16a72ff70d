// A replica hangs: what speculation makes of reads that would have asked it.

import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'speculative retry: NONE, ALWAYS, fixed and combined, with a replica that hangs';
export const shape = THREE;
export const quick = true;

const POLICIES = ['NONE', 'ALWAYS', '100ms', 'MIN(99p,100ms)', 'MAX(1p,150ms)', '20000ms'];

export async function run(script) {
  const [a, b, c] = script.places;
  const table = (policy) => `p${POLICIES.indexOf(policy)}`;
  await script.schema(
    keyspace('spec', shape),
    ...POLICIES.map(
      (policy) =>
        `CREATE TABLE spec.${table(policy)} (k text PRIMARY KEY, v int) WITH speculative_retry = '${policy}'`,
    ),
  );
  await script.learnKeys(`spec.${table('NONE')}`, 40);
  const order = (second) => (replicas) => replicas.filter((place) => place !== a)[0] === second;
  const keys = {};
  for (const policy of POLICIES) {
    keys[policy] = {
      asked: await script.key(`spec.${table(policy)}`, order(c)),
      spare: await script.key(`spec.${table(policy)}`, order(b)),
    };
    for (const key of Object.values(keys[policy])) {
      await script.run(a, `INSERT INTO spec.${table(policy)} (k, v) VALUES ('${key}', 7)`, 'ALL');
      for (let i = 0; i < 20; i++)
        await script.run(a, `SELECT v FROM spec.${table(policy)} WHERE k = '${key}'`, 'QUORUM');
    }
  }
  // Percentiles are taken anew every read timeout.
  await script.sleep(6_000);
  await script.pause(c);
  const requests = POLICIES.flatMap((policy) =>
    ['asked', 'spare'].flatMap((which) =>
      ['ONE', 'QUORUM', 'LOCAL_QUORUM', 'EACH_QUORUM', 'ALL'].map((level) => ({
        label: `${policy}, the one that hangs is ${which === 'asked' ? 'asked' : 'spared'} @ ${level}`,
        cql: `SELECT v FROM spec.${table(policy)} WHERE k = '${keys[policy][which]}'`,
        level,
      })),
    ),
  );
  const outcomes = await Promise.all(
    requests.map(async ({ cql, level }) => {
      const started = script.nowMs();
      const lines = await script.ask(a, cql, level);
      return [...lines, script.nowMs() - started < 2_500 ? 'soon' : 'late'].join(', ');
    }),
  );
  requests.forEach(({ label }, i) => script.note(label, outcomes[i]));
  await script.resume(c);
  await script.whole();
}
