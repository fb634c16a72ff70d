// JSON Schemas of the topology and drill files, for editors, made from the same zod schemas that
// validate them. Written to topologies/*.schema.json; test/drill/json-schemas.test.ts holds them
// current.

import { z } from 'zod';
import { topologySchema } from '../topology/topology.ts';
import { drillSchema } from './drill.ts';

const DRAFT = 'draft-2020-12';

/** File name -> schema, of what people write: defaults may be left out. */
export function jsonSchemas(): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return {
    'topology.schema.json': { title: 'Starfish topology', ...schemaOf(topologySchema) },
    'drill.schema.json': { title: 'Starfish drill', ...withTopologyPath(schemaOf(drillSchema)) },
  };
}

function schemaOf(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { target: DRAFT, io: 'input', unrepresentable: 'any' });
}

/** In a file a drill's topology may be the path of another file, or `always-on`. */
function withTopologyPath(schema: Record<string, unknown>): Record<string, unknown> {
  const properties = schema['properties'] as Record<string, unknown>;
  const topology = {
    anyOf: [
      { type: 'string', description: 'the path of a topology file, or always-on' },
      properties['topology'],
    ],
  };
  return { ...schema, properties: { ...properties, topology } };
}
