// `starfish ring --balance`: how evenly Cassandra's token allocation spreads a keyspace of three replicas, for clusters of
// 3 to 48 nodes in 1 to 6 racks, grown node by node.

import { networkReplication } from '../../ring/replication.ts';
import { growRing, ringBalance } from '../../ring/ring-balance.ts';
import type { TokenRing } from '../../ring/token-ring.ts';
import { SeededRandom } from '../../world/random.ts';
import { alignTable } from '../terminal.ts';

const NODES = [3, 4, 6, 9, 12, 18, 24, 36, 48];
const RACKS = [1, 2, 3, 4, 6];
const REPLICATION_FACTOR = 3;
const NUM_TOKENS = 16;

/** Lines of a table: nodes, racks, least and most data a node holds, and the standard deviation. `seed`: of the rings. */
export function ringBalanceTable(seed = 1): readonly string[] {
  const random = new SeededRandom(seed);
  const rows: string[][] = [];
  for (const racks of RACKS) {
    // An uneven rack would hold more a node: only whole racks are shown.
    const shown = NODES.filter((nodes) => nodes % racks === 0);
    const factor = racks > 1 && racks < REPLICATION_FACTOR ? racks : REPLICATION_FACTOR;
    growRing(
      {
        nodes: { dc1: Math.max(...shown) },
        racks,
        numTokens: NUM_TOKENS,
        allocateForLocalReplicationFactor: factor,
        random: random.fork(`${racks} racks`),
      },
      (ring) => {
        if (shown.includes(ring.members.length)) rows.push(row(ring, racks));
      },
    );
  }
  const header = ['nodes', 'racks', 'mean', 'least', 'most', 'most/mean', 'deviation'];
  return [
    `Share of the data a node replicates: factor ${REPLICATION_FACTOR}, ${NUM_TOKENS} tokens a node, tokens allocated as nodes come one by one.`,
    ...alignTable(
      [header, ...rows],
      header.map(() => true),
    ),
    'Two racks cannot be allocated for three replicas: their tokens are balanced for two.',
  ];
}

function row(ring: TokenRing, racks: number): string[] {
  const nodes = ring.members.length;
  const [balance] = ringBalance(ring, networkReplication({ dc1: REPLICATION_FACTOR }));
  const mean = (100 * Math.min(REPLICATION_FACTOR, nodes)) / nodes;
  const least = balance?.effectivePercentMin ?? 0;
  const most = balance?.effectivePercentMax ?? 0;
  return [
    String(nodes),
    String(racks),
    percent(mean),
    percent(least),
    percent(most),
    (most / mean).toFixed(2),
    percent(balance?.deviationPercent ?? 0),
  ];
}

function percent(value: number): string {
  return `${value.toFixed(1)} %`;
}
