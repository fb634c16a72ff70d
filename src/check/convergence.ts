// Convergence: after healing, hints and repair all replicas of a partition hold the same. Compares
// what each replica says it holds; nothing is read through the coordinator. Rule K6 of the checks.

import type { ReplicaContent } from '../engine/engine.ts';

export interface Divergence {
  readonly key: string;
  readonly places: readonly string[];
}

export interface ConvergenceResult {
  readonly partitions: number;
  readonly violations: readonly Divergence[];
}

/** `owners`: the places that must hold a key. A missing partition differs from a present one. */
export function checkConvergence(
  contents: readonly ReplicaContent[],
  owners: (key: string) => readonly string[],
): ConvergenceResult {
  const byPlace = new Map(contents.map(({ place, partitions }) => [place, partitions]));
  const keys = new Set<string>();
  for (const { partitions } of contents) for (const key of partitions.keys()) keys.add(key);
  const violations: Divergence[] = [];
  for (const key of keys) {
    const places = owners(key);
    const digests = new Set(places.map((place) => byPlace.get(place)?.get(key) ?? ''));
    if (digests.size > 1) violations.push({ key, places });
  }
  return { partitions: keys.size, violations };
}
