// How near two float vectors are, as SAI's vector index and the CQL similarity functions score it: larger is nearer.
// Test: test/storage/row-filter.test.ts. Cassandra: index/sai/disk/vector, io.github.jbellis.jvector
// VectorSimilarityFunction.

import type { AnnOrdering } from './read-command.ts';
import type { TableMetadata } from './schema.ts';

export type SimilarityFunction = 'cosine' | 'dot_product' | 'euclidean';

/** Scores two serialized vectors<float, n> of equal length, in [0, 1] for unit vectors, as a float32. */
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
      return Math.fround((1 + Math.fround(dot / Math.sqrt(aa * bb))) / 2);
    case 'dot_product':
      return Math.fround((1 + Math.fround(dot)) / 2);
    case 'euclidean':
      return Math.fround(1 / (1 + Math.fround(distance)));
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
  // Cassandra adds in single precision, which may overflow or come to nothing.
  const single = Math.fround(norm);
  return kind !== 'cosine' || (single > 0 && Number.isFinite(single));
}

/** The function an ordering's index was made with. */
export function similarityFunction(table: TableMetadata, ann: AnnOrdering): SimilarityFunction {
  const index = table.indexes.find((one) => one.name === ann.indexName);
  return similarityOf(index?.options ?? new Map());
}
