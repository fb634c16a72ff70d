// The schema as the coordinator, the replica and repair see it: whatever this node holds right now. Written by
// node/schema. Take it once an operation.

import type { Schema } from '../data/schema.ts';

export interface SchemaView {
  readonly current: Schema;
}
