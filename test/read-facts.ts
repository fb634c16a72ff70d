// The facts in test/facts: what a running Cassandra, or its own classes, answered.

import { readFileSync } from 'node:fs';

/** A statement of errors.json that was refused. */
export interface RecordedError {
  readonly section: string;
  readonly cql: string;
  readonly name: string;
  readonly protocolErrorCode: string;
  readonly message: string;
  readonly fields?: { readonly ks?: string; readonly table?: string };
}

export function factText(name: string): string {
  return readFileSync(new URL(`facts/${name}`, import.meta.url), 'utf8');
}

export function facts<T>(name: string): T {
  return JSON.parse(factText(name)) as T;
}

export function recordedErrors(): readonly RecordedError[] {
  return facts<RecordedError[]>('errors.json');
}

/** The schema and rows behind errors.json, accepted.json and selectors.json; keyspace e is in use after it. */
export function recordedSetup(): readonly string[] {
  return factText('errors-setup.cql')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('--'))
    .map((line) => line.replace(/;$/, ''));
}
