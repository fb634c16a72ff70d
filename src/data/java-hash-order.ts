// The order in which a Java HashMap of strings is walked. Cassandra reports the first unknown property it meets that
// way, and prints sets of names in it. Test: test/schema/java-hash-order.test.ts.

/** The names in the order of a HashMap they were put into one by one; duplicates must not occur. */
export function javaHashOrder(names: Iterable<string>): string[] {
  return hashOrder(names, javaHash);
}

/** As `javaHashOrder` for a HashSet of column identifiers, which hash by their UTF-8 bytes. */
export function columnHashOrder(names: Iterable<string>): string[] {
  return hashOrder(names, byteHash);
}

/** As a HashMap of column identifiers that was copied from another with putAll, which makes it just large enough. */
export function putAllOrder(names: Iterable<string>): string[] {
  const all = columnHashOrder(names);
  let buckets = 1;
  while (buckets < Math.floor(all.length / 0.75 + 1)) buckets *= 2;
  return inBuckets(all, byteHash, buckets);
}

/** As `javaHashOrder`, of a HashSet that was sent to another JVM: there it is made just large enough. */
export function sentHashOrder(names: Iterable<string>): string[] {
  const all = javaHashOrder(names);
  let buckets = 1;
  while (buckets < Math.floor(all.length / 0.75)) buckets *= 2;
  while (all.length > buckets * 0.75) buckets *= 2;
  return inBuckets(all, javaHash, buckets);
}

function hashOrder(names: Iterable<string>, hashOf: (name: string) => number): string[] {
  const all = [...names];
  let buckets = 16;
  while (all.length > buckets * 0.75) buckets *= 2;
  return inBuckets(all, hashOf, buckets);
}

function inBuckets(
  names: readonly string[],
  hashOf: (name: string) => number,
  buckets: number,
): string[] {
  return names
    .map((name, index) => ({ name, index, bucket: spread(hashOf(name)) & (buckets - 1) }))
    .sort((a, b) => a.bucket - b.bucket || a.index - b.index)
    .map(({ name }) => name);
}

/** The items in the order of a multimap (of 16 buckets at first) whose keys are pairs of a column and a value, or none. */
export function pairHashOrder<T>(
  items: readonly T[],
  pairOf: (item: T) => readonly [column: string, value: Buffer | null],
): T[] {
  const hashOf = (item: T): number => {
    const [column, value] = pairOf(item);
    const left = Math.imul(31, (31 + byteHash(column)) | 0);
    return spread((left + (value === null ? 0 : bufferHash(value))) | 0);
  };
  const hashed = items.map((item, index) => ({ item, index, hash: hashOf(item) }));
  const keys = new Set(hashed.map(({ hash }) => hash)).size;
  let mask = 15;
  while (keys > (mask + 1) * 0.75) mask = 2 * mask + 1;
  return hashed
    .sort((a, b) => (a.hash & mask) - (b.hash & mask) || a.index - b.index)
    .map(({ item }) => item);
}

/** ByteBuffer.hashCode of the name's bytes. */
function byteHash(name: string): number {
  return bufferHash(Buffer.from(name));
}

function bufferHash(bytes: Buffer): number {
  let hash = 1;
  for (const byte of bytes.toReversed()) {
    hash = (Math.imul(hash, 31) + ((byte << 24) >> 24)) | 0;
  }
  return hash;
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
