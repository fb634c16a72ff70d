// What was written and what of it was acknowledged, over all lives of the cluster; and the check that reads it back. A
// write without an answer may or may not be there: never a failure.

const ROWS_PER_CYCLE_MAX = 1_500;
const REGISTERS = 200;
const COUNTERS = 20;

const SCHEMA = [
  "CREATE KEYSPACE IF NOT EXISTS durability WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3, 'dc2': 3}",
  'CREATE TABLE IF NOT EXISTS durability.rows (k int PRIMARY KEY, v text)',
  'CREATE TABLE IF NOT EXISTS durability.registers (k int PRIMARY KEY, version int)',
  'CREATE TABLE IF NOT EXISTS durability.pairs (k int, half int, v text, PRIMARY KEY (k, half))',
  'CREATE TABLE IF NOT EXISTS durability.once (k int PRIMARY KEY, writer int)',
  'CREATE TABLE IF NOT EXISTS durability.counters (k int PRIMARY KEY, n counter)',
];

export class Ledger {
  tables = [];
  rows = new Set();
  pairs = new Set();
  once = new Map();
  /** Highest acknowledged version, highest tried. */
  registers = Array.from({ length: REGISTERS }, () => ({ acknowledged: 0, tried: 0, busy: false }));
  counters = Array.from({ length: COUNTERS }, () => ({ acknowledged: 0, tried: 0 }));
  next = 0;
  rowsThisCycle = 0;
  acknowledged = 0;

  async prepareSchema(client) {
    for (const statement of SCHEMA) await client.execute(statement, [], { prepare: false });
    this.rowsThisCycle = 0;
  }

  takeAcknowledged() {
    const count = this.acknowledged;
    this.acknowledged = 0;
    return count;
  }

  /** One writer's turn after turn until the run is over or the cluster is gone. */
  async write(client, random, running) {
    while (!running.isOver) {
      try {
        await this.writeOne(client, random());
        this.acknowledged++;
      } catch {
        // Unknown: it may have been applied.
        if (!running.isOver) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  async writeOne(client, choice) {
    if (choice < 0.45 && this.rowsThisCycle < ROWS_PER_CYCLE_MAX) return this.insertRow(client);
    if (choice < 0.75) return this.writeRegister(client, choice);
    if (choice < 0.85 && this.rowsThisCycle < ROWS_PER_CYCLE_MAX) return this.insertPair(client);
    if (choice < 0.9 && this.rowsThisCycle < ROWS_PER_CYCLE_MAX) return this.insertOnce(client);
    return this.count(client, Math.floor(choice * 1e6) % COUNTERS);
  }

  async insertRow(client) {
    const k = this.key();
    await client.execute('INSERT INTO durability.rows (k, v) VALUES (?, ?)', [k, `value ${k}`]);
    this.rows.add(k);
  }

  async writeRegister(client, choice) {
    const k = Math.floor(choice * 1e6) % REGISTERS;
    const register = this.registers[k];
    // One writer at a time: versions are written in order.
    if (register.busy) return this.insertRow(client);
    register.busy = true;
    const version = ++register.tried;
    try {
      await client.execute('INSERT INTO durability.registers (k, version) VALUES (?, ?)', [
        k,
        version,
      ]);
      register.acknowledged = version;
    } finally {
      register.busy = false;
    }
  }

  async insertPair(client) {
    const k = this.key();
    const query = 'INSERT INTO durability.pairs (k, half, v) VALUES (?, ?, ?)';
    await client.batch(
      [
        { query, params: [k, 1, 'a'] },
        { query, params: [k, 2, 'b'] },
      ],
      { logged: true, prepare: true },
    );
    this.pairs.add(k);
  }

  async insertOnce(client) {
    const k = this.key();
    const result = await client.execute(
      'INSERT INTO durability.once (k, writer) VALUES (?, ?) IF NOT EXISTS',
      [k, k],
    );
    if (result.wasApplied()) this.once.set(k, k);
  }

  async count(client, k) {
    this.counters[k].tried++;
    await client.execute('UPDATE durability.counters SET n = n + 1 WHERE k = ?', [k]);
    this.counters[k].acknowledged++;
  }

  key() {
    this.rowsThisCycle++;
    return this.next++;
  }

  /** Reads everything. `failure` names the first that is missing. */
  async verify(client) {
    if (this.tables.length === 0) return { checked: 0, failure: null };
    const rows = await readAll(client, 'SELECT k, v FROM durability.rows');
    const pairs = await readAll(client, 'SELECT k, half FROM durability.pairs');
    const once = await readAll(client, 'SELECT k, writer FROM durability.once');
    const registers = await readAll(client, 'SELECT k, version FROM durability.registers');
    const counters = await readAll(client, 'SELECT k, n FROM durability.counters');
    const checked =
      this.rows.size +
      this.pairs.size +
      this.once.size +
      this.registers.length +
      this.counters.length;
    const failure =
      firstMissing(
        'row',
        this.rows,
        new Set(rows.filter(({ k, v }) => v === `value ${k}`).map(({ k }) => k)),
      ) ??
      firstMissing('first half of batch', this.pairs, halves(pairs, 1)) ??
      firstMissing('second half of batch', this.pairs, halves(pairs, 2)) ??
      firstMissing(
        'conditional row',
        this.once.keys(),
        new Set(once.filter(({ k, writer }) => writer === k).map(({ k }) => k)),
      ) ??
      outOfRange(
        'register',
        this.registers,
        new Map(registers.map(({ k, version }) => [k, version])),
      ) ??
      outOfRange('counter', this.counters, new Map(counters.map(({ k, n }) => [k, Number(n)])));
    return { checked, failure };
  }
}

function halves(pairs, half) {
  return new Set(pairs.filter((pair) => pair.half === half).map(({ k }) => k));
}

async function readAll(client, query) {
  const rows = [];
  for await (const row of client.stream(query, [], { fetchSize: 5_000 })) rows.push(row);
  return rows;
}

function firstMissing(what, expected, found) {
  const missing = [...expected].filter((key) => !found.has(key));
  return missing.length === 0
    ? null
    : `${missing.length} acknowledged ${what}s are gone, the first is ${missing[0]}`;
}

function outOfRange(what, expected, found) {
  for (const [k, { acknowledged, tried }] of expected.entries()) {
    const value = found.get(k) ?? 0;
    if (value < acknowledged || value > tried)
      return `${what} ${k} is ${value}; acknowledged ${acknowledged}, tried ${tried}`;
  }
  return null;
}
