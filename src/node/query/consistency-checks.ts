// Consistency levels that a kind of statement cannot have, in Cassandra's words. How many replicas a level means is
// the coordinator's business. Cassandra: db/ConsistencyLevel.validateFor*.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import { isSerial } from '../../data/consistency.ts';
import { invalid } from '../../data/cql-error.ts';
import type { KeyspaceMetadata, TableMetadata } from '../../data/schema.ts';

export function checkNodeLocal(level: ConsistencyLevel): void {
  if (level === 'NODE_LOCAL') {
    throw invalid(
      'NODE_LOCAL consistency level is highly dangerous and should be used only for debugging purposes',
    );
  }
}

export function checkReadConsistency(level: ConsistencyLevel): void {
  checkNodeLocal(level);
  if (level === 'ANY') throw invalid('ANY ConsistencyLevel is only supported for writes');
}

export function checkWriteConsistency(level: ConsistencyLevel, table: TableMetadata): void {
  checkNodeLocal(level);
  if (table.isCounter) {
    if (level === 'ANY') {
      throw invalid(`Consistency level ANY is not yet supported for counter table ${table.name}`);
    }
    if (isSerial(level)) throw invalid('Counter operations are inherently non-serializable');
  }
  if (isSerial(level)) throw invalid('You must use conditional updates for serializable writes');
}

/** The serial level of a conditional update. */
export function checkSerialConsistency(level: ConsistencyLevel): 'SERIAL' | 'LOCAL_SERIAL' {
  if (isSerial(level)) return level;
  throw invalid(
    'Invalid consistency for conditional update. Must be one of SERIAL or LOCAL_SERIAL',
  );
}

/** The plain level of a conditional update: how its commit is written. */
export function checkCommitConsistency(level: ConsistencyLevel, keyspace: KeyspaceMetadata): void {
  checkNodeLocal(level);
  if (isSerial(level)) {
    throw invalid(
      `${level} is not supported as conditional update commit consistency. Use ANY if you mean "make sure it is ` +
        'accepted but I don\'t care how many replicas commit it for non-SERIAL reads"',
    );
  }
  const { className } = keyspace.replication;
  if (level === 'EACH_QUORUM' && !className.endsWith('NetworkTopologyStrategy')) {
    throw invalid(
      `consistency level EACH_QUORUM not compatible with replication strategy (${className})`,
    );
  }
}

/** A read that a write needs cannot be made at every level of writes. */
export function checkReadBeforeWrite(level: ConsistencyLevel): void {
  if (level === 'ANY') {
    throw invalid(
      `Write operation require a read but consistency ${level} is not supported on reads`,
    );
  }
}
