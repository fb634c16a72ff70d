// What the node has counted: tpstats, netstats, proxyhistograms, clientstats.

import type { LatencySummary } from '../../node/request-metrics.ts';
import type { StreamPlanState } from '../../node/stream-plans.ts';
import type { CassandraNode } from '../../node/node.ts';
import { addressText, aligned, fixed, left, right } from './text.ts';
import type { Tool, VerbTable, Words } from './verb.ts';
import { option } from './verb.ts';

export const STATS_VERBS: VerbTable = {
  tpstats: {
    about: 'Print usage statistics of thread pools',
    options: option('verbose', ['-v', '--verbose']),
    argumentsMax: 0,
    run: tpStats,
  },
  netstats: {
    about: 'Print network information on provided host (connecting node by default)',
    options: option('human-readable', ['-H', '--human-readable']),
    argumentsMax: 0,
    run: netStats,
  },
  proxyhistograms: {
    about: 'Print statistic histograms for network operations',
    argumentsMax: 0,
    run: proxyHistograms,
  },
  clientstats: {
    about: 'Print information about connected clients',
    argumentsMax: 0,
    run: clientStats,
    options: {
      ...option('all', ['--all']),
      ...option('by-protocol', ['--by-protocol']),
      ...option('verbose', ['--verbose']),
      ...option('clear-history', ['--clear-history']),
    },
  },
};

function line(name: string, cells: readonly string[]): string {
  return left(name, 10) + cells.map((cell) => right(cell, 19)).join('');
}

/** Which of Cassandra's stages handles a verb. Nothing waits in a stage here: a message is handled when it arrives. */
const STAGES: Readonly<Record<string, readonly string[]>> = {
  ReadStage: ['READ_REQ', 'RANGE_REQ'],
  CompactionExecutor: [],
  MutationStage: [
    'MUTATION_REQ',
    'HINT_REQ',
    'READ_REPAIR_REQ',
    'BATCH_STORE_REQ',
    'BATCH_REMOVE_REQ',
    'PAXOS_PREPARE_REQ',
    'PAXOS_PROPOSE_REQ',
    'PAXOS_COMMIT_REQ',
    'PAXOS2_PREPARE_REQ',
    'PAXOS2_PREPARE_REFRESH_REQ',
    'PAXOS2_PROPOSE_REQ',
    'PAXOS2_COMMIT_AND_PREPARE_REQ',
    'PAXOS2_COMMIT_REMOTE_REQ',
    'TRUNCATE_REQ',
  ],
  CounterMutationStage: ['COUNTER_MUTATION_REQ'],
  GossipStage: [
    'GOSSIP_DIGEST_SYN',
    'GOSSIP_DIGEST_ACK',
    'GOSSIP_DIGEST_ACK2',
    'GOSSIP_SHUTDOWN',
    'ECHO_REQ',
  ],
  MigrationStage: ['SCHEMA_PUSH_REQ', 'SCHEMA_PULL_REQ', 'SCHEMA_VERSION_REQ'],
  AntiEntropyStage: [
    'PREPARE_REQ',
    'VALIDATION_REQ',
    'SYNC_REQ',
    'FINALIZE_PROPOSE_REQ',
    'FINALIZE_COMMIT_REQ',
    'FAILED_SESSION_REQ',
    'REPAIR_STATUS_REQ',
    'STREAM_REQ',
    'STREAM_ROWS_REQ',
  ],
  MiscStage: ['REPLICATION_DONE_REQ', 'SNAPSHOT_REQ', 'PING_REQ'],
};

function tpStats(tool: Tool): void {
  const { messaging, maintenance, metered } = tool.node;
  const handled = messaging.handledByVerb();
  const total = [...handled.values()].reduce((sum, count) => sum + count, 0);
  const { read, write, range, casRead, casWrite } = metered.metrics;
  const requests = read.count + write.count + range.count + casRead.count + casWrite.count;
  const stages = Object.entries(STAGES).map(([name, verbs]) => {
    const completed = verbs.reduce((sum, verb) => sum + (handled.get(verb) ?? 0), 0);
    return name === 'CompactionExecutor'
      ? pool(name, maintenance.completed, maintenance.active.size)
      : pool(name, completed);
  });
  tool.lines(
    aligned([
      ['Pool Name', 'Active', 'Pending', 'Completed', 'Blocked', 'All time blocked'],
      ...stages,
      pool('RequestResponseStage', messaging.stats.received - total, 0, messaging.pending()),
      pool('Native-Transport-Requests', requests),
    ]),
  );
  tool.lines(['', 'Latencies waiting in queue (micros) per dropped message types']);
  const dropped = Object.values(STAGES)
    .flat()
    .filter((verb) => !verb.startsWith('GOSSIP'));
  const counts = new Map<string, number>(messaging.stats.dropped);
  tool.lines(
    aligned([
      ['Message type', 'Dropped', '50%', '95%', '99%', 'Max'],
      ...dropped.map((verb) => [verb, String(counts.get(verb) ?? 0), 'N/A', 'N/A', 'N/A', 'N/A']),
    ]),
  );
}

function pool(name: string, completed: number, active = 0, pending = 0): readonly string[] {
  return [name, String(active), String(pending), String(completed), '0', '0'];
}

