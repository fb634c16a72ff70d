// The node itself: info, version, native transport, drain and stop, timeouts, schema, log levels, caches.

import type { NodeConfig } from '../../node/node-config.ts';
import { tokenText } from '../../ring/token.ts';
import { coveredShare, intersectRanges } from '../../ring/token-range.ts';
import { fixed, left, right, sizeText } from './text.ts';
import type { Tool, VerbTable, Words } from './verb.ts';
import { awaiting, badUse, failed, integer, option } from './verb.ts';

export const NODE_VERBS: VerbTable = {
  info: {
    about: 'Print node information (uptime, load, ...)',
    options: option('tokens', ['-T', '--tokens']),
    argumentsMax: 0,
    run: info,
  },
  version: {
    about: 'Print cassandra version',
    options: option('verbose', ['-v', '--verbose']),
    argumentsMax: 0,
    run: (tool) => tool.line(`ReleaseVersion: ${tool.node.options.identity.releaseVersion}`),
  },
  enablebinary: {
    about: 'Reenable native transport (binary protocol)',
    argumentsMax: 0,
    run: enableBinary,
  },
  disablebinary: {
    about: 'Disable native transport (binary protocol)',
    argumentsMax: 0,
    options: option('force', ['-f', '--force']),
    run: ({ host, node }) =>
      host.transport === null ? node.membership.setRpcReady(false) : host.transport.drain(),
  },
  statusbinary: {
    about: 'Status of native transport (binary protocol)',
    argumentsMax: 0,
    run: (tool) => tool.line(isBinaryRunning(tool) ? 'running' : 'not running'),
  },
  drain: {
    about: 'Drain the node (stop accepting writes and flush all tables)',
    argumentsMax: 0,
    run: drain,
  },
  stopdaemon: {
    about: 'Stop cassandra daemon',
    argumentsMax: 0,
    async run(tool) {
      const { host } = tool;
      await host.transport?.drain();
      await awaiting((done) => host.drain(() => done(null)));
      host.kill();
      tool.line('Cassandra has shutdown.');
    },
  },
  gettimeout: {
    about: 'Print the timeout of the given type in ms',
    usage: '<timeout_type>',
    argumentsMax: 1,
    run: getTimeout,
  },
  settimeout: {
    about: 'Set the specified timeout in ms, or 0 to disable timeout',
    usage: '<timeout_type> <timeout_in_ms>',
    argumentsMax: 2,
    run: setTimeoutOf,
  },
  resetlocalschema: {
    about: "Reset node's local schema and resync",
    argumentsMax: 0,
    run: ({ node }) => awaiting((done) => node.pullSchema(done)),
  },
  reloadlocalschema: {
    about: 'Reload local node schema from system tables',
    argumentsMax: 0,
    run: ({ node }) => node.schema.merge(node.schema.allMutations()),
  },
  getlogginglevels: {
    about: 'Get the runtime logging levels',
    argumentsMax: 0,
    run: loggingLevels,
  },
  gettraceprobability: {
    about: 'Print the current trace probability value',
    argumentsMax: 0,
    run: (tool) =>
      tool.line(`Current trace probability: ${javaDouble(tool.node.traceProbability)}`),
  },
  settraceprobability: {
    about:
      'Sets the probability for tracing any given request to value. 0 disables, 1 enables for all requests, 0 is the default',
    usage: '<value>',
    argumentsMax: 1,
    run({ node }, words) {
      const value = Number(words.arguments[0] ?? Number.NaN);
      if (!(value >= 0 && value <= 1)) throw badUse('Trace probability must be between 0 and 1');
      node.traceProbability = value;
    },
  },
  getdefaultrf: {
    about: 'Gets default keyspace replication factor.',
    argumentsMax: 0,
    run: (tool) => tool.line(String(tool.node.options.config.default_keyspace_rf)),
  },
  setdefaultrf: {
    about: 'Sets default keyspace replication factor.',
    usage: '<value>',
    argumentsMax: 1,
    run: ({ node }, words) =>
      node.reconfigure({ default_keyspace_rf: integer(words.arguments[0], 'value') }),
  },
  getstreamthroughput: {
    about: 'Print the throughput cap for streaming and entire SSTable streaming in the system',
    argumentsMax: 0,
    options: throughputOptions(),
    run: getThroughput,
  },
  setstreamthroughput: {
    about:
      'Set throughput cap for streaming and entire SSTable streaming in the system, or 0 to disable throttling',
    usage: '<value_in_mb>',
    argumentsMax: 1,
    options: throughputOptions(),
    run: setThroughput,
  },
};

