// The link between two datacenters is cut, both sides go on writing, and the link heals.

import { askLevels, levelTables, warmUp } from '../levels.mjs';
import { keyspace, TWO_CUTTABLE } from '../shapes.mjs';

export const name =
  'a cut between two datacenters and its healing: levels on both sides, conflicting writes, hints';
export const shape = TWO_CUTTABLE;
export const leaves = 'changed';

export async function run(script) {
  const west = script.places.filter((place) => place.startsWith('dc1/'));
  const east = script.places.filter((place) => place.startsWith('dc2/'));
  const [a, b] = west;
  const [x, y] = east;
  await script.schema(
    keyspace('cut', shape),
    ...levelTables('cut'),
    'CREATE TABLE cut.w (k text, c int, v text, PRIMARY KEY (k, c))',
  );
  await warmUp(script, 'cut', a);
  for (const key of ['both', 'deleted', 'west', 'east'])
    await script.run(a, `INSERT INTO cut.w (k, c, v) VALUES ('${key}', 1, 'before')`, 'ALL');

  const heal = await script.cut(['dc1'], ['dc2']);
  script.section('just cut');
  const asked = [];
  for (const [place, side] of [
    [a, 'west'],
    [x, 'east'],
  ]) {
    for (const level of ['LOCAL_ONE', 'LOCAL_QUORUM', 'QUORUM', 'EACH_QUORUM', 'ALL']) {
      asked.push({
        label: `write in the ${side} @ ${level}`,
        outcome: script.ask(
          place,
          `INSERT INTO cut.w (k, c, v) VALUES ('${side} ${level}', 1, 'x')`,
          level,
        ),
      });
      asked.push({
        label: `read in the ${side} @ ${level}`,
        outcome: script.ask(place, "SELECT v FROM cut.w WHERE k = 'both'", level),
      });
    }
  }
  for (const { label, outcome } of asked) script.note(label, await outcome);

  await script.seen(east, 'D', west);
  await script.seen(west, 'D', east);
  await askLevels(script, 'cut', b, 'cut, in the west');
  await askLevels(script, 'cut', y, 'cut, in the east');

  script.section('conflicting writes');
  await script.show(
    a,
    "INSERT INTO cut.w (k, c, v) VALUES ('both', 1, 'west, earlier') USING TIMESTAMP 3000000000000001",
    'LOCAL_QUORUM',
  );
  await script.show(
    x,
    "INSERT INTO cut.w (k, c, v) VALUES ('both', 1, 'east, later') USING TIMESTAMP 3000000000000002",
    'LOCAL_QUORUM',
  );
  await script.show(
    a,
    "UPDATE cut.w USING TIMESTAMP 3000000000000001 SET v = 'small' WHERE k = 'tie' AND c = 1",
    'LOCAL_QUORUM',
  );
  await script.show(
    x,
    "UPDATE cut.w USING TIMESTAMP 3000000000000001 SET v = 'tall' WHERE k = 'tie' AND c = 1",
    'LOCAL_QUORUM',
  );
  await script.show(a, "DELETE FROM cut.w WHERE k = 'deleted'", 'LOCAL_QUORUM');
  await script.show(
    x,
    "INSERT INTO cut.w (k, c, v) VALUES ('deleted', 2, 'added on the other side')",
    'LOCAL_QUORUM',
  );
  await script.show(a, "INSERT INTO cut.w (k, c, v) VALUES ('west', 2, 'added')", 'LOCAL_QUORUM');
  await script.show(x, "INSERT INTO cut.w (k, c, v) VALUES ('east', 2, 'added')", 'LOCAL_QUORUM');
  await script.show(
    a,
    "INSERT INTO cut.w (k, c, v) VALUES ('cas', 1, 'west') IF NOT EXISTS",
    'LOCAL_QUORUM',
    { serialConsistency: 'LOCAL_SERIAL' },
  );
  await script.show(
    x,
    "INSERT INTO cut.w (k, c, v) VALUES ('cas', 1, 'east') IF NOT EXISTS",
    'LOCAL_QUORUM',
    { serialConsistency: 'LOCAL_SERIAL' },
  );
  for (let i = 0; i < 3; i++)
    await script.run(a, "UPDATE cut.c SET n = n + 1 WHERE k = 'both'", 'LOCAL_QUORUM');
  for (let i = 0; i < 4; i++)
    await script.run(x, "UPDATE cut.c SET n = n + 10 WHERE k = 'both'", 'LOCAL_QUORUM');
  await script.show(a, "SELECT n FROM cut.c WHERE k = 'both'", 'LOCAL_QUORUM');
  await script.show(x, "SELECT n FROM cut.c WHERE k = 'both'", 'LOCAL_QUORUM');

  script.section('healed');
  await heal();
  await script.whole();
  const keys = ['both', 'tie', 'deleted', 'west', 'east'];
  const held = async (place) =>
    (
      await Promise.all(
        keys.map((key) => script.ask(place, `SELECT c, v FROM cut.w WHERE k = '${key}'`)),
      )
    ).join(' / ');
  await script.eventually(
    'every node holds the same',
    async () => new Set(await Promise.all(script.places.map(held))).size === 1,
    120_000,
  );
  for (const key of keys) await script.show(a, `SELECT c, v FROM cut.w WHERE k = '${key}'`, 'ALL');
  await script.eventually('the counter has both sides everywhere', async () => {
    const values = await Promise.all(
      script.places.map((place) => script.ask(place, "SELECT n FROM cut.c WHERE k = 'both'")),
    );
    return values.every(([value]) => value === '43');
  });
  script.note(
    'a conditional write of each side was applied: one value is left',
    await script.ask(a, "SELECT count(*) FROM cut.w WHERE k = 'cas'", 'ALL'),
  );
  await askLevels(script, 'cut', a, 'healed, all levels', { isUp: true });
}
