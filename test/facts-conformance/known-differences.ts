// Rows of the facts that we answer otherwise, one by one: what we say instead, and the line of docs/differences.md that
// gives the reason. A row that is not here must be equal; one that is here must differ, just so.

import { expect } from 'vitest';

export interface KnownDifference {
  readonly file: string;
  /** The row: its statement, or what else names it in its file. */
  readonly row: string;
  /** Our answer, as the test of the file prints it. */
  readonly ours: string;
  /** Words of docs/differences.md. */
  readonly reason: string;
}

const TRIPS_OVER_ITSELF =
  'Statements in which Cassandra trips over itself (SERVER_ERROR with the name of a Java exception';
const NO_JVM = 'User-defined functions are JavaScript (`LANGUAGE javascript`)';

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    file: 'errors.json',
    row: 'CREATE TABLE mv (k int PRIMARY KEY)',
    ours: 'ALREADY_EXISTS 0x2400: Cannot add already existing table "mv" to keyspace "e" {"ks":"e","table":"mv"}',
    reason: TRIPS_OVER_ITSELF,
  },
  {
    file: 'errors.json',
    row: "CREATE FUNCTION f2(a int) CALLED ON NULL INPUT RETURNS int LANGUAGE java AS 'nope'",
    ours: 'SCHEMA CREATED FUNCTION e.f2(int)',
    reason: NO_JVM,
  },
  {
    file: 'system-schema.cql',
    row: 'system',
    ours:
      '- CREATE CUSTOM INDEX "PaxosUncommittedIndex" ON system.paxos () USING ' +
      "'org.apache.cassandra.service.paxos.uncommitted.PaxosUncommittedIndex';",
    reason: '`system.paxos` has no index `PaxosUncommittedIndex`',
  },
  {
    file: 'system-rows.json',
    row: 'local',
    ours: 'truncated_at',
    reason: '`truncated_at` in `system.local` holds the tables that users truncated',
  },
  {
    file: 'system-rows.json',
    row: 'clients',
    ours: 'hostname',
    reason: '`system_views.clients` and `gossip_info` show addresses for host names',
  },
  {
    file: 'system-rows.json',
    row: 'gossip_info',
    ours:
      'index_status, index_status_version, internal_address_and_port, internal_address_and_port_version, ' +
      'internal_ip, internal_ip_version, rpc_address, rpc_address_version, ' +
      'sstable_versions, sstable_versions_version, status, status_version',
    reason: 'Gossip carries the states that decide something',
  },
  {
    file: 'system-rows.json',
    row: 'caches',
    ours: 'capacity_bytes',
    reason: '`system_views` tables about SSTables, caches, thread pools and the JVM',
  },
  {
    file: 'system-rows.json',
    row: 'thread_pools',
    ours: '17 rows, there 21',
    reason: '`system_views` tables about SSTables, caches, thread pools and the JVM',
  },
  {
    file: 'system-rows.json',
    row: 'settings',
    ours:
      'audit_logging_options.audit_logs_dir, audit_logging_options_audit_logs_dir, cdc_raw_directory, ' +
      'commitlog_directory, data_file_directories, hints_directory, ' +
      'native_transport_max_request_data_in_flight, native_transport_max_request_data_in_flight_per_ip, ' +
      'prepared_statements_cache_size, prepared_statements_cache_size_mb, ' +
      'repair_session_space, repair_session_space_in_mb, saved_caches_directory',
    reason: '`system_views.settings` names no directories',
  },
];

/** Compares our answer with the recorded one, or with the one that is known to differ from it. */
export function expectRecorded(comparison: {
  readonly file: string;
  readonly row: string;
  readonly ours: string;
  readonly recorded: string;
}): void {
  const { file, row, ours, recorded } = comparison;
  const known = KNOWN_DIFFERENCES.find((one) => one.file === file && one.row === row);
  expect(ours).toBe(known?.ours ?? recorded);
  if (known !== undefined) expect(ours).not.toBe(recorded);
}