/** Caches that Cassandra has and this node does not: there is nothing to empty, and it is empty afterwards. */
export const CACHE_VERBS: VerbTable = Object.fromEntries(
  [
    'counter',
    'credentials',
    'jmxpermissions',
    'key',
    'networkpermissions',
    'permissions',
    'roles',
    'row',
    'cidrpermissions',
  ].map((cache) => [
    `invalidate${cache}cache`,
    {
      about: `Invalidate the ${cache.replace('permissions', ' permissions').trim()} cache`,
      argumentsMax: Infinity,
      run: () => undefined,
    },
  ]),
);

function isBinaryRunning({ host, node }: Tool): boolean {
  return (
    host.transport?.isOpen ?? node.membership.gossiper.state(node.self)?.get('RPC_READY') === 'true'
  );
}

async function enableBinary({ host, node }: Tool): Promise<void> {
  if (!node.membership.metadata.isMember(node.self))
    throw failed(
      'Node is not yet bootstrapped completely. Use nodetool to check bootstrap state and resume. For more, see `nodetool help bootstrap`',
    );
  if (host.transport === null) node.membership.setRpcReady(true);
  else await host.transport.open();
}

async function drain({ host }: Tool): Promise<void> {
  if (host.state === 'drained') throw failed('Cannot drain node (did it already happen?)');
  await host.transport?.drain();
  await awaiting((done) => host.drain(() => done(null)));
}

function info(tool: Tool, words: Words): void {
  const { node } = tool;
  const { membership, storage, options } = node;
  const { gossiper } = membership;
  const line = (name: string, value: string | number): void =>
    tool.line(`${left(name, 23)}: ${value}`);
  const cache = (name: string): void =>
    line(
      name,
      'entries 0, size 0 bytes, capacity 0 bytes, 0 hits, 0 requests, NaN recent hit rate, 0 save period in seconds',
    );
  const { heapUsed, heapTotal, external } = process.memoryUsage();
  line('ID', membership.hostId);
  line('Gossip active', String(gossiper.isEnabled));
  line('Native Transport active', String(isBinaryRunning(tool)));
  line('Load', sizeText(storage.dataBytes));
  line('Uncompressed load', sizeText(storage.dataBytes));
  line('Generation No', gossiper.isEnabled ? (gossiper.state(node.self)?.generation ?? 0) : 0);
  line('Uptime (seconds)', Math.floor((options.world.clock.nowMs() - node.startedAtMs) / 1_000));
  // Of the process, which all its nodes share.
  line('Heap Memory (MB)', `${fixed(heapUsed / 2 ** 20, 2)} / ${fixed(heapTotal / 2 ** 20, 2)}`);
  line('Off Heap Memory (MB)', fixed(external / 2 ** 20, 2));
  line('Data Center', options.identity.datacenter);
  line('Rack', options.identity.rack);
  line('Exceptions', 0);
  cache('Key Cache');
  cache('Row Cache');
  cache('Counter Cache');
  line('Network Cache', 'size 0 bytes, overflow size: 0 bytes, capacity 0 bytes');
  line('Percent Repaired', `${percentRepaired(tool)}%`);
  const tokens = membership.metadata.tokensOf(node.self);
  if (!membership.metadata.isMember(node.self))
    line('Token', '(node is not joined to the cluster)');
  else if (tokens.length === 1 || words.has('tokens'))
    for (const token of tokens) line('Token', tokenText(token));
  else line('Token', `(invoke with -T/--tokens to see all ${tokens.length} tokens)`);
  line('Bootstrap state', membership.metadata.isMember(node.self) ? 'COMPLETED' : 'IN_PROGRESS');
  line('Bootstrap failed', String(membership.mode === 'JOINING_FAILED'));
  line('Decommissioning', String(membership.mode === 'LEAVING'));
  line('Decommission failed', String(membership.mode === 'DECOMMISSION_FAILED'));
}

