// Replication maps of CREATE and ALTER KEYSPACE: every refusal recorded from Cassandra 5.0.9, expansion, warnings.

import { describe, expect, test } from 'vitest';
import { CqlException, ERROR_CODES } from '../../src/data/cql-error.ts';
import type { ReplicationParams } from '../../src/data/schema.ts';
import type { ReplicationEnvironment } from '../../src/ring/replication-options.ts';
import {
  prepareReplication,
  raisedFactorWarning,
  refuseDuringRangeMovements,
  validateReplication,
} from '../../src/ring/replication-options.ts';
import {
  networkReplication,
  replicationFactorIn,
  replicationOf,
  simpleReplication,
} from '../../src/ring/replication.ts';
import { endpoint } from '../../src/world/ports.ts';
import { recordedErrors } from '../read-facts.ts';

const one: ReplicationEnvironment = {
  nodesByDatacenter: new Map([['dc1', 1]]),
  defaultKeyspaceRf: 1,
};
const two: ReplicationEnvironment = {
  nodesByDatacenter: new Map([
    ['dc1', 3],
    ['dc2', 2],
  ]),
  defaultKeyspaceRf: 1,
};

const MAP = /^(?:CREATE|ALTER) KEYSPACE (\w+) WITH replication=(\{[^}]*\})$/;

/** The map literal of a recorded statement; its keys and values are plain. */
function mapOf(text: string): Map<string, string> {
  const pairs = [...text.matchAll(/'([^']*)':\s*(?:'([^']*)'|([-\d.]+))/g)];
  return new Map(pairs.map(([, key = '', quoted, plain]) => [key, quoted ?? plain ?? '']));
}

// Refused before the map is looked at.
const OTHER = /Cannot add existing|not user-modifiable|Keyspace name must|has no CREATE|no viable/;
const recorded = recordedErrors().filter(
  ({ cql, message }) => MAP.test(cql) && !OTHER.test(message),
);

test('recorded refusals are there', () => expect(recorded.length).toBeGreaterThanOrEqual(17));

test.each(recorded.map((error) => [error.cql, error] as const))('%s', (cql, error) => {
  const [, keyspace = '', map = ''] = MAP.exec(cql) ?? [];
  const previous = cql.startsWith('ALTER') ? networkReplication({ dc1: 1 }) : null;
  try {
    validateReplication(keyspace, prepareReplication(mapOf(map), previous, one), one);
    expect.unreachable('it must be refused');
  } catch (refusal) {
    if (!(refusal instanceof CqlException)) throw refusal;
    expect(refusal.message).toBe(error.message);
    expect(ERROR_CODES[refusal.error.code]).toBe(Number(error.protocolErrorCode));
  }
});

describe('expansion', () => {
  const NTS = 'NetworkTopologyStrategy';
  const prepared = (written: Record<string, string>, previous: ReplicationParams | null = null) =>
    Object.fromEntries(prepareReplication(new Map(Object.entries(written)), previous, two).options);

  test.each([
    [{ class: NTS, replication_factor: '3' }, null, { dc1: '3', dc2: '3' }],
    [{ class: NTS, replication_factor: '3', dc2: '1' }, null, { dc1: '3', dc2: '1' }],
    [{ class: NTS, dc1: '2' }, null, { dc1: '2' }],
    [{ class: NTS, dc1: '2', dc2: '0' }, null, { dc1: '2' }],
    [{ class: NTS }, null, { dc1: '1', dc2: '1' }],
    [{ class: NTS }, simpleReplication(2), { dc1: '2', dc2: '2' }],
    [
      { class: NTS, replication_factor: '5' },
      networkReplication({ dc1: 3 }),
      { dc1: '3', dc2: '5' },
    ],
    [{ class: NTS, dc2: '1' }, networkReplication({ dc1: 3 }), { dc2: '1' }],
    [{ class: 'SimpleStrategy' }, null, { replication_factor: '1' }],
    [{ class: 'SimpleStrategy' }, simpleReplication(3), { replication_factor: '3' }],
  ] as const)('%j after %j', (written, previous, options) => {
    expect(prepared(written, previous)).toEqual(options);
  });

  test('the class is stored by its full name', () => {
    const map = new Map([
      ['class', NTS],
      ['dc1', '3'],
    ]);
    expect(prepareReplication(map, null, two).className).toBe(
      `org.apache.cassandra.locator.${NTS}`,
    );
  });

  test('a factor that cannot be read expands to nothing', () => {
    const params = prepareReplication(
      new Map([
        ['class', NTS],
        ['replication_factor', 'x'],
      ]),
      null,
      two,
    );
    expect(() => validateReplication('k', params, two)).toThrow(
      'Configuration for at least one datacenter must be present',
    );
  });
});

describe('checks and warnings', () => {
  test('more replicas than nodes', () => {
    expect(validateReplication('k', networkReplication({ dc1: 3, dc2: 3 }), two)).toEqual([
      'Your replication factor 3 for keyspace k is higher than the number of nodes 2 for datacenter dc2',
    ]);
    expect(validateReplication('k', simpleReplication(6), two)).toEqual([
      'Your replication factor 6 for keyspace k is higher than the number of nodes 5',
    ]);
    expect(validateReplication('system_traces', simpleReplication(6), two)).toEqual([]);
  });

  test('system_auth must name every datacenter', () => {
    expect(() => validateReplication('system_auth', networkReplication({ dc1: 3 }), two)).toThrow(
      'Following datacenters have active nodes and must be present in replication options for keyspace system_auth: [dc2]',
    );
  });

  test('ALTER while nodes move; a raised factor', () => {
    expect(() => refuseDuringRangeMovements([endpoint('127.0.1.2', 7000)])).toThrow(
      'Cannot alter RF while some endpoints are not in normal state (no range movements): [/127.0.1.2:7000]',
    );
    expect(raisedFactorWarning(simpleReplication(1), simpleReplication(2))).toMatch(
      /^When increasing/,
    );
    expect(raisedFactorWarning(simpleReplication(2), simpleReplication(2))).toBeNull();
  });

  test('factors by datacenter', () => {
    const network = replicationOf(networkReplication({ dc1: 3, dc2: 2 }));
    expect([
      network.total,
      replicationFactorIn(network, 'dc2'),
      replicationFactorIn(network, 'x'),
    ]).toEqual([5, 2, 0]);
    expect(replicationFactorIn(replicationOf(simpleReplication(3)), 'x')).toBe(3);
  });
});
