// Work on items that ends by a callback, one after another or some at once. Test: test/repair/each-in-turn.test.ts.

/** null: done; otherwise why not. */
export type WorkDone = (error: string | null) => void;

/** Begins with the first item and keeps up to `atOnce` going. The first error ends it; `done` is called once. */
export function eachInTurn<T>(
  items: readonly T[],
  work: (item: T, next: WorkDone) => void,
  done: WorkDone,
  atOnce = 1,
): void {
  const waiting = [...items];
  let running = 0;
  let isOver = false;
  const next: WorkDone = (error) => {
    if (isOver) return;
    if (error !== null || (waiting.length === 0 && running === 0)) {
      isOver = true;
      done(error);
      return;
    }
    while (waiting.length > 0 && running < Math.max(1, atOnce)) {
      running++;
      work(waiting.shift() as T, (failure) => {
        running--;
        next(failure);
      });
    }
  };
  next(null);
}
