// The scenarios, in the order they run. Each is a module {name, shape, quick, leaves, run(script)}: `shape` is the
// cluster it wants; `quick` ones are part of every run; one that `leaves` its cluster changed gets one of its own.

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

export const EXPECTED_FOLDER = join(here, 'expected');

/** Those of which the file name begins with one of `names`; all without names. */
export async function loadScenarios(names = []) {
  const files = readdirSync(join(here, 'scenarios')).filter((name) => name.endsWith('.mjs')).sort();
  const wanted = files.filter((file) => names.length === 0 || names.some((name) => file.startsWith(name)));
  return Promise.all(wanted.map(async (file) => ({ id: file.replace(/\.mjs$/, ''), ...(await import(join(here, 'scenarios', file))) })));
}
