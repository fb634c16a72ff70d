// `npm run conformance`: unmodified drivers, cqlsh, Locust and real Cassandra against what this folder's build serves.
// Each suite starts its own `starfish up` on free addresses and ends it. A suite is left out, and says so by name, only
// when a tool that it needs is not on this machine or the budget of time is used up. The last line is the sum.
//
//   npm run conformance -- [--only a,b] [--list] [--budget MINUTES] [--target FILE]
//
// --target FILE runs the driver suites against a cluster that is up already (see target.mjs for what is in the file).

import { parseArgs } from 'node:util';
import { exit, stdout } from 'node:process';
import { SUITES } from './suites.mjs';
import { runSuite } from './suite-run.mjs';

const say = (line) => stdout.write(`${line}\n`);

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        list: { type: 'boolean' },
        budget: { type: 'string' },
        target: { type: 'string' },
      },
    });
    const names = values.only?.split(',') ?? SUITES.map((suite) => suite.name);
    const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
    if (unknown.length > 0)
      throw new Error(
        `There is no suite ${unknown.join(', ')}. There are: ${SUITES.map((suite) => suite.name).join(', ')}`,
      );
    const minutes = values.budget === undefined ? Infinity : Number(values.budget);
    if (!(minutes > 0)) throw new Error(`--budget ${values.budget}: write minutes`);
    return { names, minutes, list: values.list === true, target: values.target ?? null };
  } catch (error) {
    say(error.message);
    return exit(2);
  }
}

const options = readOptions();
if (options.list) {
  for (const { name, what, missing } of SUITES) {
    const absent = missing();
    say(`${name.padEnd(12)} ${what}${absent === null ? '' : `   (not here: ${absent})`}`);
  }
  exit(0);
}

const started = Date.now();
const sum = { passed: 0, failed: 0, skipped: 0 };
for (const suite of SUITES.filter(({ name }) => options.names.includes(name))) {
  const left = options.minutes - (Date.now() - started) / 60_000;
  const reason =
    suite.missing() ??
    (left <= (suite.minutes ?? 0)
      ? `the budget of ${options.minutes} minutes is used up or has no room for it`
      : null);
  if (reason !== null) {
    sum.skipped++;
    say(`\nSKIPPED ${suite.name}: ${reason}`);
    continue;
  }
  say(`\n${suite.name}: ${suite.what}`);
  const result = await runSuite(suite, { target: options.target, say });
  sum.passed += result.passed;
  sum.failed += result.failed;
  say(
    `${suite.name}: ${result.failed === 0 ? 'passed' : 'FAILED'}, ${result.passed} of ${result.passed + result.failed} checks in ${result.seconds.toFixed(0)} s`,
  );
}
say('');
say(
  `${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`,
);
exit(sum.failed > 0 ? 1 : 0);
