// `nodetool` on one node of the embedded cluster: its verbs, words, columns and errors, so that a runbook can be
// rehearsed. The verbs are in nodetool/, one file a subject. Test: test/nodetool/. Cassandra: tools/NodeTool.

import { nearest } from '../topology/place.ts';
import type { Cluster } from './cluster.ts';
import type { NodeHost } from './node-host.ts';
import { GOSSIP_VERBS } from './nodetool/gossip-verbs.ts';
import { GUARDRAIL_VERBS } from './nodetool/guardrail-verbs.ts';
import { HINT_VERBS } from './nodetool/hint-verbs.ts';
import { MEMBERSHIP_VERBS } from './nodetool/membership-verbs.ts';
import { CACHE_VERBS, NODE_VERBS } from './nodetool/node-verbs.ts';
import { REPAIR_VERBS } from './nodetool/repair-verbs.ts';
import { RING_VERBS } from './nodetool/ring-verbs.ts';
import { STATS_VERBS } from './nodetool/stats-verbs.ts';
import { STORAGE_VERBS } from './nodetool/storage-verbs.ts';
import { TABLE_VERBS } from './nodetool/table-verbs.ts';
import { left } from './nodetool/text.ts';
import type { VerbTable } from './nodetool/verb.ts';
import { badUse, failed, NodetoolFailure, parseWords, Tool } from './nodetool/verb.ts';

export { NodetoolFailure } from './nodetool/verb.ts';

const VERBS: VerbTable = {
  ...RING_VERBS,
  ...GOSSIP_VERBS,
  ...NODE_VERBS,
  ...MEMBERSHIP_VERBS,
  ...HINT_VERBS,
  ...GUARDRAIL_VERBS,
  ...STORAGE_VERBS,
  ...TABLE_VERBS,
  ...REPAIR_VERBS,
  ...STATS_VERBS,
  ...CACHE_VERBS,
};

/** Verbs of Cassandra's nodetool for things that are not here, and which. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'the JVM': 'gcstats sjk',
  'SSTable files':
    'datapaths sstablerepairedset getsnapshotthrottle setsnapshotthrottle disablebackup enablebackup statusbackup rangekeysample',
  'background compaction':
    'enableautocompaction disableautocompaction statusautocompaction getcompactionthreshold setcompactionthreshold getcompactionthroughput ' +
    'setcompactionthroughput getconcurrentcompactors setconcurrentcompactors stop getcolumnindexsize setcolumnindexsize',
  'thread pools':
    'getconcurrency setconcurrency getconcurrentviewbuilders setconcurrentviewbuilders',
  'caches with a capacity':
    'setcachecapacity setcachekeystosave getauthcacheconfig setauthcacheconfig reloadcidrgroupscache',
  'log files and audit':
    'setlogginglevel enableauditlog disableauditlog getauditlog enablefullquerylog disablefullquerylog getfullquerylog resetfullquerylog',
  'CIDR groups':
    'cidrfilteringstats dropcidrgroup getcidrgroupsofip listcidrgroups updatecidrgroup',
  'automatic repair': 'autorepairstatus getautorepairconfig setautorepairconfig',
  'triggers and certificates on disk': 'reloadtriggers reloadssl',
  'index files': 'rebuild_index',
  'other settings':
    'setbatchlogreplaythrottle getinterdcstreamthroughput setinterdcstreamthroughput enableoldprotocolversions disableoldprotocolversions',
};

/** Every verb that is answered, in alphabetical order. */
export function nodetoolVerbs(): readonly string[] {
  return ['help', ...Object.keys(VERBS)].sort();
}

/**
 * Runs a verb and gives what nodetool would print. Rejects with NodetoolFailure: what was printed, the error's text as
 * nodetool has it, and its exit code. `onLine` hears every line as it is printed.
 */
export async function runNodetool(
  cluster: Cluster,
  host: NodeHost,
  verb: string,
  words: readonly string[],
  onLine: (line: string) => void = () => undefined,
): Promise<string> {
  const printed: string[] = [];
  const print = (line: string): void => {
    printed.push(line);
    onLine(line);
  };
  try {
    if (verb === 'help' || verb === '') help(words, print);
    else await runVerb(cluster, host, verb, words, print);
  } catch (error) {
    const failure =
      error instanceof NodetoolFailure
        ? error
        : error instanceof Error && error.name !== 'AssertionFailed'
          ? failed(error.message)
          : null;
    if (failure === null) throw error;
    throw new NodetoolFailure([...printed, failure.message].join('\n'), failure.exitCode);
  }
  return printed.length === 0 ? '' : `${printed.join('\n')}\n`;
}

async function runVerb(
  cluster: Cluster,
  host: NodeHost,
  name: string,
  words: readonly string[],
  print: (line: string) => void,
): Promise<void> {
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) throw unknownVerb(name);
  const parsed = parseWords(words, verb.options ?? {});
  const surplus = parsed.arguments.slice(verb.argumentsMax);
  if (surplus.length > 0) throw badUse(`Found unexpected parameters: [${surplus.join(', ')}]`);
  const { node } = host;
  if (node === null) {
    throw new NodetoolFailure(
      `nodetool: Failed to connect to '${host.placement.address}:7199' - ConnectException: 'Connection refused'.`,
      1,
    );
  }
  await verb.run(new Tool(cluster, host, node, print), parsed);
}

function unknownVerb(name: string): NodetoolFailure {
  const topic = Object.entries(ELSEWHERE).find(([, verbs]) => verbs.split(' ').includes(name))?.[0];
  if (topic !== undefined)
    return badUse(
      `${name} is about ${topic}, which a node in one process does not have. Try it on a Cassandra of your own`,
    );
  const near = nearest(name, nodetoolVerbs());
  const hint = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
  return badUse(`Found unexpected parameters: [${name}].${hint}`);
}

function help(words: readonly string[], print: (line: string) => void): void {
  const [name] = words;
  if (name === undefined) {
    print('usage: starfish nodetool <place> <command> [<args>]');
    print('');
    print('The commands are:');
    const width = Math.max(...nodetoolVerbs().map((verb) => verb.length));
    for (const verb of nodetoolVerbs())
      print(
        `    ${left(verb, width)} ${verb === 'help' ? 'Display help information' : (VERBS[verb]?.about ?? '')}`,
      );
    print('');
    print("See 'nodetool help <command>' for more information on a specific command.");
    return;
  }
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) throw unknownVerb(name);
  const options = Object.entries(verb.options ?? {});
  print('NAME');
  print(`        nodetool ${name} - ${verb.about}`);
  print('');
  print('SYNOPSIS');
  print(
    `        nodetool ${name}${options.map(([spelling, { hasValue }]) => ` [${spelling}${hasValue ? ' <value>' : ''}]`).join('')}${verb.usage === undefined ? '' : ` [--] ${verb.usage}`}`,
  );
}
