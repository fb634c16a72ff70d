// Random protocol messages for the property tests of this folder.

import fc from 'fast-check';
import type { ConsistencyLevel } from '../../src/data/consistency.ts';
import { CONSISTENCY_CODES } from '../../src/data/consistency.ts';
import type { CqlError, FailureReason, WriteType } from '../../src/data/cql-error.ts';
import { FAILURE_REASONS } from '../../src/data/cql-error.ts';
import type { CqlType } from '../../src/data/cql-type.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import type { BoundValue } from '../../src/protocol/bound-value.ts';
import { UNSET } from '../../src/protocol/bound-value.ts';
import type { ProtocolVersion } from '../../src/protocol/protocol-version.ts';
import type { QueryParameters } from '../../src/protocol/query-parameters.ts';
import type { BatchEntry } from '../../src/protocol/requests/batch.ts';
import { BATCH_TYPES } from '../../src/protocol/requests/batch.ts';
import type { RequestMessage } from '../../src/protocol/requests/request.ts';
import type { ClientEvent } from '../../src/protocol/responses/event.ts';
import type { ResponseMessage } from '../../src/protocol/responses/response.ts';
import type { ResultColumn } from '../../src/protocol/responses/result-metadata.ts';
import type { SchemaChange } from '../../src/protocol/responses/schema-change.ts';

export const VERSIONS: readonly ProtocolVersion[] = [3, 4, 5, 6];

export const version = fc.constantFrom(...VERSIONS);
export const stream = fc.integer({ min: 0, max: 32767 });
export const text = fc.string({ unit: 'grapheme', maxLength: 20 });
export const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
export const id = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((array) => Buffer.from(array));
export const maybeBytes = fc.option(bytes);
export const level = fc.constantFrom(...(Object.keys(CONSISTENCY_CODES) as ConsistencyLevel[]));

const payload = fc.option(
  fc.array(fc.tuple(text, maybeBytes), { maxLength: 3 }).map((entries) => new Map(entries)),
);

function boundValue(v: ProtocolVersion): fc.Arbitrary<BoundValue> {
  return v === 3 ? maybeBytes : fc.oneof(maybeBytes, fc.constant<BoundValue>(UNSET));
}

export function parameters(v: ProtocolVersion): fc.Arbitrary<QueryParameters> {
  const named = fc.boolean();
  const pairs = fc.array(fc.tuple(text, boundValue(v)), { maxLength: 5 });
  return fc.tuple(named, pairs).chain(([withNames, list]) =>
    fc.record({
      consistency: level,
      values: fc.constant(list.map(([, value]) => value)),
      names: fc.constant(withNames && list.length > 0 ? list.map(([name]) => name) : null),
      skipMetadata: fc.boolean(),
      pageSize: fc.oneof(fc.constant(-1), fc.integer()),
      pagingState: maybeBytes,
      serialConsistency: level,
      timestamp: fc.option(
        fc.oneof(fc.integer(), fc.constant(9223372036854775807n), fc.maxSafeInteger()),
      ),
      keyspace: fc.option(text),
      nowInSeconds: v >= 5 ? fc.option(fc.nat({ max: 0xffffffff })) : fc.constant(null),
    }),
  );
}

export function request(v: ProtocolVersion): fc.Arbitrary<RequestMessage> {
  const header = { tracing: fc.boolean(), customPayload: v === 3 ? fc.constant(null) : payload };
  const values = fc.array(boundValue(v), { maxLength: 4 });
  const entry: fc.Arbitrary<BatchEntry> = fc.oneof(
    fc.record({ kind: fc.constant('query' as const), query: text, values }),
    fc.record({ kind: fc.constant('prepared' as const), id, values }),
  );
  const eventTypes =
    v === 3
      ? (['TOPOLOGY_CHANGE', 'STATUS_CHANGE', 'SCHEMA_CHANGE'] as const)
      : (['TOPOLOGY_CHANGE', 'STATUS_CHANGE', 'SCHEMA_CHANGE', 'TRACE_COMPLETE'] as const);
  return fc.oneof(
    fc.record({
      kind: fc.constant('startup' as const),
      options: fc
        .array(
          fc.tuple(
            text.map((t) => t.toUpperCase()),
            text,
          ),
          { maxLength: 4 },
        )
        .map((entries) => new Map(entries)),
    }),
    fc.constant<RequestMessage>({ kind: 'options' }),
    fc.record({ kind: fc.constant('auth-response' as const), token: maybeBytes }),
    fc.record({
      kind: fc.constant('register' as const),
      eventTypes: fc.array(fc.constantFrom(...eventTypes), { maxLength: 4 }),
    }),
    fc.record({
      kind: fc.constant('query' as const),
      ...header,
      query: text,
      parameters: parameters(v),
    }),
    fc.record({
      kind: fc.constant('prepare' as const),
      ...header,
      query: text,
      keyspace: v >= 5 ? fc.option(text) : fc.constant(null),
    }),
    fc.record({
      kind: fc.constant('execute' as const),
      ...header,
      id,
      resultMetadataId: v >= 5 ? id : fc.constant(null),
      parameters: parameters(v),
    }),
    fc.record({
      kind: fc.constant('batch' as const),
      ...header,
      type: fc.constantFrom(...BATCH_TYPES),
      statements: fc.array(entry, { maxLength: 4 }),
      parameters: parameters(v).map((p) => ({ ...p, values: [], names: null })),
    }),
  );
}

