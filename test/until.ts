/** Looks every two milliseconds; the test's own time limit ends what never becomes true. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