function netStats(tool: Tool, words: Words): void {
  const { node } = tool;
  const { membership, messaging, streamPlans } = node;
  tool.line(`Mode: ${membership.mode}`);
  const active = streamPlans.active();
  if (active.length === 0) tool.line('Not sending any streams.');
  for (const plan of active) printPlan(tool, plan, words.has('print-port'));
  if (membership.mode === 'STARTING') return;
  tool.lines([
    'Read Repair Statistics:',
    'Attempted: 0',
    `Mismatch (Blocking): ${node.coordinator.reads.mismatches}`,
    'Mismatch (Background): 0',
  ]);
  const handled = messaging.handledByVerb();
  const gossip = (STAGES['GossipStage'] ?? []).reduce(
    (sum, verb) => sum + (handled.get(verb) ?? 0),
    0,
  );
  const dropped = [...messaging.stats.dropped.values()].reduce((sum, count) => sum + count, 0);
  tool.line(
    `${left('Pool Name', 25)}${right('Active', 10)}${right('Pending', 10)}${right('Completed', 15)}${right('Dropped', 10)}`,
  );
  tool.line(channel('Large messages', 0, handled.get('STREAM_ROWS_REQ') ?? 0, 0));
  tool.line(channel('Small messages', messaging.pending(), messaging.stats.sent - gossip, dropped));
  tool.line(channel('Gossip messages', 0, gossip, 0));
}

function channel(name: string, pending: number, completed: number, dropped: number): string {
  return `${left(name, 25)}${right('n/a', 10)}${right(pending, 10)}${right(completed, 15)}${right(dropped, 10)}`;
}

/** There are no files to stream: ranges and rows stand for them. */
function printPlan(
  tool: Tool,
  { operation, number, peers, progress }: StreamPlanState,
  withPort: boolean,
): void {
  tool.line(`${operation} #${number}`);
  for (const { peer, direction, keyspace, ranges } of peers) {
    tool.line(`    /${addressText(peer, withPort)}`);
    tool.line(
      `        ${direction === 'fetch' ? 'Receiving' : 'Sending'} ${ranges} ranges of ${keyspace}`,
    );
  }
  const { ranges, rangesTotal, rows } = progress;
  const percent = fixed(rangesTotal === 0 ? 100 : (ranges / rangesTotal) * 100, 2);
  tool.line(
    `    ${rangesTotal} ranges total. Already done ${ranges} ranges (${percent}%), ${rows} rows total`,
  );
}

const PERCENTILES = [
  ['50%', 50],
  ['75%', 75],
  ['95%', 95],
  ['98%', 98],
  ['99%', 99],
] as const;

function proxyHistograms(tool: Tool): void {
  const { read, write, range, casRead, casWrite } = tool.node.metered.metrics;
  const view = null;
  const columns: readonly (LatencySummary | null)[] = [read, write, range, casRead, casWrite, view];
  tool.line('proxy histograms');
  tool.line(
    line('Percentile', [
      'Read Latency',
      'Write Latency',
      'Range Latency',
      'CAS Read Latency',
      'CAS Write Latency',
      'View Write Latency',
    ]),
  );
  tool.line(
    line(
      '',
      columns.map(() => '(micros)'),
    ),
  );
  const cells = (value: (summary: LatencySummary) => number): string[] =>
    columns.map((summary) =>
      fixed(summary === null || summary.count === 0 ? 0 : value(summary), 2),
    );
  for (const [name, percentile] of PERCENTILES)
    tool.line(
      line(
        name,
        cells((summary) => summary.percentileMicros(percentile)),
      ),
    );
  tool.line(
    line(
      'Min',
      cells((summary) => summary.minMs * 1000),
    ),
  );
  tool.line(
    line(
      'Max',
      cells((summary) => summary.maxMs * 1000),
    ),
  );
  tool.line();
}

type Client = ReturnType<CassandraNode['cql']['clients']>[number];

function clientStats(tool: Tool, words: Words): void {
  const clients = tool.node.cql.clients();
  if (words.has('clear-history')) {
    tool.line('Clearing connection history');
    return;
  }
  if (words.has('by-protocol')) {
    tool.lines(['Clients by protocol version', '']);
    const rows = clients.map((client) => [
      `${client.protocolVersion}/v${client.protocolVersion}`,
      client.remoteAddress,
    ]);
    if (rows.length > 0)
      tool.lines([...aligned([['Protocol-Version', 'IP-Address'], ...unique(rows)]), '']);
    return;
  }
  if ((words.has('all') || words.has('verbose')) && clients.length > 0) {
    const header = [
      'Address',
      'SSL',
      'Cipher',
      'Protocol',
      'Version',
      'User',
      'Keyspace',
      'Requests',
      'Driver-Name',
      'Driver-Version',
    ];
    tool.lines([...aligned([header, ...clients.map(clientRow)]), '']);
  }
  tool.lines([`Total connected clients: ${clients.length}`, '']);
  const byUser = new Map<string, number>();
  for (const client of clients) byUser.set(userOf(client), (byUser.get(userOf(client)) ?? 0) + 1);
  tool.lines(
    aligned([
      ['User', 'Connections'],
      ...[...byUser].map(([user, count]) => [user, String(count)]),
    ]),
  );
}

function userOf(client: Client): string {
  return client.user ?? 'anonymous';
}

function clientRow(client: Client): readonly string[] {
  return [
    `/${client.remoteAddress}:${client.remotePort}`,
    'false',
    'undefined',
    'undefined',
    String(client.protocolVersion),
    userOf(client),
    client.keyspace ?? '',
    String(client.requestCount),
    client.driverName ?? '',
    client.driverVersion ?? '',
  ];
}

function unique(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return [...new Map(rows.map((row) => [row.join(), row])).values()];
}
