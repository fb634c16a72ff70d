#!/usr/bin/env node
// The `starfish` command: everything is in dist/, which `npm run build` makes; bundled, for a quick start.

import { existsSync } from 'node:fs';

const main = ['../dist/bundle/main.js', '../dist/cli/main.js']
  .map((path) => new URL(path, import.meta.url))
  .find((url) => existsSync(url));
if (main === undefined) {
  process.stderr.write('Starfish is not built yet. In its folder: npm run build\n');
  process.exit(3);
}
await import(main.href);
