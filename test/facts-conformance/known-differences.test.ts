// Every known difference has its line in docs/differences.md, and its row in the facts.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { factText } from '../read-facts.ts';
import { KNOWN_DIFFERENCES } from './known-differences.ts';

const DOCUMENT = readFileSync(new URL('../../docs/differences.md', import.meta.url), 'utf8');

test.each(KNOWN_DIFFERENCES)('$file: $row', ({ file, row, reason }) => {
  const lines = DOCUMENT.split('\n').filter((line) => line.startsWith('|'));
  expect(lines.filter((line) => line.includes(reason))).toHaveLength(1);
  const text = factText(file);
  const isThere = text.includes(JSON.stringify(row)) || text.includes(`-- ==== ${row} `);
  expect(isThere).toBe(true);
});
