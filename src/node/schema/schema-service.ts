// One node's schema: real rows in system_schema, merged by timestamp like any data, decoded into immutable objects.
// A change is validated against the current objects, written locally, then pushed to the live peers; it never waits
// for them. Nodes that missed a push pull when gossip shows them another version, so that two sides of a split that
// both changed the schema converge. Test: test/schema/schema-service.test.ts.
// Cassandra: schema/Schema, DefaultSchemaUpdateHandler, MigrationCoordinator, SchemaKeyspace.

import { createHash } from 'node:crypto';
import { assert } from '../../base/assert.ts';
import type { Mutation, PartitionData } from '../../data/partition.ts';
import type { KeyspaceMetadata, Schema } from '../../data/schema.ts';
import type { SchemaChange } from '../../protocol/responses/schema-change.ts';
import type { Clock, Endpoint } from '../../world/ports.ts';
import type { LocalStore } from '../replica/local-store.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Telemetry } from '../telemetry.ts';
import type { KeyspaceRows, LiteralReader } from './decode.ts';
import { decodeKeyspace, keyspaceDigest } from './decode.ts';
import type { SchemaDiff } from './diff.ts';
import { diffSchemas, inOrderOfCreation, isEmptyDiff, schemaChanges } from './diff.ts';
import { alterKeyspaceMutation, dropKeyspaceMutation, keyspaceMutation } from './encode.ts';
import { MigrationCoordinator } from './migration-coordinator.ts';
import type { MigrationMessenger } from './migration-coordinator.ts';
import { readText, textValue } from './row-values.ts';
import type { SchemaCache } from './schema-cache.ts';
import { SCHEMA_TABLE_NAMES, SCHEMA_TABLES } from './schema-tables.ts';
import { readPartition, readTable } from './stored-rows.ts';
import {
  isLocalSystemKeyspace,
  REPLICATED_SYSTEM_KEYSPACES,
  SYSTEM_KEYSPACE,
  SYSTEM_SCHEMA_KEYSPACE,
  VIRTUAL_KEYSPACES,
} from './system-keyspaces.ts';
import { uuidFromName, uuidText } from '../../data/uuid.ts';

export type Keyspaces = ReadonlyMap<string, KeyspaceMetadata>;

/** What listeners hear, after the new schema is current. */
export interface SchemaUpdate {
  readonly before: Schema;
  readonly after: Schema;
  readonly diff: SchemaDiff;
  /** For clients that registered, in order. */
  readonly changes: readonly SchemaChange[];
}

/** Called in the order of subscription, in the same event as the change; must not throw. */
export type SchemaListener = (update: SchemaUpdate) => void;

export interface SchemaServiceOptions {
  readonly self: Endpoint;
  readonly clock: Clock;
  readonly store: LocalStore;
  readonly cache: SchemaCache;
  readonly telemetry: Telemetry;
  readonly messenger: MigrationMessenger;
  /** Reachable peers, this node excluded. */
  readonly livePeers: () => readonly Endpoint[];
  readonly readLiteral: LiteralReader;
}

export class SchemaService implements SchemaView {
  /** Pulls from peers whose version differs. */
  readonly migrations: MigrationCoordinator;
  private readonly options: SchemaServiceOptions;
  private readonly listeners: SchemaListener[] = [];
  /** Digest of each stored keyspace but the local ones. */
  private readonly digests = new Map<string, Buffer>();
  private schema: Schema = BUILT_IN_SCHEMA;
  private lastTimestamp = 0;

  constructor(options: SchemaServiceOptions) {
    this.options = options;
    this.migrations = new MigrationCoordinator({
      clock: options.clock,
      messenger: options.messenger,
      localVersion: () => this.schema.version,
      merge: (mutations) => this.merge(mutations),
    });
  }

  get current(): Schema {
    return this.schema;
  }

  subscribe(listener: SchemaListener): void {
    this.listeners.push(listener);
  }

  /** Writes the system keyspaces' own rows, then loads everything that is stored. Listeners hear what was found. */
  start(): void {
    for (const mutation of systemSchemaMutations()) this.options.store.apply(mutation);
    const names = new Set<string>();
    for (const partition of readTable(this.options.store, SCHEMA_TABLES.keyspaces, this.now())) {
      names.add(readText(partition.key.bytes));
    }
    this.reload(names);
    this.migrations.start();
  }

  stop(): void {
    this.migrations.stop();
  }

  /**
   * Applies a change. `transform` validates against the given keyspaces and returns the new ones; it throws
   * CqlException to refuse. Returns what changed (empty: nothing, and nothing was written or sent).
   */
  transform(change: (keyspaces: Keyspaces) => Keyspaces): SchemaDiff {
    const before = this.schema;
    const wanted = { ...before, keyspaces: change(before.keyspaces) };
    const diff = diffSchemas(before, wanted);
    if (isEmptyDiff(diff)) return diff;
    const when = { timestamp: this.nextTimestamp(), nowMs: this.options.clock.wallMs() };
    const mutations = [
      ...diff.dropped.map((keyspace) => dropKeyspaceMutation(keyspace.name, when)),
      ...diff.created.map((keyspace) => keyspaceMutation(keyspace, when)),
      ...diff.altered.map((keyspace) => alterKeyspaceMutation(keyspace, when)),
    ];
    this.merge(mutations);
    for (const peer of this.options.livePeers()) this.options.messenger.push(peer, mutations);
    return diff;
  }

