// One replica of six, in the coordinator's datacenter and in the other one.

import { askLevels, levelTables, warmUp } from '../levels.mjs';
import { keyspace, TWO_DATACENTERS } from '../shapes.mjs';

export const name =
  'one replica of two datacenters away: every request at every level, seen from both';
export const shape = TWO_DATACENTERS;

export async function run(script) {
  const [a] = script.places;
  const [, , , x, , z] = script.places;
  await script.schema(keyspace('one_of_six', shape), ...levelTables('one_of_six'));
  await warmUp(script, 'one_of_six', a);
  await script.kill(z);
  await script.seen([z], 'D');
  await askLevels(script, 'one_of_six', a, 'convicted, from the other datacenter');
  await askLevels(script, 'one_of_six', x, 'convicted, from its own datacenter');
  await script.revive(z);
}
