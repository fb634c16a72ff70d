// system_distributed.view_build_status: a row for each view and node that has built it. Views are built within the
// change of the schema here, so a view's row appears with it, and goes with it. Nobody waits for the rows.
// Test: test/cql/views-where.cql. Cassandra: schema/SystemDistributedKeyspace.successfulViewBuild, setViewRemoved.

import { required } from '../../base/assert.ts';
import { compositeKey } from '../../data/partition-key.ts';
import type { Mutation } from '../../data/partition.ts';
import type { KeyspaceMetadata, Schema } from '../../data/schema.ts';
import type { Clock } from '../../world/ports.ts';
import type { RequestContext, WriteDone } from '../coordinator/coordinator.ts';
import { ownContext } from '../coordinator/coordinator.ts';
import { textValue, uuidValue } from '../schema/row-values.ts';
import { RowWriter } from '../schema/row-writer.ts';
import { REPLICATED_SYSTEM_KEYSPACES } from '../schema/system-keyspaces.ts';

export interface ViewBuildStatusParts {
  readonly clock: Clock;
  readonly hostId: () => string;
  /** Writes at level ONE. */
  readonly write: (mutation: Mutation, context: RequestContext, done: WriteDone) => void;
}

const KEYSPACE = 'system_distributed';
const TABLE = required(
  REPLICATED_SYSTEM_KEYSPACES.find(({ name }) => name === KEYSPACE)?.tables.get(
    'view_build_status',
  ),
  'view_build_status',
);

export class ViewBuildStatus {
  private readonly parts: ViewBuildStatusParts;

  constructor(parts: ViewBuildStatusParts) {
    this.parts = parts;
  }

  /** After a change of the schema that this node has built the new views of. */
  onSchema(before: Schema, after: Schema): void {
    for (const name of new Set([...before.keyspaces.keys(), ...after.keyspaces.keys()])) {
      const [had, has] = [before.keyspaces.get(name), after.keyspaces.get(name)];
      if (had === has) continue;
      const [old, now] = [viewNames(had), viewNames(has)];
      const host = uuidValue(this.parts.hostId());
      for (const view of now) {
        if (old.has(view)) continue;
        this.write(name, view, (writer) => {
          writer.row(TABLE, [host]).set('status', textValue('SUCCESS'));
        });
      }
      for (const view of old)
        if (!now.has(view)) this.write(name, view, (writer) => writer.deletePartition(TABLE));
    }
  }

  private write(keyspace: string, view: string, fill: (writer: RowWriter) => void): void {
    const { clock, write } = this.parts;
    const writer = new RowWriter({
      keyspace: KEYSPACE,
      key: compositeKey([textValue(keyspace), textValue(view)]),
      timestamp: clock.wallMicros(),
      nowMs: clock.wallMs(),
    });
    fill(writer);
    write(writer.build(), ownContext(clock), () => undefined);
  }
}

function viewNames(keyspace: KeyspaceMetadata | undefined): ReadonlySet<string> {
  const tables = [...(keyspace?.tables.values() ?? [])];
  return new Set(tables.filter(({ kind }) => kind === 'view').map(({ name }) => name));
}
