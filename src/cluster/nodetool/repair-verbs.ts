// Anti-entropy repair: repair with nodetool's options and lines, repair_admin.

import type { TokenRange } from '../../ring/token-range.ts';
import { MIN_TOKEN, parseToken } from '../../ring/token.ts';
import { isDistributed, replicationOf } from '../../ring/replication.ts';
import type { KeyspaceMetadata } from '../../data/schema.ts';
import type { RepairOptions } from '../../node/repair/repair-options.ts';
import { DEFAULT_REPAIR } from '../../node/repair/repair-options.ts';
import { isCompleted } from '../../node/repair/local-sessions.ts';
import { endpointAddress } from '../../protocol/inet-address.ts';
import { endpointOf } from './gossip-verbs.ts';
import { left, timestampText } from './text.ts';
import type { Tool, VerbTable, Words } from './verb.ts';
import { badUse, failed, integer, option } from './verb.ts';

/** Repaired only when named. */
const ONLY_EXPLICITLY: ReadonlySet<string> = new Set(['system_distributed']);

export const REPAIR_VERBS: VerbTable = {
  repair: {
    about: 'Repair one or more tables',
    usage: '[<keyspace> <tables>...]',
    argumentsMax: Infinity,
    run: repair,
    options: {
      ...option('full', ['-full', '--full']),
      ...option('primary', ['-pr', '--partitioner-range']),
      ...option('sequential', ['-seq', '--sequential']),
      ...option('dc-parallel', ['-dcpar', '--dc-parallel']),
      ...option('local', ['-local', '--in-local-dc']),
      ...option('dc', ['-dc', '--in-dc'], true),
      ...option('hosts', ['-hosts', '--in-hosts'], true),
      ...option('start', ['-st', '--start-token'], true),
      ...option('end', ['-et', '--end-token'], true),
      ...option('preview', ['-prv', '--preview']),
      ...option('validate', ['-vd', '--validate']),
      ...option('jobs', ['-j', '--job-threads'], true),
      ...option('trace', ['-tr', '--trace']),
      ...option('pull', ['-pl', '--pull']),
      ...option('force', ['-force', '--force']),
      ...option('optimise', ['-os', '--optimise-streams']),
      ...option('skip-paxos', ['-skip-paxos', '--skip-paxos']),
      ...option('paxos-only', ['-paxos-only', '--paxos-only']),
      ...option('unreplicated', ['-iuk', '--ignore-unreplicated-keyspaces']),
    },
  },
  repair_admin: {
    about: 'list and fail incremental repair sessions',
    usage: 'list | cancel',
    argumentsMax: 1,
    run: repairAdmin,
    options: {
      ...option('all', ['-a', '--all']),
      ...option('session', ['-s', '--session'], true),
      ...option('force', ['-f', '--force']),
      ...option('list', ['-l', '--list']),
      ...option('cancel', ['-x', '--cancel'], true),
    },
  },
};

async function repair(tool: Tool, words: Words): Promise<void> {
  if (words.has('primary') && (words.has('dc') || words.has('hosts') || words.has('local'))) {
    throw failed('Primary range repair should be performed on all nodes in the cluster.');
  }
  const [name, ...tables] = words.arguments;
  const keyspaces =
    name === undefined ? tool.keyspaces().filter(isDistributed) : [tool.keyspace(name)];
  let error: string | null = null;
  for (const keyspace of keyspaces) {
    if (name === undefined && ONLY_EXPLICITLY.has(keyspace.name)) continue;
    error = (await repairKeyspace(tool, keyspace, words, tables)) ?? error;
  }
  if (error !== null) throw failed(error);
}