/** Types as they come back from the wire: collections not frozen. */
export function cqlType(v: ProtocolVersion): fc.Arbitrary<CqlType> {
  const natives = Object.values(NATIVE).filter(({ name }) => {
    if (name === 'empty' || (name === 'duration' && v < 5)) return false;
    return v >= 4 || !['date', 'time', 'smallint', 'tinyint'].includes(name);
  });
  const { type } = fc.letrec<{ type: CqlType }>((tie) => ({
    type: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom<CqlType>(...natives),
      tie('type').map((element): CqlType => ({ kind: 'list', element, frozen: false })),
      tie('type').map((element): CqlType => ({ kind: 'set', element, frozen: false })),
      fc
        .tuple(tie('type'), tie('type'))
        .map(([key, value]): CqlType => ({ kind: 'map', key, value, frozen: false })),
      fc
        .array(tie('type'), { minLength: 1, maxLength: 3 })
        .map((elements): CqlType => ({ kind: 'tuple', elements })),
      fc
        .array(fc.tuple(text, tie('type')), { minLength: 1, maxLength: 3 })
        .map((fields): CqlType => ({
          kind: 'udt',
          keyspace: 'ks',
          name: 'address',
          frozen: false,
          fieldNames: fields.map(([name]) => name),
          fieldTypes: fields.map(([, field]) => field),
        })),
      text.map((className): CqlType => ({ kind: 'custom', className })),
    ),
  }));
  return type;
}

export function columns(v: ProtocolVersion, minLength = 0): fc.Arbitrary<ResultColumn[]> {
  const column = fc.record({
    keyspace: fc.constantFrom('ks1', 'ks2'),
    table: fc.constantFrom('t1', 't2'),
    name: text,
    type: cqlType(v),
  });
  return fc.array(column, { minLength, maxLength: 5 });
}

const schemaChange: fc.Arbitrary<SchemaChange> = fc.oneof(
  fc.record({
    change: fc.constantFrom('CREATED' as const, 'UPDATED' as const, 'DROPPED' as const),
    target: fc.constant('KEYSPACE' as const),
    keyspace: text,
  }),
  fc.record({
    change: fc.constantFrom('CREATED' as const, 'UPDATED' as const, 'DROPPED' as const),
    target: fc.constantFrom('TABLE' as const, 'TYPE' as const),
    keyspace: text,
    name: text,
  }),
);

const functionChange: fc.Arbitrary<SchemaChange> = fc.record({
  change: fc.constantFrom('CREATED' as const, 'UPDATED' as const, 'DROPPED' as const),
  target: fc.constantFrom('FUNCTION' as const, 'AGGREGATE' as const),
  keyspace: text,
  name: text,
  argumentTypes: fc.array(text, { maxLength: 3 }),
});

const address = fc.record({ address: fc.ipV4(), port: fc.nat({ max: 65535 }) });

export function event(v: ProtocolVersion): fc.Arbitrary<ClientEvent> {
  const change = v === 3 ? schemaChange : fc.oneof(schemaChange, functionChange);
  return fc.oneof(
    address.chain((at) =>
      fc
        .constantFrom('NEW_NODE' as const, 'REMOVED_NODE' as const, 'MOVED_NODE' as const)
        .map((topology): ClientEvent => ({ type: 'TOPOLOGY_CHANGE', change: topology, ...at })),
    ),
    address.chain((at) =>
      fc
        .constantFrom('UP' as const, 'DOWN' as const)
        .map((status): ClientEvent => ({ type: 'STATUS_CHANGE', change: status, ...at })),
    ),
    change.map((schema): ClientEvent => ({ type: 'SCHEMA_CHANGE', change: schema })),
  );
}

const count = fc.nat({ max: 100 });
const counts = { message: text, consistency: level, received: count, blockFor: count };
const writeType = fc.constantFrom<WriteType>(
  'SIMPLE',
  'BATCH',
  'UNLOGGED_BATCH',
  'COUNTER',
  'BATCH_LOG',
  'CAS',
  'VIEW',
  'CDC',
);
const failures = fc
  .array(
    fc.tuple(fc.ipV4(), fc.constantFrom(...(Object.keys(FAILURE_REASONS) as FailureReason[]))),
    { maxLength: 4 },
  )
  .map((entries) => new Map(entries));

