// The schema's version: a digest of its rows. The rows themselves: test/facts-conformance/system-rows.test.ts.

import { describe, expect, it } from 'vitest';
import { EMPTY_SCHEMA_VERSION } from '../../src/node/schema/schema-service.ts';
import { DdlWorld } from './ddl-world.ts';

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
