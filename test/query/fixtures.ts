// The recorded statements of a real node, and the schema they ran against.

import { readFileSync } from 'node:fs';
import { SingleNode } from './single-node.ts';

export interface RecordedError {
  readonly section: string;
  readonly cql: string;
  readonly name: string;
  readonly message: string;
}

function factsFile(name: string): string {
  return readFileSync(new URL(`../facts/${name}`, import.meta.url), 'utf8');
}

export function facts<T>(name: string): T {
  return JSON.parse(factsFile(name)) as T;
}

export function factsText(name: string): string {
  return factsFile(name);
}

/** The statements of errors-setup.cql. */
export function setupStatements(): readonly string[] {
  return factsFile('errors-setup.cql')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('--'))
    .map((line) => line.replace(/;$/, ''));
}

/** A node with that schema, keyspace e in use. */
export function recordedNode(): SingleNode {
  const node = new SingleNode();
  node.setUp(...setupStatements());
  return node;
}
