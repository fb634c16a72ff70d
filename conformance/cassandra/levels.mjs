// Every kind of request at every level, sent at once: what the scenarios about replicas that are away ask in each state.
// Each request has keys of its own, so that none waits for another; counter writes wait for their leader's lock only.

const READS = ['ONE', 'TWO', 'THREE', 'QUORUM', 'ALL', 'LOCAL_ONE', 'LOCAL_QUORUM', 'EACH_QUORUM'];
const WRITES = ['ANY', ...READS];
const SERIAL = ['SERIAL', 'LOCAL_SERIAL'];
const COMMITS = ['ANY', 'ONE', 'QUORUM', 'LOCAL_QUORUM', 'EACH_QUORUM', 'ALL'];
/** The leader of a counter write is drawn: so many draws show all outcomes. */
const COUNTERS_A_LEVEL = 20;

/** Tables for `askLevels`, in a keyspace that is there: without speculation, with early and with late speculation. */
export function levelTables(ks) {
  return [
    `CREATE TABLE ${ks}.t (k text PRIMARY KEY, v int) WITH speculative_retry = 'NONE'`,
    `CREATE TABLE ${ks}.early (k text PRIMARY KEY, v int) WITH speculative_retry = '200ms'`,
    `CREATE TABLE ${ks}.late (k text PRIMARY KEY, v int) WITH speculative_retry = '2500ms'`,
    `CREATE TABLE ${ks}.c (k text PRIMARY KEY, n counter)`,
  ];
}

/** A node looks at the speculation of its tables every read timeout (5 s); until then a new table has half of it. */
const SPECULATION_KNOWN_MS = 6_000;

/** A first round, so that no later one waits for a class to be loaded or a connection to be made. */
export async function warmUp(script, ks, at) {
  for (const table of ['t', 'early', 'late']) {
    await script.run(
      at,
      `INSERT INTO ${ks}.${table} (k, v) VALUES ('warm', 1) IF NOT EXISTS`,
      'ALL',
    );
    await script.run(
      at,
      `BEGIN BATCH INSERT INTO ${ks}.${table} (k, v) VALUES ('w1', 1); INSERT INTO ${ks}.${table} (k, v) VALUES ('w2', 1); APPLY BATCH`,
      'ALL',
    );
    await script.run(at, `SELECT v FROM ${ks}.${table} WHERE k = 'warm'`, 'SERIAL');
    await script.run(at, `SELECT count(*) FROM ${ks}.${table}`, 'ALL');
  }
  await script.learnKeys(`${ks}.t`);
  for (let i = 0; i < COUNTERS_A_LEVEL; i++)
    await script.run(at, `UPDATE ${ks}.c SET n = n + 1 WHERE k = 'warm${i}'`, 'ALL');
  await script.sleep(SPECULATION_KNOWN_MS);
}

/**
 * Asks everything at a coordinator and notes it under `title`. `orders`: name -> condition on the replicas of a key in the
 * order they would be asked, the coordinator's place left out; one set of requests each.
 */
export async function askLevels(
  script,
  ks,
  at,
  title,
  { orders = { 'any replicas': null }, isUp = false } = {},
) {
  script.section(title);
  const requests = [];
  const add = (label, level, cql, { noted = (line) => line, ...parameters } = {}) =>
    requests.push({
      label,
      level,
      run: async () => (await script.ask(at, cql, level, parameters)).map(noted),
    });
  for (const [order, wanted] of Object.entries(orders)) {
    const key = async (table) =>
      wanted === null
        ? script.fresh()
        : script.key(`${ks}.${table}`, (replicas) =>
            wanted(replicas.filter((place) => place !== at)),
          );
    for (const table of ['t', 'early']) {
      for (const level of READS)
        add(
          `read, ${order}, ${table}`,
          level,
          `SELECT v FROM ${ks}.${table} WHERE k = '${await key(table)}'`,
        );
    }
    for (const level of SERIAL)
      add(`serial read, ${order}`, level, `SELECT v FROM ${ks}.t WHERE k = '${await key('t')}'`);
    for (const serialConsistency of SERIAL) {
      for (const table of ['t', 'early', 'late']) {
        for (const level of table === 'early' ? COMMITS : ['QUORUM']) {
          add(
            `conditional write, ${order}, ${table}, ${serialConsistency}`,
            level,
            `INSERT INTO ${ks}.${table} (k, v) VALUES ('${await key(table)}', 5) IF NOT EXISTS`,
            table === 'late' ? { serialConsistency, noted: withoutAccepts } : { serialConsistency },
          );
        }
      }
    }
  }
  const key = () => script.fresh();
  for (const level of ['ONE', 'TWO', 'QUORUM', 'ALL', 'LOCAL_QUORUM', 'EACH_QUORUM'])
    add('range read', level, `SELECT k FROM ${ks}.t WHERE v = 77 ALLOW FILTERING`);
  for (const level of WRITES)
    add('write', level, `INSERT INTO ${ks}.t (k, v) VALUES ('${key()}', 2)`);
  for (const level of ['ANY', 'QUORUM', 'ALL'])
    add('delete', level, `DELETE FROM ${ks}.t WHERE k = '${key()}'`);
  for (const level of WRITES) {
    const two = (kind) =>
      `BEGIN ${kind} BATCH INSERT INTO ${ks}.t (k, v) VALUES ('${key()}', 3); INSERT INTO ${ks}.t (k, v) VALUES ('${key()}', 3); APPLY BATCH`;
    add('logged batch', level, two(''));
    add('unlogged batch', level, two('UNLOGGED'));
  }
  const one = key();
  for (const level of ['QUORUM', 'ALL'])
    add(
      'logged batch of one partition',
      level,
      `BEGIN BATCH UPDATE ${ks}.t SET v = 3 WHERE k = '${one}'; UPDATE ${ks}.t SET v = 4 WHERE k = '${one}'; APPLY BATCH`,
    );
  // The coordinator is drawn, too, as often as the others, only where it is a replica.
  const keys = await script.keys(`${ks}.c`, COUNTERS_A_LEVEL, (replicas) => replicas.includes(at));
  for (const level of READS) {
    requests.push({
      label: 'counter write',
      level,
      run: () =>
        script.several(
          at,
          COUNTERS_A_LEVEL,
          (i) => `UPDATE ${ks}.c SET n = n + 1 WHERE k = '${keys[i]}'`,
          level,
        ),
    });
  }
  const outcomes = await Promise.all(requests.map((request) => request.run()));
  requests.forEach(({ label, level }, i) => script.note(`${label} @ ${level}`, outcomes[i]));
  if (!isUp) await script.show(at, `TRUNCATE ${ks}.late`, 'ONE', { label: 'truncate' });
}

/** A read that speculated late leaves the proposal no time: how many accept it in none is a race. */
function withoutAccepts(line) {
  return /writeType: CAS/.test(line)
    ? line.replace(/received \d+ of/, 'received some of').replace(/received: \d+, /, '')
    : line;
}
