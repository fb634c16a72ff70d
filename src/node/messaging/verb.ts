// The kinds of messages between nodes, with Cassandra's names, the setting each request's timeout comes from and the
// verb of its answer. One row a verb; a new message kind begins here. Cassandra: net/Verb.java.

import type { NodeConfig } from '../node-config.ts';

type TimeoutSetting = {
  [K in keyof NodeConfig]: NodeConfig[K] extends number ? K : never;
}[keyof NodeConfig];

interface VerbRow {
  /** The setting whose milliseconds bound the request; null: it never expires (gossip, responses). */
  readonly timeout: TimeoutSetting | null;
  readonly response: string | null;
}

/** Requests and one-way messages. */
export const REQUEST_VERBS = {
  MUTATION_REQ: { timeout: 'write_request_timeout', response: 'MUTATION_RSP' },
  HINT_REQ: { timeout: 'write_request_timeout', response: 'HINT_RSP' },
  READ_REPAIR_REQ: { timeout: 'write_request_timeout', response: 'READ_REPAIR_RSP' },
  BATCH_STORE_REQ: { timeout: 'write_request_timeout', response: 'BATCH_STORE_RSP' },
  BATCH_REMOVE_REQ: { timeout: 'write_request_timeout', response: 'BATCH_REMOVE_RSP' },
  COUNTER_MUTATION_REQ: {
    timeout: 'counter_write_request_timeout',
    response: 'COUNTER_MUTATION_RSP',
  },
  READ_REQ: { timeout: 'read_request_timeout', response: 'READ_RSP' },
  RANGE_REQ: { timeout: 'range_request_timeout', response: 'RANGE_RSP' },
  PAXOS_PREPARE_REQ: { timeout: 'write_request_timeout', response: 'PAXOS_PREPARE_RSP' },
  PAXOS_PROPOSE_REQ: { timeout: 'write_request_timeout', response: 'PAXOS_PROPOSE_RSP' },
  PAXOS_COMMIT_REQ: { timeout: 'write_request_timeout', response: 'PAXOS_COMMIT_RSP' },
  PAXOS2_PREPARE_REQ: { timeout: 'write_request_timeout', response: 'PAXOS2_PREPARE_RSP' },
  PAXOS2_PREPARE_REFRESH_REQ: {
    timeout: 'write_request_timeout',
    response: 'PAXOS2_PREPARE_REFRESH_RSP',
  },
  PAXOS2_PROPOSE_REQ: { timeout: 'write_request_timeout', response: 'PAXOS2_PROPOSE_RSP' },
  PAXOS2_COMMIT_AND_PREPARE_REQ: {
    timeout: 'write_request_timeout',
    response: 'PAXOS2_COMMIT_AND_PREPARE_RSP',
  },
  PAXOS2_COMMIT_REMOTE_REQ: {
    timeout: 'write_request_timeout',
    response: 'PAXOS2_COMMIT_REMOTE_RSP',
  },
  TRUNCATE_REQ: { timeout: 'truncate_request_timeout', response: 'TRUNCATE_RSP' },

  GOSSIP_DIGEST_SYN: { timeout: null, response: null },
  GOSSIP_DIGEST_ACK: { timeout: null, response: null },
  GOSSIP_DIGEST_ACK2: { timeout: null, response: null },
  GOSSIP_SHUTDOWN: { timeout: null, response: null },
  ECHO_REQ: { timeout: 'request_timeout', response: 'ECHO_RSP' },
  PING_REQ: { timeout: 'request_timeout', response: 'PING_RSP' },

  SCHEMA_PUSH_REQ: { timeout: null, response: null },
  SCHEMA_PULL_REQ: { timeout: 'request_timeout', response: 'SCHEMA_PULL_RSP' },
  SCHEMA_VERSION_REQ: { timeout: 'request_timeout', response: 'SCHEMA_VERSION_RSP' },
  REPLICATION_DONE_REQ: { timeout: 'request_timeout', response: 'REPLICATION_DONE_RSP' },
  SNAPSHOT_REQ: { timeout: 'request_timeout', response: 'SNAPSHOT_RSP' },

  PAXOS2_CLEANUP_START_PREPARE_REQ: {
    timeout: 'repair_request_timeout',
    response: 'PAXOS2_CLEANUP_START_PREPARE_RSP',
  },
  PAXOS2_CLEANUP_FINISH_PREPARE_REQ: {
    timeout: 'repair_request_timeout',
    response: 'PAXOS2_CLEANUP_FINISH_PREPARE_RSP',
  },
  PAXOS2_CLEANUP_REQ: { timeout: 'repair_request_timeout', response: 'PAXOS2_CLEANUP_RSP' },
  PAXOS2_CLEANUP_COMPLETE_REQ: {
    timeout: 'repair_request_timeout',
    response: 'PAXOS2_CLEANUP_COMPLETE_RSP',
  },
  PREPARE_REQ: { timeout: 'repair_request_timeout', response: 'PREPARE_RSP' },
  VALIDATION_REQ: { timeout: 'repair_request_timeout', response: 'VALIDATION_RSP' },
  SYNC_REQ: { timeout: 'repair_request_timeout', response: 'SYNC_RSP' },
  FINALIZE_PROPOSE_REQ: { timeout: 'repair_request_timeout', response: 'FINALIZE_PROPOSE_RSP' },
  FINALIZE_COMMIT_REQ: { timeout: 'repair_request_timeout', response: 'FINALIZE_COMMIT_RSP' },
  FAILED_SESSION_REQ: { timeout: 'repair_request_timeout', response: 'FAILED_SESSION_RSP' },
  REPAIR_STATUS_REQ: { timeout: 'repair_request_timeout', response: 'REPAIR_STATUS_RSP' },

  /** Rows between nodes: bootstrap, decommission, rebuild, repair. Stands for Cassandra's streaming sessions. */
  STREAM_REQ: { timeout: 'repair_request_timeout', response: 'STREAM_RSP' },
  STREAM_ROWS_REQ: { timeout: 'repair_request_timeout', response: 'STREAM_ROWS_RSP' },
} as const satisfies Readonly<Record<string, VerbRow>>;

export type RequestVerb = keyof typeof REQUEST_VERBS;

export type ResponseVerb =
  | Exclude<(typeof REQUEST_VERBS)[RequestVerb]['response'], null>
  | 'FAILURE_RSP';

export type Verb = RequestVerb | ResponseVerb;

/** The milliseconds a request of this verb may take; Infinity when it never expires. */
export function verbTimeoutMs(verb: RequestVerb, config: NodeConfig): number {
  const { timeout } = REQUEST_VERBS[verb];
  return timeout === null ? Infinity : config[timeout];
}
