// The whole always-on stack, running: engine, schema, application, balancers, and the injector over all of it. `up`,
// drills and the library's startStack open one; closing it stops everything it started.

import type { AddressPlan, Placement } from '../cluster/placement.ts';
import { placeTopology } from '../cluster/placement.ts';
import type { Engine } from '../engine/engine.ts';
import { openEngine } from '../engine/open-engine.ts';
import { Injector } from '../fault/injector.ts';
import { SHOP_KEYSPACE, SHOP_TABLES } from '../stack/shop-schema.ts';
import { Stack } from '../stack/stack.ts';
import type { Topology } from '../topology/topology.ts';

export interface LabOptions {
  readonly topology: Topology;
  readonly addresses: AddressPlan;
  readonly seed: number;
  readonly dataFolder: string | null;
  /** Statements of the topology's own schema files, by keyspace. */
  readonly schemaStatements?: readonly string[];
  /** Without the HTTP stack: nodes only. */
  readonly engineOnly?: boolean;
}

export interface Lab extends AsyncDisposable {
  readonly topology: Topology;
  readonly placement: Placement;
  readonly engine: Engine;
  /** Null when only the engine was asked for. */
  readonly stack: Stack | null;
  readonly injector: Injector;
  stop(): Promise<void>;
}

/** Resolves when a CQL session works, the schema is there and every balancer target is healthy. */
export async function openLab(options: LabOptions): Promise<Lab> {
  const { topology, addresses, seed, dataFolder } = options;
  const placement = placeTopology(topology, addresses);
  const engine = await openEngine(topology.engine, { topology, addresses, seed, dataFolder, latency: true });
  try {
    await createKeyspaces(engine, topology, options.schemaStatements ?? []);
    const wantsShop = options.engineOnly !== true && SHOP_KEYSPACE in topology.keyspaces;
    const stack = wantsShop ? new Stack({ topology, placement }) : null;
    if (stack !== null) {
      for (const statement of SHOP_TABLES) await engine.execute(statement);
      await stack.start();
    }
    const stop = async (): Promise<void> => {
      await stack?.stop();
      await engine.stop();
    };
    const injector = new Injector(engine, stack, placement);
    return { topology, placement, engine, stack, injector, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

async function createKeyspaces(engine: Engine, topology: Topology, statements: readonly string[]): Promise<void> {
  for (const [name, { replication }] of Object.entries(topology.keyspaces)) {
    const factors = Object.entries(replication).map(([region, factor]) => `'${region}': ${factor}`);
    await engine.execute(
      `CREATE KEYSPACE IF NOT EXISTS "${name}" WITH replication = ` +
        `{'class': 'NetworkTopologyStrategy'${factors.map((factor) => `, ${factor}`).join('')}}`,
    );
  }
  for (const statement of statements) await engine.execute(statement);
}
