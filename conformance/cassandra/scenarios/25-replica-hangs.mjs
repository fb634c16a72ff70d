// A replica that hangs without dying: the others wait for it as long as they take it for alive, and write it hints.

import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'a replica that hangs: timeouts, then conviction, then late writes and hints when it goes on';
export const shape = THREE;

export async function run(script) {
  const [a, b, c] = script.places;
  await script.schema(
    keyspace('hang', shape),
    "CREATE TABLE hang.t (k text PRIMARY KEY, v int) WITH speculative_retry = 'NONE'",
  );
  await script.run(a, "INSERT INTO hang.t (k, v) VALUES ('x', 1)", 'ALL');
  script.section('hangs');
  await script.pause(c);
  const asked = ['ONE', 'QUORUM', 'ALL'].map((level) => ({
    level,
    outcome: script.ask(a, `INSERT INTO hang.t (k, v) VALUES ('early ${level}', 1)`, level),
  }));
  for (const { level, outcome } of asked) script.note(`write @ ${level}`, await outcome);
  script.section('convicted');
  await script.seen([c], 'D', [a, b]);
  for (const level of ['ONE', 'QUORUM', 'ALL'])
    await script.show(b, `INSERT INTO hang.t (k, v) VALUES ('late ${level}', 1)`, level);
  script.section('goes on');
  await script.resume(c);
  await script.whole();
  for (const key of ['early ONE', 'early QUORUM', 'early ALL', 'late ONE', 'late QUORUM']) {
    await script.eventually(
      `${key} has come`,
      async () => (await script.ask(c, `SELECT v FROM hang.t WHERE k = '${key}'`))[0] === '1',
    );
  }
  await script.show(c, "SELECT v FROM hang.t WHERE k = 'late ALL'", 'ALL');

  script.section('hangs again');
  await script.pause(c);
  // A node counts its repairs, and other scenarios may have run some.
  const lines = await script.tool(a, 'repair', '-full', 'hang');
  script.note(
    'repair, not yet convicted',
    lines.map((line) => line.replaceAll(/#\d+/g, '#n')),
  );
  await script.eventually(
    'convicted within a minute, as the first time',
    async () => {
      const views = await Promise.all([a, b].map((place) => script.status(place)));
      return views.every((view) => view.get(c) === 'DN');
    },
    60_000,
  );
  await script.resume(c);
  await script.whole();
}
