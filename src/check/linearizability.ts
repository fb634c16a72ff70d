// Linearizability per key: Wing and Gong's search with Lowe's memo, on a register with conditional
// writes. Histories of one key are short; a search out of its budget is "unknown", never
// "linearizable". An operation whose answer is unknown may take effect at any time after its start,
// or never. Test: test/check/linearizability.test.ts.

/** A value of the register; null: absent. */
export type RegisterValue = string | null;

export interface RegisterOperation {
  readonly startMs: number;
  /** Infinity when the answer never came. */
  readonly endMs: number;
  readonly call:
    | { readonly kind: 'read'; readonly returned: RegisterValue }
    /**
     * Write `to` if the value is `from`. `applied` null: unknown. When not applied, `found` is the
     * value it saw.
     */
    | {
        readonly kind: 'cas';
        readonly from: RegisterValue;
        readonly to: RegisterValue;
        readonly applied: boolean | null;
        readonly found?: RegisterValue;
      };
}

export type Linearizability = 'linearizable' | 'violated' | 'unknown';

const STEPS_MAX = 200_000;

/** Checks one key's operations, beginning with `initial`. */
export function checkRegister(
  operations: readonly RegisterOperation[],
  initial: RegisterValue = null,
): Linearizability {
  const sorted = operations.toSorted((a, b) => a.startMs - b.startMs);
  const seen = new Set<string>();
  const done: boolean[] = sorted.map(() => false);
  let steps = 0;
  let outOfBudget = false;

  const search = (value: RegisterValue, left: number): boolean => {
    if (left === 0) return true;
    if (++steps > STEPS_MAX) {
      outOfBudget = true;
      return false;
    }
    const memo = `${value ?? '\u0000'}|${done.map((isDone) => (isDone ? 1 : 0)).join('')}`;
    if (seen.has(memo)) return false;
    seen.add(memo);
    const horizon = earliestEnd(sorted, done);
    for (let at = 0; at < sorted.length; at++) {
      const operation = sorted[at];
      if (operation === undefined || done[at] || operation.startMs > horizon) continue;
      const next = apply(operation, value);
      if (next === undefined) continue;
      done[at] = true;
      const fewer = operation.endMs === Infinity ? 0 : 1;
      if (search(next, left - fewer)) return true;
      done[at] = false;
    }
    return false;
  };

  const certain = sorted.filter((operation) => operation.endMs !== Infinity).length;
  if (search(initial, certain)) return 'linearizable';
  return outOfBudget ? 'unknown' : 'violated';
}

/** The earliest end among operations not yet placed: nothing that starts later may go before it. */
function earliestEnd(operations: readonly RegisterOperation[], done: readonly boolean[]): number {
  let earliest = Infinity;
  operations.forEach((operation, at) => {
    if (!done[at] && operation.endMs < earliest) earliest = operation.endMs;
  });
  return earliest;
}

/** The value after the operation; undefined when its answer does not fit here. */
function apply({ call }: RegisterOperation, value: RegisterValue): RegisterValue | undefined {
  if (call.kind === 'read') return call.returned === value ? value : undefined;
  const matches = value === call.from;
  if (call.applied === true) return matches ? call.to : undefined;
  if (call.applied === false) {
    if (matches) return undefined;
    return call.found === undefined || call.found === value ? value : undefined;
  }
  return matches ? call.to : value;
}
