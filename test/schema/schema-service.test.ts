import { describe, expect, it } from 'vitest';
import type { KeyspaceMetadata } from '../../src/data/schema.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import type { SchemaService } from '../../src/node/schema/schema-service.ts';
import { buildTable, rebuildTable } from '../../src/node/schema/table-builder.ts';
import { SchemaWorld } from './schema-world.ts';

const KEYSPACE: KeyspaceMetadata = {
  name: 'ks',
  kind: 'regular',
  durableWrites: true,
  replication: {
    className: 'org.apache.cassandra.locator.NetworkTopologyStrategy',
    options: new Map([['dc1', '3']]),
  },
  tables: new Map(),
  types: new Map(),
  functions: [],
  aggregates: [],
};

function table(name: string, id = '11111111-1111-1111-1111-111111111111') {
  return buildTable({
    id,
    keyspace: 'ks',
    name,
    partitionKey: [{ name: 'k', type: NATIVE.int }],
    clustering: [{ name: 'c', type: NATIVE.text, reversed: true }],
    regulars: [
      { name: 'v', type: { kind: 'map', key: NATIVE.text, value: NATIVE.int, frozen: false } },
    ],
  });
}

function withTable(keyspace: KeyspaceMetadata, added: ReturnType<typeof table>): KeyspaceMetadata {
  return { ...keyspace, tables: new Map([...keyspace.tables, [added.name, added]]) };
}

function setKeyspace(service: SchemaService, keyspace: KeyspaceMetadata): void {
  service.transform((keyspaces) => new Map([...keyspaces, ['ks', keyspace]]));
}

/** Two nodes that both know the keyspace, and then do not hear each other. */
function splitWorld() {
  const world = new SchemaWorld(2);
  const [a, b] = world.services();
  setKeyspace(a, KEYSPACE);
  world.settle();
  world.cut = true;
  return { world, a, b };
}

function heal(world: SchemaWorld): void {
  world.cut = false;
  world.gossip();
  world.settle();
  world.gossip();
  world.settle();
}

describe('schema service', () => {
  it('starts with the system keyspaces, the same version everywhere', () => {
    const world = new SchemaWorld(2);
    const [a, b] = world.services();
    expect([...a.current.keyspaces.keys()].sort()).toEqual([
      'system',
      'system_auth',
      'system_distributed',
      'system_schema',
      'system_traces',
      'system_views',
      'system_virtual_schema',
    ]);
    expect(a.current.version).toBe(b.current.version);
    expect(a.current).toBe(b.current);
    expect(a.current.keyspaces.get('system_auth')?.tables.size).toBe(8);
  });

  it('pushes a change to live peers, which share the decoded objects', () => {
    const world = new SchemaWorld(3);
    const [a, b] = world.services();
    setKeyspace(a, withTable(KEYSPACE, table('t')));
    world.settle();
    expect(b.current.version).toBe(a.current.version);
    const decoded = b.current.keyspaces.get('ks')?.tables.get('t');
    expect(decoded).toBe(a.current.keyspaces.get('ks')?.tables.get('t'));
    expect(decoded?.clustering[0]).toBe(table('t').clustering[0]);
    expect(decoded).toEqual(table('t'));
    expect(world.eventsOf(1)).toEqual(['CREATED KEYSPACE ks', 'CREATED TABLE ks.t']);
  });

  it('drops a table and creates it again', () => {
    const world = new SchemaWorld(1);
    const [a] = world.services();
    setKeyspace(a, withTable(KEYSPACE, table('t')));
    setKeyspace(a, KEYSPACE);
    expect(a.current.keyspaces.get('ks')?.tables.size).toBe(0);
    const again = rebuildTable(table('t', '22222222-2222-2222-2222-222222222222'), {
      regulars: [],
    });
    setKeyspace(a, withTable(KEYSPACE, again));
    expect(a.current.keyspaces.get('ks')?.tables.get('t')).toEqual(again);
    a.transform((k) => new Map([...k].filter(([name]) => name !== 'ks')));
    expect(a.current.keyspaces.has('ks')).toBe(false);
    expect(world.eventsOf(0).slice(2)).toEqual([
      'DROPPED TABLE ks.t',
      'CREATED TABLE ks.t',
      'DROPPED TABLE ks.t',
      'DROPPED KEYSPACE ks',
    ]);
  });

  it('converges after a split in which both sides changed the schema', () => {
    const { world, a, b } = splitWorld();
    setKeyspace(a, withTable(KEYSPACE, table('left')));
    setKeyspace(b, withTable(KEYSPACE, table('right')));
    world.settle();
    expect(a.current.version).not.toBe(b.current.version);
    heal(world);
    expect(a.current.version).toBe(b.current.version);
    expect([...(a.current.keyspaces.get('ks')?.tables.keys() ?? [])]).toEqual(['left', 'right']);
  });

  it('keeps one of two tables that a split created under one name', () => {
    const { world, a, b } = splitWorld();
    setKeyspace(a, withTable(KEYSPACE, table('t')));
    const other = rebuildTable(table('t', '22222222-2222-2222-2222-222222222222'), {});
    setKeyspace(b, withTable(KEYSPACE, other));
    heal(world);
    expect(a.current.version).toBe(b.current.version);
    expect(a.current.keyspaces.get('ks')?.tables.get('t')?.id).toBe(
      b.current.keyspaces.get('ks')?.tables.get('t')?.id,
    );
  });
});
