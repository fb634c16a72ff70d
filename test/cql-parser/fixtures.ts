// Reads the recorded facts for the parser's tests.

import { CqlException } from '../../src/data/cql-error.ts';
import { parseStatement } from '../../src/cql/parse.ts';

/** 'OK', or the error's code and message. */
export function outcome(cql: string): string {
  try {
    parseStatement(cql);
    return 'OK';
  } catch (error) {
    if (error instanceof CqlException) return `${error.error.code} ${error.error.message}`;
    throw error;
  }
}
