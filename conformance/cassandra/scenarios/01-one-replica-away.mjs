// One of three replicas is killed: every request at every level before the others convict it, and after.

import { askLevels, levelTables, warmUp } from '../levels.mjs';
import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'one of three replicas away: every request at every level, before and after conviction';
export const shape = THREE;
export const quick = true;

export async function run(script) {
  const [a, , c] = script.places;
  const orders = {
    'second asked is away': ([second]) => second === c,
    'third asked is away': ([, third]) => third === c,
  };
  await script.schema(keyspace('one_away', shape), ...levelTables('one_away'));
  await warmUp(script, 'one_away', a);
  await askLevels(script, 'one_away', a, 'all up', { isUp: true });
  await script.kill(c);
  await askLevels(script, 'one_away', a, 'just killed', { orders, isUp: true });
  await script.seen([c], 'D');
  await askLevels(script, 'one_away', a, 'convicted', { orders });
  await script.revive(c);
  await askLevels(script, 'one_away', a, 'back', { isUp: true });
}
