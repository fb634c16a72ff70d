// The order in which a Java HashMap of strings is walked. Cassandra reports the first unknown property it meets that
// way, and prints sets of names in it. Test: test/schema/java-hash-order.test.ts.

/** The names in the order of a HashMap they were put into one by one; duplicates must not occur. */
export function javaHashOrder(names: Iterable<string>): string[] {
  const all = [...names];
  let buckets = 16;
  while (all.length > buckets * 0.75) buckets *= 2;
  return all
    .map((name, index) => ({ name, index, bucket: spread(javaHash(name)) & (buckets - 1) }))
    .sort((a, b) => a.bucket - b.bucket || a.index - b.index)
    .map(({ name }) => name);
}

/** String.hashCode. */
function javaHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

function spread(hash: number): number {
  return hash ^ (hash >>> 16);
}
