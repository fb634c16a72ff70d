// Assertions that stay on. A failed assert is a bug of ours and stops the run; what the world does wrong
// (a timeout, a malformed frame, a refused statement) is a value and never comes through here.

/** The error of a failed assert: exit code 1, "our bug". */
export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}

/** Stops the run when `condition` is false. `message` names what was expected. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message);
}

/** The default branch of a switch over a closed union. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unreachable: ${JSON.stringify(value)}`);
}

/** Narrows away null and undefined where an invariant guarantees presence. */
export function required<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new AssertionFailed(message);
  return value;
}
