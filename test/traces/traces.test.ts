// Golden traces: every *.trace beside this file is run and compared. UPDATE_TRACES=1 rewrites them.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { runTrace } from './run.ts';

const folder = new URL('.', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.trace'));

describe('traces', () => {
  it.each(names)('%s', (name) => {
    const file = new URL(name, folder);
    const text = readFileSync(file, 'utf8');
    const actual = runTrace(text);
    if (process.env['UPDATE_TRACES'] === '1') writeFileSync(file, actual);
    else expect(actual).toBe(text);
  });
});
