// The ring and the cluster: status, ring, describering, describecluster, getendpoints, getsstables, checktokenmetadata.

import { compositeKey } from '../../data/partition-key.ts';
import { CqlException } from '../../data/cql-error.ts';
import { codecFor } from '../../data/codec/codec.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { snitchName } from '../../ring/snitch.ts';
import type { Token } from '../../ring/token.ts';
import { compareTokens, decorateKey, tokenText } from '../../ring/token.ts';
import { compareEndpoints } from '../../node/membership/cluster-metadata.ts';
import type { RingNode } from './ring-view.ts';
import { ownership, ringNodes } from './ring-view.ts';
import { addressText, alignedTables, left, percentText } from './text.ts';
import type { Tool, VerbTable, Words } from './verb.ts';
import { badUse, failed, option } from './verb.ts';

const RESOLVE_IP = option('resolve-ip', ['-r', '--resolve-ip']);

export const RING_VERBS: VerbTable = {
  status: {
    about: 'Print cluster information (state, load, IDs, ...)',
    usage: '[<keyspace>]',
    options: RESOLVE_IP,
    argumentsMax: 1,
    run: status,
  },
  ring: {
    about: 'Print information about the token ring',
    usage: '[<keyspace>]',
    options: RESOLVE_IP,
    argumentsMax: 1,
    run: ring,
  },
  describering: {
    about: 'Shows the token ranges info of a given keyspace',
    usage: '<keyspace>',
    argumentsMax: 1,
    run: describeRing,
  },
  describecluster: {
    about: 'Print the name, snitch, partitioner and schema version of a cluster',
    options: RESOLVE_IP,
    argumentsMax: 0,
    run: describeCluster,
  },
  getendpoints: {
    about: 'Print the end points that owns the key',
    usage: '<keyspace> <table> <key>',
    argumentsMax: 3,
    run: getEndpoints,
  },
  getsstables: {
    about: 'Print the sstable filenames that own the key',
    usage: '<keyspace> <cfname> <key>',
    argumentsMax: 3,
    options: {
      ...option('hex-format', ['-hf', '--hex-format']),
      ...option('levels', ['-l', '--show-levels']),
    },
    run(tool, words) {
      if (words.arguments.length !== 3) throw badUse('getsstables requires ks, cf and key args');
      // Data is in memory: no file holds the key.
      keyToken(tool, words.arguments);
    },
  },
  checktokenmetadata: {
    about:
      'compares the Gossip endpointState and TokenMetadata cache; printing any mismatches found',
    argumentsMax: 0,
    run: checkTokenMetadata,
  },
};

function status(tool: Tool, words: Words): void {
  const owned = ownership(tool.node, words.arguments[0] ?? null);
  const datacenters = [...ringNodes(tool.node)];
  const tokens = datacenters.flatMap(([, nodes]) => nodes.flatMap((node) => node.tokens)).length;
  const isTokenPerNode = datacenters.flatMap(([, nodes]) => nodes).length >= tokens;
  const owns = owned.isEffective ? 'Owns (effective)' : 'Owns';
  const header = isTokenPerNode
    ? ['--', 'Address', 'Load', owns, 'Host ID', 'Token', 'Rack']
    : ['--', 'Address', 'Load', 'Tokens', owns, 'Host ID', 'Rack'];
  const withPort = words.has('print-port');
  const rows = ({
    endpoint,
    status: up,
    state,
    load,
    tokens: mine,
    hostId,
    rack,
  }: RingNode): readonly string[] => {
    const share = owned.shares.get(endpoint);
    const shareText = share !== undefined && owned.isEffective ? percentText(share, 1) : '?';
    const start = [`${up}${state}`, addressText(endpoint, withPort), load];
    const token = mine[0] === undefined ? '' : tokenText(mine[0]);
    return isTokenPerNode
      ? [...start, shareText, hostId, token, rack]
      : [...start, String(mine.length), shareText, hostId, rack];
  };
  const tables = alignedTables(
    datacenters.map(([, nodes]) => [header, ...nodes.map(rows)]),
    '  ',
  );
  datacenters.forEach(([name], at) => {
    const title = `Datacenter: ${name}`;
    tool.lines([
      title,
      '='.repeat(title.length),
      'Status=Up/Down',
      '|/ State=Normal/Leaving/Joining/Moving',
      ...(tables[at] ?? []),
    ]);
  });
  tool.line();
  if (owned.note !== null) tool.line(`Note: ${owned.note}`);
}

