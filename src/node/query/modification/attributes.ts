// USING TIMESTAMP and TTL, for bound values. Cassandra: cql3/Attributes.java, db/ExpirationDateOverflowHandling.

import type { Int64 } from '../../../base/int64.ts';
import { readInt64 } from '../../../base/int64.ts';
import type { Attributes } from '../../../cql/ast.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { TableMetadata } from '../../../data/schema.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import { prepareTerm } from '../terms/prepare-term.ts';
import type { TermScope } from '../terms/prepare-term.ts';
import type { BindContext, PreparedTerm } from '../terms/term.ts';
import { bindTerm } from '../terms/term.ts';

export interface PreparedAttributes {
  readonly timestamp: PreparedTerm | null;
  readonly ttl: PreparedTerm | null;
}

/** 20 years, in seconds. */
const TTL_MAX = 630_720_000;
/** 2038-01-19T03:14:06Z: the last expiration of storage_compatibility_mode CASSANDRA_4. */
const EXPIRATION_MAX = 0x7fff_fffe;
const LONG_MIN = -(2n ** 63n);

/** `place` names keyspace and table of the markers. */
export function prepareAttributes(
  attributes: Attributes,
  place: { readonly keyspace: string; readonly table: string },
  scope: TermScope,
): PreparedAttributes {
  const receiver = (
    name: string,
    type: typeof NATIVE.int,
  ): { keyspace: string; table: string; name: string; type: typeof NATIVE.int } => ({
    ...place,
    name,
    type,
  });
  const { timestamp, ttl } = attributes;
  return {
    timestamp:
      timestamp === null
        ? null
        : prepareTerm(timestamp, receiver('[timestamp]', NATIVE.bigint), scope),
    ttl: ttl === null ? null : prepareTerm(ttl, receiver('[ttl]', NATIVE.int), scope),
  };
}

/** The statement's own timestamp, or `otherwise`. */
export function timestampOf(
  attributes: PreparedAttributes,
  otherwise: Int64,
  context: BindContext,
): Int64 {
  if (attributes.timestamp === null) return otherwise;
  const value = bindTerm(attributes.timestamp, context);
  if (value === UNSET) return otherwise;
  if (value === null || value.length === 0) throw invalid('Invalid null value of timestamp');
  const timestamp = readInt64(value, 0);
  if (timestamp === LONG_MIN) {
    throw invalid('Out of bound timestamp, must be in [-9223372036854775807, 9223372036854775807]');
  }
  return timestamp;
}

/** Seconds; the table's default where the statement gives none. Throws for a TTL out of range. */
export function ttlOf(
  attributes: PreparedAttributes,
  table: TableMetadata,
  context: BindContext,
  wallSeconds: number,
): number {
  const { default_time_to_live: tableTtl } = table.params;
  if (attributes.ttl === null) {
    if (tableTtl !== 0) checkExpiration(table, tableTtl, wallSeconds, 'default ');
    return tableTtl;
  }
  const value = bindTerm(attributes.ttl, context);
  if (value === UNSET) return tableTtl;
  if (value === null || value.length === 0) return 0;
  const ttl = value.readInt32BE(0);
  if (ttl < 0) throw invalid(`A TTL must be greater or equal to 0, but was ${ttl}`);
  if (ttl > TTL_MAX) throw invalid(`ttl is too large. requested (${ttl}) maximum (${TTL_MAX})`);
  if (ttl !== 0) checkExpiration(table, ttl, wallSeconds, '');
  return ttl;
}

function checkExpiration(
  table: TableMetadata,
  ttl: number,
  wallSeconds: number,
  kind: string,
): void {
  if (ttl + wallSeconds <= EXPIRATION_MAX) return;
  throw invalid(
    `Request on table ${table.keyspace}.${table.name} with ${kind}ttl of ${ttl} seconds exceeds maximum supported ` +
      'expiration date of 2038-01-19T03:14:06+00:00. In order to avoid this use a lower TTL, change the expiration ' +
      'date overflow policy or upgrade to a version where this limitation is fixed. See CASSANDRA-14092 and ' +
      'CASSANDRA-14227 for more details.',
  );
}
