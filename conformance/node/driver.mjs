// The unmodified cassandra-driver for Node against a six-node, two-datacenter cluster. Prints one line a check
// (`ok name` or `not ok name: why`) and ends with 1 when one failed. Where the cluster is: see ../target.mjs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import cassandra from 'cassandra-driver';
import { check, endChecks } from '../checks.mjs';
import { fault, heal, readTarget } from '../target.mjs';

const { types, policies } = cassandra;
const target = readTarget();
const KS = 'conf_node';
const LEVEL = types.consistencies.localQuorum;
const WITHIN_MS = 120_000;

// docs:begin connect
const client = new cassandra.Client({
  contactPoints: [target.contact],
  localDataCenter: target.local,
  policies: {
    loadBalancing: new policies.loadBalancing.TokenAwarePolicy(
      new policies.loadBalancing.DCAwareRoundRobinPolicy(target.local),
    ),
    // docs:skip so that only the server's event can say that a node is up again
    reconnection: new policies.reconnection.ConstantReconnectionPolicy(600_000),
  },
  queryOptions: { prepare: true, isIdempotent: true, consistency: types.consistencies.localQuorum },
});
await client.connect();
// docs:end

const hosts = () => client.hosts.values();
const run = (query, values = [], options = {}) =>
  client.execute(query, values, { prepare: true, ...options });
const addressOf = (endpoint) => endpoint.slice(0, endpoint.lastIndexOf(':'));

/** Waits until `condition` holds; says what it waited for when it does not. */
async function until(what, condition, limitMs = WITHIN_MS) {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `${what}: not within ${limitMs / 1000} s`);
    await sleep(50);
  }
}

await check('connect', () => {
  // The driver starts at 0x42 and comes down to the newest version both know.
  const version = client.controlConnection.protocolVersion;
  assert.equal(version, types.protocolVersion.v4);
  return `v${version}`;
});

await check('metadata of nodes', () => {
  const seen = hosts()
    .map((host) => `${addressOf(host.address)} ${host.datacenter} ${host.rack}`)
    .sort();
  assert.deepEqual(
    seen,
    target.nodes.map((node) => `${node.address} ${node.datacenter} ${node.rack}`).sort(),
  );
  for (const host of hosts()) {
    assert.equal(host.tokens.length, 16);
    assert.match(host.cassandraVersion, /^5\.0\./);
  }
});

await check('schema change and agreement', async () => {
  for (const statement of schema()) {
    const result = await client.execute(statement, [], { prepare: false });
    assert.ok(result.info.isSchemaInAgreement, `no agreement after ${statement}`);
  }
});

await check('metadata of the schema', async () => {
  const table = await client.metadata.getTable(KS, 'natives');
  assert.deepEqual(
    table.partitionKeys.map((key) => key.name),
    ['id'],
  );
  assert.equal(table.columns.length, 20);
  const type = await client.metadata.getUdt(KS, 'address');
  assert.deepEqual(
    type.fields.map((field) => field.name),
    ['street', 'number'],
  );
  assert.deepEqual(client.metadata.keyspaces[KS].strategyOptions, {
    [target.local]: '3',
    [target.remote]: '3',
  });
});

await check('prepared statements', async () => {
  const query = `SELECT * FROM ${KS}.keyed WHERE id = ?`;
  await run(`INSERT INTO ${KS}.keyed (id, value) VALUES (?, ?)`, ['p', 1]);
  assert.deepEqual(Object.keys((await run(query, ['p'])).first()), ['id', 'value']);
  await client.execute(`ALTER TABLE ${KS}.keyed ADD more text`);
  // The change drops the statement on the server: UNPREPARED, prepared again, with the new column.
  assert.deepEqual(Object.keys((await run(query, ['p'])).first()), ['id', 'more', 'value']);
});

await check('native types', async () => {
  const values = {
    v_ascii: 'plain',
    v_bigint: types.Long.fromString('-9223372036854775808'),
    v_blob: Buffer.from([0, 255, 1]),
    v_boolean: true,
    v_date: new types.LocalDate(1969, 7, 20),
    v_decimal: types.BigDecimal.fromString('-12345.678'),
    v_double: 0.1,
    v_duration: new types.Duration(14, -0, types.Long.fromString('3723000000000')),
    v_float: 1.5,
    v_inet: types.InetAddress.fromString('2001:db8::1'),
    v_int: -2147483648,
    v_smallint: -32768,
    v_text: 'ünïcodé 🌟',
    v_time: types.LocalTime.fromString('23:59:59.999999999'),
    v_timestamp: new Date(1_234_567_890_123),
    v_timeuuid: types.TimeUuid.fromString('50554d6e-29bb-11e5-b345-feff819cdc9f'),
    v_tinyint: -128,
    v_uuid: types.Uuid.fromString('123e4567-e89b-12d3-a456-426614174000'),
    v_varint: types.Integer.fromString('-123456789012345678901234567890'),
  };
  const read = await roundTrip('natives', values);
  for (const [name, value] of Object.entries(values))
    assert.equal(String(read[name]), String(value), name);
});

