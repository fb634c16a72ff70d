// A fourth node comes, gets its share of the data while writes go on, and goes again.

import { keyspace, THREE_CHANGING } from '../shapes.mjs';

export const name =
  'bootstrap, cleanup and decommission under writes; a decommission that is refused';
export const shape = THREE_CHANGING;
export const leaves = 'changed';

const KEYS = 120;

export async function run(script) {
  const founders = script.places;
  const [a, b] = founders;
  await script.schema(
    keyspace('grow', shape),
    "CREATE TABLE grow.t (k text PRIMARY KEY, v int) WITH speculative_retry = 'NONE'",
    keyspace('single', shape, 1),
    'CREATE TABLE single.t (k text PRIMARY KEY, v int)',
  );
  for (let i = 0; i < KEYS; i++) {
    for (const ks of ['grow', 'single'])
      await script.run(founders[i % 3], `INSERT INTO ${ks}.t (k, v) VALUES ('k${i}', ${i})`, 'ALL');
  }
  script.section('three');
  script.note('decommission of one of three', await script.tool(b, 'decommission'));
  script.note('status', statusLines(await script.status(a)));

  script.section('a fourth');
  const loading = new Load(script, founders, KEYS);
  const { place: d, error } = await script.addNode('dc1', 0);
  const { failed, written } = await loading.stop();
  script.note('bootstrap', error ?? `serves as ${d}`);
  script.note('failed writes meanwhile', [...new Set(failed)].join(', ') || 'none');
  script.note('status', statusLines(await script.status(a)));
  await everyKey(script, written);
  for (const place of [...founders, d]) await script.nodetool(place, 'cleanup', 'grow');
  for (const place of [...founders, d]) await script.nodetool(place, 'cleanup', 'single');
  await everyKey(script, written);

  script.section('it goes again');
  script.note('decommission', await script.tool(d, 'decommission'));
  await script.left(d);
  await script.until('three members', async () => (await script.status(a)).size === 3);
  script.note('status', statusLines(await script.status(a)));
  await everyKey(script, written, founders);
  await script.show(d, "SELECT v FROM grow.t WHERE k = 'k1'", 'ONE', {
    label: 'at the one that left',
  });
}

/** Writes new keys through all founders until it is stopped. */
class Load {
  #isOver = false;
  #failed = [];
  #written;
  #ended;

  constructor(script, founders, from) {
    this.#written = from;
    this.#ended = this.#run(script, founders);
  }

  async stop() {
    this.#isOver = true;
    await this.#ended;
    return { failed: this.#failed, written: this.#written };
  }

  async #run(script, founders) {
    while (!this.#isOver) {
      const at = this.#written;
      for (const ks of ['grow', 'single']) {
        const [line] = await script.ask(
          founders[at % 3],
          `INSERT INTO ${ks}.t (k, v) VALUES ('k${at}', ${at})`,
          'QUORUM',
        );
        if (line !== 'ok') this.#failed.push(line);
      }
      this.#written++;
      await script.sleep(100);
    }
  }
}

function statusLines(states) {
  return [...states].map(([place, state]) => `${state} ${place}`).sort();
}

/** Every replica of a key has it, and every key is readable at ALL. */
async function everyKey(script, count, places = script.running) {
  for (const ks of ['grow', 'single']) {
    const without = [];
    const missing = [];
    for (let i = 0; i < count; i++) {
      const key = `k${i}`;
      const cql = `SELECT v FROM ${ks}.t WHERE k = '${key}'`;
      for (const place of await script.replicas(`${ks}.t`, key)) {
        const [held] = await script.ask(place, cql, 'ONE');
        if (held !== String(i)) without.push(`${key} at ${place}: ${held}`);
      }
      const [value] = await script.ask(places[i % places.length], cql, 'ALL');
      if (value !== String(i)) missing.push(`${key}: ${value}`);
    }
    script.note(`${ks}: replicas that lack a key`, some(without));
    script.note(`${ks}: keys that cannot be read at ALL`, some(missing));
  }
}

function some(lines) {
  return lines.length === 0 ? 'none' : lines.slice(0, 3).join(', ');
}
