// What an exception that nobody caught does to the process: it is a fault of the program, so a drill or a command ends
// with it, as nothing it would still say could be believed. A cluster that `up` serves goes on, as Cassandra does after
// an error in one request: the client was answered (node/messaging/fault-scope.ts), the fault is told here, and the exit
// code at the end says that there was one. Test: test/cli/faults.test.ts.

import { EXIT, explainError } from './exit.ts';

/** Until the answer to the client whose request met the fault is on its way. */
const ANSWER_MS = 100;

let isServing = false;
const told = new Set<string>();

/** To be heard from the start of the process to its end. */
export function stopOnFaults(): void {
  process.on('uncaughtException', (fault) => {
    const { code, text } = explainError(fault);
    // A fault that comes again and again is told once.
    if (!told.has(text)) process.stderr.write(`${text}\n`);
    told.add(text);
    if (!isServing) setTimeout(() => process.exit(code), ANSWER_MS);
  });
}

/** From now on the process goes on after a fault. The exit code at its end: `code`, or that there were faults. */
export function serveThroughFaults(): (code: number) => number {
  isServing = true;
  return (code) => {
    isServing = false;
    return told.size === 0 ? code : EXIT.ourBug;
  };
}
