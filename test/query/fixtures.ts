// The recorded statements of a real node, and the schema they ran against.

import { recordedSetup } from '../read-facts.ts';
import { SingleNode } from './single-node.ts';

/** A node with that schema, keyspace e in use. */
export function recordedNode(): SingleNode {
  const node = new SingleNode();
  node.setUp(...recordedSetup());
  return node;
}
