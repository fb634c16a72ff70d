// Loads a TypeScript module of the project, by its path from the project's folder.

import { join } from 'node:path';
import { runnerImport } from 'vite';
import { root } from './toolchain.mjs';

export async function loadSource(path) {
  const { module } = await runnerImport(join(root, path), {
    root,
    configFile: false,
    logLevel: 'error',
  });
  return module;
}
