// The recorded statements of a real node, and the schema they ran against.

import { factText } from '../read-facts.ts';
import { SingleNode } from './single-node.ts';

/** The statements of errors-setup.cql. */
function setupStatements(): readonly string[] {
  return factText('errors-setup.cql')
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
