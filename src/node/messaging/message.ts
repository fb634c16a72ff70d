// One envelope for every message, so that all messages share one shape, and the payload of each verb. Messages travel
// by reference within a process: whoever receives one must not change it. Payloads of gossip, schema and membership
// are declared by their own folders and listed here. Cassandra: net/Message.java.

import type { FailureReason } from '../../data/cql-error.ts';
import type { Mutation } from '../../data/partition.ts';
import type { Endpoint, NetworkMessage } from '../../world/ports.ts';
import type { Trace } from '../coordinator/coordinator.ts';
import type * as paxos from '../coordinator/paxos-messages.ts';
import type * as gossip from '../gossip/gossip-messages.ts';
import type * as repair from '../repair/repair-messages.ts';
import type * as replica from '../replica/replica-messages.ts';
import type { Verb } from './verb.ts';

export interface Message<V extends Verb = Verb> extends NetworkMessage {
  readonly verb: V;
  /** Of the sender's exchange; 0 when no answer is expected. Answers carry their request's id. */
  readonly id: number;
  /** Sender's wall clock, milliseconds; a receiver drops the request afterwards. Infinity: never. */
  readonly expiresAtMs: number;
  readonly payload: MessagePayloads[V];
  /** Nodes of one datacenter, the receiver among them: it passes the request on to the others. null: to nobody. */
  readonly forwardTo: readonly Endpoint[] | null;
  /** Who gets the answer when it is not the sender; null: the sender. */
  readonly respondTo: Endpoint | null;
  readonly trace: Trace | null;
}

/** What travels with each verb. */
export interface MessagePayloads {
  MUTATION_REQ: Mutation;
  MUTATION_RSP: null;
  HINT_REQ: replica.HintRequest;
  HINT_RSP: null;
  READ_REPAIR_REQ: Mutation;
  READ_REPAIR_RSP: null;
  BATCH_STORE_REQ: replica.BatchStoreRequest;
  BATCH_STORE_RSP: null;
  BATCH_REMOVE_REQ: replica.BatchRemoveRequest;
  BATCH_REMOVE_RSP: null;
  COUNTER_MUTATION_REQ: replica.CounterRequest;
  COUNTER_MUTATION_RSP: null;
  READ_REQ: replica.ReadRequest;
  READ_RSP: replica.ReadResponse;
  RANGE_REQ: replica.ReadRequest;
  RANGE_RSP: replica.ReadResponse;
  PAXOS_PREPARE_REQ: paxos.PrepareRequest;
  PAXOS_PREPARE_RSP: paxos.PrepareResponse;
  PAXOS_PROPOSE_REQ: paxos.ProposeRequest;
  PAXOS_PROPOSE_RSP: boolean;
  PAXOS_COMMIT_REQ: paxos.CommitRequest;
  PAXOS_COMMIT_RSP: null;
  PAXOS2_PREPARE_REQ: paxos.Prepare2Request;
  PAXOS2_PREPARE_RSP: paxos.Prepare2Response;
  PAXOS2_PREPARE_REFRESH_REQ: paxos.RefreshRequest;
  PAXOS2_PREPARE_REFRESH_RSP: paxos.Superseded;
  PAXOS2_PROPOSE_REQ: paxos.ProposeRequest;
  PAXOS2_PROPOSE_RSP: paxos.Superseded;
  PAXOS2_COMMIT_AND_PREPARE_REQ: paxos.CommitAndPrepareRequest;
  PAXOS2_COMMIT_AND_PREPARE_RSP: paxos.Prepare2Response;
  PAXOS2_COMMIT_REMOTE_REQ: Mutation;
  PAXOS2_COMMIT_REMOTE_RSP: null;
  TRUNCATE_REQ: replica.TruncateRequest;
  TRUNCATE_RSP: null;
  FAILURE_RSP: FailureReason;

  GOSSIP_DIGEST_SYN: gossip.GossipDigestSyn;
  GOSSIP_DIGEST_ACK: gossip.GossipDigestAck;
  GOSSIP_DIGEST_ACK2: gossip.GossipDigestAck2;
  GOSSIP_SHUTDOWN: gossip.GossipShutdown;
  ECHO_REQ: null;
  ECHO_RSP: null;
  PING_REQ: unknown;
  PING_RSP: unknown;
  SCHEMA_PUSH_REQ: unknown;
  SCHEMA_PULL_REQ: unknown;
  SCHEMA_PULL_RSP: unknown;
  SCHEMA_VERSION_REQ: unknown;
  SCHEMA_VERSION_RSP: unknown;
  REPLICATION_DONE_REQ: null;
  REPLICATION_DONE_RSP: null;
  SNAPSHOT_REQ: unknown;
  SNAPSHOT_RSP: unknown;

  PAXOS2_CLEANUP_START_PREPARE_REQ: paxos.CleanupRequest;
  PAXOS2_CLEANUP_START_PREPARE_RSP: paxos.CleanupPrepared;
  PAXOS2_CLEANUP_FINISH_PREPARE_REQ: paxos.CleanupBound;
  PAXOS2_CLEANUP_FINISH_PREPARE_RSP: null;
  PAXOS2_CLEANUP_REQ: paxos.CleanupRequest;
  PAXOS2_CLEANUP_RSP: paxos.CleanupResult;
  PAXOS2_CLEANUP_COMPLETE_REQ: paxos.CleanupComplete;
  PAXOS2_CLEANUP_COMPLETE_RSP: null;
  PREPARE_REQ: repair.PrepareRequest;
  PREPARE_RSP: null;
  VALIDATION_REQ: repair.ValidationRequest;
  VALIDATION_RSP: repair.ValidationResponse;
  SYNC_REQ: repair.SyncRequest;
  SYNC_RSP: repair.SyncResponse;
  FINALIZE_PROPOSE_REQ: repair.SessionRequest;
  FINALIZE_PROPOSE_RSP: null;
  FINALIZE_COMMIT_REQ: repair.SessionRequest;
  FINALIZE_COMMIT_RSP: null;
  FAILED_SESSION_REQ: repair.SessionRequest;
  FAILED_SESSION_RSP: null;
  REPAIR_STATUS_REQ: repair.SessionRequest;
  REPAIR_STATUS_RSP: repair.StatusResponse;
  STREAM_REQ: repair.StreamRequest;
  STREAM_RSP: repair.StreamResponse;
  STREAM_ROWS_REQ: repair.StreamRows;
  STREAM_ROWS_RSP: null;
}

/** The only place where messages are made: one literal, one shape. */
export function newMessage<V extends Verb>(
  verb: V,
  id: number,
  expiresAtMs: number,
  payload: MessagePayloads[V],
  forwardTo: readonly Endpoint[] | null,
  respondTo: Endpoint | null,
  trace: Trace | null,
): Message<V> {
  return { verb, id, expiresAtMs, payload, forwardTo, respondTo, trace };
}
