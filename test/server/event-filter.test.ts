// Repeated events of a node are dropped.

import { expect, test } from 'vitest';
import type { ClientEvent } from '../../src/protocol/responses/event.ts';
import { EventFilter } from '../../src/server/event-filter.ts';

const at = { address: '127.0.1.2', port: 9042 };
const up: ClientEvent = { type: 'STATUS_CHANGE', change: 'UP', ...at };
const down: ClientEvent = { type: 'STATUS_CHANGE', change: 'DOWN', ...at };
const added: ClientEvent = { type: 'TOPOLOGY_CHANGE', change: 'NEW_NODE', ...at };
const other: ClientEvent = { ...up, address: '127.0.1.3' };
const schema: ClientEvent = {
  type: 'SCHEMA_CHANGE',
  change: { change: 'CREATED', target: 'KEYSPACE', keyspace: 'k' },
};

test('news and repetitions', () => {
  const filter = new EventFilter();
  const told = [added, added, up, up, other, down, down, up, schema, schema, added, added].map(
    (event) => filter.isNews(event),
  );
  expect(told).toEqual([
    true,
    false,
    true,
    false,
    true,
    true,
    false,
    true,
    true,
    true,
    true,
    false,
  ]);
});
