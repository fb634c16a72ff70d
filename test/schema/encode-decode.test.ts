// Objects to rows and back: every kind of schema object there is, and whatever a random history of statements on nodes
// that lose sight of each other leaves behind.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStatement } from '../../src/cql/parse.ts';
import type { SchemaStatement } from '../../src/cql/ast.ts';
import { required } from '../../src/base/assert.ts';
import type { Keyspaces } from '../../src/node/schema/schema-service.ts';
import { decodeKeyspace } from '../../src/node/schema/decode.ts';
import type { KeyspaceRows } from '../../src/node/schema/decode.ts';
import { keyspaceMutation } from '../../src/node/schema/encode.ts';
import { readLiteral } from '../../src/node/query/ddl/literals.ts';
import { SCHEMA_TABLE_NAMES, SCHEMA_TABLES } from '../../src/node/schema/schema-tables.ts';
import { textValue } from '../../src/node/schema/row-values.ts';
import { readPartition } from '../../src/node/schema/stored-rows.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import { factText } from '../read-facts.ts';
import { DdlWorld, schemaStatements } from './ddl-world.ts';
import { MapStore } from './map-store.ts';
import { SchemaWorld } from './schema-world.ts';

const SCRIPTS = ['describe-samples.cql', 'errors-setup.cql'].map((file) =>
  factText(file)
    .replace(/^-- ==== DESC.*/ms, '')
    .split('\n')
    .filter((line) => /^(CREATE|ALTER|DROP|USE) .*;$/.test(line))
    .map((line) => line.slice(0, -1)),
);

/** What a node that saw only these rows would know. */
function decoded(store: MapStore, name: string): ReturnType<typeof decodeKeyspace> {
  const rows = SCHEMA_TABLE_NAMES.map((table) => [
    table,
    readPartition(store, SCHEMA_TABLES[table], textValue(name), 0),
  ]);
  return decodeKeyspace(name, Object.fromEntries(rows) as KeyspaceRows, readLiteral);
}

describe('rows of a keyspace', () => {
  it.each(SCRIPTS.map((script, index) => ({ script, index })))('script $index', ({ script }) => {
    const world = new DdlWorld();
    for (const cql of script) {
      const use = /^USE (\w+)$/.exec(cql)?.[1];
      if (use === undefined) world.setUp(cql);
      else world.client.keyspace = use;
    }
    for (const keyspace of world.schema.current.keyspaces.values()) {
      if (keyspace.kind !== 'regular' || keyspace.name.startsWith('system')) continue;
      const store = new MapStore();
      store.apply(keyspaceMutation(keyspace, { timestamp: 1, nowMs: 0 }));
      expect(decoded(store, keyspace.name)).toEqual(keyspace);
    }
  });
});

const names = fc.constantFrom('a', 'b', 'c');
const types = fc.constantFrom('int', 'text', 'list<int>', 'frozen<u>', 'map<text, frozen<u>>');

