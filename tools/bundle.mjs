// Bundles the command line into few files below dist/bundle: hundreds of modules cost a start a quarter of a second. The
// library (dist/index.js) stays as tsc wrote it. Depths matter: files here stand as deep below the package as those they
// are made of, because package.json, topologies/ and bin/ are found relative to them.

import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outDir = join(root, 'dist', 'bundle');

/** Native or loaded by name; and a driver that asks for optional modules by name itself. */
const EXTERNAL = ['cassandra-driver', 'lz4-napi', 'snappy'];

rmSync(outDir, { recursive: true, force: true });
await build({
  root,
  configFile: false,
  publicDir: false,
  logLevel: 'error',
  ssr: { noExternal: true, external: EXTERNAL, target: 'node' },
  build: {
    ssr: true,
    target: 'node20',
    outDir,
    emptyOutDir: false,
    minify: false,
    rolldownOptions: {
      input: {
        main: join(root, 'dist', 'cli', 'main.js'),
        'bench-void-server': join(root, 'dist', 'cli', 'commands', 'bench-void-server.js'),
      },
      // hdr-histogram-js finds zlib with eval.
      onLog(level, log, pass) {
        if (log.code !== 'EVAL') pass(level, log);
      },
      output: {
        format: 'esm',
        entryFileNames: ({ name }) => (name === 'main' ? 'main.js' : 'chunks/[name].js'),
        chunkFileNames: 'chunks/[name]-[hash].js',
      },
    },
  },
});
