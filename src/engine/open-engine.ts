// Opens the engine that a topology or a flag names: embedded | cassandra[:<version>].

import type { AddressPlan } from '../cluster/placement.ts';
import { InvalidDocument } from '../topology/load-topology.ts';
import type { Topology } from '../topology/topology.ts';
import { openEmbeddedEngine } from './embedded.ts';
import type { Engine, EngineEvent } from './engine.ts';

export interface EngineOptions {
  readonly topology: Topology;
  readonly addresses: AddressPlan;
  readonly seed: number;
  /** Keeps the data of the embedded engine here; null: in memory. */
  readonly dataFolder: string | null;
  /** False: no latency between places (benchmarks). */
  readonly latency: boolean;
  /** Keeps account of acknowledged writes for `lostWrites`; costs memory a partition written. */
  readonly keepAccount?: boolean;
  /** Hears the events from the start on, those of the start included. */
  readonly onEvent?: (event: EngineEvent) => void;
}

/** Starts it; resolves when every node serves CQL. Throws InvalidDocument that names the engines when there is no such one. */
export function openEngine(name: string, options: EngineOptions): Promise<Engine> {
  if (name === 'embedded') return openEmbeddedEngine(options);
  throw new InvalidDocument(`There is no engine ${name} here. Known: embedded.`);
}
