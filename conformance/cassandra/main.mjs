// Runs scenarios on one engine and compares what they note with expected/, which real Cassandra wrote.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CassandraCluster } from './cassandra-cluster.mjs';
import { EXPECTED_FOLDER } from './scenarios.mjs';
import { Script } from './script.mjs';
import { StarfishCluster } from './starfish-cluster.mjs';

export { canRunCassandra } from '../../src/engine/cassandra/jars.ts';
export { SCENARIOS } from './scenarios.mjs';

const ENGINES = { starfish: StarfishCluster, cassandra: CassandraCluster };

/** {passed, failed}. `say` hears a line a scenario. */
export async function runScenarios({ engine, scenarios, write, show, say }) {
  const sum = { passed: 0, failed: 0 };
  const pool = new ClusterPool(engine);
  let isEnding = false;
  const onSignal = () => {
    isEnding = true;
    void pool.close().finally(() => process.exit(130));
  };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    for (const scenario of inOrder(scenarios)) {
      if (isEnding) break;
      const started = performance.now();
      const problem = await runScenario({
        scenario,
        pool,
        write,
        onText: show ? say : () => undefined,
      });
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      sum[problem === null ? 'passed' : 'failed']++;
      say(
        `${problem === null ? 'ok' : 'not ok'} ${scenario.id} on ${engine}: ${scenario.name} (${seconds} s)${problem === null ? '' : `\n${problem}`}`,
      );
    }
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    await pool.close();
  }
  return sum;
}

/** What a scenario notes on an engine, on a cluster of its own. */
export async function recordScenario(engine, scenario) {
  const cluster = await ENGINES[engine].start(scenario.shape);
  try {
    const script = new Script(cluster);
    await scenario.run(script);
    return script.text;
  } finally {
    await cluster.stop();
  }
}

export function expectedText({ id }) {
  const file = join(EXPECTED_FOLDER, `${id}.txt`);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** null, or the lines that differ: `-` expected, `+` now, each under its heading. */
export function compare(expected, actual) {
  if (expected === null)
    return '    there is no recording; write it with --engine cassandra --write';
  if (expected === actual) return null;
  return lineDifference(expected.split('\n'), actual.split('\n'))
    .map((line) => `    ${line}`)
    .join('\n');
}

function lineDifference(left, right) {
  // common[i][j]: the longest common subsequence of left from i and right from j.
  const common = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      common[i][j] =
        left[i] === right[j]
          ? common[i + 1][j + 1] + 1
          : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const lines = [];
  let heading = '';
  const say = (line) => {
    if (heading !== '') lines.push(heading);
    heading = '';
    lines.push(line);
  };
  for (let i = 0, j = 0; i < left.length || j < right.length;) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      if (left[i].startsWith('== ')) heading = left[i];
      i++;
      j++;
    } else if (j >= right.length || (i < left.length && common[i + 1][j] >= common[i][j + 1]))
      say(`- ${left[i++]}`);
    else say(`+ ${right[j++]}`);
  }
  return lines;
}

async function runScenario({ scenario, pool, write, onText }) {
  let text = '';
  let script = null;
  try {
    const cluster = await pool.take(scenario.shape);
    script = new Script(cluster);
    await scenario.run(script);
    text = script.text;
    onText(text);
  } catch (error) {
    await pool.close();
    const last =
      script === null
        ? ''
        : `\n    after: ${script.text.trimEnd().split('\n').slice(-3).join('\n           ')}`;
    return `    ${error.stack ?? error}${last}`;
  }
  if (scenario.leaves === 'changed' || pool.isCheap) await pool.close();
  const file = join(EXPECTED_FOLDER, `${scenario.id}.txt`);
  if (write) {
    const before = expectedText(scenario);
    writeFileSync(file, text);
    return before === null ? null : compare(before, text);
  }
  return compare(expectedText(scenario), text);
}

/** Equal shapes after one another: a real cluster that stays whole serves several scenarios, as it takes long to start. */
function inOrder(scenarios) {
  const shapes = [...new Set(scenarios.map(({ shape }) => JSON.stringify(shape)))];
  return shapes.flatMap((shape) => {
    const same = scenarios.filter((scenario) => JSON.stringify(scenario.shape) === shape);
    return [
      ...same.filter(({ leaves }) => leaves !== 'changed'),
      ...same.filter(({ leaves }) => leaves === 'changed'),
    ];
  });
}

class ClusterPool {
  #engine;
  #shape = '';
  #cluster = null;

  constructor(engine) {
    this.#engine = engine;
  }

  /** Every scenario gets a cluster of its own. */
  get isCheap() {
    return this.#engine === 'starfish';
  }

  async take(shape) {
    const key = JSON.stringify(shape);
    if (this.#cluster === null || key !== this.#shape) {
      await this.close();
      this.#cluster = await ENGINES[this.#engine].start(shape);
      this.#shape = key;
    }
    const script = new Script(this.#cluster);
    await script.whole();
    return this.#cluster;
  }

  async close() {
    const cluster = this.#cluster;
    this.#cluster = null;
    await cluster?.stop();
  }
}