/** The error, or null. */
function repairKeyspace(
  tool: Tool,
  keyspace: KeyspaceMetadata,
  words: Words,
  tables: readonly string[],
): Promise<string | null> {
  const say = (message: string): void => tool.line(`[${timestampText(tool.nowMs)}] ${message}`);
  const { membership, repair: service } = tool.node;
  if (replicationOf(keyspace.replication).total < 2) {
    say(`Replication factor is 1. No repair is needed for keyspace '${keyspace.name}'`);
    return Promise.resolve(null);
  }
  const isPreview = words.has('preview') || words.has('validate');
  const ranges = subrange(words);
  const options: RepairOptions = {
    ...DEFAULT_REPAIR,
    keyspace: keyspace.name,
    tables: tables.length === 0 ? null : tables,
    // Nothing but Paxos: no data is proven to be repaired.
    kind: isPreview
      ? 'preview'
      : words.has('full') || ranges !== null || words.has('paxos-only')
        ? 'full'
        : 'incremental',
    parallelism: words.has('sequential')
      ? 'sequential'
      : words.has('dc-parallel')
        ? 'datacenter-parallel'
        : 'parallel',
    primaryRange: words.has('primary'),
    ranges,
    datacenters: words.has('local') ? [membership.localDatacenter] : words.values('dc'),
    hosts: words.values('hosts').map((host) => endpointOf(tool, host)),
    pull: words.has('pull'),
    force: words.has('force'),
    repairPaxos: !words.has('skip-paxos') && !isPreview,
    paxosOnly: words.has('paxos-only') && !isPreview,
    jobThreads: integer(words.value('jobs') ?? '1', 'job_threads'),
  };
  return new Promise((resolve) => {
    service.repair(
      options,
      ({ message }) => say(message),
      ({ command, ok, error }) => resolve(ok ? null : failureText(command, error ?? '')),
    );
  });
}

/** Cassandra: tools/RepairRunner.progress. */
function failureText(command: number, error: string): string {
  return `Repair job has failed with the error message: Repair command #${command} failed with error ${error}. Check the logs on the repair participants for further details`;
}

function subrange(words: Words): readonly TokenRange[] | null {
  const [start, end] = [words.value('start'), words.value('end')];
  if (start === undefined && end === undefined) return null;
  return [{ left: tokenOf(start), right: tokenOf(end) }];
}

function tokenOf(text: string | undefined): TokenRange['left'] {
  return text === undefined ? MIN_TOKEN : parseToken(text);
}

/** Incremental sessions, as LocalSessions knows them; a full repair is none. */
function repairAdmin(tool: Tool, words: Words): void {
  const { repair: service, self } = tool.node;
  const [verb = 'list'] = words.arguments;
  const id = words.value('session') ?? words.value('cancel');
  if (verb === 'cancel' || words.has('cancel')) {
    if (id === undefined) throw badUse("Required option '-s' is missing");
    const session = service.incrementalSessions().find((one) => one.id === id);
    if (session === undefined) throw failed(`Session ${id} does not exist`);
    const { coordinator } = session;
    if (coordinator !== self && !words.has('force'))
      throw failed(`Cancel session ${id} from it's coordinator (/${coordinator}) or use --force`);
    if (!service.cancel(id) && !service.fail(session))
      throw failed(`Session ${id} is ${session.state}`);
    return;
  }
  if (verb !== 'list') throw badUse(`Found unexpected parameters: [${verb}]`);
  const all = service.incrementalSessions();
  const shown = words.has('all') ? all : all.filter(({ state }) => !isCompleted(state));
  if (shown.length === 0) {
    tool.line('no sessions');
    return;
  }
  const now = Math.floor(tool.nowMs / 1_000);
  const rows = shown.map(({ id: shownId, state, updatedAtSeconds, coordinator, participants }) => [
    shownId,
    state,
    `${now - updatedAtSeconds} (s)`,
    `/${coordinator}`,
    participants.map((node) => `/${endpointAddress(node)}`).join(','),
  ]);
  const lines = [['id', 'state', 'last activity', 'coordinator', 'participants'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((at) => Math.max(...lines.map((row) => row[at]?.length ?? 0)));
  for (const row of lines)
    tool.line(row.map((cell, at) => left(cell, widths[at] ?? 0)).join(' | '));
}
