// One of two datacenters is killed: what the other one answers before and after it convicts the three nodes.

import { askLevels, levelTables, warmUp } from '../levels.mjs';
import { keyspace, TWO_DATACENTERS } from '../shapes.mjs';

export const name = 'a datacenter away: every request at every level, before and after conviction';
export const shape = TWO_DATACENTERS;

export async function run(script) {
  const [a] = script.places;
  const away = script.places.filter((place) => place.startsWith('dc2/'));
  await script.schema(keyspace('region_away', shape), ...levelTables('region_away'));
  await warmUp(script, 'region_away', a);
  await askLevels(script, 'region_away', a, 'all up', { isUp: true });
  await script.kill(...away);
  await askLevels(script, 'region_away', a, 'just killed', { isUp: true });
  await script.seen(away, 'D');
  await askLevels(script, 'region_away', a, 'convicted');
  await script.revive(...away);
  await askLevels(script, 'region_away', a, 'back', { isUp: true });
  await askLevels(script, 'region_away', away[0], 'back, from the other side', { isUp: true });
}
