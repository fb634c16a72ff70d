// The bind markers of a statement being prepared: what each must be, and which of them make up the partition key.
// Cassandra: cql3/VariableSpecifications.java.

import type { ColumnMetadata, TableMetadata } from '../../data/schema.ts';
import { NATIVE } from '../../data/cql-type.ts';
import type { Receiver } from './terms/receiver.ts';

function isColumn(receiver: Receiver): receiver is ColumnMetadata {
  return 'kind' in receiver;
}

export class BindVariables {
  private readonly names: readonly (string | null)[];
  private readonly receivers: (Receiver | undefined)[];

  /** `names` as the parser gives them: null for `?`. */
  constructor(names: readonly (string | null)[]) {
    this.names = names;
    this.receivers = Array.from({ length: names.length }, () => undefined);
  }

  get count(): number {
    return this.names.length;
  }

  set(index: number, receiver: Receiver): void {
    this.receivers[index] = receiver;
  }

  /** The markers as clients see them; `:name` hides the receiver's name. */
  specifications(): readonly Receiver[] {
    return this.receivers.map((receiver, i) => {
      const known = receiver ?? { keyspace: '', table: '', name: '', type: NATIVE.blob };
      const { keyspace, table, type } = known;
      return { keyspace, table, name: this.names[i] ?? known.name, type };
    });
  }

  /** Marker indexes in partition key order; empty unless every component is a plain marker. The last one counts. */
  partitionKeyIndexes(table: TableMetadata): readonly number[] {
    const indexes = table.partitionKey.map(() => -1);
    this.receivers.forEach((receiver, i) => {
      if (receiver === undefined || !isColumn(receiver) || receiver.kind !== 'partition_key')
        return;
      if (receiver.keyspace === table.keyspace && receiver.table === table.name)
        indexes[receiver.position] = i;
    });
    return indexes.includes(-1) ? [] : indexes;
  }
}
