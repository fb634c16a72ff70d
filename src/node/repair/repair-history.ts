// What repairs were run and how they ended, for operators to look up: system_distributed.parent_repair_history and
// repair_history, written through the coordinator at ANY like any data, kept for thirty days.
// Test: test/durability-cluster/restart.test.ts. Cassandra: schema/SystemDistributedKeyspace.

import { required } from '../../base/assert.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { parseUuid } from '../../data/uuid.ts';
import { compositeKey } from '../../data/partition-key.ts';
import { endpointAddress, endpointPort } from '../../protocol/inet-address.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import { rangeText } from '../../ring/token-range.ts';
import { tokenText } from '../../ring/token.ts';
import type { Clock, Endpoint } from '../../world/ports.ts';
import type { Coordinator } from '../coordinator/coordinator.ts';
import { ownContext } from '../coordinator/coordinator.ts';
import type { ColumnValue } from '../schema/row-writer.ts';
import { RowWriter } from '../schema/row-writer.ts';
import { inetValue, intValue, longValue, textValue } from '../schema/row-values.ts';
import { REPLICATED_SYSTEM_KEYSPACES } from '../schema/system-keyspaces.ts';
import type { RepairOptions } from './repair-options.ts';

const KEYSPACE = 'system_distributed';
const PARENTS = table('parent_repair_history');
const JOBS = table('repair_history');

export interface HistoryParts {
  readonly clock: Clock;
  readonly self: Endpoint;
  readonly coordinator: Pick<Coordinator, 'write'>;
}

/** A session's repair of one table. */
interface Job {
  readonly keyspace: string;
  readonly table: string;
  /** The session's. */
  readonly id: string;
}

export class RepairHistory {
  private readonly parts: HistoryParts;

  constructor(parts: HistoryParts) {
    this.parts = parts;
  }

  /** `ranges` are those of all its sessions. */
  started(
    parentId: string,
    options: RepairOptions,
    tables: readonly string[],
    ranges: readonly TokenRange[],
  ): void {
    const writer = this.writer(PARENTS, idBytes(parentId));
    writer
      .row(PARENTS)
      .set('keyspace_name', textValue(options.keyspace))
      .set('columnfamily_names', setOf(tables))
      .set('requested_ranges', setOf(ranges.map(rangeText)))
      .set('started_at', this.now())
      .set('options', mapOf(optionTexts(options)));
    this.write(writer);
  }

  /** `error` null: all its ranges are repaired. */
  ended(parentId: string, ranges: readonly TokenRange[], error: string | null): void {
    const writer = this.writer(PARENTS, idBytes(parentId));
    const row = writer.row(PARENTS, [], false).set('finished_at', this.now());
    if (error === null) row.set('successful_ranges', setOf(ranges.map(rangeText)));
    else row.set('exception_message', textValue(error)).set('exception_stacktrace', textValue(''));
    this.write(writer);
  }

  jobStarted(
    job: Job,
    parentId: string,
    ranges: readonly TokenRange[],
    participants: readonly Endpoint[],
  ): void {
    const { self } = this.parts;
    const last = ranges.at(-1);
    const others = participants.filter((node) => node !== self);
    const writer = this.jobWriter(job);
    const row = writer
      .row(JOBS, [idBytes(job.id)])
      .set('parent_id', idBytes(parentId))
      .set('coordinator', inetValue(endpointAddress(self)))
      .set('coordinator_port', intValue(endpointPort(self)))
      .set('participants', elementsOf([...new Set(others.map(endpointAddress))].map(inetValue)))
      .set('participants_v2', setOf(others))
      .set('status', textValue('STARTED'))
      .set('started_at', this.now());
    // One row for all ranges of a session: Cassandra writes them over each other, too.
    if (last !== undefined)
      row
        .set('range_begin', textValue(tokenText(last.left)))
        .set('range_end', textValue(tokenText(last.right)));
    this.write(writer);
  }

  jobEnded(job: Job, error: string | null): void {
    const writer = this.jobWriter(job);
    const row = writer
      .row(JOBS, [idBytes(job.id)], false)
      .set('status', textValue(error === null ? 'SUCCESS' : 'FAILED'))
      .set('finished_at', this.now());
    if (error !== null)
      row.set('exception_message', textValue(error)).set('exception_stacktrace', textValue(''));
    this.write(writer);
  }

  private jobWriter(job: Job): RowWriter {
    return this.writer(JOBS, compositeKey([textValue(job.keyspace), textValue(job.table)]));
  }

  private writer({ params }: TableMetadata, key: Buffer): RowWriter {
    const { clock } = this.parts;
    return new RowWriter({
      keyspace: KEYSPACE,
      key,
      timestamp: clock.wallMicros(),
      nowMs: clock.wallMs(),
      ttlSeconds: params.default_time_to_live,
    });
  }

  private now(): Buffer {
    return longValue(this.parts.clock.wallMs());
  }

  private write(writer: RowWriter): void {
    const { clock, coordinator } = this.parts;
    coordinator.write(
      [writer.build()],
      { kind: 'simple', consistency: 'ANY' },
      ownContext(clock),
      () => undefined,
    );
  }
}

/** As repair/messages/RepairOption.asMap names them. */
export function optionTexts(options: RepairOptions): readonly (readonly [string, string])[] {
  const { parallelism, kind } = options;
  return [
    ['dataCenters', options.datacenters.join(',')],
    ['forceRepair', String(options.force)],
    ['hosts', options.hosts.join(',')],
    ['ignoreUnreplicatedKeyspaces', 'false'],
    ['incremental', String(kind === 'incremental')],
    ['jobThreads', String(options.jobThreads)],
    ['optimiseStreams', 'false'],
    ['parallelism', parallelism === 'datacenter-parallel' ? 'dc_parallel' : parallelism],
    ['paxosOnly', String(options.paxosOnly)],
    ['previewKind', kind === 'preview' ? 'ALL' : 'NONE'],
    ['primaryRange', String(options.primaryRange)],
    ['pullRepair', String(options.pull)],
    ['repairPaxos', String(options.repairPaxos)],
    ['sub_range_repair', String(options.ranges !== null)],
    ['trace', 'false'],
  ];
}

function idBytes(id: string): Buffer {
  return required(parseUuid(id), 'a repair id');
}

function elementsOf(values: readonly Buffer[]): ColumnValue {
  return values.map((path) => ({ path, value: Buffer.alloc(0) }));
}

function setOf(texts: readonly string[]): ColumnValue {
  return elementsOf(texts.map(textValue));
}

function mapOf(entries: readonly (readonly [string, string])[]): ColumnValue {
  return entries.map(([key, value]) => ({ path: textValue(key), value: textValue(value) }));
}

function table(name: string): TableMetadata {
  const keyspace = REPLICATED_SYSTEM_KEYSPACES.find((candidate) => candidate.name === KEYSPACE);
  return required(keyspace?.tables.get(name), `${KEYSPACE}.${name}`);
}