/** Share of the data, weighed by size, whose ranges an incremental repair has covered. */
export function percentRepaired({ node }: Tool, only: string | null = null): string {
  let all = 0;
  let repaired = 0;
  for (const store of node.storage.stores()) {
    const { keyspace, name, id } = store.table;
    if (only !== null && id !== only) continue;
    const metadata = node.schema.current.keyspaces.get(keyspace);
    if (metadata === undefined || metadata.kind !== 'regular') continue;
    const owned = node.membership.cluster.ring.replicas(metadata.replication).rangesOf(node.self);
    const covered = node.repair
      .repairedRanges()
      .filter((one) => one.keyspace === keyspace && one.table === name)
      .flatMap((one) => [...one.ranges]);
    const share = coveredShare(owned);
    all += store.dataBytes;
    if (share > 0)
      repaired += store.dataBytes * (coveredShare(intersectRanges(owned, covered)) / share);
  }
  return javaDouble(all === 0 ? 100 : Math.round((repaired / all) * 10_000) / 100);
}

function javaDouble(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

const TIMEOUTS = {
  read: 'read_request_timeout',
  range: 'range_request_timeout',
  write: 'write_request_timeout',
  counterwrite: 'counter_write_request_timeout',
  cascontention: 'cas_contention_timeout',
  truncate: 'truncate_request_timeout',
  misc: 'request_timeout',
} as const satisfies Readonly<Record<string, keyof NodeConfig>>;

const TYPES =
  'read, range, write, counterwrite, cascontention, truncate, internodeconnect, internodeuser, internodestreaminguser, misc (general rpc_timeout_in_ms)';

function timeoutOf(type: string): keyof typeof TIMEOUTS {
  if (Object.hasOwn(TIMEOUTS, type)) return type as keyof typeof TIMEOUTS;
  if (type.startsWith('internode'))
    throw badUse(`${type}: the nodes of this process have no sockets between them`);
  throw badUse(`Timeout type requires one of (${TYPES})`);
}

function getTimeout(tool: Tool, words: Words): void {
  const [type] = words.arguments;
  if (type === undefined) throw badUse(`gettimeout requires a timeout type, one of (${TYPES})`);
  tool.line(
    `Current timeout for type ${type}: ${tool.node.options.config[TIMEOUTS[timeoutOf(type)]]} ms`,
  );
}

function setTimeoutOf({ node }: Tool, words: Words): void {
  const [type, ms] = words.arguments;
  if (type === undefined || ms === undefined) {
    throw badUse(
      `Timeout type followed by value in ms (0 disables socket streaming timeout). Type should be one of (${TYPES})`,
    );
  }
  const value = integer(ms, 'timeout_in_ms');
  if (value < 0) throw badUse('timeout must be non-negative');
  node.reconfigure({ [TIMEOUTS[timeoutOf(type)]]: value });
}

function loggingLevels(tool: Tool): void {
  tool.line();
  tool.line(`${left('Logger Name', 50)}${right('Log Level', 10)}`);
  // What happens is told as events, not logged: see the telemetry.
  tool.line(`${left('ROOT', 50)}${right('OFF', 10)}`);
}

function throughputOptions(): Readonly<
  Record<string, { readonly name: string; readonly hasValue: boolean }>
> {
  return {
    ...option('entire-sstable', ['-e', '--entire-sstable-throughput']),
    ...option('mib', ['-m', '--mib']),
    ...option('exact', ['-d', '--precise-mbit']),
  };
}

/** Megabits unless -m says MiB. There are no SSTables to send entire: -e is the same cap. */
function getThroughput(tool: Tool, words: Words): void {
  const bytes = tool.node.streaming.throughput;
  if (['entire-sstable', 'mib', 'exact'].filter((name) => words.has(name)).length > 1)
    throw badUse('You cannot use more than one flag with this command');
  const label = words.has('entire-sstable')
    ? 'Current entire SSTable stream throughput'
    : 'Current stream throughput';
  if (bytes <= 0) tool.line(`${label}: unlimited`);
  else if (words.has('mib') || words.has('entire-sstable'))
    tool.line(`${label}: ${javaDouble(bytes / 2 ** 20)} MiB/s`);
  else if (words.has('exact')) tool.line(`${label}: ${javaDouble((bytes * 8) / 1_000_000)} Mb/s`);
  else tool.line(`${label}: ${Math.round((bytes * 8) / 1_000_000)} Mb/s`);
}

function setThroughput({ node }: Tool, words: Words): void {
  if (words.has('entire-sstable') && words.has('mib'))
    throw badUse('You cannot use -e and -m at the same time');
  const value = integer(words.arguments[0], 'stream_throughput');
  const isMib = words.has('mib') || words.has('entire-sstable');
  node.streaming.setThroughput(isMib ? value * 2 ** 20 : (value * 1_000_000) / 8);
}
