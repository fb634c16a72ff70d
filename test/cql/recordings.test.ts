// What real Cassandra 5.0.9 answered to test/cql/*.cql, our node must answer to the letter.
// `npm run conformance` compares the recordings with real Cassandra again; see README.md here.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOurs } from './our-server.ts';
import type { RealServer } from './real-server.ts';
import { countRecording, runScript, serverOf } from './script-runner.ts';

const folder = dirname(fileURLToPath(import.meta.url));

const files = readdirSync(folder)
  .filter((name) => name.endsWith('.cql'))
  .sort()
  .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));

const wishes = new Map(files.map(({ text }) => serverOf(text)).map((wish) => [wish.key, wish]));

describe.each([...wishes.values()])('$key', (wish) => {
  let ours: RealServer;

  beforeAll(async () => {
    ours = await startOurs(wish);
  });

  afterAll(() => ours.stop());

  test.each(files.filter(({ text }) => serverOf(text).key === wish.key))(
    '$name',
    async ({ name, text }) => {
      const recorded = readFileSync(resultOf(name), 'utf8');
      expect(await runScript(name, text, ours.server)).toBe(recorded);
    },
  );
});

test('there are at least 150 files and 3,000 statements, errors among them', () => {
  const counts = files.map(({ name }) => countRecording(readFileSync(resultOf(name), 'utf8')));
  expect(files.length).toBeGreaterThanOrEqual(150);
  expect(counts.reduce((sum, { statements }) => sum + statements, 0)).toBeGreaterThanOrEqual(3_000);
  expect(counts.reduce((sum, { errors }) => sum + errors, 0)).toBeGreaterThanOrEqual(1_000);
});

function resultOf(name: string): string {
  return join(folder, name.replace(/\.cql$/, '.result'));
}
