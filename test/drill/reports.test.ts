// The reports of a real run: HTML in a real browser, JUnit XML and Markdown as text.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DrillResult } from '../../src/drill/drill-result.ts';
import { htmlReport } from '../../src/drill/report/html-report.ts';
import { junitReport, markdownReport } from '../../src/drill/report/text-reports.ts';
import { writeReport } from '../../src/drill/report/write-report.ts';
import {
  EXCEPTIONS_COLUMNS,
  FAILURES_COLUMNS,
  HISTORY_COLUMNS,
  STATS_COLUMNS,
} from '../../src/load/csv.ts';

const PASSED = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'cli', 'report.json'), 'utf8'),
) as DrillResult;
/** The same run, had it gone wrong in every way. */
const FAILED: DrillResult = {
  ...PASSED,
  verdict: 'consistency-violated',
  expectations: PASSED.expectations.map((one, at) =>
    at === 0 ? { ...one, pass: false, measured: '<b>98 %</b>' } : one,
  ),
  checks: PASSED.checks.map((one, at) =>
    at === 0
      ? { ...one, verdict: 'violated', text: '2 lost of 9', examples: ['cart <ada>'] }
      : at === 1
        ? { ...one, verdict: 'inconclusive' }
        : one,
  ),
  phases: PASSED.phases.map((phase) => ({
    ...phase,
    causes: phase.causes.map((cause) => ({ ...cause, explained: null })),
  })),
};

const CHROMIUM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => existsSync(path));

describe.skipIf(CHROMIUM === undefined)('HTML in a browser (needs /usr/bin/chromium)', () => {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), 'starfish-report-'));
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  async function open(
    result: DrillResult,
    width: number,
  ): Promise<{ page: Page; problems: string[] }> {
    const file = join(folder, `${result.verdict}.html`);
    writeFileSync(file, htmlReport(result));
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    const problems: string[] = [];
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('requestfailed', (request) => problems.push(request.url()));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) problems.push(`loads ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    return { page, problems };
  }

  test.each([1160, 390])(
    '%i pixels wide: no errors, nothing loaded, nothing wider than the page, charts drawn',
    async (width) => {
      const { page, problems } = await open(PASSED, width);
      expect(problems).toEqual([]);
      expect(await page.title()).toBe('instance-loss: passed');
      expect(await page.locator('.verdict').innerText()).toContain('passed');
      expect(await page.locator('.verdict').boundingBox()).toMatchObject({
        y: expect.closeTo(30, -2),
      });
      const size = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]');
      expect(size).toEqual([width, width]);
      expect(await page.locator('svg').count()).toBe(2);
      expect(await page.locator('svg polyline').count()).toBe(5);
      expect(await page.locator('svg').first().locator('rect.fault').count()).toBe(1);
      await page.close();
    },
  );

  test('labels of phases never lie over one another, and numbers never wrap', async () => {
    const { page } = await open(PASSED, 1160);
    for (const chart of await page.locator('svg').all()) {
      const boxes = await Promise.all(
        (await chart.locator('text.band').all()).map((label) => label.boundingBox()),
      );
      expect(boxes.length).toBeGreaterThan(0);
      boxes.forEach((box, at) => {
        const next = boxes[at + 1];
        if (box && next && next.y === box.y) expect(box.x + box.width).toBeLessThanOrEqual(next.x);
      });
    }
    const wraps = await page.evaluate(
      "[...new Set([...document.querySelectorAll('td.n')].map((cell) => getComputedStyle(cell).whiteSpace))]",
    );
    expect(wraps).toEqual(['nowrap']);
    await page.close();
  });

  test("a failed run says so at the top, tells what, and lets nobody's text into the page as markup", async () => {
    const { page, problems } = await open(FAILED, 1160);
    expect(problems).toEqual([]);
    expect(await page.locator('.verdict').innerText()).toContain('consistency violated');
    expect(await page.locator('header dl .bad').count()).toBeGreaterThanOrEqual(1);
    const text = await page.locator('main').innerText();
    for (const words of [
      '✗ violated',
      '? inconclusive',
      'cart <ada>',
      '<b>98 %</b>',
      'not explained',
      '✗ FAIL',
    ])
      expect(text).toContain(words);
    await page.close();
  });
});
if (CHROMIUM === undefined)
  process.stderr.write('SKIPPED: HTML in a browser: no Chromium or Chrome was found here\n');

test('JUnit XML: a case an expectation and a check; violated fails, inconclusive is an error', () => {
  const xml = junitReport(FAILED);
  const cases = PASSED.expectations.length + PASSED.checks.length;
  expect(xml).toContain(`<testsuites name="starfish" tests="${cases}" failures="2" errors="1">`);
  expect(xml.match(/<testcase /g)).toHaveLength(cases);
  expect(xml).toContain('<failure message="measured &lt;b&gt;98 %&lt;/b&gt;"/>');
  expect(xml).toContain('<failure message="2 lost of 9">cart &lt;ada&gt;</failure>');
  expect(xml).toContain('<property name="exit-code" value="11"/>');
  expect(junitReport(PASSED)).toContain(' failures="0" errors="0"');
});

test('Markdown: verdict first, the command that runs it again, a row a phase', () => {
  const text = markdownReport(FAILED);
  expect(text.split('\n')[0]).toBe('# instance-loss: consistency violated (exit 11)');
  expect(text).toContain('`starfish drill instance-loss --seed 5`');
  expect(text).toMatch(/\| instance lost \| kill east\/b\/app-1 \(1 instance\) \| \d+ \|/);
  expect(text).toContain('| **FAIL** |');
});

test('a run folder holds all of it, and latest points to it', () => {
  const root = mkdtempSync(join(tmpdir(), 'starfish-runs-'));
  try {
    const folder = writeReport(PASSED, [], root);
    const read = (name: string): string => readFileSync(join(root, 'latest', name), 'utf8');
    expect(folder).toMatch(/instance-loss-\d{4}-\d\d-\d\dT[\d-]+$/);
    expect(JSON.parse(read('report.json'))).toEqual(PASSED);
    expect(read('report.html')).toBe(htmlReport(PASSED));
    expect(read('junit.xml')).toBe(junitReport(PASSED));
    expect(read('report.md')).toBe(markdownReport(PASSED));
    const heads = ['stats', 'stats_history', 'failures', 'exceptions'].map(
      (name) => read(`locust_${name}.csv`).split('\r\n')[0],
    );
    expect(heads).toEqual(
      [STATS_COLUMNS, HISTORY_COLUMNS, FAILURES_COLUMNS, EXCEPTIONS_COLUMNS].map((columns) =>
        columns.join(','),
      ),
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});
