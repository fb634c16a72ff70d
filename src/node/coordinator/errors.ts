// The errors a coordinator answers with: numbers and texts as Cassandra 5.0 has them. Values only; nothing throws.
// Test: test/coordinator/failures.test.ts, facts/failures.json. Cassandra: exceptions/*.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError, FailureReason, WriteType } from '../../data/cql-error.ts';

import type { TooFew } from './paxos2-rounds.ts';

type Reasons = ReadonlyMap<string, FailureReason>;

export function unavailable(
  consistency: ConsistencyLevel,
  required: number,
  alive: number,
  datacenter?: string,
): CqlError {
  const where = datacenter === undefined ? '' : ` in DC ${datacenter}`;
  const message = `Cannot achieve consistency level ${consistency}${where}`;
  return { code: 'UNAVAILABLE', message, consistency, required, alive };
}

export function writeTimeout(
  writeType: WriteType,
  consistency: ConsistencyLevel,
  received: number,
  blockFor: number,
): CqlError {
  const message = timedOutText(received);
  return { code: 'WRITE_TIMEOUT', message, consistency, received, blockFor, writeType };
}

export function casWriteTimeout(options: {
  readonly writeType: WriteType;
  readonly consistency: ConsistencyLevel;
  readonly received: number;
  readonly blockFor: number;
  readonly contentions: number;
}): CqlError {
  const { received, blockFor, contentions } = options;
  const message = `CAS operation timed out: received ${received} of ${blockFor} required responses after ${contentions} contention retries`;
  return { code: 'WRITE_TIMEOUT', message, ...options };
}

export function casWriteUnknown(
  consistency: ConsistencyLevel,
  received: number,
  blockFor: number,
): CqlError {
  const message = `CAS operation result is unknown - proposal accepted by ${received} but not a quorum.`;
  return { code: 'CAS_WRITE_UNKNOWN', message, consistency, received, blockFor };
}

export function writeFailure(options: {
  readonly writeType: WriteType;
  readonly consistency: ConsistencyLevel;
  readonly received: number;
  readonly blockFor: number;
  readonly failures: Reasons;
}): CqlError {
  const message = failedText(options.received, options.failures);
  return { code: 'WRITE_FAILURE', message, ...options };
}

export function readTimeout(
  consistency: ConsistencyLevel,
  received: number,
  blockFor: number,
  dataPresent: boolean,
): CqlError {
  const message = timedOutText(received);
  return { code: 'READ_TIMEOUT', message, consistency, received, blockFor, dataPresent };
}

export function readFailure(options: {
  readonly consistency: ConsistencyLevel;
  readonly received: number;
  readonly blockFor: number;
  readonly dataPresent: boolean;
  readonly failures: Reasons;
  /** What replicas gave the read up for; null or absent: not told. */
  readonly cause?: string | null;
}): CqlError {
  const { cause = null, ...numbers } = options;
  const message = failedText(numbers.received, numbers.failures, cause);
  return { code: 'READ_FAILURE', message, ...numbers };
}

/** A round of Paxos v2 with too few answers. Cassandra: Paxos.MaybeFailure.markAndThrowAsTimeoutOrFailure. */
export function paxos2Error(
  { isFailure, received, required: blockFor, failures }: TooFew,
  options: {
    readonly level: 'SERIAL' | 'LOCAL_SERIAL';
    readonly isWrite: boolean;
    readonly contentions: number;
  },
): CqlError {
  const { level: consistency, isWrite, contentions } = options;
  const writeType = 'CAS';
  if (isWrite && isFailure) {
    return writeFailure({ writeType, consistency, received, blockFor, failures });
  }
  if (isWrite) return casWriteTimeout({ writeType, consistency, received, blockFor, contentions });
  if (!isFailure) return readTimeout(consistency, received, blockFor, false);
  return readFailure({ consistency, received, blockFor, dataPresent: false, failures });
}

export function overloaded(message: string): CqlError {
  return { code: 'OVERLOADED', message };
}

/** `replica` as Cassandra prints one: Full(/address,(left,right]). */
export function tooManyHints(
  { total, destination }: { readonly total: number; readonly destination: number },
  replica: string,
): CqlError {
  return overloaded(
    `Too many in flight hints: ${total} destination: ${replica} destination hints: ${destination}`,
  );
}

export function truncateError(cause: string): CqlError {
  return { code: 'TRUNCATE_ERROR', message: `Error during truncate: ${cause}` };
}

export function invalidRequest(message: string): CqlError {
  return { code: 'INVALID', message };
}

function timedOutText(received: number): string {
  return `Operation timed out - received only ${received} responses.`;
}

function failedText(received: number, failures: Reasons, cause: string | null = null): string {
  const causes = [...failures].map(([node, reason]) => `${reason} from /${node}`).join(', ');
  const what = cause ?? `received ${received} responses and ${failures.size} failures`;
  return `Operation failed - ${what}: ${causes}`;
}
