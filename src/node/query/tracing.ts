// Where a client's wish for tracing goes. The node writes sessions and events to system_traces; without a tracer the
// wish is not heard. Cassandra: tracing/Tracing.java.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { ClientState } from '../../protocol/client-state.ts';
import type { ClientRequest } from '../../protocol/requests/request.ts';
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

/** Begins the session of a request; `textOf` is the text of a prepared statement. */
export function beginTrace(
  tracer: Tracer,
  request: ClientRequest,
  client: ClientState,
  textOf: (id: Buffer) => string,
): TraceSession {
  const parameters = request.kind === 'prepare' ? null : request.parameters;
  const consistency = parameters?.consistency ?? null;
  const serialConsistency = parameters?.serialConsistency ?? null;
  const of = (name: string, query: string): TraceSession =>
    tracer.begin({ client, request: name, query, consistency, serialConsistency });
  switch (request.kind) {
    case 'query':
      return of('Execute CQL3 query', request.query);
    case 'execute':
      return of('Execute CQL3 prepared query', textOf(request.id));
    case 'prepare':
      return of('Preparing CQL3 query', request.query);
    case 'batch':
      return of('Execute batch of CQL3 queries', '');
  }
}
