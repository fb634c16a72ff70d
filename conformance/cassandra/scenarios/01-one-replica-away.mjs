// One of three replicas is killed: every request at every level before the others convict it, and after.

import { askLevels, fillLevels, levelTables } from '../levels.mjs';
import { keyspace, THREE } from '../shapes.mjs';

export const name = 'one of three replicas away: every request at every level, before and after conviction';
export const shape = THREE;
export const quick = true;

export async function run(script) {
  const [a, b, c] = script.places;
  await script.schema(keyspace('one_away', shape), ...levelTables('one_away'));
  await fillLevels(script, 'one_away', a);
  const plainKeys = {
    'second asked away': await script.key('one_away.plain', (order) => order.filter((place) => place !== a)[0] === c),
    'third asked away': await script.key('one_away.plain', (order) => order.filter((place) => place !== a)[0] === b),
  };
  for (const key of Object.values(plainKeys)) await script.run(a, `INSERT INTO one_away.plain (k, v) VALUES ('${key}', 1)`, 'ALL');
  await askLevels(script, 'one_away', a, 'all up', { plainKeys });
  await script.kill(c);
  await askLevels(script, 'one_away', a, 'just killed', { plainKeys });
  await script.seen([c], 'D');
  await askLevels(script, 'one_away', a, 'convicted', { plainKeys });
  await script.show(a, 'TRUNCATE one_away.t');
  await script.revive(c);
  await askLevels(script, 'one_away', a, 'back', { plainKeys });
}
