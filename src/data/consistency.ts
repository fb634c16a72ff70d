// Consistency levels and their codes on the wire. Who must answer is decided in node/coordinator/replica-plan.ts.
// Cassandra: db/ConsistencyLevel.java.

export const CONSISTENCY_CODES = {
  ANY: 0,
  ONE: 1,
  TWO: 2,
  THREE: 3,
  QUORUM: 4,
  ALL: 5,
  LOCAL_QUORUM: 6,
  EACH_QUORUM: 7,
  SERIAL: 8,
  LOCAL_SERIAL: 9,
  LOCAL_ONE: 10,
  NODE_LOCAL: 11,
} as const;

export type ConsistencyLevel = keyof typeof CONSISTENCY_CODES;

/** All, in the order of Cassandra's enum. */
export const CONSISTENCY_LEVELS = Object.keys(CONSISTENCY_CODES) as readonly ConsistencyLevel[];

const BY_CODE = new Map(
  Object.entries(CONSISTENCY_CODES).map(([name, code]) => [
    code as number,
    name as ConsistencyLevel,
  ]),
);

export function consistencyFromCode(code: number): ConsistencyLevel | undefined {
  return BY_CODE.get(code);
}

export function isSerial(level: ConsistencyLevel): level is 'SERIAL' | 'LOCAL_SERIAL' {
  return level === 'SERIAL' || level === 'LOCAL_SERIAL';
}

/** Levels for which only replicas of the coordinator's datacenter count. */
export function isDatacenterLocal(level: ConsistencyLevel): boolean {
  return level === 'LOCAL_ONE' || level === 'LOCAL_QUORUM' || level === 'LOCAL_SERIAL';
}
