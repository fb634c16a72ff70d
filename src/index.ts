// Starfish's public API: a Cassandra-compatible cluster in many regions inside this process, the
// stack around it, and drills. The only barrel. Test: test/api/*.test.ts.
//
//   await using cluster = await startCluster({ regions: { 'us-east-1': { zones: 3 }, 'us-west-2': { zones: 3 } } });
//   const client = new Client(cluster.driverOptions('us-east-1'));     // the unmodified cassandra-driver
//   const outage = await cluster.fault({ kind: 'outage', at: 'us-east-1/b' });
//   ...
//   await outage.heal();
//   await cluster.settled();
//   expect((await cluster.check('lost-writes')).violations).toEqual([]);

import { readFileSync } from 'node:fs';
import { chooseAddresses } from './drill/addresses.ts';
import type { DrillInput } from './drill/drill.ts';
import type { DrillResult } from './drill/drill-result.ts';
import { openLab } from './drill/lab.ts';
import { findDrill, toDrill } from './drill/load-drill.ts';
import type { ClusterOptions } from './drill/open-cluster.ts';
import { openCluster } from './drill/open-cluster.ts';
import { writeReport } from './drill/report/write-report.ts';
import { RunningCluster } from './drill/running-cluster.ts';
import { RunningStack } from './drill/running-stack.ts';
import type { DrillProgress } from './drill/runner.ts';
import { runPhases } from './drill/runner.ts';
import type { DrillShape } from './drill/shape-drill.ts';
import { shapeDrill } from './drill/shape-drill.ts';
import { shortenedSettings } from './drill/shortened.ts';
import { InvalidDocument } from './topology/load-topology.ts';

export type { ClusterOptions, RegionOption } from './drill/open-cluster.ts';
export type {
  CheckReport,
  ClusterCheck,
  DriverOptions,
  FaultHandle,
} from './drill/running-cluster.ts';
export { RunningCluster } from './drill/running-cluster.ts';
export type { AddOptions } from './drill/growth.ts';
export type { NodePlacement } from './cluster/placement.ts';
export { RunningStack } from './drill/running-stack.ts';
export type { DrillInput } from './drill/drill.ts';
export type {
  CheckResult,
  DrillResult,
  DrillVerdict,
  ExpectationResult,
  PhaseResult,
} from './drill/drill-result.ts';
export type { DrillProgress } from './drill/runner.ts';
export { CATALOGUE } from './drill/catalogue/catalogue.ts';
export { AddressProblem } from './drill/addresses.ts';
export type { EngineEvent, NodeStatus, RepairReport } from './engine/engine.ts';
export type { Fault, FaultInput, FaultKind } from './fault/fault.ts';
export type { StackEvent } from './stack/stack-event.ts';
export { InvalidDocument } from './topology/load-topology.ts';
export { UnknownPlace } from './topology/place.ts';
export type { Topology, TopologyInput } from './topology/topology.ts';
export { ALWAYS_ON } from './topology/topology.ts';

/**
 * Starts a cluster; resolves when every node serves CQL and the schema is there. Close it with
 * `await using` or `stop()`. Throws InvalidDocument when the options are wrong, AddressProblem
 * (with the cure) when addresses lack, and an Error that names the statement when the schema is
 * wrong.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<RunningCluster> {
  const { lab, seed } = await openCluster(options, false);
  return new RunningCluster(lab, seed);
}

/**
 * Starts a cluster with the sample application, a balancer a region and the global accelerator
 * around it; resolves when every instance is in service. The built-in always-on topology without
 * options. Throws as startCluster does.
 */
export async function startStack(options: ClusterOptions = {}): Promise<RunningStack> {
  const { lab, seed } = await openCluster(options, true);
  if (lab.stack !== null) return new RunningStack(lab, lab.stack, seed);
  await lab.stop();
  throw new InvalidDocument(
    'A stack needs the shop: keyspaces.shop in its topology, and an address for each node.',
  );
}

export interface RunDrillOptions extends DrillShape {
  /** Of all random choices; drawn when absent, and in the result. */
  readonly seed?: number;
  /** As of startCluster. */
  readonly addressBlock?: string;
  /** Writes report.html, report.json and Locust's CSV files into a new folder below this one. */
  readonly reportFolder?: string;
  readonly onProgress?: (progress: DrillProgress) => void;
  /** Aborting ends the load early; what was not checked is inconclusive. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a drill, by name (see CATALOGUE) or as a document, on a stack of its own, and judges it. A
 * failed drill is a result, not an error. Throws InvalidDocument when the drill is wrong or there
 * is none of that name.
 */
export async function runDrill(
  drill: string | DrillInput,
  options: RunDrillOptions = {},
): Promise<DrillResult> {
  const found = typeof drill === 'string' ? findDrill(drill).drill : drill;
  if (found === 'levels')
    throw new InvalidDocument(
      'The levels drill is a measured table: run it with `starfish drill levels`.',
    );
  const document = shapeDrill(toDrill(found), options);
  const seed = options.seed ?? Math.floor(Math.random() * 1_000_000);
  const addresses = await chooseAddresses(document.topology, options.addressBlock);
  await using lab = await openLab({
    topology: document.topology,
    addresses,
    seed,
    dataFolder: null,
  });
  if (lab.stack === null)
    throw new InvalidDocument(
      'A drill needs the shop: keyspaces.shop in its topology, and an address for each node.',
    );
  const { result, history } = await runPhases({
    drill: document,
    engine: lab.engine,
    stack: lab.stack,
    injector: lab.injector,
    seed,
    version: version(),
    shortened: shortenedSettings(document.topology),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (options.reportFolder !== undefined) writeReport(result, history, options.reportFolder);
  return result;
}

function version(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  return String((manifest as { version: unknown }).version);
}
