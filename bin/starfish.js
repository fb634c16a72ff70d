#!/usr/bin/env node
// The `starfish` command: everything is in dist/cli/main.js, which `npm run build` makes.

import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  process.stderr.write('Starfish is not built yet. In its folder: npm run build\n');
  process.exit(3);
}
await import(main.href);
