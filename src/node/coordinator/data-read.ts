// Asks replicas for full data and waits for enough of them: the second half of a read whose digests differ, every
// range read, and further questions to one replica. Test: test/traces/read-*.trace.
// Cassandra: service/reads/repair/AbstractReadRepair.startRepair, service/reads/ReadCallback.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError, FailureReason } from '../../data/cql-error.ts';
import type { ReadCommand } from '../../data/read-command.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { Message } from '../messaging/message.ts';
import type { Exchange, ExchangeHandler, Messaging } from '../messaging/messaging.ts';
import type { RequestContext } from './coordinator.ts';
import { readFailure, readTimeout } from './errors.ts';
import { hearNotes } from './read-notes.ts';
import type { Source } from './resolution.ts';
import { isAllTimeouts } from './write-operation.ts';

export interface DataReadRequest {
  readonly command: ReadCommand;
  readonly level: ConsistencyLevel;
  readonly contacts: readonly Endpoint[];
  readonly blockFor: number;
  readonly context: RequestContext;
  readonly timeoutMs: number;
}

export type SourcesDone = (sources: readonly Source[] | null, error: CqlError | null) => void;

interface DataRead {
  readonly request: DataReadRequest;
  readonly done: SourcesDone;
  readonly sources: Source[];
  readonly failures: Map<string, FailureReason>;
}

export class DataReader implements ExchangeHandler<DataRead> {
  private readonly messaging: Messaging;

  constructor(messaging: Messaging) {
    this.messaging = messaging;
  }

  /** `done` is called once: with at least `blockFor` answers, or the error. */
  read(request: DataReadRequest, done: SourcesDone): void {
    const read: DataRead = { request, done, sources: [], failures: new Map() };
    const { command, contacts, context, timeoutMs } = request;
    const { trace } = context;
    if (timeoutMs <= 0) {
      done(null, errorOf(read));
      return;
    }
    const exchange = this.messaging.open(this, read, timeoutMs);
    const verb = command.kind === 'partition' ? 'READ_REQ' : 'RANGE_REQ';
    for (const node of contacts) {
      this.messaging.request(exchange, node, verb, { command, digest: false }, trace);
    }
  }

  onResponse(read: DataRead, node: Endpoint, message: Message, exchange: Exchange): void {
    if (read.sources.some((source) => source.node === node)) return;
    const { partitions, notes } = (message as Message<'READ_RSP'>).payload;
    if (notes !== null) {
      const { context, command } = read.request;
      const isSelf = node === this.messaging.self;
      const failure = hearNotes(context, command, { node, isSelf }, notes);
      if (failure !== null) {
        this.onFailure(read, node, failure, exchange);
        return;
      }
    }
    read.sources.push({ node, partitions });
    if (read.sources.length < read.request.blockFor) return;
    this.messaging.close(exchange);
    read.done(read.sources, null);
  }

  onFailure(read: DataRead, node: Endpoint, reason: FailureReason, exchange: Exchange): void {
    read.failures.set(node, reason);
    const { blockFor, contacts } = read.request;
    if (blockFor + read.failures.size <= contacts.length) return;
    this.messaging.close(exchange);
    read.done(null, errorOf(read));
  }

  onExpired(read: DataRead): void {
    read.done(null, errorOf(read));
  }
}

function errorOf(read: DataRead): CqlError {
  const { request, sources, failures } = read;
  const { level: consistency, blockFor } = request;
  const received = sources.length;
  const dataPresent = received > 0;
  if (failures.size > 0 && !isAllTimeouts(failures)) {
    const cause = request.context.reads?.abortText(request.command) ?? null;
    return readFailure({ consistency, received, blockFor, dataPresent, failures, cause });
  }
  return readTimeout(consistency, received, blockFor, dataPresent);
}
