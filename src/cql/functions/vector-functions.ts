// Similarities of float vectors, between 0 and 1 for normalized ones. Test:
// test/functions/factories.test.ts. Cassandra: cql3/functions/VectorFcts.java; jvector
// VectorSimilarityFunction.

import { assert } from '../../base/assert.ts';
import { floatBytes } from '../../data/codec/native-codecs.ts';
import { NATIVE } from '../../data/cql-type.ts';
import type { CqlType } from '../../data/cql-type.ts';
import { invalid } from '../../data/cql-error.ts';
import type { SimilarityFunction } from '../../data/vector-similarity.ts';
import { vectorSimilarity } from '../../data/vector-similarity.ts';
import type { FunctionFactory } from './function-factory.ts';
import { factory, floatVector, sameAs } from './function-factory.ts';
import type { ScalarFunction } from './function.ts';
import { scalar } from './native-function.ts';

export function vectorFactories(): FunctionFactory[] {
  return (['cosine', 'euclidean', 'dot_product'] as const).map((similarity) =>
    factory(
      `similarity_${similarity}`,
      [sameAs(1, false, floatVector()), sameAs(0, false, floatVector())],
      ([left, right]) => similarityFunction(similarity, left, right),
    ),
  );
}

function similarityFunction(
  similarity: SimilarityFunction,
  left: CqlType | undefined,
  right: CqlType | undefined,
): ScalarFunction {
  assert(left?.kind === 'vector' && right?.kind === 'vector', 'vectors are checked before');
  if (left.dimension !== right.dimension)
    throw invalid('All arguments must have the same vector dimensions');
  const name = `similarity_${similarity}`;
  return scalar({
    name,
    args: [left, left],
    returns: NATIVE.float,
    run: ([a, b]) => {
      if (a === null || a === undefined || b === null || b === undefined) return null;
      if (similarity === 'cosine' && (isZero(a) || isZero(b))) {
        throw invalid(`Function system.${name} doesn't support all-zero vectors.`);
      }
      return floatBytes(vectorSimilarity(similarity, a, b));
    },
  });
}

function isZero(vector: Buffer): boolean {
  for (let at = 0; at < vector.length; at += 4) if (vector.readFloatBE(at) !== 0) return false;
  return true;
}
