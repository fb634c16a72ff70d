// What a client hears of tombstones and sizes when its read crosses replicas: its coordinator's own replica speaks up
// always, the others when read_thresholds_enabled is set. Texts are recorded in test/cql/read-thresholds.result.

import { expect, test } from 'vitest';
import { required } from '../../src/base/assert.ts';
import type { ConsistencyLevel } from '../../src/data/consistency.ts';
import type { StatementResponse } from '../../src/protocol/responses/response.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import { PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import { VirtualLab } from '../virtual/virtual-lab.ts';

const THREE = { us: { zones: ['a', 'b', 'c'], nodesPerZone: 1, appsPerZone: 0 } };
const PLACES = ['us/a/1', 'us/b/1', 'us/c/1'];

interface Heard {
  readonly response: StatementResponse;
  readonly warnings: readonly string[];
}

function ask(lab: VirtualLab, place: string, query: string, consistency: ConsistencyLevel): Heard {
  const client = newClientState({ id: 2, remoteAddress: '127.0.0.1', remotePort: 2 });
  client.protocolVersion = 4;
  let heard: Heard | undefined;
  const node = required(lab.host(place).node, `${place} runs`);
  node.cql.execute(
    { kind: 'query', ...PLAIN_HEADER, query, parameters: { ...DEFAULT_PARAMETERS, consistency } },
    client,
    (response, extras) => (heard = { response, warnings: extras?.warnings ?? [] }),
  );
  lab.loop.runUntilTrue(() => heard !== undefined, 60_000);
  return required(heard, `an answer to ${query}`);
}

/** Three replicas, five deleted rows in a partition; a value of 3,000 bytes. */
function labWith(cassandra: Readonly<Record<string, string | number | boolean>>): VirtualLab {
  const lab = new VirtualLab({ regions: THREE, cassandra }, 1);
  const run = (query: string): StatementResponse => lab.run('us/a/1', query, 'ALL');
  run("CREATE KEYSPACE ks WITH replication = {'class': 'NetworkTopologyStrategy', 'us': 3}");
  run('CREATE TABLE ks.t (k int, c int, v text, PRIMARY KEY (k, c))');
  lab.loop.runFor(1_000);
  for (let c = 0; c < 5; c++) run(`DELETE FROM ks.t WHERE k = 1 AND c = ${c}`);
  run("INSERT INTO ks.t (k, c, v) VALUES (1, 9, 'x')");
  run(`INSERT INTO ks.t (k, c, v) VALUES (2, 1, '${'y'.repeat(3_000)}')`);
  return lab;
}

const READ = 'SELECT v FROM ks.t WHERE k = 1';

test('without read_thresholds_enabled only the coordinator tells of its own replica', () => {
  const lab = labWith({ tombstone_warn_threshold: 3 });
  const all = PLACES.map((place) => ask(lab, place, READ, 'ALL').warnings);
  const text =
    'Read 1 live rows and 5 tombstone cells for query SELECT v FROM ks.t WHERE k = 1 ALLOW FILTERING; ' +
    'token -4069959284402364209 (see tombstone_warn_threshold)';
  expect(all).toEqual([[text], [text], [text]]);
});

test('with it every replica is counted, once', () => {
  const lab = labWith({ tombstone_warn_threshold: 3, read_thresholds_enabled: true });
  const text = (nodes: number): string =>
    `${nodes} nodes scanned up to 5 tombstones and issued tombstone warnings for query ` +
    'SELECT v FROM ks.t WHERE k = 1 ALLOW FILTERING (see tombstone_warn_threshold) with token=-4069959284402364209';
  expect(ask(lab, 'us/a/1', READ, 'ALL').warnings).toEqual([text(3)]);
  expect(ask(lab, 'us/b/1', READ, 'QUORUM').warnings).toEqual([text(2)]);
  expect(ask(lab, 'us/c/1', READ, 'ONE').warnings).toEqual([text(1)]);
});

test('replicas that disagree are read again, and counted once all the same', () => {
  const lab = labWith({ tombstone_warn_threshold: 3, read_thresholds_enabled: true });
  lab.kill('us/c/1');
  lab.loop.runFor(40_000);
  lab.run('us/a/1', 'DELETE FROM ks.t WHERE k = 1 AND c = 5', 'QUORUM');
  lab.restart('us/c/1');
  const [warning = ''] = ask(lab, 'us/a/1', READ, 'ALL').warnings;
  expect(warning).toMatch(/^3 nodes scanned up to 6 tombstones and issued tombstone warnings/);
});

test('a replica that gives up fails a read that needs it, with its reason', () => {
  const lab = labWith({
    tombstone_warn_threshold: 2,
    tombstone_failure_threshold: 4,
    read_thresholds_enabled: true,
  });
  const { response, warnings } = ask(lab, 'us/a/1', READ, 'QUORUM');
  const cause =
    '1 nodes scanned over 5 tombstones and aborted the query SELECT v FROM ks.t WHERE k = 1 ALLOW FILTERING ' +
    '(see tombstone_failure_threshold)';
  expect(warnings).toEqual([`${cause} with token=-4069959284402364209`]);
  if (response.kind !== 'error' || response.error.code !== 'READ_FAILURE')
    throw new Error(`not a read failure: ${JSON.stringify(response)}`);
  const { message, received, blockFor, failures } = response.error;
  expect(message.startsWith(`Operation failed - ${cause}: READ_TOO_MANY_TOMBSTONES from /`)).toBe(
    true,
  );
  expect({ received, blockFor }).toEqual({ received: 0, blockFor: 2 });
  expect([...new Set(failures.values())]).toEqual(['READ_TOO_MANY_TOMBSTONES']);
});

test('a replica that reads too much gives up with READ_SIZE', () => {
  const lab = labWith({
    local_read_size_warn_threshold: '1KiB',
    local_read_size_fail_threshold: '2KiB',
    read_thresholds_enabled: true,
  });
  const { response } = ask(lab, 'us/a/1', 'SELECT v FROM ks.t WHERE k = 2', 'ONE');
  if (response.kind !== 'error' || response.error.code !== 'READ_FAILURE')
    throw new Error(`not a read failure: ${JSON.stringify(response)}`);
  expect([...new Set(response.error.failures.values())]).toEqual(['READ_SIZE']);
  expect(response.error.message).toContain('nodes loaded over ');
  expect(ask(lab, 'us/a/1', READ, 'ONE').warnings).toEqual([]);
});

test('what an ordinary read meets is not told', () => {
  const lab = labWith({});
  expect(ask(lab, 'us/a/1', READ, 'ALL').warnings).toEqual([]);
});
