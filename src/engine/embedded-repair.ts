// Repairs a keyspace on all replicas as an operator would: `nodetool repair -pr` on every node, one after another, or a
// plain repair on one node.

import type { Cluster } from '../cluster/cluster.ts';
import type { CassandraNode } from '../node/node.ts';
import type { RepairResult } from '../node/repair/repair-options.ts';
import { DEFAULT_REPAIR } from '../node/repair/repair-options.ts';
import type { RepairReport } from './engine.ts';

/** `at`: the node (place) that repairs all its ranges; absent: every node its primary ranges. */
export async function repairKeyspace(
  cluster: Cluster,
  keyspace: string,
  options: { readonly at?: string; readonly full?: boolean },
): Promise<RepairReport> {
  const started = performance.now();
  let treesCompared = 0;
  const stop = cluster.on((event) => {
    if (event.kind === 'merkle-trees-compared') treesCompared++;
  });
  const report = { rangesThatDiffered: 0, rowsStreamed: 0, bytesStreamed: 0 };
  let error: string | null = null;
  try {
    const hosts = cluster.hosts.filter(
      (host) => options.at === undefined || host.placement.place === options.at,
    );
    for (const { node, placement } of hosts) {
      if (node === null) {
        error = `${placement.place} is down: its ranges were not repaired`;
        continue;
      }
      const result = await repairOnce(node, keyspace, {
        primaryRange: options.at === undefined,
        full: options.full === true,
      });
      report.rangesThatDiffered += result.differingRanges;
      report.rowsStreamed += result.rowsStreamed;
      report.bytesStreamed += result.bytesStreamed;
      if (!result.ok) error = `${placement.place}: ${result.error ?? 'failed'}`;
    }
  } finally {
    stop();
  }
  return {
    ok: error === null,
    error,
    treesCompared,
    ...report,
    seconds: (performance.now() - started) / 1_000,
  };
}

function repairOnce(
  node: CassandraNode,
  keyspace: string,
  { primaryRange, full }: { readonly primaryRange: boolean; readonly full: boolean },
): Promise<RepairResult> {
  return new Promise((resolve) => {
    node.repair.repair(
      { ...DEFAULT_REPAIR, keyspace, primaryRange, kind: full ? 'full' : 'incremental' },
      () => undefined,
      resolve,
    );
  });
}
