// Lists that nearly always stay as they are. Test: test/storage/purge.test.ts, test/storage/reconcile.test.ts.

/**
 * Each item as `keep` leaves it; null drops it. The list itself while nothing changes, so that whoever compares by
 * identity sees that. `context` goes to `keep`, which then needs no closure.
 */
export function keepEach<T, C>(
  items: readonly T[],
  keep: (item: T, context: C) => T | null,
  context: C,
): readonly T[] {
  let out: T[] | null = null;
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as T;
    const kept = keep(item, context);
    if (kept === item) {
      if (out !== null) out.push(item);
      continue;
    }
    out ??= items.slice(0, i);
    if (kept !== null) out.push(kept);
  }
  return out ?? items;
}
