// What the verbs print on a quiet cluster: nodetool's headers and lines, on six nodes with a hundred rows.

import { beforeAll, expect, test } from 'vitest';
import { nodetoolVerbs } from '../../src/cluster/nodetool.ts';
import { ClusterWorld } from '../membership-cluster/world.ts';
import { nodetool, output } from './run.ts';

const PLACE = 'us-east-1/a/1';
let world: ClusterWorld;

beforeAll(() => {
  world = new ClusterWorld({ seed: 1 });
  world.createTable({ 'us-east-1': 3 });
  world.cql('CREATE TABLE ks.pair (a int, b text, v int, PRIMARY KEY ((a, b)))');
  world.fill(0, 100);
  world.unreadable(100, 'LOCAL_QUORUM');
  world.loop.runFor(70_000);
});

const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';

/** Command -> lines that must be there, in order. */
const PRINTS: Readonly<Record<string, readonly RegExp[]>> = {
  status: [
    /^Datacenter: us-east-1$/,
    /^=====================$/,
    /^Status=Up\/Down$/,
    /^\|\/ State=Normal\/Leaving\/Joining\/Moving$/,
    /^-- {2}Address {4}Load +Tokens {2}Owns \(effective\) {2}Host ID {31}Rack {6}$/,
    new RegExp(`^UN {2}127\\.0\\.1\\.1 {2}\\d+(\\.\\d+)? KiB +16 +51\\.5% +${UUID} {2}us-east-1a$`),
    /^UN {2}127\.0\.1\.6 /,
  ],
  ring: [
    /^Datacenter: us-east-1$/,
    /^==========$/,
    /^Address {4}Rack {8}Status State {3}Load {12}Owns {16}Token {39}$/,
    /^127\.0\.1\.\d {2}us-east-1[abc] {2}Up {5}Normal {2}\d+(\.\d+)? KiB +(51\.52|48\.48)% +-?\d+ +$/,
    /^ {2}Warning: "nodetool ring" is used to output all the tokens of a node\.$/,
  ],
  info: [
    new RegExp(`^ID {21}: ${UUID}$`),
    /^Gossip active {10}: true$/,
    /^Load {19}: \d/,
    /^Uptime \(seconds\) {7}: \d+$/,
    /^Data Center {12}: us-east-1$/,
    /^Rack {19}: us-east-1a$/,
    /^Token {18}: \(invoke with -T\/--tokens to see all 16 tokens\)$/,
    /^Bootstrap state {8}: COMPLETED$/,
  ],
  'info -T': [/^Token {18}: -?\d+$/],
  describecluster: [
    /^Cluster Information:$/,
    /^\tName: Starfish$/,
    /^\tDynamicEndPointSnitch: enabled$/,
    /^\tSchema versions:$/,
    new RegExp(`^\t\t${UUID}: \\[127\\.0\\.1\\.1, 127\\.0\\.1\\.2, .*127\\.0\\.1\\.6\\]$`),
    /^\tLive: 6$/,
    /^\tUnreachable: 0$/,
    /^\tus-east-1 #Nodes: 6 #Down: 0$/,
    /^\t5\.0\.9: \[127\.0\.1\.1:7000, /,
    /^\tks -> Replication class: NetworkTopologyStrategy \{us-east-1=3\}$/,
  ],
  gossipinfo: [
    /^\/127\.0\.1\.1$/,
    /^ {2}generation:\d+$/,
    /^ {2}heartbeat:\d+$/,
    /^ {2}STATUS_WITH_PORT:\d+:NORMAL,-?\d+$/,
    /^ {2}TOKENS:\d+:<hidden>$/,
  ],
  failuredetector: [/^ {2}Endpoint, {13}Phi$/, /^\/127\.0\.1\.2, +\d\.\d{8}$/],
  netstats: [
    /^Mode: NORMAL$/,
    /^Not sending any streams\.$/,
    /^Read Repair Statistics:$/,
    /^Mismatch \(Blocking\): \d+$/,
    /^Pool Name {20}Active {3}Pending {6}Completed {3}Dropped$/,
    /^Large messages {18}n\/a/,
    /^Small messages {18}n\/a/,
    /^Gossip messages {17}n\/a/,
  ],
  tpstats: [
    /^Pool Name +Active Pending Completed Blocked All time blocked$/,
    /^ReadStage +0 +0 +[1-9]\d* /,
    /^MutationStage +0 +0 +[1-9]\d* /,
    /^Native-Transport-Requests +0 +0 +[1-9]/,
    /^Latencies waiting in queue \(micros\) per dropped message types$/,
    /^Message type +Dropped 50% 95% 99% Max$/,
    /^MUTATION_REQ +0 /,
  ],
  'tablestats ks.t': [
    /^Total number of tables: \d+$/,
    /^----------------$/,
    /^Keyspace: ks$/,
    /^\tRead Count: [1-9]\d*$/,
    /^\tWrite Count: [1-9]\d*$/,
    /^\t\tTable: t$/,
    /^\t\tSSTable count: 0$/,
    /^\t\tNumber of partitions \(estimate\): [1-9]\d*$/,
    /^\t\tLocal read count: [1-9]/,
    /^\t\tPercent repaired: 0\.0$/,
    /^\t\tDroppable tombstone ratio: 0\.00000$/,
  ],
  'tablehistograms ks t': [
    /^ks\/t histograms$/,
    /^Percentile {6}Read Latency {5}Write Latency {10}SSTables {4}Partition Size {8}Cell Count$/,
    /^ {20}\(micros\) {10}\(micros\) {29}\(bytes\) {18}$/,
    /^50% +\d+\.\d\d +0\.00 +0\.00 +\d+ +1$/,
    /^Max /,
  ],
  proxyhistograms: [
    /^proxy histograms$/,
    /^Percentile {7}Read Latency {6}Write Latency {6}Range Latency {3}CAS Read Latency {2}CAS Write Latency View Write Latency$/,
    /^50% +[1-9]\d*\.\d\d +[1-9]\d*\.\d\d +0\.00 /,
  ],
  compactionstats: [
    /^concurrent compactors +1 +$/,
    /^pending tasks +0 +$/,
    /^compactions completed +\d+ +$/,
    /^15 minute rate +\d/,
  ],
  'getendpoints ks t 5': [/^127\.0\.1\.\d$/, /^127\.0\.1\.\d$/, /^127\.0\.1\.\d$/],
  'getendpoints ks pair 5:x': [/^127\.0\.1\.\d$/, /^127\.0\.1\.\d$/, /^127\.0\.1\.\d$/],
  'describering ks': [
    new RegExp(`^Schema Version:${UUID}$`),
    /^TokenRange: $/,
    /^\tTokenRange\(start_token:-?\d+, end_token:-?\d+, endpoints:\[127\.0\.1\.\d, .*\], rpc_endpoints:\[.*\], endpoint_details:\[EndpointDetails\(host:127\.0\.1\.\d, datacenter:us-east-1, rack:us-east-1[abc]\), /,
  ],
  'repair ks': [
    /^\[2026-01-01 \d\d:\d\d:\d\d,\d{3}\] Starting repair command #\d+ \(.{36}\), repairing keyspace ks with repair options \(parallelism: parallel, primary range: false, incremental: true, /,
    /\] Repair session .* finished \(progress: 100%\)$/,
    /\] Repair completed successfully$/,
    /\] Repair command #\d+ finished in 0 seconds$/,
  ],
  'repair -full -pr -seq ks t': [
    /primary range: true, incremental: false, /,
    /Repair completed successfully$/,
  ],
  'repair --preview ks': [/previewKind: ALL/, /Repair completed successfully$/],
  'repair system_auth': [
    /^\[.*\] Replication factor is 1\. No repair is needed for keyspace 'system_auth'$/,
  ],
  'repair_admin list': [/^no sessions$/],
  'removenode force': [/^RemovalStatus: No token removals in process\.$/],
  'removenode status': [/^RemovalStatus: No token removals in process\.$/],
  statusgossip: [/^running$/],
  statushandoff: [/^Hinted handoff is running$/],
  listpendinghints: [/^This node does not have any pending hints$/],
  getmaxhintwindow: [/^Current max hint window: 10800000 ms$/],
  'gettimeout read': [/^Current timeout for type read: 5000 ms$/],
  'gettimeout cascontention': [/^Current timeout for type cascontention: 1000 ms$/],
  'snapshot -t s1 ks': [
    /^Requested creating snapshot\(s\) for \[ks\] with snapshot name \[s1\] and options \{skipFlush=false\}$/,
    /^Snapshot directory: s1$/,
  ],
  listsnapshots: [
    /^Snapshot Details: $/,
    /^Snapshot name Keyspace name Column family name True size Size on disk Creation time +Expiration time$/,
    /^s1 +ks +t +0 bytes +\d/,
    /^Total TrueDiskSpaceUsed: 0 bytes$/,
  ],
  'clearsnapshot -t s1': [
    /^Requested clearing snapshot\(s\) for \[all keyspaces\] with snapshot name \[s1\]$/,
  ],
  clientstats: [/^Total connected clients: 0$/, /^User Connections$/],
  getstreamthroughput: [/^Current stream throughput: 201 Mb\/s$/],
  'getstreamthroughput -m': [/^Current stream throughput: 24\.0 MiB\/s$/],
  getseeds: [/^Seed node list does not contain any remote node IPs$/],
  version: [/^ReleaseVersion: 5\.0\.9$/],
  getlogginglevels: [/^Logger Name {40}Log Level$/],
  gettraceprobability: [/^Current trace probability: 0\.0$/],
  getbatchlogreplaythrottle: [/^Batchlog replay throttle: 1024 KB\/s$/],
  'scrub ks t': [/^Nothing to do for 1 table: data lives in memory, there are no SSTables\.$/],
  help: [
    /^ {4}assassinate /,
    /^ {4}viewbuildstatus /,
    /^See 'nodetool help <command>' for more information on a specific command\.$/,
  ],
  'help repair': [/^ {8}nodetool repair - Repair one or more tables$/],
};

