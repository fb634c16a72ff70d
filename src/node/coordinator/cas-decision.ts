// Asks a conditional statement what it decides on the row it found. Test: test/coordinator/faults.test.ts.
// Cassandra: service/CASRequest.appliesTo, makeUpdates.

import type { CqlError } from '../../data/cql-error.ts';
import { faultError } from '../../data/cql-error.ts';
import type { CasDecision } from './coordinator.ts';

/** A fault of ours within ends the operation, which holds its partition and its client, before it goes on. */
export function evaluated(
  evaluate: () => CasDecision,
  fail: (error: CqlError) => void,
): CasDecision {
  try {
    return evaluate();
  } catch (thrown) {
    fail(faultError(thrown));
    throw thrown;
  }
}
