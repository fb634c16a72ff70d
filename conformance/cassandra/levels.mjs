// Every kind of request at every level, sent at once: what the scenarios about replicas that are away ask in each state.
// Each request has keys of its own, so that none waits for another.

const READS = ['ONE', 'TWO', 'THREE', 'QUORUM', 'ALL', 'LOCAL_ONE', 'LOCAL_QUORUM', 'EACH_QUORUM'];
const WRITES = ['ANY', ...READS];
const SERIAL = ['SERIAL', 'LOCAL_SERIAL'];
const COUNTERS_A_LEVEL = 16;

/** Tables for `ask`, in a keyspace that is there. */
export function levelTables(ks) {
  return [
    `CREATE TABLE ${ks}.t (k text PRIMARY KEY, v int)`,
    `CREATE TABLE ${ks}.plain (k text PRIMARY KEY, v int) WITH speculative_retry = 'NONE'`,
    `CREATE TABLE ${ks}.c (k text PRIMARY KEY, n counter)`,
  ];
}

/** Data to read, and caches that are warm. */
export async function fillLevels(script, ks, at) {
  for (const k of ['read', 'serial']) await script.run(at, `INSERT INTO ${ks}.t (k, v) VALUES ('${k}', 1)`, 'ALL');
  for (let i = 0; i < 40; i++) {
    for (const level of ['QUORUM', 'ALL']) await script.ask(at, `SELECT v FROM ${ks}.t WHERE k = 'read'`, level);
  }
  for (let i = 0; i < COUNTERS_A_LEVEL; i++) await script.run(at, `UPDATE ${ks}.c SET n = n + 1 WHERE k = 'warm${i}'`, 'ALL');
  await script.run(at, `INSERT INTO ${ks}.t (k, v) VALUES ('warm', 1) IF NOT EXISTS`, 'ALL');
  await script.run(at, `BEGIN BATCH INSERT INTO ${ks}.t (k, v) VALUES ('w1', 1); INSERT INTO ${ks}.t (k, v) VALUES ('w2', 1); APPLY BATCH`, 'ALL');
}

/**
 * Asks everything at a coordinator and notes it under `title`. `second`, `third`: keys of ks.plain (present) whose
 * second or third replica to be asked is the one that is away; null: without.
 */
export async function askLevels(script, ks, at, title, { plainKeys = {}, leaveOut = [] } = {}) {
  script.section(title);
  const tag = title.replaceAll(/\W+/g, '_');
  const requests = [];
  const add = (label, level, cql, parameters = {}) => requests.push({ label, level, run: () => script.ask(at, cql, level, parameters) });
  for (const level of READS) add('read', level, `SELECT v FROM ${ks}.t WHERE k = 'read'`);
  for (const [which, key] of Object.entries(plainKeys)) {
    for (const level of ['QUORUM', 'LOCAL_QUORUM', 'ALL']) add(`read without speculation, ${which}`, level, `SELECT v FROM ${ks}.plain WHERE k = '${key}'`);
  }
  for (const level of ['ONE', 'QUORUM', 'ALL', 'LOCAL_QUORUM']) add('range read', level, `SELECT count(*) FROM ${ks}.plain`);
  for (const level of SERIAL) add('serial read', level, `SELECT v FROM ${ks}.t WHERE k = 'serial'`);
  for (const level of WRITES) add('write', level, `INSERT INTO ${ks}.t (k, v) VALUES ('${tag}_${level}', 2)`);
  for (const level of WRITES) add('delete', level, `DELETE FROM ${ks}.t WHERE k = '${tag}_d_${level}'`);
  const two = (kind, level) => `BEGIN ${kind} BATCH INSERT INTO ${ks}.t (k, v) VALUES ('${tag}_${kind}${level}1', 3); INSERT INTO ${ks}.t (k, v) VALUES ('${tag}_${kind}${level}2', 3); APPLY BATCH`;
  for (const level of ['ANY', 'ONE', 'QUORUM', 'LOCAL_QUORUM', 'ALL']) {
    add('logged batch', level, two('', level));
    add('unlogged batch', level, two('UNLOGGED', level));
    add('logged batch, one partition', level, `BEGIN BATCH UPDATE ${ks}.t SET v = 3 WHERE k = '${tag}_one${level}'; UPDATE ${ks}.t SET v = 4 WHERE k = '${tag}_one${level}'; APPLY BATCH`);
  }
  for (const serialConsistency of SERIAL) {
    for (const level of ['ANY', 'ONE', 'QUORUM', 'LOCAL_QUORUM', 'EACH_QUORUM', 'ALL']) {
      add(`conditional write, ${serialConsistency}`, level, `INSERT INTO ${ks}.t (k, v) VALUES ('${tag}_cas${serialConsistency}${level}', 5) IF NOT EXISTS`, { serialConsistency });
    }
  }
  for (const level of ['ONE', 'QUORUM', 'LOCAL_QUORUM', 'EACH_QUORUM', 'ALL']) {
    const cql = (i) => `UPDATE ${ks}.c SET n = n + 1 WHERE k = '${tag}${level}${i}'`;
    requests.push({ label: 'counter write', level, run: () => script.several(at, COUNTERS_A_LEVEL, cql, level) });
  }
  const asked = requests.filter(({ label, level }) => !leaveOut.some((rule) => rule.label === label && (rule.level === undefined || rule.level === level)));
  const outcomes = await Promise.all(asked.map((request) => request.run()));
  asked.forEach(({ label, level }, i) => script.note(`${label} @ ${level}`, outcomes[i]));
}
