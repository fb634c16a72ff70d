// Where a client's wish for tracing goes. The node writes sessions and events to system_traces; without a tracer the
// wish is not heard. Cassandra: tracing/Tracing.java.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { ClientState } from '../../protocol/client-state.ts';
import type { Trace } from '../coordinator/coordinator.ts';

export interface TracedRequest {
  readonly client: ClientState;
  /** `Execute CQL3 query`, `Execute CQL3 prepared query`, `Preparing CQL3 query`, `Execute batch of CQL3 queries`. */
  readonly request: string;
  readonly query: string;
  readonly consistency: ConsistencyLevel | null;
  readonly serialConsistency: ConsistencyLevel | null;
}

export interface TraceSession {
  /** 16 bytes, a time UUID. */
  readonly id: Buffer;
  readonly trace: Trace;
  /** The answer is ready; its duration is known now. */
  end(): void;
}

export interface Tracer {
  begin(request: TracedRequest): TraceSession;
}