await check('null, unset, empty', async () => {
  await run(`INSERT INTO ${KS}.natives (id, v_int, v_text, v_blob) VALUES (?, ?, ?, ?)`, [
    2,
    7,
    '',
    Buffer.alloc(0),
  ]);
  await run(`INSERT INTO ${KS}.natives (id, v_int, v_text) VALUES (?, ?, ?)`, [
    2,
    types.unset,
    null,
  ]);
  const row = (
    await run(`SELECT v_int, v_text, v_blob, v_date FROM ${KS}.natives WHERE id = ?`, [2])
  ).first();
  assert.deepEqual([row.v_int, row.v_text, row.v_blob.length, row.v_date], [7, null, 0, null]);
});

await check('collections, tuple, UDT, vector', async () => {
  const values = {
    v_list: ['b', 'a', 'b'],
    v_set: [1, 2, 3],
    v_map: { one: types.Long.fromNumber(1) },
    v_tuple: new types.Tuple(7, 'seven'),
    v_udt: { street: 'Main', number: 12 },
    v_nested: { x: [3, 1, 2] },
    v_vector: new cassandra.types.Vector([1, 2.5, -3], 'float'),
  };
  const read = await roundTrip('containers', values);
  for (const name of ['v_list', 'v_set', 'v_udt', 'v_nested'])
    assert.deepEqual(read[name], values[name], name);
  assert.equal(String(read.v_map.one), '1');
  assert.deepEqual(read.v_tuple.values(), [7, 'seven']);
  assert.deepEqual([...read.v_vector], [1, 2.5, -3]);
});

await check('paging', async () => {
  for (let row = 0; row < 250; row++) {
    await run(`INSERT INTO ${KS}.paged (part, row, value) VALUES (?, ?, ?)`, [
      1,
      row,
      `value ${row}`,
    ]);
  }
  const sizes = [];
  let pageState;
  do {
    const page = await run(`SELECT row FROM ${KS}.paged WHERE part = ?`, [1], {
      fetchSize: 100,
      pageState,
    });
    sizes.push(page.rowLength);
    pageState = page.pageState;
  } while (pageState);
  assert.deepEqual(sizes, [100, 100, 50]);
  let rows = 0;
  for await (const row of await client.execute(`SELECT * FROM ${KS}.paged`, [], {
    prepare: true,
    fetchSize: 33,
  })) {
    rows += row.value === `value ${row.row}` ? 1 : 0;
  }
  assert.equal(rows, 250);
});

await check('batches', async () => {
  const insert = `INSERT INTO ${KS}.keyed (id, value) VALUES (?, ?)`;
  for (const logged of [true, false]) {
    const queries = [1, 2, 3].map((value) => ({
      query: insert,
      params: [`batch ${logged} ${value}`, value],
    }));
    await client.batch(queries, { prepare: true, logged });
    const read = await run(`SELECT value FROM ${KS}.keyed WHERE id = ?`, [`batch ${logged} 3`]);
    assert.equal(read.first().value, 3);
  }
});

await check('counters, counter batch', async () => {
  const add = `UPDATE ${KS}.counts SET hits = hits + ? WHERE id = ?`;
  for (let turn = 0; turn < 10; turn++)
    await run(add, [types.Long.fromNumber(3), 'a'], { isIdempotent: false });
  const queries = [{ query: add, params: [types.Long.fromNumber(-5), 'a'] }];
  await client.batch(queries, { prepare: true, counter: true, isIdempotent: false });
  const { hits } = (await run(`SELECT hits FROM ${KS}.counts WHERE id = ?`, ['a'])).first();
  assert.equal(String(hits), '25');
});

await check('lightweight transactions', async () => {
  const options = { serialConsistency: types.consistencies.localSerial };
  const insert = `INSERT INTO ${KS}.keyed (id, value) VALUES (?, ?) IF NOT EXISTS`;
  assert.ok((await run(insert, ['lwt', 1], options)).wasApplied());
  const second = await run(insert, ['lwt', 2], options);
  assert.equal(second.wasApplied(), false);
  assert.equal(second.first().value, 1);
  const update = `UPDATE ${KS}.keyed SET value = ? WHERE id = ? IF value = ?`;
  assert.ok((await run(update, [3, 'lwt', 1], options)).wasApplied());
  const read = await run(`SELECT value FROM ${KS}.keyed WHERE id = ?`, ['lwt'], {
    consistency: types.consistencies.localSerial,
  });
  assert.equal(read.first().value, 3);
});