function ring(tool: Tool, words: Words): void {
  const owned = ownership(tool.node, words.arguments[0] ?? null);
  const datacenters = ringNodes(tool.node);
  const withPort = words.has('print-port');
  const all = [...datacenters.values()].flat();
  const width = Math.max(0, ...all.map(({ endpoint }) => addressText(endpoint, withPort).length));
  const row = (cells: readonly string[]): string =>
    `${left(cells[0] ?? '', width)}  ${[12, 7, 8, 16, 20, 44].map((size, at) => left(cells[at + 1] ?? '', size)).join('')}`;
  tool.line();
  for (const [datacenter, nodes] of datacenters) {
    tool.lines([`Datacenter: ${datacenter}`, '==========']);
    tool.line(row(['Address', 'Rack', 'Status', 'State', 'Load', 'Owns', 'Token']));
    const tokens = nodes
      .flatMap((node) => node.tokens.map((token) => ({ node, token })))
      .sort((a, b) => compareTokens(a.token, b.token));
    const last = tokens.at(-1);
    if (tokens.length > 1 && last !== undefined)
      tool.line(row(['', '', '', '', '', '', tokenText(last.token)]));
    else tool.line();
    for (const { node, token } of tokens) {
      const share = owned.shares.get(node.endpoint);
      tool.line(
        row([
          addressText(node.endpoint, withPort),
          node.rack,
          node.status === 'U' ? 'Up' : 'Down',
          STATE_WORDS[node.state],
          node.load,
          share !== undefined && owned.isEffective ? percentText(share, 2) : '?',
          tokenText(token),
        ]),
      );
    }
    tool.line();
  }
  if (all.some(({ tokens }) => tokens.length > 1)) {
    tool.line('  Warning: "nodetool ring" is used to output all the tokens of a node.');
    tool.line('  To view status related info of a node use "nodetool status" instead.');
    tool.line();
  }
  tool.line();
  tool.line(owned.note === null ? '  ' : `  Note: ${owned.note}`);
}

const STATE_WORDS = { N: 'Normal', J: 'Joining', L: 'Leaving', M: 'Moving' } as const;

function describeRing(tool: Tool, words: Words): void {
  const [name] = words.arguments;
  if (name === undefined) throw badUse('Required parameters are missing: keyspace');
  const { membership, schema } = tool.node;
  tool.line(`Schema Version:${schema.current.version}`);
  tool.line('TokenRange: ');
  const keyspace = schema.current.keyspaces.get(name);
  if (keyspace === undefined) throw failed(`No such keyspace: ${name}`);
  const withPort = words.has('print-port');
  const replicas = membership.cluster.ring.replicas(keyspace.replication);
  const { size } = membership.cluster.ring;
  for (let at = 0; at < size; at++) {
    const { left: start, right: end } = membership.cluster.ring.rangeAt(at);
    const endpoints = replicas.at(end);
    const addresses = endpoints.map((endpoint) => addressText(endpoint, withPort)).join(', ');
    const details = endpoints.map((endpoint) => {
      const info = membership.info(endpoint);
      return `EndpointDetails(host:${addressText(endpoint, withPort)}, datacenter:${info?.datacenter ?? ''}, rack:${info?.rack ?? ''})`;
    });
    tool.line(
      `\tTokenRange(start_token:${tokenText(start)}, end_token:${tokenText(end)}, endpoints:[${addresses}], ` +
        `rpc_endpoints:[${addresses}], endpoint_details:[${details.join(', ')}])`,
    );
  }
}

