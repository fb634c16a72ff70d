// The load client against a server on a real socket.

import { expect, test } from 'vitest';
import { RawClient } from '../../src/load/raw-client.ts';
import { CqlServer } from '../../src/server/cql-server.ts';
import { int } from '../int-bytes.ts';
import { fakeNode } from './fake-node.ts';

test('prepares, executes many in flight, counts errors', async () => {
  const node = fakeNode();
  const server = new CqlServer({ node, address: '127.0.0.1', port: 0 });
  const at = await server.listen();
  expect(at.ok).toBe(true);
  const client = await RawClient.connect(at);
  const statement = await client.prepare('SELECT k FROM ks.t WHERE k = ?');
  const result = await client.executeMany({
    statement,
    parameters: { consistency: 'LOCAL_QUORUM' },
    count: 5000,
    inFlight: 64,
    values: (index) => [int(index)],
  });
  expect([result.succeeded, result.failed]).toEqual([5000, 0]);
  expect(result.latencyMicros.totalCount).toBe(5000);
  const keys = node.requests.filter((r) => r.kind === 'execute').map((r) => r.parameters.values[0]);
  expect(keys.map((k) => (k as Buffer).readInt32BE())).toEqual(
    Array.from({ length: 5000 }, (_, i) => i),
  );
  node.answers.set('bad', { kind: 'error', error: { code: 'INVALID', message: 'no' } });
  await expect(client.query('bad')).rejects.toThrow('INVALID: no');
  server.kill();
  await expect(client.query('x')).rejects.toThrow();
  client.close();
});

test('a node that is not there is an error', async () => {
  await expect(RawClient.connect({ address: '127.0.0.1', port: 1 })).rejects.toThrow(
    'ECONNREFUSED',
  );
});
