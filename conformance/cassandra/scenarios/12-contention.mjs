// Conditional writes that race: whatever is refused or unknown, what was applied was applied once and in order.

import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'conditional writes under contention: one winner, no lost and no double increment';
export const shape = THREE;
export const quick = true;

const ADDS_A_CLIENT = 5;

export async function run(script) {
  const { places } = script;
  const [a] = places;
  await script.schema(
    keyspace('race', shape),
    'CREATE TABLE race.t (k text PRIMARY KEY, v int, owner int)',
    'CREATE TABLE race.p (k text, c int, v int, s int static, PRIMARY KEY (k, c))',
  );

  script.section('who is first');
  for (const serialConsistency of ['SERIAL', 'LOCAL_SERIAL']) {
    const key = `first ${serialConsistency}`;
    const outcomes = await Promise.all(
      Array.from({ length: 9 }, (_, i) =>
        script.ask(
          places[i % 3],
          `INSERT INTO race.t (k, owner) VALUES ('${key}', ${i}) IF NOT EXISTS`,
          'QUORUM',
          { serialConsistency },
        ),
      ),
    );
    const winners = outcomes.flatMap(([line], i) => (line === 'true' ? [i] : []));
    const unknown = outcomes.flatMap(([line], i) => (line.startsWith('ERROR') ? [i] : []));
    const [owner] = await script.ask(
      a,
      `SELECT owner FROM race.t WHERE k = '${key}'`,
      serialConsistency,
    );
    script.note(
      `${serialConsistency}: at most one was told that it won`,
      winners.length <= 1 ? 'yes' : `no: ${winners.length}`,
    );
    script.note(
      `${serialConsistency}: the row is the winner's, or one's who does not know`,
      winners.includes(Number(owner)) || unknown.includes(Number(owner)) ? 'yes' : `no: ${owner}`,
    );
    script.note(
      `${serialConsistency}: the losers heard of no other row`,
      outcomes.every(
        ([line]) =>
          line === 'true' ||
          line.startsWith('ERROR') ||
          line === `false | ${key} | ${owner} | null`,
      )
        ? 'yes'
        : 'no',
    );
    script.note(
      `${serialConsistency}: kinds of errors`,
      [...new Set(outcomes.map(([line]) => /^ERROR \w+/.exec(line)?.[0] ?? 'answered'))]
        .filter(
          (kind) => !['ERROR WRITE_TIMEOUT', 'ERROR CAS_WRITE_UNKNOWN', 'answered'].includes(kind),
        )
        .join(', ') || 'none but timeouts',
    );
  }

  script.section('counting');
  await script.run(a, "INSERT INTO race.t (k, v) VALUES ('sum', 0) IF NOT EXISTS", 'QUORUM');
  const tallies = await Promise.all(places.map((place) => addUp(script, place)));
  const applied = tallies.reduce((sum, one) => sum + one.applied, 0);
  const unknown = tallies.reduce((sum, one) => sum + one.unknown, 0);
  const [sum] = await script.ask(a, "SELECT v FROM race.t WHERE k = 'sum'", 'SERIAL');
  script.note(
    'every client was applied as often as it wanted',
    applied === ADDS_A_CLIENT * 3 ? 'yes' : `no: ${applied}`,
  );
  script.note(
    'the sum is what was applied, and at most what is unknown more',
    Number(sum) >= applied && Number(sum) <= applied + unknown
      ? 'yes'
      : `no: ${sum} of ${applied} and ${unknown}`,
  );
  await script.eventually('all replicas have it', async () => {
    const held = await Promise.all(
      places.map((place) => script.ask(place, "SELECT v FROM race.t WHERE k = 'sum'")),
    );
    return held.every(([value]) => value === sum);
  });

  script.section('conditions');
  await script.run(a, "INSERT INTO race.p (k, c, v, s) VALUES ('p', 1, 10, 5)", 'ALL');
  await script.show(a, "UPDATE race.p SET v = 11 WHERE k = 'p' AND c = 1 IF v = 10", 'QUORUM');
  await script.show(a, "UPDATE race.p SET v = 12 WHERE k = 'p' AND c = 1 IF v = 10", 'QUORUM');
  await script.show(a, "UPDATE race.p SET v = 12 WHERE k = 'p' AND c = 2 IF EXISTS", 'QUORUM');
  await script.show(a, "UPDATE race.p SET v = 12 WHERE k = 'p' AND c = 2 IF v = null", 'QUORUM');
  await script.show(a, "UPDATE race.p SET s = 6 WHERE k = 'p' IF s IN (4, 5)", 'QUORUM');
  await script.show(a, "DELETE FROM race.p WHERE k = 'p' AND c = 1 IF v > 100", 'QUORUM');
  await script.show(
    a,
    "BEGIN BATCH UPDATE race.p SET s = 7 WHERE k = 'p' IF s = 6; INSERT INTO race.p (k, c, v) VALUES ('p', 3, 30); APPLY BATCH",
    'QUORUM',
    { label: 'batch whose condition holds' },
  );
  await script.show(
    a,
    "BEGIN BATCH UPDATE race.p SET s = 8 WHERE k = 'p' IF s = 6; INSERT INTO race.p (k, c, v) VALUES ('p', 4, 40); APPLY BATCH",
    'QUORUM',
    { label: 'batch whose condition does not hold' },
  );
  await script.show(a, "SELECT c, v, s FROM race.p WHERE k = 'p'", 'SERIAL');
}

/** Adds one until it has been told so often enough that it was applied. */
async function addUp(script, place) {
  let applied = 0;
  let unknown = 0;
  let value = 0;
  while (applied < ADDS_A_CLIENT) {
    const [line] = await script.ask(
      place,
      `UPDATE race.t SET v = ${value + 1} WHERE k = 'sum' IF v = ${value}`,
      'QUORUM',
    );
    if (line === 'true') applied++;
    else if (line.startsWith('ERROR')) unknown++;
    const found = /^false \| (\d+)/.exec(line);
    if (found !== null) value = Number(found[1]);
    else if (line === 'true') value++;
    else
      value = Number(
        (await script.ask(place, "SELECT v FROM race.t WHERE k = 'sum'", 'QUORUM'))[0],
      );
  }
  return { applied, unknown };
}
