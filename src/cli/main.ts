// The `starfish` command: its verbs are in verbs.ts, what they do in commands/<verb>.ts, how it
// ends in exit.ts.

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { explainError } from './exit.ts';
import { stopOnFaults } from './faults.ts';
import {
  addDataVerbs,
  addFaultVerbs,
  addGrowthVerbs,
  addOtherVerbs,
  addStartVerbs,
} from './verbs.ts';

const MANIFEST: unknown = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

function build(): Command {
  const { version } = MANIFEST as { version: string };
  const program = new Command('starfish')
    .description(
      'A Cassandra-compatible cluster in many regions, and the stack around it, in one process.',
    )
    .version(version)
    .showHelpAfterError('(starfish --help lists the verbs)')
    .showSuggestionAfterError(true)
    .exitOverride();
  addStartVerbs(program, version);
  addFaultVerbs(program);
  addGrowthVerbs(program);
  addDataVerbs(program);
  addOtherVerbs(program);
  return program;
}

// `starfish status | head` ends without words, as SIGPIPE ends other programs: never with 0, a drill has not passed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(141);
});

stopOnFaults();

try {
  await build().parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed its words already, except ours.
    if (error.code === 'starfish.number') process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const { code, text } = explainError(error);
    process.stderr.write(`${text}\n`);
    process.exit(code);
  }
}
