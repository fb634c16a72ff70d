// How near two float vectors are, as SAI's vector index and the CQL similarity functions score it: larger is nearer.
// Test: test/storage/row-filter.test.ts. Cassandra: index/sai/disk/vector, io.github.jbellis.jvector
// VectorSimilarityFunction.

export type SimilarityFunction = 'cosine' | 'dot_product' | 'euclidean';

/** Scores two serialized vectors<float, n> of equal length, in [0, 1] for unit vectors. */
export function vectorSimilarity(kind: SimilarityFunction, a: Buffer, b: Buffer): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  let distance = 0;
  for (let at = 0; at + 4 <= a.length; at += 4) {
    const x = a.readFloatBE(at);
    const y = b.readFloatBE(at);
    dot += x * y;
    aa += x * x;
    bb += y * y;
    distance += (x - y) * (x - y);
  }
  switch (kind) {
    case 'cosine':
      return (1 + dot / Math.sqrt(aa * bb)) / 2;
    case 'dot_product':
      return (1 + dot) / 2;
    case 'euclidean':
      return 1 / (1 + distance);
  }
}

/** The similarity function of a vector index's options. */
export function similarityOf(options: ReadonlyMap<string, string>): SimilarityFunction {
  const name = options.get('similarity_function')?.toLowerCase();
  return name === 'dot_product' || name === 'euclidean' ? name : 'cosine';
}

/** A cosine index refuses zero vectors, and every index what is not finite. */
export function isIndexableVector(kind: SimilarityFunction, vector: Buffer): boolean {
  let norm = 0;
  for (let at = 0; at + 4 <= vector.length; at += 4) {
    const x = vector.readFloatBE(at);
    if (!Number.isFinite(x)) return false;
    norm += x * x;
  }
  return kind !== 'cosine' || norm > 0;
}
