// Where the next page of a DESCRIBE begins: a row number, good for one version of the schema only.
// Cassandra: DescribeStatement.getPagingState.

import { invalid } from '../../../data/cql-error.ts';

const VERSION = 1;
const BYTES = 2 + 16 + 8;
const CHANGED =
  'The schema has changed since the previous page of the DESCRIBE statement result. ' +
  'Please retry the DESCRIBE statement.';

export function encodeOffset(offset: number, schemaVersion: string): Buffer {
  const state = Buffer.alloc(BYTES);
  state.writeUInt16BE(VERSION, 0);
  state.write(schemaVersion.replaceAll('-', ''), 2, 'hex');
  state.writeBigInt64BE(BigInt(offset), 18);
  return state;
}

/** 0 without a state. Throws INVALID when it is none of ours or the schema has changed. */
export function decodeOffset(state: Buffer | null, schemaVersion: string): number {
  if (state === null) return 0;
  if (state.length !== BYTES) throw invalid('Invalid paging state.');
  if (state.readUInt16BE(0) !== VERSION) throw invalid('Incompatible paging state');
  const version = state.subarray(2, 18).toString('hex');
  if (version !== schemaVersion.replaceAll('-', '')) throw invalid(CHANGED);
  return Number(state.readBigInt64BE(18));
}