/** Errors that version 5 carries in full. */
export const error: fc.Arbitrary<CqlError> = fc.oneof(
  fc.record({
    code: fc.constantFrom(
      'SERVER_ERROR' as const,
      'PROTOCOL_ERROR' as const,
      'BAD_CREDENTIALS' as const,
      'OVERLOADED' as const,
      'IS_BOOTSTRAPPING' as const,
    ),
    message: text,
  }),
  fc.record({
    code: fc.constantFrom(
      'TRUNCATE_ERROR' as const,
      'SYNTAX_ERROR' as const,
      'UNAUTHORIZED' as const,
      'INVALID' as const,
      'CONFIG_ERROR' as const,
      'CDC_WRITE_FAILURE' as const,
    ),
    message: text,
  }),
  fc.record({
    code: fc.constant('UNAVAILABLE' as const),
    message: text,
    consistency: level,
    required: count,
    alive: count,
  }),
  fc.record({ code: fc.constant('WRITE_TIMEOUT' as const), ...counts, writeType }),
  fc.record({
    code: fc.constant('WRITE_TIMEOUT' as const),
    ...counts,
    writeType: fc.constant('CAS' as const),
    contentions: count,
  }),
  fc.record({ code: fc.constant('READ_TIMEOUT' as const), ...counts, dataPresent: fc.boolean() }),
  fc.record({
    code: fc.constant('READ_FAILURE' as const),
    ...counts,
    failures,
    dataPresent: fc.boolean(),
  }),
  fc.record({ code: fc.constant('WRITE_FAILURE' as const), ...counts, failures, writeType }),
  fc.record({
    code: fc.constant('FUNCTION_FAILURE' as const),
    message: text,
    keyspace: text,
    function: text,
    argumentTypes: fc.array(text, { maxLength: 3 }),
  }),
  fc.record({ code: fc.constant('CAS_WRITE_UNKNOWN' as const), ...counts }),
  fc.record({
    code: fc.constant('ALREADY_EXISTS' as const),
    message: text,
    keyspace: text,
    table: text,
  }),
  fc.record({ code: fc.constant('UNPREPARED' as const), message: text, id }),
);

function rows(v: ProtocolVersion): fc.Arbitrary<ResponseMessage> {
  return columns(v, 1).chain((list) => {
    const row = fc.array(maybeBytes, { minLength: list.length, maxLength: list.length });
    return fc.record({
      kind: fc.constant('rows' as const),
      metadata: fc.record({
        columns: fc.constant(list),
        pagingState: maybeBytes,
        noMetadata: fc.constant(false),
        changedId: v >= 5 ? fc.option(id) : fc.constant(null),
      }),
      rows: fc.array(row, { maxLength: 10 }),
    });
  });
}

export function response(v: ProtocolVersion): fc.Arbitrary<ResponseMessage> {
  const change = v === 3 ? schemaChange : fc.oneof(schemaChange, functionChange);
  return fc.oneof(
    rows(v),
    fc.constantFrom<ResponseMessage>({ kind: 'ready' }, { kind: 'void' }),
    fc.record({ kind: fc.constant('authenticate' as const), authenticator: text }),
    fc.record({ kind: fc.constant('auth-challenge' as const), token: maybeBytes }),
    fc.record({ kind: fc.constant('auth-success' as const), token: maybeBytes }),
    fc.record({ kind: fc.constant('set-keyspace' as const), keyspace: text }),
    fc.record({ kind: fc.constant('schema-change' as const), change }),
    event(v).map((e): ResponseMessage => ({ kind: 'event', event: e })),
    fc.record({
      kind: fc.constant('supported' as const),
      options: fc
        .array(fc.tuple(text, fc.array(text, { maxLength: 3 })), { maxLength: 3 })
        .map((entries) => new Map(entries)),
    }),
    fc.record({
      kind: fc.constant('prepared' as const),
      id,
      resultMetadataId: v >= 5 ? id : fc.constant(Buffer.alloc(0)),
      bindColumns: columns(v),
      partitionKeyIndexes:
        v >= 4 ? fc.array(fc.nat({ max: 65535 }), { maxLength: 3 }) : fc.constant([]),
      resultColumns: fc.option(columns(v, 1)),
    }),
    ...(v >= 5 ? [error.map((e): ResponseMessage => ({ kind: 'error', error: e }))] : []),
  );
}

/** Cuts bytes at random places. */
export function chunks(whole: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
  const parts: Buffer[] = [];
  let from = 0;
  for (const place of [...places, whole.length]) {
    if (place > from) parts.push(Buffer.from(whole.subarray(from, place)));
    from = place;
  }
  return parts;
}

export const cuts = fc.array(fc.nat({ max: 1_000_000 }), { maxLength: 30 });
