// The parameter block of QUERY, EXECUTE and BATCH: consistency, flags and what the flags announce,
// in this order. Flags are one byte up to version 4 and four bytes from version 5 on. Cassandra:
// cql3/QueryOptions.java. Test: test/protocol/requests.test.ts

import type { Int64 } from '../base/int64.ts';
import type { ConsistencyLevel } from '../data/consistency.ts';
import type { BodyReader } from './body-reader.ts';
import type { BodyWriter } from './body-writer.ts';
import type { BoundValue } from './bound-value.ts';
import { NO_VALUES } from './bound-value.ts';
import { protocolError } from './protocol-error.ts';
import type { ProtocolVersion } from './protocol-version.ts';

const VALUES = 0x01;
const SKIP_METADATA = 0x02;
const PAGE_SIZE = 0x04;
const PAGING_STATE = 0x08;
const SERIAL_CONSISTENCY = 0x10;
const TIMESTAMP = 0x20;
const NAMES_FOR_VALUES = 0x40;
const KEYSPACE = 0x80;
const NOW_IN_SECONDS = 0x100;

/** "No page size": the whole result in one frame. */
const NO_PAGING = -1;

export interface QueryParameters {
  readonly consistency: ConsistencyLevel;
  readonly values: readonly BoundValue[];
  /** Names of the values, in their order; null: values go by position. */
  readonly names: readonly string[] | null;
  readonly skipMetadata: boolean;
  /** Rows a page; zero or less: no paging. The connection refuses an explicit 0. */
  readonly pageSize: number;
  /** Raw: node/query checks it ("Invalid value for the paging state"). */
  readonly pagingState: Buffer | null;
  /** Anything the client sent; SERIAL when it sent nothing. */
  readonly serialConsistency: ConsistencyLevel;
  /** Microseconds; null: the coordinator chooses. */
  readonly timestamp: Int64 | null;
  /** Keyspace of unqualified names in the statement (version 5; EXECUTE ignores it). */
  readonly keyspace: string | null;
  /** Overrides "now" for TTLs and expiry; seconds since 1970. */
  readonly nowInSeconds: number | null;
}

export const DEFAULT_PARAMETERS: QueryParameters = Object.freeze({
  consistency: 'ONE',
  values: NO_VALUES,
  names: null,
  skipMetadata: false,
  pageSize: NO_PAGING,
  pagingState: null,
  serialConsistency: 'SERIAL',
  timestamp: null,
  keyspace: null,
  nowInSeconds: null,
} satisfies QueryParameters);

export function decodeQueryParameters(
  reader: BodyReader,
  version: ProtocolVersion,
): QueryParameters {
  const consistency = reader.consistency();
  const flags = version >= 5 ? reader.int() : reader.byte();
  let values = NO_VALUES;
  let names: readonly string[] | null = null;
  if ((flags & VALUES) !== 0) {
    if ((flags & NAMES_FOR_VALUES) === 0) values = reader.values(version);
    else [names, values] = decodeNamedValues(reader, version);
  }
  return {
    consistency,
    values,
    names,
    skipMetadata: (flags & SKIP_METADATA) !== 0,
    pageSize: (flags & PAGE_SIZE) === 0 ? NO_PAGING : reader.int(),
    pagingState: (flags & PAGING_STATE) === 0 ? null : reader.bytesOrNull(),
    serialConsistency: (flags & SERIAL_CONSISTENCY) === 0 ? 'SERIAL' : reader.consistency(),
    timestamp: (flags & TIMESTAMP) === 0 ? null : decodeTimestamp(reader),
    keyspace: (flags & KEYSPACE) === 0 ? null : reader.string(),
    nowInSeconds: (flags & NOW_IN_SECONDS) === 0 ? null : reader.int() >>> 0,
  };
}

function decodeNamedValues(
  reader: BodyReader,
  version: ProtocolVersion,
): [readonly string[], readonly BoundValue[]] {
  const names: string[] = [];
  const values: BoundValue[] = [];
  for (let left = reader.short(); left > 0; left--) {
    names.push(reader.string());
    values.push(reader.value(version));
  }
  return [names, values];
}

const LONG_MAX = 9223372036854775807n;
const LONG_MIN = -LONG_MAX - 1n;

function decodeTimestamp(reader: BodyReader): Int64 {
  const timestamp = reader.long();
  if (timestamp !== LONG_MIN) return timestamp;
  throw protocolError(
    `Out of bound timestamp, must be in [-${LONG_MAX}, ${LONG_MAX}] (got ${LONG_MIN})`,
  );
}

/** Writes a default as an absent field. */
export function encodeQueryParameters(
  writer: BodyWriter,
  parameters: QueryParameters,
  version: ProtocolVersion,
): void {
  const { values, names, pageSize, pagingState, serialConsistency } = parameters;
  const { timestamp, keyspace, nowInSeconds } = parameters;
  let flags = 0;
  if (values.length > 0) flags |= VALUES;
  if (parameters.skipMetadata) flags |= SKIP_METADATA;
  if (pageSize !== NO_PAGING) flags |= PAGE_SIZE;
  if (pagingState !== null) flags |= PAGING_STATE;
  if (serialConsistency !== 'SERIAL') flags |= SERIAL_CONSISTENCY;
  if (timestamp !== null) flags |= TIMESTAMP;
  if (values.length > 0 && names !== null) flags |= NAMES_FOR_VALUES;
  if (keyspace !== null) flags |= KEYSPACE;
  if (version >= 5 && nowInSeconds !== null) flags |= NOW_IN_SECONDS;
  writer.consistency(parameters.consistency);
  if (version >= 5) writer.int(flags);
  else writer.byte(flags);
  if ((flags & VALUES) !== 0) {
    writer.short(values.length);
    values.forEach((value, i) => {
      if (names !== null) writer.string(names[i] as string);
      writer.value(value);
    });
  }
  if ((flags & PAGE_SIZE) !== 0) writer.int(pageSize);
  if (pagingState !== null) writer.bytesOrNull(pagingState);
  if ((flags & SERIAL_CONSISTENCY) !== 0) writer.consistency(serialConsistency);
  if (timestamp !== null) writer.long(timestamp);
  if (keyspace !== null) writer.string(keyspace);
  if ((flags & NOW_IN_SECONDS) !== 0) writer.int((nowInSeconds as number) | 0);
}