/** Statements that often fit what is there and often do not: what is refused changes nothing. */
const statements = fc.oneof(
  fc
    .tuple(names, types)
    .map(([n, t]) => `CREATE TABLE ks.${n} (k int, c text, v ${t}, PRIMARY KEY (k, c))`),
  names.map((n) => `DROP TABLE ks.${n}`),
  fc.tuple(names, names, types).map(([n, c, t]) => `ALTER TABLE ks.${n} ADD ${c} ${t}`),
  fc.tuple(names, names).map(([n, c]) => `ALTER TABLE ks.${n} DROP ${c}`),
  fc.tuple(names, names).map(([n, c]) => `ALTER TABLE ks.${n} RENAME c TO ${c}`),
  fc.tuple(names, fc.nat(99)).map(([n, x]) => `ALTER TABLE ks.${n} WITH gc_grace_seconds = ${x}`),
  fc.tuple(names, fc.nat(99)).map(([n, x]) => `ALTER TABLE ks.${n} WITH comment = '${x}'`),
  fc.tuple(names, names).map(([n, c]) => `CREATE INDEX ${n}_${c} ON ks.${n} (${c})`),
  fc.tuple(names, names).map(([n, c]) => `DROP INDEX ks.${n}_${c}`),
  names.map((n) => `ALTER TABLE ks.${n} ALTER v MASKED WITH DEFAULT`),
  names.map(
    (n) =>
      `CREATE MATERIALIZED VIEW ks.view_${n} AS SELECT * FROM ks.${n} ` +
      'WHERE k IS NOT NULL AND c IS NOT NULL PRIMARY KEY (c, k)',
  ),
  names.map((n) => `DROP MATERIALIZED VIEW ks.view_${n}`),
  names.map((n) => `ALTER TYPE ks.u ADD ${n} int`),
  names.map((n) => `ALTER TYPE ks.u RENAME ${n} TO ${n}2`),
  fc.constant('CREATE TYPE ks.u (first int)'),
  fc.constant('DROP TYPE ks.u'),
  fc.constant("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy'}"),
  fc.constant('DROP KEYSPACE ks'),
  fc.boolean().map((durable) => `ALTER KEYSPACE ks WITH durable_writes = ${String(durable)}`),
  names.map(
    (n) =>
      `CREATE FUNCTION ks.f(x ${n === 'a' ? 'int' : 'text'}) CALLED ON NULL INPUT RETURNS int LANGUAGE java AS 'return 1;'`,
  ),
  fc.constant('DROP FUNCTION ks.f'),
);

type Step =
  | { readonly kind: 'run'; readonly node: number; readonly cql: string }
  | { readonly kind: 'cut' | 'heal' | 'deliver' };

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('run' as const), node: fc.nat(1), cql: statements }),
    },
    { weight: 1, arbitrary: fc.constantFrom<Step[]>({ kind: 'cut' }, { kind: 'heal' }) },
    { weight: 3, arbitrary: fc.constant<Step>({ kind: 'deliver' }) },
  ),
  { minLength: 10, maxLength: 60, size: 'max' },
);

/** Two nodes that run schema statements. */
class Split {
  readonly world = new SchemaWorld(2);
  private readonly executors = this.world
    .services()
    .map((service, node) => schemaStatements(service, this.world.clock, node + 1));

  run(node: number, cql: string): void {
    const executor = required(this.executors[node], 'a node');
    const client = newClientState({ id: 1, remoteAddress: '127.0.0.1', remotePort: 1 });
    const context = { startedAtMs: 0, trace: null, warnings: null, guard: null, reads: null };
    const call = { client, keyspace: null, context, pageSize: null, pagingState: null };
    executor.execute(parseStatement(cql).statement as SchemaStatement, call, () => undefined);
  }

  step(step: Step): void {
    if (step.kind === 'run') this.run(step.node, step.cql);
    else if (step.kind === 'deliver') this.world.settle();
    else this.world.cut = step.kind === 'cut';
  }

  heal(): void {
    this.world.cut = false;
    for (let round = 0; round < 3; round++) {
      this.world.settle();
      this.world.gossip();
    }
    this.world.settle();
  }
}

function plain(keyspaces: Keyspaces): unknown {
  return keyspaces.get('ks');
}

describe('a random history', () => {
  it('leaves both sides of a split with one schema, the one that their rows describe', () => {
    const start: readonly Step[] = [
      {
        kind: 'run',
        node: 0,
        cql: "CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy'}",
      },
      { kind: 'run', node: 0, cql: 'CREATE TYPE ks.u (first int)' },
      { kind: 'deliver' },
    ];
    fc.assert(
      fc.property(steps, (history) => {
        const split = new Split();
        for (const step of [...start, ...history]) split.step(step);
        split.heal();
        const [a, b] = split.world.services();
        expect(a.current.version).toBe(b.current.version);
        expect(plain(a.current.keyspaces)).toEqual(plain(b.current.keyspaces));
        for (const store of split.world.stores) {
          expect(decoded(store, 'ks') ?? undefined).toEqual(plain(a.current.keyspaces));
        }
      }),
      { numRuns: 150 },
    );
  });
});
