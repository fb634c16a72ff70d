// docs/connect.md shows the connection code of the conformance programs, which run against real drivers: the two must
// not drift apart. Text only.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..', '..');

interface Snippets {
  snippets(): readonly { readonly path: string; readonly block: string }[];
}

const { snippets } = (await import(resolve(ROOT, 'conformance', 'snippets.mjs'))) as Snippets;
const page = readFileSync(resolve(ROOT, 'docs', 'connect.md'), 'utf8');

test.each(snippets().map(({ path, block }) => [path, block]))(
  'docs/connect.md shows what %s does',
  (_path, block) => {
    expect(page).toContain(block);
  },
);
