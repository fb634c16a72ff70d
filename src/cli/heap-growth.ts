// V8 lets a heap double before it collects it, which is quick while the heap is small and costs a gigabyte when it holds a
// million rows. A large heap may only grow by a part; a small one is left alone: collecting it often costs throughput.

import { getHeapStatistics, setFlagsFromString } from 'node:v8';

const LARGE_BYTES = 600 * 2 ** 20;
const LARGE_GROWTH_PERCENT = 35;
/** V8's own judgement. */
const USUAL = 0;
const LOOK_EVERY_MS = 1_000;

/** Watches the heap until the process ends. */
export function limitHeapGrowth(): void {
  let percent = USUAL;
  setInterval(() => {
    const wanted = getHeapStatistics().used_heap_size > LARGE_BYTES ? LARGE_GROWTH_PERCENT : USUAL;
    if (wanted === percent) return;
    percent = wanted;
    setFlagsFromString(`--heap-growing-percent=${percent}`);
  }, LOOK_EVERY_MS).unref();
}