  /** Merges rows from a peer (a push, a pull's answer) or from this node itself. */
  merge(mutations: readonly Mutation[]): void {
    const names = new Set<string>();
    for (const mutation of mutations) {
      const name = readText(mutation.key.bytes);
      if (isLocalSystemKeyspace(name)) continue;
      const refused = this.options.store.apply(mutation);
      assert(refused === null, `system_schema rows of ${name} applied`);
      names.add(name);
    }
    this.reload(names);
  }

  /** Everything a peer needs that pulls: rows and tombstones of all keyspaces but the local ones. */
  allMutations(): readonly Mutation[] {
    const updates = new Map<string, PartitionData[]>();
    for (const name of SCHEMA_TABLE_NAMES) {
      for (const partition of readTable(this.options.store, SCHEMA_TABLES[name], this.now())) {
        const list = updates.get(partition.key.id);
        if (list === undefined) updates.set(partition.key.id, [partition]);
        else list.push(partition);
      }
    }
    const mutations: Mutation[] = [];
    for (const list of updates.values()) {
      const [first] = list;
      if (first === undefined || isLocalSystemKeyspace(readText(first.key.bytes))) continue;
      mutations.push({
        keyspace: 'system_schema',
        key: first.key,
        updates: list,
        createdAtMs: this.options.clock.wallMs(),
      });
    }
    return mutations;
  }

  /** Reads these keyspaces again and, when anything differs, makes it current and tells the listeners. */
  private reload(names: ReadonlySet<string>): void {
    const before = this.schema;
    const keyspaces = new Map(before.keyspaces);
    for (const name of names) {
      if (isLocalSystemKeyspace(name)) continue;
      const rows = this.read(name);
      const digest = keyspaceDigest(rows);
      const keyspace =
        digest === null
          ? null
          : this.options.cache.keyspace(name, digest, () =>
              inOrderOfCreation(
                before.keyspaces.get(name),
                decodeKeyspace(name, rows, this.options.readLiteral),
              ),
            );
      if (digest === null || keyspace === null) {
        this.digests.delete(name);
        keyspaces.delete(name);
      } else {
        this.digests.set(name, digest);
        keyspaces.set(name, keyspace);
      }
    }
    const version = this.digestAll();
    if (version === before.version) return;
    const after = this.options.cache.schema(version, () => ({ keyspaces, version }));
    this.schema = after;
    const diff = diffSchemas(before, after);
    const changes = schemaChanges(diff);
    for (const listener of this.listeners) listener({ before, after, diff, changes });
    this.options.telemetry.emit({ kind: 'schema-changed', by: this.options.self, version });
  }

  private read(name: string): KeyspaceRows {
    const key = textValue(name);
    const entries = SCHEMA_TABLE_NAMES.map((table) => [
      table,
      readPartition(this.options.store, SCHEMA_TABLES[table], key, this.now()),
    ]);
    return Object.fromEntries(entries) as KeyspaceRows;
  }

  private digestAll(): string {
    const hash = createHash('md5');
    for (const name of [...this.digests.keys()].sort()) {
      hash.update(name).update(this.digests.get(name) ?? '');
    }
    return uuidText(uuidFromName(hash.digest()));
  }

  /** Later changes of one node always win over its earlier ones, also within a microsecond. */
  private nextTimestamp(): number {
    this.lastTimestamp = Math.max(this.options.clock.wallMicros(), this.lastTimestamp + 1);
    return this.lastTimestamp;
  }

  private now(): number {
    return Math.floor(this.options.clock.wallMs() / 1_000);
  }
}

/** The version of a schema without stored keyspaces, as Cassandra has it: the name of the MD5 of nothing. */
export const EMPTY_SCHEMA_VERSION = uuidText(uuidFromName(createHash('md5').digest()));

/** What every node knows before it has read a row. */
const BUILT_IN_SCHEMA: Schema = {
  keyspaces: new Map(
    [SYSTEM_KEYSPACE, SYSTEM_SCHEMA_KEYSPACE, ...VIRTUAL_KEYSPACES].map((keyspace) => [
      keyspace.name,
      keyspace,
    ]),
  ),
  version: EMPTY_SCHEMA_VERSION,
};

/** Cached: the same rows on every node, written with timestamp 0 so that any later change wins. */
let systemMutations: readonly Mutation[] | null = null;

function systemSchemaMutations(): readonly Mutation[] {
  systemMutations ??= [SYSTEM_KEYSPACE, SYSTEM_SCHEMA_KEYSPACE, ...REPLICATED_SYSTEM_KEYSPACES].map(
    (keyspace) => keyspaceMutation(keyspace, { timestamp: 0, nowMs: 0 }),
  );
  return systemMutations;
}
