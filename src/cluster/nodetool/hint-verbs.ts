// Hinted handoff and the batchlog: on, off, paused, how long, how fast, what waits.

import { endpointOf } from './gossip-verbs.ts';
import { aligned, timestampText } from './text.ts';
import type { Tool, VerbTable, Words } from './verb.ts';
import { awaiting, badUse, integer } from './verb.ts';

const BYTES_PER_KIB = 1_024;

export const HINT_VERBS: VerbTable = {
  enablehandoff: {
    about: 'Reenable future hints storing on the current node',
    argumentsMax: 0,
    run: ({ node }) => node.hints.setEnabled(true),
  },
  disablehandoff: {
    about: 'Disable storing hinted handoffs',
    argumentsMax: 0,
    run: ({ node }) => node.hints.setEnabled(false),
  },
  pausehandoff: {
    about: 'Pause hints delivery process',
    argumentsMax: 0,
    run: ({ node }) => node.hints.setPaused(true),
  },
  resumehandoff: {
    about: 'Resume hints delivery process',
    argumentsMax: 0,
    run: ({ node }) => node.hints.setPaused(false),
  },
  statushandoff: {
    about: 'Status of storing future hints on the current node',
    argumentsMax: 0,
    run(tool) {
      const { hints } = tool.node;
      tool.line(`Hinted handoff is ${hints.enabled ? 'running' : 'not running'}`);
      for (const datacenter of hints.datacentersDisabled())
        tool.line(`Data center ${datacenter} is disabled`);
    },
  },
  sethintedhandoffthrottlekb: {
    about: 'Set hinted handoff throttle in KiB per second, per delivery thread.',
    usage: '<value_in_kb_per_sec>',
    argumentsMax: 1,
    run: ({ node }, words) =>
      node.hints.setThrottle(integer(words.arguments[0], 'throttle_in_kb') * BYTES_PER_KIB),
  },
  setmaxhintwindow: {
    about: 'Set the specified max hint window in ms',
    usage: '<value_in_ms>',
    argumentsMax: 1,
    run: ({ node }, words) =>
      node.hints.setMaxHintWindow(integer(words.arguments[0], 'value_in_ms')),
  },
  getmaxhintwindow: {
    about: 'Print the max hint window in ms',
    argumentsMax: 0,
    run: (tool) => tool.line(`Current max hint window: ${tool.node.hints.maxHintWindowMs} ms`),
  },
  disablehintsfordc: {
    about: 'Disable hints for a data center',
    usage: '<datacenter>',
    argumentsMax: 1,
    run: (tool, words) =>
      tool.node.hints.setDatacenterEnabled(datacenterOf(words, 'disablehintsfordc'), false),
  },
  enablehintsfordc: {
    about: 'Enable hints for a data center that was previsouly disabled',
    usage: '<datacenter>',
    argumentsMax: 1,
    run: (tool, words) =>
      tool.node.hints.setDatacenterEnabled(datacenterOf(words, 'enablehintsfordc'), true),
  },
  listpendinghints: {
    about: 'Print all pending hints that this node has',
    argumentsMax: 0,
    run: listPendingHints,
  },
  truncatehints: {
    about: 'Truncate all hints on the local node, or truncate hints for the endpoint(s) specified.',
    usage: '[endpoint ... ]',
    argumentsMax: Infinity,
    run(tool, words) {
      const { hints, membership } = tool.node;
      if (words.arguments.length === 0) hints.truncate(null);
      for (const text of words.arguments) {
        const hostId = membership.metadata.hostId(endpointOf(tool, text));
        if (hostId !== undefined) hints.truncate(hostId);
      }
    },
  },
  replaybatchlog: {
    about: 'Kick off batchlog replay and wait for finish',
    argumentsMax: 0,
    run: ({ node }) => awaiting((done) => node.coordinator.batchlog.replay(() => done(null))),
  },
  getbatchlogreplaythrottle: {
    about:
      'Print batchlog replay throttle in KB/s. This is reduced proportionally to the number of nodes in the cluster.',
    argumentsMax: 0,
    run: (tool) =>
      tool.line(
        `Batchlog replay throttle: ${tool.node.options.config.batchlog_replay_throttle / BYTES_PER_KIB} KB/s`,
      ),
  },
};

function datacenterOf(words: Words, verb: string): string {
  const [name] = words.arguments;
  if (name === undefined) throw badUse(`${verb} requires exactly one data center`);
  return name;
}

/** Hints are kept in one file a host. */
function listPendingHints(tool: Tool): void {
  const pending = tool.node.hints.pendingHints();
  if (pending.length === 0) {
    tool.line('This node does not have any pending hints');
    return;
  }
  const { membership } = tool.node;
  const rows = pending.map(({ hostId, node, newestMs, oldestMs }) => {
    const info = node === null ? undefined : membership.info(node);
    const state = node === null ? 'Unknown' : membership.isAlive(node) ? 'UP' : 'DOWN';
    return [
      hostId,
      node ?? '',
      info?.rack ?? 'Unknown',
      info?.datacenter ?? 'Unknown',
      state,
      '1',
      timestampText(newestMs),
      timestampText(oldestMs),
    ];
  });
  tool.lines(
    aligned([
      ['Host ID', 'Address', 'Rack', 'DC', 'Status', 'Total files', 'Newest', 'Oldest'],
      ...rows,
    ]),
  );
}
