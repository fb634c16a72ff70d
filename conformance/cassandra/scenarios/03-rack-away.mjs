// A whole rack of two nodes is killed: every key loses one replica, whoever coordinates.

import { askLevels, levelTables, warmUp } from '../levels.mjs';
import { keyspace, THREE_RACKS_OF_TWO } from '../shapes.mjs';

export const name =
  'a rack of two nodes away: every request at every level, before and after conviction';
export const shape = THREE_RACKS_OF_TWO;

export async function run(script) {
  const [a] = script.places;
  const away = script.places.filter((place) => place.startsWith('dc1/c/'));
  const isAway = (place) => away.includes(place);
  const orders = {
    'owned by the coordinator, second asked is away': (order) =>
      order.length === 2 && isAway(order[0]),
  };
  await script.schema(keyspace('rack_away', shape), ...levelTables('rack_away'));
  await warmUp(script, 'rack_away', a);
  await script.kill(...away);
  await askLevels(script, 'rack_away', a, 'just killed', { orders, isUp: true });
  await script.seen(away, 'D');
  await askLevels(script, 'rack_away', a, 'convicted', { orders });
  await script.revive(...away);
  await askLevels(script, 'rack_away', a, 'back', { isUp: true });
}
