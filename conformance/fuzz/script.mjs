// One script: tables, then statements over them, in the form that test/cql/script-runner.ts runs.

import { Choices } from './random.mjs';
import { makeSchema } from './schema.mjs';
import { makeStatement } from './statements.mjs';

const HEAD = '-- @always sort-signatures yes\n';
const STATEMENTS_A_SCRIPT = 200;

/**
 * The steps of the script of a seed: each is the text of one statement with its directives. `encode` gives the bytes of a
 * literal of a type.
 */
export function makeSteps(seed, encode) {
  const choices = new Choices(seed);
  const schema = makeSchema(choices);
  const steps = schema.statements.map((text) => `${text};\n`);
  while (steps.length < STATEMENTS_A_SCRIPT) {
    const { lines, text } = makeStatement(choices, schema, encode);
    steps.push([...lines, `${text};\n`].join('\n'));
  }
  return steps;
}

export function scriptOf(steps) {
  return HEAD + steps.join('');
}

/** The answers in a recording, one text a step. */
export function answersOf(recording) {
  const answers = [];
  let current = null;
  for (const line of recording.split('\n')) {
    if (line.startsWith('  > ')) current?.push(line.slice(4));
    else if (line !== '' && !line.startsWith('--')) answers.push((current = []));
  }
  return answers.map((lines) => lines.join('\n'));
}