function describeCluster(tool: Tool, words: Words): void {
  const { membership, options, schema } = tool.node;
  const { gossiper } = membership;
  const withPort = words.has('print-port');
  const nodes = [...ringNodes(tool.node).values()].flat();
  const inState = (state: RingNode['state']): number =>
    nodes.filter((node) => node.state === state).length;
  tool.lines([
    'Cluster Information:',
    `\tName: ${options.config.cluster_name}`,
    `\tSnitch: org.apache.cassandra.locator.${snitchName(options.identity.snitch)}`,
    `\tDynamicEndPointSnitch: ${options.config.dynamic_snitch ? 'enabled' : 'disabled'}`,
    '\tPartitioner: org.apache.cassandra.dht.Murmur3Partitioner',
    '\tSchema versions:',
  ]);
  const live = nodes.filter(({ status: up }) => up === 'U');
  const byVersion = group(live, ({ endpoint }) =>
    endpoint === tool.node.self
      ? schema.current.version
      : (gossiper.state(endpoint)?.get('SCHEMA') ?? 'UNKNOWN'),
  );
  const down = nodes.filter(({ status: up }) => up === 'D');
  if (down.length > 0) byVersion.set('UNREACHABLE', down);
  for (const [version, members] of byVersion) {
    tool.lines([
      `\t\t${version}: [${members.map(({ endpoint }) => addressText(endpoint, withPort)).join(', ')}]`,
      '',
    ]);
  }
  const owned = ownership(tool.node, null);
  tool.lines([
    'Stats for all nodes:',
    `\tLive: ${live.length}`,
    `\tJoining: ${inState('J')}`,
    `\tMoving: ${inState('M')}`,
    `\tLeaving: ${inState('L')}`,
    `\tUnreachable: ${down.length}`,
  ]);
  tool.lines(['', 'Data Centers: ']);
  for (const [datacenter, members] of ringNodes(tool.node)) {
    tool.line(
      `\t${datacenter} #Nodes: ${members.length} #Down: ${members.filter(({ status: up }) => up === 'D').length}`,
    );
  }
  tool.lines(['', 'Database versions:']);
  const byRelease = group(
    nodes,
    ({ endpoint }) =>
      gossiper.state(endpoint)?.get('RELEASE_VERSION') ?? options.identity.releaseVersion,
  );
  for (const [version, members] of byRelease) {
    tool.lines([
      `\t${version}: [${members.map(({ endpoint }) => addressText(endpoint, true)).join(', ')}]`,
      '',
    ]);
  }
  tool.line('Keyspaces:');
  for (const { name, replication } of tool.keyspaces()) {
    const settings = [...replication.options].map(([key, value]) => `${key}=${value}`).join(', ');
    tool.line(
      `\t${name} -> Replication class: ${replication.className.split('.').at(-1) ?? ''} {${settings}}`,
    );
  }
  if (owned.note !== null) tool.lines(['', `Note: ${owned.note}`]);
}

function group(
  nodes: readonly RingNode[],
  by: (node: RingNode) => string,
): Map<string, RingNode[]> {
  const groups = new Map<string, RingNode[]>();
  for (const node of nodes) groups.set(by(node), [...(groups.get(by(node)) ?? []), node]);
  return groups;
}

function getEndpoints(tool: Tool, words: Words): void {
  if (words.arguments.length !== 3)
    throw badUse('getendpoints requires keyspace, table and partition key arguments');
  const { token, table } = keyToken(tool, words.arguments);
  const keyspace = tool.keyspace(table.keyspace);
  for (const endpoint of tool.node.membership.replication(keyspace).natural(token)) {
    tool.line(addressText(endpoint, words.has('print-port')));
  }
}

/** The key's text: values of a composite key are separated by colons. */
function keyToken(
  tool: Tool,
  [keyspaceName = '', tableName = '', text = '']: readonly string[],
): { token: Token; table: TableMetadata } {
  const keyspace = tool.node.schema.current.keyspaces.get(keyspaceName);
  if (keyspace === undefined) throw badUse(`Unknown keyspace '${keyspaceName}'`);
  const table = keyspace.tables.get(tableName);
  if (table === undefined)
    throw badUse(`Unknown table '${tableName}' in keyspace '${keyspaceName}'`);
  const { partitionKey } = table;
  const texts = partitionKey.length === 1 ? [text] : text.split(':');
  try {
    const values = partitionKey.map((column, at) =>
      codecFor(column.type).fromString(texts[at] ?? '', 0),
    );
    return { token: decorateKey(compositeKey(values)), table };
  } catch (error) {
    if (error instanceof CqlException) throw badUse(error.message);
    throw badUse(
      `Unable to parse partition key '${text}': ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function tokensText(tokens: readonly Token[]): string {
  return `[${[...tokens].sort(compareTokens).map(tokenText).join(', ')}]`;
}

function checkTokenMetadata(tool: Tool): void {
  const { gossiper, metadata } = tool.node.membership;
  const states = [...gossiper.states()].sort(([a], [b]) => compareEndpoints(a, b));
  for (const [endpoint, state] of states) {
    if (state.isDeadStatus) continue;
    const gossiped = tokensText(state.tokens);
    const kept = tokensText(
      metadata.isMember(endpoint)
        ? metadata.tokensOf(endpoint)
        : (metadata.joiners().get(endpoint) ?? []),
    );
    if (gossiped === kept) continue;
    tool.lines([
      `Mismatch on : /${endpoint}`,
      `  Gossip tokens: ${gossiped}`,
      `  TokenMetadata: ${kept}`,
    ]);
  }
  tool.line();
}
