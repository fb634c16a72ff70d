// The scenarios, in the order of their files. Each is a module {name, shape, quick, leaves, run(script)}: `shape` is the
// cluster it wants; `quick` ones are part of every run; one that leaves its cluster 'changed' gets one of its own.

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

export const EXPECTED_FOLDER = join(here, 'expected');

const files = readdirSync(join(here, 'scenarios'))
  .filter((name) => name.endsWith('.mjs'))
  .sort();

export const SCENARIOS = await Promise.all(
  files.map(async (file) => ({
    id: file.replace(/\.mjs$/, ''),
    ...(await import(join(here, 'scenarios', file))),
  })),
);