test.each(Object.keys(PRINTS))('nodetool %s', async (command) => {
  const lines = (await output(world, PLACE, command)).split('\n');
  let from = 0;
  for (const pattern of PRINTS[command] ?? []) {
    const at = lines.findIndex((line, i) => i >= from && pattern.test(line));
    expect(at, `${String(pattern)} in\n${lines.slice(from).join('\n')}`).toBeGreaterThanOrEqual(0);
    from = at + 1;
  }
});

/** Verbs that print nothing when all is well. */
const SILENT = [
  'compact ks t',
  'garbagecollect ks',
  'forcecompact ks t',
  'flush',
  'cleanup',
  'cleanup ks t',
  'getsstables ks t 5',
  'truncatehints',
  'replaybatchlog',
  'reloadlocalschema',
  'resetlocalschema',
  'invalidatekeycache',
  'invalidaterowcache',
  'enablehandoff',
  'resumehandoff',
  'enablegossip',
  'refreshsizeestimates',
  'sethintedhandoffthrottlekb 2048',
];

test.each(SILENT)('nodetool %s prints nothing', async (command) => {
  expect(await output(world, PLACE, command)).toBe('');
});

const USE = "\nSee 'nodetool help' or 'nodetool help <command>'.";

const REFUSALS: Readonly<Record<string, readonly [1 | 2, string]>> = {
  statuss: [
    1,
    `nodetool: Found unexpected parameters: [statuss]. Did you mean status or statusgossip or statusbinary?${USE}`,
  ],
  sjk: [
    1,
    `nodetool: sjk is about the JVM, which a node in one process does not have. Try it on a Cassandra of your own${USE}`,
  ],
  refresh: [1, `nodetool: refresh requires ks and cf args${USE}`],
  'refresh ks t': [
    2,
    'error: There are no SSTable files to load: data lives in memory. What a snapshot holds comes back with: nodetool import ks t <tag>',
  ],
  'status nope': [1, '\nError: The keyspace nope, does not exist'],
  'status a b': [1, `nodetool: Found unexpected parameters: [b]${USE}`],
  'status -x': [1, `nodetool: Found unexpected parameters: [-x]${USE}`],
  'flush nope': [1, `nodetool: Keyspace [nope] does not exist.${USE}`],
  'flush ks nope': [2, 'error: Unknown keyspace/cf pair (ks.nope)'],
  'getendpoints ks': [
    1,
    `nodetool: getendpoints requires keyspace, table and partition key arguments${USE}`,
  ],
  'getendpoints nope t 1': [1, `nodetool: Unknown keyspace 'nope'${USE}`],
  'getendpoints ks nope 1': [1, `nodetool: Unknown table 'nope' in keyspace 'ks'${USE}`],
  removenode: [1, `nodetool: Required parameters are missing: remove_operation${USE}`],
  'removenode 00000000-0000-0000-0000-000000000000': [2, 'error: Host ID not found.'],
  join: [1, `nodetool: This node has already joined the ring.${USE}`],
  'bootstrap resume': [2, "error: 'nodetool bootstrap resume' is disabled."],
  'bootstrap resume -f': [
    2,
    'Resuming bootstrap\nerror: Resuming bootstrap is requested, but the node is already bootstrapped.',
  ],
  'rebuild nope': [
    1,
    `nodetool: Provided datacenter 'nope' is not a valid datacenter, available datacenters are: us-east-1${USE}`,
  ],
  'move 5': [2, 'error: This node has more than one token and cannot be moved thusly.'],
  'repair -pr -dc us-east-1 ks': [
    2,
    'error: Primary range repair should be performed on all nodes in the cluster.',
  ],
  'describering nope': [
    2,
    expect.stringMatching(
      /^Schema Version:.{36}\nTokenRange: \nerror: No such keyspace: nope$/,
    ) as string,
  ],
  'viewbuildstatus ks.nope': [
    1,
    expect.stringMatching(
      /^ks\.nope has not finished building; node status is below\.\n\nHost {7}Info {3}\n\/127\.0\.1\.1 UNKNOWN\n/,
    ) as string,
  ],
  'assassinate nowhere': [2, 'error: nowhere: Name or service not known'],
  'gettimeout foo': [
    1,
    expect.stringMatching(
      /^nodetool: Timeout type requires one of \(read, range, write, /,
    ) as string,
  ],
  'gettimeout internodeconnect': [
    1,
    `nodetool: internodeconnect: the nodes of this process have no sockets between them${USE}`,
  ],
  'settraceprobability 2': [1, `nodetool: Trace probability must be between 0 and 1${USE}`],
  clearsnapshot: [1, `nodetool: Specify snapshot name or --all${USE}`],
  disablehintsfordc: [1, `nodetool: disablehintsfordc requires exactly one data center${USE}`],
  'getstreamthroughput -m -d': [
    1,
    `nodetool: You cannot use more than one flag with this command${USE}`,
  ],
};

test.each(Object.keys(REFUSALS))('nodetool %s is refused', async (command) => {
  const [exitCode, text] = REFUSALS[command] ?? [];
  expect(await nodetool(world, PLACE, command)).toEqual({ exitCode, text });
});

test('help lists every verb', async () => {
  const text = await output(world, PLACE, 'help');
  for (const verb of nodetoolVerbs()) expect(text).toContain(`\n    ${verb} `);
  expect(nodetoolVerbs().length).toBeGreaterThan(80);
});

test('a verb on a dead node', async () => {
  const other = new ClusterWorld({ seed: 2 });
  other.host(PLACE).kill();
  expect(await nodetool(other, PLACE, 'status')).toEqual({
    exitCode: 1,
    text: "nodetool: Failed to connect to '127.0.1.1:7199' - ConnectException: 'Connection refused'.",
  });
});
