// Query tracing: sessions and events become rows of system_traces, written through the coordinator at ANY like any data;
// what replicas tell carries their address. Drivers poll the session until its duration is there.
// Test: test/server/cassandra-driver.test.ts. Cassandra: tracing/TraceKeyspace, TraceStateImpl.

import { required } from '../base/assert.ts';
import { TimeUuidGenerator } from '../data/time-uuid.ts';
import type { TableMetadata } from '../data/schema.ts';
import type { Clock, Endpoint, Random } from '../world/ports.ts';
import type { Coordinator, Trace } from './coordinator/coordinator.ts';
import { ownContext } from './coordinator/coordinator.ts';
import type { TracedRequest, Tracer, TraceSession } from './query/tracing.ts';
import { inetValue, intValue, longValue, textValue } from './schema/row-values.ts';
import { RowWriter } from './schema/row-writer.ts';
import { REPLICATED_SYSTEM_KEYSPACES } from './schema/system-keyspaces.ts';

const KEYSPACE = 'system_traces';
const SESSIONS = table('sessions');
const EVENTS = table('events');

export class QueryTracer implements Tracer {
  private readonly clock: Clock;
  private readonly coordinator: Coordinator;
  private readonly self: Endpoint;
  private readonly ids: TimeUuidGenerator;
  private readonly ttlSeconds: number;

  constructor(parts: {
    readonly clock: Clock;
    readonly random: Random;
    readonly coordinator: Coordinator;
    readonly self: Endpoint;
    /** trace_type_query_ttl, milliseconds. */
    readonly ttlMs: number;
  }) {
    this.clock = parts.clock;
    this.coordinator = parts.coordinator;
    this.self = parts.self;
    this.ttlSeconds = Math.floor(parts.ttlMs / 1_000);
    this.ids = new TimeUuidGenerator(parts.random.fork('tracing').bytes(8));
  }

  begin(request: TracedRequest): TraceSession {
    const id = this.ids.next(this.clock.wallMs());
    const startedAtMs = this.clock.nowMs();
    this.writeSession(id, request);
    const at = (node: Endpoint): Trace => ({
      event: (activity) => this.writeEvent(id, node, activity, this.clock.nowMs() - startedAtMs),
      at,
    });
    return {
      id,
      trace: at(this.self),
      end: () => this.writeDuration(id, this.clock.nowMs() - startedAtMs),
    };
  }

  private writeSession(id: Buffer, request: TracedRequest): void {
    const { client, consistency, serialConsistency, query } = request;
    const parameters: [string, string][] = [['query', query]];
    if (consistency !== null) parameters.push(['consistency_level', consistency]);
    if (serialConsistency !== null)
      parameters.push(['serial_consistency_level', serialConsistency]);
    const writer = this.writer(id);
    const { address, port } = split(this.self);
    writer
      .row(SESSIONS)
      .set('client', inetValue(client.remoteAddress))
      .set('command', textValue('QUERY'))
      .set('coordinator', inetValue(address))
      .set('coordinator_port', intValue(port))
      .set('request', textValue(request.request))
      .set('started_at', longValue(this.clock.wallMs()))
      .set(
        'parameters',
        parameters
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, value]) => ({ path: textValue(key), value: textValue(value) })),
      );
    this.write(writer);
  }

  private writeDuration(id: Buffer, ms: number): void {
    const writer = this.writer(id);
    writer.row(SESSIONS, [], false).set('duration', intValue(Math.round(ms * 1_000)));
    this.write(writer);
  }

  private writeEvent(id: Buffer, node: Endpoint, activity: string, elapsedMs: number): void {
    const writer = this.writer(id);
    const { address, port } = split(node);
    writer
      .row(EVENTS, [this.ids.next(this.clock.wallMs())])
      .set('activity', textValue(activity))
      .set('source', inetValue(address))
      .set('source_port', intValue(port))
      .set('source_elapsed', intValue(Math.round(elapsedMs * 1_000)))
      .set('thread', textValue('starfish'));
    this.write(writer);
  }

  private writer(id: Buffer): RowWriter {
    return new RowWriter({
      keyspace: KEYSPACE,
      key: id,
      timestamp: this.clock.wallMicros(),
      nowMs: this.clock.wallMs(),
      ttlSeconds: this.ttlSeconds,
    });
  }

  private write(writer: RowWriter): void {
    this.coordinator.write(
      [writer.build()],
      { kind: 'simple', consistency: 'ANY' },
      ownContext(this.clock),
      () => undefined,
    );
  }
}

function table(name: string): TableMetadata {
  const keyspace = REPLICATED_SYSTEM_KEYSPACES.find((candidate) => candidate.name === KEYSPACE);
  return required(keyspace?.tables.get(name), `${KEYSPACE}.${name}`);
}

function split(node: Endpoint): { readonly address: string; readonly port: number } {
  const at = node.lastIndexOf(':');
  return { address: node.slice(0, at), port: Number(node.slice(at + 1)) };
}
