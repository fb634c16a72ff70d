// The checks at a drill's end, in the order of the report: what was lost, what was stale, whether
// replicas agree, and whether the drill proved anything at all.

import type { Engine } from '../engine/engine.ts';
import type { ShopLoad } from '../load/shop-load.ts';
import type { DriverConnections } from '../stack/app-instance.ts';
import type { Stack } from '../stack/stack.ts';
import type { Drill } from './drill.ts';
import type { CheckResult, PhaseResult } from './drill-result.ts';
import {
  checkConditionalWrites,
  checkConnections,
  checkLostWrites,
  checkReplicas,
  checkStale,
} from './final-checks.ts';
import { readFinalState } from './final-reads.ts';
import type { InjectedFault } from './validity-checks.ts';
import {
  checkEnough,
  checkFaultsTook,
  checkGenerator,
  checkReadRepairSeen,
  notChecked,
} from './validity-checks.ts';

const KEYSPACE = 'shop';
const TABLES = ['carts', 'orders'];

export interface DrillEnd {
  readonly drill: Drill;
  readonly engine: Engine;
  readonly stack: Stack;
  readonly load: ShopLoad;
  readonly phases: readonly PhaseResult[];
  /** Of the instances' drivers before the load began. */
  readonly connections: readonly DriverConnections[];
  readonly injected: readonly InjectedFault[];
  /** It was stopped before its end: nothing has settled, so what needs that is not checked. */
  readonly stopped: boolean;
  readonly onChecking: (what: string) => void;
}

/** Load has stopped, everything is healed. Reads everything back and asks every replica. */
export async function verifyDrill(end: DrillEnd): Promise<readonly CheckResult[]> {
  const { drill, engine, stack, load, phases, stopped } = end;
  const { checks, topology } = drill;
  const { history } = load;
  const results: CheckResult[] = [];
  if (checks.lostWrites) {
    end.onChecking('reading every acknowledged write back in every region');
    results.push(
      stopped
        ? notChecked('lost-writes', 'acknowledged writes lost')
        : checkLostWrites(history, await readFinalState(history, stack, topology)),
    );
  }
  if (checks.staleReads) results.push(checkStale(history, { levels: topology.app.consistency }));
  if (checks.conditionalWrites) results.push(checkConditionalWrites(history));
  if (checks.convergence) {
    end.onChecking('comparing all replicas');
    results.push(
      stopped
        ? notChecked('convergence', 'all replicas equal at the end')
        : await checkReplicas(engine, KEYSPACE, TABLES),
    );
  }
  if (checks.localConnectionsOnly) {
    results.push(checkConnections(end.connections, stack.driverConnections(), engine));
  }
  if (checks.readRepair) results.push(checkReadRepairSeen(phases));
  results.push(
    checkFaultsTook(end.injected),
    checkEnough(phases),
    checkGenerator(load.lateness(), phases),
  );
  return results;
}
