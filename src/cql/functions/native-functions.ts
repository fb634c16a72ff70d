// Every native function, by name: those with fixed signatures and those made to measure.
// Test: test/functions/native-functions.test.ts. Cassandra: cql3/functions/NativeFunctions.java.

import { aggregateFunctions } from './aggregates.ts';
import { blobFunctions, uuidFunctions } from './blob-functions.ts';
import { castFunctions } from './cast-functions.ts';
import { collectionFactories } from './collection-functions.ts';
import type { FunctionFactory } from './function-factory.ts';
import type { CqlFunction } from './function.ts';
import { jsonFactories } from './json-functions.ts';
import { maskingFactories } from './masking-functions.ts';
import { mathFunctions } from './math-functions.ts';
import { operatorFunctions } from './operators.ts';
import { timeFunctions } from './time-functions.ts';
import { tokenFactory } from './token-function.ts';
import { vectorFactories } from './vector-functions.ts';

/** Where the functions come from. A new family of functions is a new row here. */
const FAMILIES = {
  casts: castFunctions,
  uuid: uuidFunctions,
  time: timeFunctions,
  operators: operatorFunctions,
  aggregates: aggregateFunctions,
  blobs: blobFunctions,
  math: mathFunctions,
} as const satisfies Record<string, () => CqlFunction[]>;

const FACTORY_FAMILIES = {
  token: () => [tokenFactory()],
  json: jsonFactories,
  collections: collectionFactories,
  masking: maskingFactories,
  vectors: vectorFactories,
} as const satisfies Record<string, () => FunctionFactory[]>;

export const NATIVE_FUNCTIONS: ReadonlyMap<string, readonly CqlFunction[]> = byName(
  Object.values(FAMILIES).flatMap((family): readonly CqlFunction[] => family()),
);

export const NATIVE_FACTORIES: ReadonlyMap<string, readonly FunctionFactory[]> = byName(
  Object.values(FACTORY_FAMILIES).flatMap((family): readonly FunctionFactory[] => family()),
);

function byName<T extends { readonly name: string }>(rows: readonly T[]): Map<string, T[]> {
  const map = new Map<string, T[]>();
  for (const row of rows) {
    const known = map.get(row.name);
    if (known === undefined) map.set(row.name, [row]);
    else known.push(row);
  }
  return map;
}
