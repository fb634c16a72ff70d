// What a scenario is written in: statements at nodes, faults, waits, and `note`, which writes down what came out. It
// knows neither engine; starfish-cluster.mjs and cassandra-cluster.mjs are the two clusters under it. What differs from
// run to run (addresses, ids, the order of equals) does not come into the notes.

import { printError } from '../../test/cql/print-answer.ts';
import { printValue } from '../../test/cql/print-value.ts';

const POLL_MS = 250;
const KEYS_MAX = 20_000;
const LOOKUPS_AT_ONCE = 8;
/** Conviction takes 18 s; busy JVMs take their time to come back. */
const WAIT_LIMIT_MS = 180_000;

export class Script {
  #cluster;
  #lines = [];
  #tried = new Map();
  #replicas = new Map();
  #fresh = 0;

  constructor(cluster) {
    this.#cluster = cluster;
  }

  /** The recording. */
  get text() {
    return `${this.#lines.join('\n')}\n`;
  }

  get places() {
    return this.#cluster.places;
  }

  get running() {
    return this.places.filter((place) => this.#cluster.isRunning(place));
  }

  /** A heading in the recording. */
  section(title) {
    this.#lines.push(...(this.#lines.length === 0 ? [] : ['']), `== ${title}`);
  }

  note(label, outcome) {
    const lines = Array.isArray(outcome) ? outcome : [String(outcome)];
    if (lines.length === 1) this.#lines.push(`${label}: ${lines[0]}`);
    else this.#lines.push(`${label}:`, ...lines.map((line) => `  ${line}`));
  }

  /** Runs schema statements, each until all running nodes agree. */
  async schema(...statements) {
    const [first] = this.running;
    for (const cql of statements) {
      await this.run(first, cql);
      await this.agreed();
    }
  }

  async agreed() {
    await this.until('schema agreement', async () => {
      const versions = await Promise.all(
        this.running.map((place) => this.ask(place, 'SELECT schema_version FROM system.local')),
      );
      return new Set(versions.map(String)).size === 1;
    });
  }

  /** A statement that must succeed; answers with its rows as text. */
  async run(place, cql, level = 'ONE', parameters = {}) {
    const response = await this.#cluster.query(place, cql, { consistency: level, ...parameters });
    if (response.kind === 'error' || response.kind === 'refused') {
      throw new Error(
        `${cql} at ${place}, ${level}: ${response.kind === 'error' ? printError(response.error) : 'nobody answers'}`,
      );
    }
    return rowsOf(response);
  }

  /** What a statement comes to, as lines: `ok`, its rows, or its error. */
  async ask(place, cql, level = 'ONE', parameters = {}) {
    const response = await this.#cluster.query(place, cql, { consistency: level, ...parameters });
    switch (response.kind) {
      case 'refused':
        return ['nobody answers'];
      case 'error':
        return [this.plain(errorText(response.error))];
      case 'rows':
        return rowLines(response);
      default:
        return ['ok'];
    }
  }

  /** Asks and notes. `label` defaults to the statement. */
  async show(place, cql, level = 'ONE', { label = cql, ...parameters } = {}) {
    this.note(`${label} @ ${level}`, await this.ask(place, cql, level, parameters));
  }

  /** One page and the state for the next. */
  async page(place, cql, level, pageSize, pagingState = null) {
    const response = await this.#cluster.query(place, cql, {
      consistency: level,
      pageSize,
      pagingState,
    });
    if (response.kind !== 'rows')
      return {
        lines: [this.plain(response.kind === 'error' ? errorText(response.error) : response.kind)],
        next: null,
      };
    return { lines: rowLines(response), next: response.metadata.pagingState ?? null };
  }

  /** The different outcomes of a statement sent `count` times at once, sorted. `cql`: of the index. */
  async several(place, count, cql, level = 'ONE', parameters = {}) {
    const outcomes = await Promise.all(
      Array.from({ length: count }, (_, at) => this.ask(place, cql(at), level, parameters)),
    );
    return [...new Set(outcomes.map((lines) => lines.join(' / ')))].sort();
  }

  /** What each node that runs holds itself: it is asked at ONE, and a replica that coordinates asks itself. */
  async holdings(label, cql, places = this.running) {
    for (const place of places) this.note(`${label}, held by ${place}`, await this.ask(place, cql));
  }

  /** A key nobody had yet. */
  fresh() {
    return `f${++this.#fresh}`;
  }

  /** Finds out whose the first keys of a keyspace are, so that `key` answers at once. The ring must stay as it is. */
  async learnKeys(table, count = 120) {
    const [ks] = table.split('.');
    const learn = async (key) =>
      this.#replicas.set(`${ks} ${key}`, await this.replicas(table, key));
    for (let at = 0; at < count; at += LOOKUPS_AT_ONCE) {
      await Promise.all(
        Array.from({ length: Math.min(LOOKUPS_AT_ONCE, count - at) }, (_, i) =>
          learn(`k${at + i}`),
        ),
      );
    }
  }

  /**
   * A key of the table whose replicas, in the order they are asked, satisfy `wanted` (a function of places). The same
   * call gives another key each time.
   */
  async key(table, wanted) {
    const [ks] = table.split('.');
    for (let at = this.#tried.get(table) ?? 0; at < KEYS_MAX; at++) {
      const key = `k${at}`;
      if (!wanted(this.#replicas.get(`${ks} ${key}`) ?? (await this.replicas(table, key))))
        continue;
      this.#tried.set(table, at + 1);
      return key;
    }
    throw new Error(`no key of ${table} has such replicas`);
  }

  /** Several such keys. */
  async keys(table, count, wanted) {
    const keys = [];
    while (keys.length < count) keys.push(await this.key(table, wanted));
    return keys;
  }

  /** Places in ring order. `table`: ks.t with a text key. */
  async replicas(table, key, at = this.running[0]) {
    const { text } = await this.#cluster.nodetool(at, ['getendpoints', ...table.split('.'), key]);
    const places = new Map(this.#cluster.addresses.map(({ place, address }) => [address, place]));
    return text
      .trim()
      .split('\n')
      .map((line) => places.get(line.trim().replace(/^\//, '').replace(/:\d+$/, '')) ?? line);
  }

  sleep(ms) {
    return this.#cluster.sleep(ms);
  }

  nowMs() {
    return this.#cluster.nowMs();
  }

  /** Polls until the condition holds; throws after the limit. */
  async until(what, condition, limitMs = WAIT_LIMIT_MS) {
    const end = this.nowMs() + limitMs;
    while (!(await condition())) {
      if (this.nowMs() > end) throw new Error(`${what}: not within ${limitMs / 1_000} s`);
      await this.sleep(POLL_MS);
    }
  }

  /** Notes whether it comes true within the limit. */
  async eventually(label, condition, limitMs = WAIT_LIMIT_MS) {
    const end = this.nowMs() + limitMs;
    let holds = await condition();
    while (!holds && this.nowMs() < end) {
      await this.sleep(POLL_MS);
      holds = await condition();
    }
    this.note(label, holds ? 'yes' : `not within ${limitMs / 1_000} s`);
  }

  // ---- faults

  /** Without a goodbye. What was written just before is in the commit log by then: its last 100 ms may be lost. */
  async kill(...places) {
    await this.sleep(1_000);
    await Promise.all(places.map((place) => this.#cluster.kill(place)));
  }

  /** Ends a node as an operator does, with a goodbye. */
  async stopNode(place) {
    await this.#cluster.stopNode(place);
  }

  /** Starts nodes again and waits until everybody sees everybody. */
  async revive(...places) {
    const errors = await Promise.all(places.map((place) => this.#cluster.startNode(place)));
    const error = errors.find((one) => one !== null);
    if (error !== undefined) throw new Error(error);
    await this.whole();
  }

  /** Starts a node; notes why it does not, or that it does. */
  async tryStart(label, place) {
    const error = await this.#cluster.startNode(place);
    this.note(label, error === null ? 'serves' : this.plain(error));
    return error === null;
  }

  async wipe(place) {
    await this.#cluster.wipe(place);
  }

  async pause(place) {
    await this.#cluster.pause(place);
  }

  async resume(place) {
    await this.#cluster.resume(place);
  }

  /** Cuts the links between two sides; returns the way to heal. */
  cut(left, right) {
    return this.#cluster.cut(left, right);
  }

  /** The node leaves gossip, so that the others see it down at once and send it nothing; its process runs on. */
  async leaveGossip(place) {
    await this.nodetool(place, 'disablegossip');
    await this.seen([place], 'D');
  }

  async joinGossip(place) {
    await this.nodetool(place, 'enablegossip');
    await this.whole();
  }

  async addNode(datacenter, rack, options) {
    const { place, error } = await this.#cluster.addNode(datacenter, rack, options);
    if (error === null) await this.whole();
    return { place, error: error === null ? null : this.plain(error) };
  }

  async replaceInPlace(place) {
    const error = await this.#cluster.replaceInPlace(place);
    if (error === null) await this.whole();
    return error === null ? null : this.plain(error);
  }

  /** The real cluster does not follow the ring; it is told who is no member any more. */
  left(place) {
    this.#cluster.left?.(place);
  }

  // ---- nodetool

  /** A verb that must succeed; its text. */
  async nodetool(place, ...words) {
    const { code, text } = await this.#cluster.nodetool(place, words);
    if (code !== 0) throw new Error(`nodetool ${words.join(' ')} at ${place}: ${text}`);
    return text;
  }

  /** What a verb says, without its passing parts; its exit code and why when it fails. */
  async tool(place, ...words) {
    const { code, text } = await this.#cluster.nodetool(place, words);
    const lines = this.plain(text)
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '' && !/^\s+at |^-- StackTrace --$/.test(line));
    return code === 0
      ? lines.length === 0
        ? ['ok']
        : lines
      : [
          `exit ${code}`,
          lines.find((line) => /^(?:error|nodetool): /.test(line)) ?? lines[0] ?? '',
        ];
  }

  /** place -> UN, DN, UJ, UL ... as a node sees it. */
  async status(place) {
    const text = await this.nodetool(place, 'status');
    const places = new Map(this.#cluster.addresses.map((one) => [one.address, one.place]));
    const states = new Map();
    for (const line of text.split('\n')) {
      const found = /^([UD][NLJM])\s+(\S+)/.exec(line);
      if (found !== null)
        states.set(places.get(found[2].replace(/:\d+$/, '')) ?? found[2], found[1]);
    }
    return states;
  }

  /** Waits until all other running nodes see these up (U) or down (D). */
  async seen(whom, state, by = this.running.filter((place) => !whom.includes(place))) {
    await this.until(`${whom.join(', ')} ${state === 'D' ? 'down' : 'up'}`, async () => {
      const views = await Promise.all(by.map((place) => this.status(place)));
      return views.every((view) =>
        whom.every((place) => view.get(place)?.startsWith(state) === true),
      );
    });
  }

  /** Every running node sees every member that runs as up and normal, and the schema is one. */
  async whole() {
    const members = this.running;
    await this.until('a whole cluster', async () => {
      const views = await Promise.all(members.map((place) => this.status(place)));
      return views.every((view) => members.every((place) => view.get(place) === 'UN'));
    });
    await this.agreed();
  }

  /** No running node has hints any more for a node that runs. */
  async hintsDelivered() {
    await this.until('hints to be delivered', async () => {
      for (const place of this.running)
        if (!/does not have any pending hints/.test(await this.nodetool(place, 'listpendinghints')))
          return false;
      return true;
    });
  }

  /** Addresses, ids and dates out of a text. */
  plain(text) {
    let plain = text;
    const byLength = [...this.#cluster.addresses].sort(
      (a, b) => b.address.length - a.address.length,
    );
    for (const { place, address } of byLength)
      plain = plain.replaceAll(
        new RegExp(`/?${address.replaceAll('.', '\\.')}(?::\\d+)?(?!\\d)`, 'g'),
        place,
      );
    return plain
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
      .replaceAll(/\[\d{4}-\d\d-\d\d[^\]]*\]/g, '<time>');
  }
}

function rowsOf(response) {
  if (response.kind !== 'rows') return [];
  return response.rows.map((row) =>
    row.map((bytes, at) => printValue(response.metadata.columns[at].type, bytes)),
  );
}

function rowLines(response) {
  const lines = rowsOf(response).map((row) => row.join(' | '));
  return lines.length === 0 ? ['no rows'] : lines;
}

const FIELDS = [
  'code',
  'message',
  'consistency',
  'required',
  'alive',
  'received',
  'blockFor',
  'failures',
  'dataPresent',
  'writeType',
  'keyspace',
  'table',
];

/** Contention retries depend on the race; the rest of an error's fields are part of the answer. */
function errorText(error) {
  const known = Object.fromEntries(
    FIELDS.filter((name) => error[name] !== undefined).map((name) => [name, error[name]]),
  );
  return printError(known).replace(/ after \d+ contention retries/, '');
}
