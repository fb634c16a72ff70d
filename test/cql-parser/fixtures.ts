// Reads the recorded facts for the parser's tests.

import { readFileSync } from 'node:fs';
import { CqlException } from '../../src/data/cql-error.ts';
import { parseStatement } from '../../src/cql/parse.ts';

export interface ErrorRow {
  readonly section: string;
  readonly cql: string;
  readonly name: string;
  readonly message: string;
}

export function factText(name: string): string {
  return readFileSync(new URL(`../facts/${name}`, import.meta.url), 'utf8');
}

export function facts<R>(name: string): readonly R[] {
  return JSON.parse(factText(name)) as R[];
}

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
