// Gossip and failure detection: gossipinfo, failuredetector, gossip on and off, seeds, assassinate.

import { APPLICATION_STATES } from '../../node/gossip/endpoint-state.ts';
import { compareEndpoints } from '../../node/membership/cluster-metadata.ts';
import type { Endpoint } from '../../world/ports.ts';
import { addressText, fixed, right } from './text.ts';
import type { Tool, VerbTable, Words } from './verb.ts';
import { awaiting, badUse, failed, option } from './verb.ts';

export const GOSSIP_VERBS: VerbTable = {
  gossipinfo: {
    about: 'Shows the gossip information for the cluster',
    options: option('resolve-ip', ['-r', '--resolve-ip']),
    argumentsMax: 0,
    run: gossipInfo,
  },
  failuredetector: {
    about: 'Shows the failure detector information for the cluster',
    argumentsMax: 0,
    run: failureDetector,
  },
  disablegossip: {
    about: 'Disable gossip (effectively marking the node down)',
    argumentsMax: 0,
    run: ({ node }) =>
      node.membership.gossiper.isEnabled
        ? awaiting((done) => node.lifecycle.stopGossip(() => done(null)))
        : undefined,
  },
  enablegossip: {
    about: 'Reenable gossip',
    argumentsMax: 0,
    run: ({ node, host }) => node.lifecycle.startGossip(host.transport?.isOpen ?? true),
  },
  statusgossip: {
    about: 'Status of gossip',
    argumentsMax: 0,
    run: (tool) => tool.line(tool.node.membership.gossiper.isEnabled ? 'running' : 'not running'),
  },
  getseeds: {
    about: 'Get the currently in use seed node IP list excluding the node IP',
    argumentsMax: 0,
    run: (tool) => seeds(tool, "Current list of seed node IPs, excluding the current node's IP: "),
  },
  reloadseeds: {
    about: 'Reload the seed node list from the seed node provider',
    argumentsMax: 0,
    run(tool) {
      tool.node.membership.gossiper.reloadSeeds(tool.cluster.seedsFor(tool.node.self));
      seeds(tool, "Updated seed node IP list, excluding the current node's IP: ");
    },
  },
  assassinate: {
    about:
      'Forcefully remove a dead node without re-replicating any data.  Use as a last resort if you cannot removenode',
    usage: '<ip_address>',
    argumentsMax: 1,
    run: assassinate,
  },
};

function gossipInfo(tool: Tool, words: Words): void {
  const states = [...tool.node.membership.gossiper.states()].sort(([a], [b]) =>
    compareEndpoints(a, b),
  );
  for (const [endpoint, state] of states) {
    tool.line(`/${addressText(endpoint, words.has('print-port'))}`);
    tool.line(`  generation:${state.generation}`);
    tool.line(`  heartbeat:${state.heartbeat}`);
    let tokens = '  TOKENS: not present';
    for (const name of APPLICATION_STATES) {
      const versioned = state.versioned(name);
      if (versioned === undefined) continue;
      if (name === 'TOKENS') tokens = `  TOKENS:${versioned.version}:<hidden>`;
      else tool.line(`  ${name}:${versioned.version}:${versioned.value}`);
    }
    tool.line(tokens);
  }
}

function failureDetector(tool: Tool, words: Words): void {
  const { gossiper } = tool.node.membership;
  tool.line(`${right('Endpoint', 10)},${right('Phi', 16)}`);
  const peers = [...gossiper.states()]
    .map(([endpoint]) => endpoint)
    .filter((endpoint) => endpoint !== tool.node.self);
  for (const endpoint of peers.sort(compareEndpoints)) {
    tool.line(
      `${right(`/${addressText(endpoint, words.has('print-port'))}`, 10)},${right(fixed(gossiper.phi(endpoint), 8), 16)}`,
    );
  }
}

function seeds(tool: Tool, before: string): void {
  const list = tool.node.membership.gossiper.seedEndpoints();
  if (list.length === 0) tool.line('Seed node list does not contain any remote node IPs');
  else tool.line(before + list.map((endpoint) => `/${endpoint}`).join(' '));
}

async function assassinate(tool: Tool, words: Words): Promise<void> {
  const [text] = words.arguments;
  if (text === undefined) throw badUse('Required parameters are missing: ip_address');
  const endpoint = endpointOf(tool, text);
  await awaiting((done) => tool.node.lifecycle.assassinate(endpoint, done));
  const host = tool.cluster.hostAt(endpoint);
  if (host !== undefined) tool.cluster.dismiss(host);
}

/** An address with or without a port, of any node that is known. */
export function endpointOf(tool: Tool, text: string): Endpoint {
  const known = [...tool.node.membership.gossiper.states()].map(([endpoint]) => endpoint);
  const found = known.find((endpoint) => endpoint === text || addressText(endpoint) === text);
  if (found !== undefined) return found;
  if (!/^\d+\.\d+\.\d+\.\d+(:\d+)?$/.test(text)) throw failed(`${text}: Name or service not known`);
  return (
    text.includes(':') ? text : `${text}:${tool.node.options.config.storage_port}`
  ) as Endpoint;
}
