// data_disk_usage: nodes gossip how full they are, coordinators hold writes against it; users who are no superusers hear
// of it once in half an hour, and are refused all the while.

import { expect, test } from 'vitest';
import { required } from '../../src/base/assert.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import { PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import { VirtualLab } from '../virtual/virtual-lab.ts';

const WARNING =
  'Guardrail replica_disk_usage violated: Replica disk usage exceeds warning threshold';
const FAILURE =
  'Guardrail replica_disk_usage violated: Write request failed because disk usage exceeds failure threshold';

/** The answer of the node, and the warnings before it. */
function ask(lab: VirtualLab, user: string, query: string): readonly string[] {
  const client = newClientState({ id: 2, remoteAddress: '127.0.0.1', remotePort: 2 });
  client.protocolVersion = 4;
  client.user = user;
  let lines: readonly string[] | undefined;
  const node = required(lab.host('us/a/1').node, 'the node');
  const parameters = { ...DEFAULT_PARAMETERS, consistency: 'ALL' } as const;
  node.cql.execute(
    { kind: 'query', ...PLAIN_HEADER, query, parameters },
    client,
    (response, extras) => {
      const answer = response.kind === 'error' ? response.error.message : response.kind;
      lines = [...(extras?.warnings ?? []), answer];
    },
  );
  lab.loop.runUntilTrue(() => lines !== undefined, 60_000);
  return required(lines, `an answer to ${query}`);
}

function insert(key: number, bytes: number): string {
  return `INSERT INTO ks.t (k, v) VALUES (${key}, '${'x'.repeat(bytes)}')`;
}

test('a disk that fills up', () => {
  const lab = new VirtualLab(
    {
      regions: { us: { zones: ['a', 'b'], nodesPerZone: 1, appsPerZone: 0 } },
      cassandra: {
        authenticator: 'PasswordAuthenticator',
        data_disk_usage_max_disk_size: '1MiB',
        data_disk_usage_percentage_warn_threshold: 30,
        data_disk_usage_percentage_fail_threshold: 70,
      },
    },
    1,
  );
  lab.loop.runFor(20_000);
  ask(
    lab,
    'cassandra',
    "CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}",
  );
  ask(lab, 'cassandra', 'CREATE TABLE ks.t (k int PRIMARY KEY, v text)');
  ask(lab, 'cassandra', 'CREATE ROLE bob WITH LOGIN = true');
  expect(ask(lab, 'bob', insert(1, 400_000))).toEqual(['void']);
  expect(ask(lab, 'bob', insert(2, 10))).toEqual(['void']);

  lab.loop.runFor(60_000);
  expect(ask(lab, 'bob', insert(3, 10))).toEqual([WARNING, 'void']);
  expect(ask(lab, 'bob', insert(4, 10))).toEqual(['void']);
  expect(ask(lab, 'cassandra', insert(5, 400_000))).toEqual(['void']);

  lab.loop.runFor(60_000);
  expect(ask(lab, 'bob', insert(6, 10))).toEqual([FAILURE, FAILURE]);
  expect(ask(lab, 'bob', insert(7, 10))).toEqual([FAILURE]);
  const batch = `BEGIN BATCH ${insert(8, 1)}; ${insert(9, 1)}; APPLY BATCH`;
  expect(ask(lab, 'bob', batch)).toEqual([FAILURE]);
  expect(ask(lab, 'cassandra', insert(10, 10))).toEqual(['void']);
  expect(ask(lab, 'bob', 'SELECT k FROM ks.t WHERE k = 1')).toEqual(['rows']);

  lab.loop.runFor(31 * 60_000);
  expect(ask(lab, 'bob', insert(11, 10))).toEqual([FAILURE, FAILURE]);
});
