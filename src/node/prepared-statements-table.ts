// system.prepared_statements: what clients prepared here outlives a restart, so that they need not prepare again.
// Test: test/query/prepared-store.test.ts. Cassandra: SystemKeyspace.writePreparedStatement, loadPreparedStatements.

import { required } from '../base/assert.ts';
import type { Clock } from '../world/ports.ts';
import type { PreparedStore } from './query/statement-plans.ts';
import type { LocalStore } from './replica/local-store.ts';
import { LiveRow } from './schema/row-reader.ts';
import { textValue } from './schema/row-values.ts';
import { RowWriter } from './schema/row-writer.ts';
import { readTable } from './schema/stored-rows.ts';
import { SYSTEM_KEYSPACE } from './schema/system-keyspaces.ts';

const TABLE = required(
  SYSTEM_KEYSPACE.tables.get('prepared_statements'),
  'system.prepared_statements',
);

export interface StoredStatement {
  readonly text: string;
  readonly keyspace: string | null;
}

export class PreparedStatementsTable implements PreparedStore {
  private readonly store: LocalStore;
  private readonly clock: Clock;

  constructor(store: LocalStore, clock: Clock) {
    this.store = store;
    this.clock = clock;
  }

  put(id: Buffer, keyspace: string | null, text: string): void {
    const writer = this.writer(id);
    const row = writer.row(TABLE).set('query_string', textValue(text));
    if (keyspace !== null) row.set('logged_keyspace', textValue(keyspace));
    this.store.apply(writer.build());
  }

  remove(id: Buffer): void {
    const writer = this.writer(id);
    writer.deletePartition(TABLE);
    this.store.apply(writer.build());
  }

  /** Every statement that was prepared and not removed. */
  load(): readonly StoredStatement[] {
    const nowSeconds = Math.floor(this.clock.wallMs() / 1_000);
    return readTable(this.store, TABLE, nowSeconds).flatMap((partition) => {
      const [row] = partition.rows;
      if (row === undefined) return [];
      const live = new LiveRow(row, partition.deletion.markedForDeleteAt);
      const text = live.text('query_string');
      return text === null ? [] : [{ text, keyspace: live.text('logged_keyspace') }];
    });
  }

  private writer(id: Buffer): RowWriter {
    const { clock } = this;
    const timestamp = clock.wallMicros();
    return new RowWriter({ keyspace: 'system', key: id, timestamp, nowMs: clock.wallMs() });
  }
}
