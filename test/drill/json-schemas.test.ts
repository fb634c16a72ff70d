// The JSON Schemas for editors are those of the code. After a change: UPDATE_SCHEMAS=1 npx vitest run
// test/drill/json-schemas.test.ts

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jsonSchemas } from '../../src/drill/json-schemas.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'topologies');

test.each(Object.entries(jsonSchemas()))('%s is current', (name, schema) => {
  const text = `${JSON.stringify(schema, null, 2)}\n`;
  const file = join(FOLDER, name);
  if (process.env['UPDATE_SCHEMAS'] === '1') writeFileSync(file, text);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('they describe what people write: units as text, closed objects, defaults left out', () => {
  const { 'topology.schema.json': topology } = jsonSchemas();
  expect(topology).toMatchObject({
    type: 'object',
    additionalProperties: false,
    required: ['regions'],
    properties: { app: { additionalProperties: false }, version: { const: 1 } },
  });
});

test('every file beside the code points to its schema', () => {
  for (const name of ['always-on', 'one-node', 'three-zones', 'two-regions', 'three-regions']) {
    const [first] = readFileSync(join(FOLDER, `${name}.yaml`), 'utf8').split('\n');
    expect(first).toMatch(/^# yaml-language-server: \$schema=.*topology\.schema\.json$/);
  }
});
