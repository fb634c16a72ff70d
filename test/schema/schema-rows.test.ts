import { describe, expect, it } from 'vitest';
import type { CqlType } from '../../src/data/cql-type.ts';
import type { TableMetadata } from '../../src/data/schema.ts';
import { liveRows } from '../../src/node/schema/row-reader.ts';
import {
  readBlobMap,
  readList,
  readTextList,
  readTextMap,
  readUuid,
  textValue,
} from '../../src/node/schema/row-values.ts';
import type { SchemaTableName } from '../../src/node/schema/schema-tables.ts';
import { SCHEMA_TABLE_NAMES, SCHEMA_TABLES } from '../../src/node/schema/schema-tables.ts';
import { readPartition } from '../../src/node/schema/stored-rows.ts';
import { EMPTY_SCHEMA_VERSION } from '../../src/node/schema/schema-service.ts';
import { systemRows } from './system-rows.ts';
import { DdlWorld } from './ddl-world.ts';

interface Fixture {
  readonly ddl: readonly string[];
  readonly userKeyspace: Readonly<
    Record<SchemaTableName, { readonly rows: readonly Readonly<Record<string, unknown>>[] }>
  >;
  readonly systemTableRow: { readonly rows: readonly Readonly<Record<string, unknown>>[] };
  readonly systemKeyspaces: { readonly rows: readonly Readonly<Record<string, unknown>>[] };
}

const FIXTURE = systemRows<Fixture>();

/** A value as the fixture writes it. */
function plain(type: CqlType, bytes: Buffer): unknown {
  if (type.kind === 'list') {
    const isText = type.element.kind === 'native' && type.element.name === 'text';
    return isText ? readTextList(bytes) : readList(bytes).map((element) => element[0] === 1);
  }
  if (type.kind === 'set') return readTextList(bytes);
  if (type.kind === 'map') {
    const isBlob = type.value.kind === 'native' && type.value.name === 'blob';
    const map = isBlob ? readBlobMap(bytes) : readTextMap(bytes);
    return Object.fromEntries(map);
  }
  switch (type.kind === 'native' ? type.name : '') {
    case 'boolean':
      return bytes[0] === 1;
    case 'int':
      return bytes.readInt32BE(0);
    case 'double':
      return bytes.readDoubleBE(0);
    case 'uuid':
      return readUuid(bytes);
    case 'timestamp':
      return Number(bytes.readBigInt64BE(0));
    case 'blob':
      return `0x${bytes.toString('hex')}`;
    default:
      return bytes.toString();
  }
}

/** Ids and times are of the day. */
const OF_THE_DAY = new Set(['id', 'base_table_id', 'dropped_time']);

function rowsOf(
  world: DdlWorld,
  table: TableMetadata,
  keyspace: string,
): Record<string, unknown>[] {
  const partition = readPartition(world.store, table, textValue(keyspace), 0);
  return liveRows(partition).map((row) => {
    const found: Record<string, unknown> = {};
    for (const column of table.columns.values()) {
      const bytes =
        column.kind === 'partition_key'
          ? textValue(keyspace)
          : column.kind === 'clustering'
            ? row.clustering(column.position)
            : row.value(column.name);
      const value = bytes === null ? null : plain(column.type, bytes);
      found[column.name] = OF_THE_DAY.has(column.name) ? typeof value : value;
    }
    return found;
  });
}

function expectedRows(rows: readonly Readonly<Record<string, unknown>>[]): object[] {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        OF_THE_DAY.has(name) ? typeof value : value,
      ]),
    ),
  );
}

describe('rows of system_schema equal Cassandra', () => {
  const world = new DdlWorld();
  world.setUp(...FIXTURE.ddl);
  it.each(SCHEMA_TABLE_NAMES)('%s', (name) => {
    const expected = expectedRows(FIXTURE.userKeyspace[name].rows);
    expect(rowsOf(world, SCHEMA_TABLES[name], 'ds')).toEqual(expected);
  });

  it('has the row of system.local, with its id', () => {
    const row = rowsOf(world, SCHEMA_TABLES.tables, 'system').find(
      (r) => r['table_name'] === 'local',
    );
    expect(row).toEqual(expectedRows(FIXTURE.systemTableRow.rows)[0]);
    const id = world.schema.current.keyspaces.get('system')?.tables.get('local')?.id;
    expect(id).toBe(FIXTURE.systemTableRow.rows[0]?.['id']);
  });

  it('has the rows of the system keyspaces', () => {
    for (const expected of FIXTURE.systemKeyspaces.rows) {
      const name = String(expected['keyspace_name']);
      if (!name.startsWith('system')) continue;
      expect(rowsOf(world, SCHEMA_TABLES.keyspaces, name)).toEqual([expected]);
    }
  });
});

describe('schema version', () => {
  it('is the MD5 of nothing without a schema, changes with it and comes back with it', () => {
    expect(EMPTY_SCHEMA_VERSION).toBe('59adb24e-f3cd-3e02-97f0-5b395827453f');
    const world = new DdlWorld();
    const before = world.schema.current.version;
    world.setUp("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy'}");
    expect(world.schema.current.version).not.toBe(before);
    world.setUp('DROP KEYSPACE ks');
    expect(world.schema.current.version).toBe(before);
  });
});