await check('token-aware routing', async () => {
  await until(
    'the event of the new keyspace',
    () => client.metadata.keyspaces[`${KS}_one`] !== undefined,
  );
  for (let turn = 0; turn < 60; turn++) {
    const key = `key ${turn}`;
    const result = await run(`SELECT value FROM ${KS}_one.keyed WHERE id = ?`, [key], {
      consistency: types.consistencies.localOne,
    });
    const replicas = client.getReplicas(`${KS}_one`, Buffer.from(key)).map((host) => host.address);
    assert.ok(
      replicas.includes(result.info.queriedHost),
      `${result.info.queriedHost} is no replica of ${key}`,
    );
  }
});

await check('tracing', async () => {
  const result = await run(`SELECT * FROM ${KS}.keyed WHERE id = ?`, ['p'], { traceQuery: true });
  const trace = await client.metadata.getTrace(result.info.traceId);
  assert.equal(String(trace.coordinator), addressOf(result.info.queriedHost));
  assert.ok(trace.events.length > 2, `only ${trace.events.length} events`);
  assert.ok(
    trace.events.every((event) => typeof event.activity === 'string' && event.source !== null),
  );
});

await check('own datacenter only', () => {
  const state = client.getState();
  for (const host of hosts()) {
    const open = state.getOpenConnections(host);
    if (host.datacenter === target.remote)
      assert.equal(open, 0, `${open} connections to ${host.address}`);
    else assert.ok(open > 0, `no connection to ${host.address}`);
  }
});

await check('unavailable with exact numbers', async () => {
  const error = await run(`INSERT INTO ${KS}_seven.keyed (id, value) VALUES ('u', 1)`).then(
    () => null,
    (reason) => reason,
  );
  assert.equal(error?.code, types.responseErrorCodes.unavailableException);
  assert.deepEqual([error.consistencies, error.required, error.alive], [LEVEL, 4, 3]);
});

await check('errors of statements', async () => {
  const codes = {
    syntaxError: 'SELEC 1',
    invalid: `SELECT nothing FROM ${KS}.keyed`,
    alreadyExists: `CREATE TABLE ${KS}.keyed (id int PRIMARY KEY)`,
  };
  for (const [code, query] of Object.entries(codes)) {
    const error = await client.execute(query).then(
      () => null,
      (reason) => reason,
    );
    assert.equal(error?.code, types.responseErrorCodes[code], query);
  }
});

await check('node down, node up', async () => {
  const victim = target.nodes.filter((node) => node.datacenter === target.local).at(-1);
  const host = hosts().find(({ address }) => addressOf(address) === victim.address);
  const events = [];
  client.on('hostDown', ({ address }) => events.push(`down ${addressOf(address)}`));
  client.on('hostUp', ({ address }) => events.push(`up ${addressOf(address)}`));
  await fault(target, 'kill', victim.place);
  await until('hostDown', () => events.includes(`down ${victim.address}`));
  for (let turn = 0; turn < 30; turn++) {
    await run(`INSERT INTO ${KS}.keyed (id, value) VALUES (?, ?)`, [`down ${turn}`, turn]);
  }
  await heal(target, victim.place);
  await until('hostUp', () => events.includes(`up ${victim.address}`));
  await until('a connection to the node', async () => {
    await run(`SELECT * FROM ${KS}.keyed WHERE id = ?`, ['p']);
    return client.getState().getOpenConnections(host) > 0;
  });
});

function schema() {
  const text = readFileSync(new URL('../schema.cql', import.meta.url), 'utf8').replaceAll(
    /^--.*\n/gm,
    '',
  );
  const filled = text
    .replaceAll('{ks}', KS)
    .replaceAll('{local}', target.local)
    .replaceAll('{remote}', target.remote);
  return filled.split(';\n').filter((statement) => statement.trim() !== '');
}

async function roundTrip(table, values) {
  const names = Object.keys(values);
  const marks = names.map(() => '?').join(', ');
  await run(`INSERT INTO ${KS}.${table} (id, ${names.join(', ')}) VALUES (?, ${marks})`, [
    1,
    ...Object.values(values),
  ]);
  return (await run(`SELECT * FROM ${KS}.${table} WHERE id = ?`, [1])).first();
}

await client.shutdown();
endChecks();
