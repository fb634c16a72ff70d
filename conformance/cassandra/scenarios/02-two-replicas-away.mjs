// Two of three replicas are killed, one after the other: what the last one still answers.

import { askLevels, levelTables, warmUp } from '../levels.mjs';
import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'two of three replicas away: every request at every level, before and after conviction of the second';
export const shape = THREE;

export async function run(script) {
  const [a, b, c] = script.places;
  await script.schema(keyspace('two_away', shape), ...levelTables('two_away'));
  await warmUp(script, 'two_away', a);
  await script.kill(c);
  await script.seen([c], 'D');
  await script.kill(b);
  await askLevels(script, 'two_away', a, 'one convicted, one just killed');
  await script.seen([b, c], 'D');
  await askLevels(script, 'two_away', a, 'both convicted');
  await script.revive(b, c);
  await askLevels(script, 'two_away', a, 'both back', { isUp: true });
}
