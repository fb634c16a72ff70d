// The whole always-on stack, running: engine, schema, application, balancers, and the injector over
// all of it. `up`, drills and the library's startStack open one; closing it stops everything it
// started.

import type { AddressPlan, Placement } from '../cluster/placement.ts';
import { placeTopology } from '../cluster/placement.ts';
import type { Engine, EngineEvent } from '../engine/engine.ts';
import { openEngine } from '../engine/open-engine.ts';
import { Injector } from '../fault/injector.ts';
import { SHOP_KEYSPACE, SHOP_TABLES } from '../stack/shop-schema.ts';
import type { Stack } from '../stack/stack.ts';
import type { Topology } from '../topology/topology.ts';
import type { SchemaScript } from './apply-schema.ts';

/** How long nodes may take to agree about the schema. */
const SCHEMA_AGREEMENT_MS = 30_000;

export interface LabOptions {
  readonly topology: Topology;
  readonly addresses: AddressPlan;
  readonly seed: number;
  readonly dataFolder: string | null;
  /** More CQL, run in order after the schema files of the topology's keyspaces. */
  readonly schema?: readonly SchemaScript[];
  /** Without the HTTP stack: nodes only. */
  readonly engineOnly?: boolean;
  /** Keeps account of acknowledged writes; see Engine.lostWrites. */
  readonly keepAccount?: boolean;
  /** Hears the engine's events from its start on. */
  readonly onEvent?: (event: EngineEvent) => void;
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
  const hasFiles = Object.values(topology.keyspaces).some(({ schema }) => schema !== undefined);
  const files = hasFiles ? (await import('./apply-schema.ts')).schemaFiles(topology) : [];
  const engine = await openEngine(topology.engine, {
    topology,
    addresses,
    seed,
    dataFolder,
    latency: true,
    keepAccount: options.keepAccount === true,
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
  });
  let stack: Stack | null = null;
  try {
    await createKeyspaces(engine, topology);
    await runSchemas(engine, [...files, ...(options.schema ?? [])]);
    // The application's driver knows nodes by address alone: on one address there is no application
    // to run.
    const wantsShop =
      options.engineOnly !== true &&
      addresses.block !== null &&
      SHOP_KEYSPACE in topology.keyspaces;
    stack = wantsShop ? await newStack(topology, placement) : null;
    if (stack !== null) {
      for (const statement of SHOP_TABLES) await engine.execute(statement);
      await stack.start();
    }
    const running = stack;
    // Without the HTTP stack there is none of its parts to lose.
    const parts =
      running === null ? { ...placement, instances: [], balancerNodes: [], edges: [] } : placement;
    const stop = async (): Promise<void> => {
      await running?.stop();
      await engine.stop();
    };
    const injector = new Injector(engine, running, parts);
    return {
      topology,
      placement: parts,
      engine,
      stack: running,
      injector,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stack?.stop();
    await engine.stop();
    throw error;
  }
}

async function newStack(topology: Topology, placement: Placement): Promise<Stack> {
  const { Stack } = await import('../stack/stack.ts');
  return new Stack({ topology, placement });
}

async function createKeyspaces(engine: Engine, topology: Topology): Promise<void> {
  for (const [name, { replication }] of Object.entries(topology.keyspaces)) {
    const factors = Object.entries(replication).map(([region, factor]) => `'${region}': ${factor}`);
    await engine.execute(
      `CREATE KEYSPACE IF NOT EXISTS "${name}" WITH replication = ` +
        `{'class': 'NetworkTopologyStrategy'${factors.map((factor) => `, ${factor}`).join('')}}`,
    );
  }
}

async function runSchemas(engine: Engine, scripts: readonly SchemaScript[]): Promise<void> {
  const [node] = engine.nodes;
  if (scripts.length === 0 || node === undefined) return;
  // Loaded when wanted: nodes alone start sooner without the load's clients and the application's
  // driver.
  const { applySchema } = await import('./apply-schema.ts');
  for (const script of scripts) await applySchema(node, script);
  await engine.settled(SCHEMA_AGREEMENT_MS);
}
