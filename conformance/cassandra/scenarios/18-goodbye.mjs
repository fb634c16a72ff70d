// A node that is stopped in order says so: the others need no time to convict it.

import { keyspace, THREE } from '../shapes.mjs';

export const name =
  'a stop in order and nodetool drain: down at once, nothing lost, hints from the first write on';
export const shape = THREE;

export async function run(script) {
  const [a, b, c] = script.places;
  await script.schema(
    keyspace('bye', shape),
    "CREATE TABLE bye.t (k text PRIMARY KEY, v int) WITH speculative_retry = 'NONE'",
  );
  await script.run(a, "INSERT INTO bye.t (k, v) VALUES ('before', 1)", 'ALL');

  script.section('stopped');
  await script.stopNode(c);
  const stopped = script.nowMs();
  await script.seen([c], 'D');
  script.note('seen down within five seconds', script.nowMs() - stopped < 5_000 ? 'yes' : 'no');
  await script.show(a, "INSERT INTO bye.t (k, v) VALUES ('meanwhile', 1)", 'ALL');
  await script.show(a, "INSERT INTO bye.t (k, v) VALUES ('meanwhile', 1)", 'QUORUM');
  await script.revive(c);
  await script.eventually(
    'the hint has come',
    async () => (await script.ask(c, "SELECT v FROM bye.t WHERE k = 'meanwhile'"))[0] === '1',
  );
  await script.holdings('before', "SELECT v FROM bye.t WHERE k = 'before'");

  script.section('drained');
  script.note('nodetool drain', await script.tool(c, 'drain'));
  await script.seen([c], 'D', [a, b]);
  await script.show(b, "SELECT v FROM bye.t WHERE k = 'before'", 'ALL');
  await script.show(b, "SELECT v FROM bye.t WHERE k = 'before'", 'QUORUM');
  await script.show(c, "SELECT v FROM bye.t WHERE k = 'before'", 'ONE', {
    label: 'at the drained node',
  });
  await script.kill(c);
  await script.revive(c);
  await script.show(c, "SELECT v FROM bye.t WHERE k = 'before'", 'ALL');
}
