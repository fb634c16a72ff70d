// Nodes that come and go: bootstrap resume, join, decommission, removenode, move, rebuild, cleanup.

import { depart } from '../membership-changes.ts';
import type { Tool, VerbTable, Words } from './verb.ts';
import { awaiting, badUse, failed, option } from './verb.ts';

export const MEMBERSHIP_VERBS: VerbTable = {
  bootstrap: {
    about: "Monitor/manage node's bootstrap process",
    usage: 'resume -f',
    argumentsMax: 1,
    options: option('force', ['-f', '--force']),
    run: bootstrapResume,
  },
  join: {
    about: 'Join the ring',
    argumentsMax: 0,
    run({ node }) {
      if (node.membership.metadata.isMember(node.self))
        throw badUse('This node has already joined the ring.');
      throw badUse('Cannot join the ring until bootstrap completes');
    },
  },
  decommission: {
    about: 'Decommission the *node I am connecting to*',
    argumentsMax: 0,
    options: option('force', ['-f', '--force']),
    run: decommission,
  },
  removenode: {
    about:
      'Show status of current node removal, force completion of pending removal or remove provided ID',
    usage: '<status>|<force>|<ID>',
    argumentsMax: 1,
    run: removeNode,
  },
  move: {
    about: 'Move node on the token ring to a new token',
    usage: '<new token>',
    argumentsMax: 1,
    run(tool, words) {
      const [token] = words.arguments;
      if (token === undefined) throw badUse('Required parameters are missing: new_token');
      return awaiting((done) => tool.node.lifecycle.move(token, done));
    },
  },
  rebuild: {
    about: 'Rebuild data by streaming from other nodes (similarly to bootstrap)',
    usage: '<src-dc-name>',
    argumentsMax: 1,
    options: {
      ...option('keyspace', ['-ks', '--keyspace'], true),
      ...option('tokens', ['-ts', '--tokens'], true),
      ...option('sources', ['-s', '--sources'], true),
      ...option('exclude-local-dc', ['--exclude-local-dc']),
    },
    run: (tool, words) =>
      awaiting(
        (done) => tool.node.lifecycle.rebuild(words.arguments[0] ?? null, () => undefined, done),
        (message) => (message.startsWith('Error while') ? failed(message) : badUse(message)),
      ),
  },
  cleanup: {
    about:
      'Triggers the immediate cleanup of keys no longer belonging to a node. By default, clean all keyspaces',
    usage: '[<keyspace> <tables>...]',
    argumentsMax: Infinity,
    options: option('jobs', ['-j', '--jobs'], true),
    run: cleanup,
  },
};

async function bootstrapResume(tool: Tool, words: Words): Promise<void> {
  const [word] = words.arguments;
  if (word !== 'resume')
    throw badUse(
      word === undefined
        ? 'Required parameters are missing: command'
        : `Found unexpected parameters: [${word}]`,
    );
  // As in Cassandra, unless cassandra.reset_bootstrap_progress is false: what the node has streamed may be behind by now.
  if (!words.has('force')) throw failed("'nodetool bootstrap resume' is disabled.");
  const { host } = tool;
  tool.line('Resuming bootstrap');
  await awaiting((done) => host.resumeBootstrap(done));
  tool.line('Resume bootstrap complete');
  await host.transport?.open();
}

async function decommission(tool: Tool, words: Words): Promise<void> {
  const { node, host, cluster } = tool;
  if (node.membership.mode === 'DECOMMISSIONED') {
    tool.line('Node was already decommissioned.');
    return;
  }
  if (node.membership.mode === 'LEAVING') throw badUse('This node is still decommissioning.');
  await awaiting(
    (done) => node.lifecycle.decommission({ force: words.has('force') }, done),
    (message) =>
      message.startsWith('Error while')
        ? failed(message)
        : badUse(`Unsupported operation: ${message}`),
  );
  await awaiting((done) => depart(cluster, host, done));
}

async function removeNode(tool: Tool, words: Words): Promise<void> {
  const [word] = words.arguments;
  const { removals } = tool.node.lifecycle;
  if (word === undefined) throw badUse('Required parameters are missing: remove_operation');
  if (word === 'status' || word === 'force') tool.line(`RemovalStatus: ${removals.status()}`);
  if (word === 'status') return;
  if (word === 'force') {
    // Without a removal under way Cassandra only logs it.
    removals.force(() => undefined);
    return;
  }
  const endpoint = tool.node.membership.metadata.endpointOfHost(word);
  await awaiting((done) => removals.removeNode(word, done));
  const host = endpoint === undefined ? undefined : tool.cluster.hostAt(endpoint);
  if (host !== undefined) tool.cluster.dismiss(host);
}

async function cleanup(tool: Tool, words: Words): Promise<void> {
  const [keyspace, ...tables] = words.arguments;
  tool.tables(words.arguments, { local: false });
  const which = { keyspace: keyspace ?? null, tables: tables.length === 0 ? null : tables };
  await awaiting((done) => tool.node.lifecycle.cleanup(which, done)).catch((error: unknown) => {
    throw error instanceof Error ? error : failed('Error occurred during cleanup');
  });
}
