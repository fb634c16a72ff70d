// Random statements against our node and a real Cassandra node: rows, order, columns, pages, errors, warnings must be
// equal. A difference is shrunk to the statements it needs and written as a `.cql` file for test/cql.
//
//   node conformance/fuzz/run.mjs [--statements 20000] [--seed 1] [--forever] [--real HOST:PORT]
//                                 [--out FOLDER] [--no-shrink]
//
// It starts a real node from Maven Central's jars (Java 17 and Maven) unless --real names one. Exit status 1: a
// difference that docs/differences.md does not explain.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSource } from '../load-source.mjs';
import { root } from '../toolchain.mjs';
import { explained } from './known.mjs';
import { answersOf, makeSteps, scriptOf } from './script.mjs';

function readArguments(words) {
  const options = {
    statements: 20_000,
    seed: 1,
    forever: false,
    real: null,
    out: join(root, '.starfish', 'fuzz'),
    shrink: true,
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === '--statements') options.statements = Number(words[++at]);
    else if (word === '--seed') options.seed = Number(words[++at]);
    else if (word === '--real') options.real = words[++at];
    else if (word === '--out') options.out = words[++at];
    else if (word === '--forever') options.forever = true;
    else if (word === '--no-shrink') options.shrink = false;
    else throw new Error(`what is ${word}?`);
  }
  return options;
}

/** A step that takes as long as the runner waits for an index to be built. */
const WAIT = '-- @until-rows 2\nSELECT key FROM system.local;\n';

/** A real node, without snapshots of what is dropped. */
async function realServer(given) {
  if (given !== null) {
    const [address, port = '9042'] = given.split(':');
    return { server: { address, port: Number(port), superuser: null }, stop: async () => {} };
  }
  const { REAL_SETTINGS, startReal } = await loadSource('test/cql/real-server.ts');
  const { plain } = REAL_SETTINGS;
  return startReal({ ...plain, settings: { ...plain.settings, auto_snapshot: false } });
}

class Fuzz {
  constructor(runScript, real, ours) {
    this.runScript = runScript;
    this.real = real;
    this.ours = ours;
  }

  /** The answers of both to the steps. */
  async answers(steps) {
    const text = scriptOf(steps);
    const [theirs, ours] = await Promise.all(
      [this.real, this.ours].map((server) => this.runScript('fuzz.cql', text, server)),
    );
    return { theirs: answersOf(theirs), ours: answersOf(ours) };
  }

  /** Places that differ and nothing explains. */
  async differences(steps) {
    const { theirs, ours } = await this.answers(steps);
    if (theirs.length !== steps.length || ours.length !== steps.length)
      throw new Error('answers do not match the statements');
    const found = steps.flatMap((step, i) =>
      theirs[i] === ours[i] || explained(theirs[i], ours[i], step) !== null
        ? []
        : [{ i, step, theirs: theirs[i], ours: ours[i] }],
    );
    const kept = [];
    for (const one of found) if (!(await this.wasBeingBuilt(steps, one))) kept.push(one);
    return kept;
  }

  /** Cassandra's own replica only says that a read failed where an index is still being built: is it so after a while? */
  async wasBeingBuilt(steps, { i, theirs }) {
    const before = steps.slice(0, i);
    if (!theirs.includes('ERROR READ_FAILURE') || !before.some((step) => /CREATE INDEX/.test(step)))
      return false;
    const { theirs: later, ours } = await this.answers([...before, WAIT, steps[i]]);
    return later.at(-1) === ours.at(-1);
  }

  /** As few of the steps as still make their last one differ. */
  async shrunk(steps) {
    let kept = steps;
    for (
      let size = Math.ceil(kept.length / 2);
      size >= 1;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let at = 0; at < kept.length - 1;) {
        const fewer = [...kept.slice(0, at), ...kept.slice(Math.min(at + size, kept.length - 1))];
        const found = await this.differences(fewer);
        if (found.some(({ i }) => i === fewer.length - 1)) kept = fewer;
        else at += size;
      }
    }
    return kept;
  }
}

/** What kind of difference it is, without the names and values in it. */
function signatureOf({ theirs, ours }) {
  const plain = (text) =>
    text
      .split('\n')
      .slice(0, 2)
      .join(' ')
      .replace(/[kcsvx]\d|\bt\d|-?\d[\d.a-fE+-]*|'[^']*'/g, '#')
      .slice(0, 120);
  return `${plain(theirs)} / ${plain(ours)}`;
}

async function main() {
  const options = readArguments(process.argv.slice(2));
  const { runScript } = await loadSource('test/cql/script-runner.ts');
  const { encodeValue } = await loadSource('test/cql/bind-values.ts');
  const { startOurs } = await loadSource('test/cql/our-server.ts');
  const real = await realServer(options.real);
  const ours = await startOurs({ key: 'plain', kind: 'plain', settings: {} });
  const fuzz = new Fuzz(runScript, real.server, ours.server);
  const seen = new Set();
  let passed = 0;
  let failed = 0;
  try {
    for (let seed = options.seed; options.forever || passed + failed < options.statements; seed++) {
      const steps = makeSteps(seed, encodeValue);
      const first = await fuzz.differences(steps);
      // What does not come again was a matter of time: an index that was still being built, for one.
      const again = first.length === 0 ? [] : await fuzz.differences(steps);
      const found = first.filter(({ i }) => again.some((other) => other.i === i));
      passed += steps.length - found.length;
      failed += found.length;
      for (const difference of found) {
        const signature = signatureOf(difference);
        if (seen.has(signature)) continue;
        seen.add(signature);
        const { i, step, theirs, ours: mine } = difference;
        console.log(
          `DIFFERENT seed ${seed} statement ${i}\n${step}  Cassandra: ${theirs}\n  ours:      ${mine}`,
        );
        if (!options.shrink) continue;
        const kept = await fuzz.shrunk(steps.slice(0, i + 1));
        mkdirSync(options.out, { recursive: true });
        const file = join(options.out, `fuzz-${seed}-${i}.cql`);
        writeFileSync(file, scriptOf(kept));
        console.log(`  ${kept.length} statements in ${file}`);
      }
    }
  } finally {
    await ours.stop();
    await real.stop();
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
