// The real Locust drives the shop through the front door of `starfish up`. Its totals must be what the balancers
// counted, request by request, and the columns of our CSV files must be its own, byte for byte. Prints one line a check
// and ends with 1 when one failed. STARFISH_LOCUST is the locust to run; where the stack is: see ../target.mjs.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ours from '../../dist/load/csv.js';
import { check, endChecks } from '../checks.mjs';
import { fault, heal, readTarget, sendCommand } from '../target.mjs';

const target = readTarget();
const locustfile = fileURLToPath(new URL('../../loadtest/locustfile.py', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'starfish-locust-'));

/** Runs Locust headless; the exit code must be `status`. Returns the rows of its _stats.csv by method and name. */
function locust(prefix, environment, status) {
  const words = [
    '-f',
    locustfile,
    '-H',
    target.users,
    '--headless',
    '--only-summary',
    '-u',
    '40',
    '-r',
    '40',
    '-t',
    '8s',
    '--stop-timeout',
    '15',
    '--csv',
    join(folder, prefix),
  ];
  const run = spawnSync(process.env.STARFISH_LOCUST ?? 'locust', words, {
    encoding: 'utf8',
    cwd: folder,
    timeout: 120_000,
    env: { ...process.env, STARFISH_REQUESTS_PER_S: '5', ...environment },
  });
  if (run.error !== undefined) throw run.error;
  assert.equal(run.status, status, run.stderr.slice(-600));
  const [header, ...lines] = read(`${prefix}_stats.csv`)
    .trim()
    .split('\r\n')
    .map((line) => line.split(','));
  const rows = lines.map((line) =>
    Object.fromEntries(line.map((cell, column) => [header[column], cell])),
  );
  return new Map(rows.map((row) => [`${row.Type} ${row.Name}`.trim(), row]));
}

const read = (name) => readFileSync(join(folder, name), 'utf8');
const firstLine = (text) => text.slice(0, text.indexOf('\n') + 1);

/** Requests and answers by status that all balancer nodes have counted. */
async function counted() {
  const { balancers } = await sendCommand(target.control, 'status', {});
  const total = { requests: 0, statuses: {} };
  for (const node of balancers.flatMap((balancer) => balancer.nodes)) {
    total.requests += node.requests;
    for (const [status, times] of Object.entries(node.statuses))
      total.statuses[status] = (total.statuses[status] ?? 0) + times;
  }
  return total;
}

function since(before, after) {
  const names = Object.keys(after.statuses).filter(
    (name) => after.statuses[name] !== (before.statuses[name] ?? 0),
  );
  return {
    requests: after.requests - before.requests,
    statuses: Object.fromEntries(
      names.map((name) => [name, after.statuses[name] - (before.statuses[name] ?? 0)]),
    ),
  };
}

for (const client of ['http', 'fast']) {
  await check(`totals with the ${client} client`, async () => {
    const before = await counted();
    const rows = locust(client, { STARFISH_CLIENT: client }, 0);
    const { requests, statuses } = since(before, await counted());
    const total = rows.get('Aggregated');
    assert.equal(Number(total['Request Count']), requests);
    assert.equal(Number(total['Failure Count']), 0);
    assert.ok(requests > 500, `only ${requests} requests`);
    const names = ['GET /carts/[user]', 'POST /orders', 'PUT /carts/[user]'];
    assert.deepEqual([...rows.keys()].sort(), ['Aggregated', ...names].sort());
    const count = (name) => Number(rows.get(name)['Request Count']);
    assert.equal(statuses['200'], count('GET /carts/[user]') + count('PUT /carts/[user]'));
    assert.equal((statuses['201'] ?? 0) + (statuses['409'] ?? 0), count('POST /orders'));
    return `${requests} requests`;
  });
}

await check('failures and retries while an instance is lost', async () => {
  const before = await counted();
  const instance = `${target.local}/a/app-1`;
  await fault(target, 'kill', instance);
  const rows = locust('retry', { STARFISH_CLIENT: 'fast', STARFISH_RETRY: '1' }, 1);
  await heal(target, instance);
  const { requests, statuses } = since(before, await counted());
  const total = rows.get('Aggregated');
  assert.equal(Number(total['Request Count']), requests);
  const failures = Number(total['Failure Count']);
  const refused = Object.entries(statuses)
    .filter(([status]) => Number(status) >= 500)
    .reduce((sum, [, times]) => sum + times, 0);
  assert.equal(failures, refused);
  assert.ok(failures > 0, 'nothing failed');
  const retries = [...rows]
    .filter(([name]) => name.endsWith('(retry)'))
    .reduce((sum, [, row]) => sum + Number(row['Request Count']), 0);
  const failedRetries = [...rows]
    .filter(([name]) => name.endsWith('(retry)'))
    .reduce((sum, [, row]) => sum + Number(row['Failure Count']), 0);
  assert.equal(retries, failures - failedRetries);
  return `${requests} requests, ${failures} failed, ${retries} sent again`;
});

await check('columns of the four CSV files', () => {
  const files = {
    stats: ours.statsCsv([]),
    stats_history: ours.historyCsv([]),
    failures: ours.failuresCsv([]),
    exceptions: ours.exceptionsCsv(),
  };
  for (const [name, text] of Object.entries(files))
    assert.equal(firstLine(text), firstLine(read(`http_${name}.csv`)), name);
});

rmSync(folder, { recursive: true });
endChecks();
