// Stored data: flush, compaction and its kin, snapshots. Data lives in memory: what works on SSTable files says so.

import type { TableMetadata } from '../../data/schema.ts';
import type { TableSnapshot } from '../../node/storage/snapshots.ts';
import { aligned, fixed, isoText, sizeText } from './text.ts';
import type { OptionTable, Tool, VerbTable, Words } from './verb.ts';
import { awaiting, badUse, failed, option } from './verb.ts';

const TABLES = '[<keyspace> <tables>...]';
const FORMAT = option('format', ['-F', '--format'], true);

export const STORAGE_VERBS: VerbTable = {
  flush: {
    about: 'Flush one or more tables',
    usage: TABLES,
    argumentsMax: Infinity,
    run(tool, words) {
      tool.tables(words.arguments, { local: true });
      return awaiting((done) => tool.node.maintenance.flush(() => done(null)));
    },
  },
  compact: {
    about:
      'Force a (major) compaction on one or more tables or user-defined compaction on given SSTables',
    usage: TABLES,
    argumentsMax: Infinity,
    options: {
      ...option('split-output', ['-s', '--split-output']),
      ...option('user-defined', ['--user-defined']),
      ...option('jobs', ['-j', '--jobs'], true),
      ...option('start-token', ['-st', '--start-token'], true),
      ...option('end-token', ['-et', '--end-token'], true),
      ...option('partition', ['--partition'], true),
    },
    run(tool, words) {
      if (words.has('user-defined'))
        throw badUse('There are no SSTables here to compact: name a keyspace and tables');
      return purge(tool, tool.tables(words.arguments, { local: true }), 'Compaction');
    },
  },
  forcecompact: {
    about: 'Force a (major) compaction on a table',
    usage: '[<keyspace> <table> <keys>]',
    argumentsMax: Infinity,
    run: (tool, words) =>
      purge(
        tool,
        [
          tool.table(
            words.arguments.slice(0, 2),
            'forcecompact requires keyspace, table and keys args',
          ),
        ],
        'Compaction',
      ),
  },
  garbagecollect: {
    about: 'Remove deleted data from one or more tables',
    usage: TABLES,
    argumentsMax: Infinity,
    options: {
      ...option('granularity', ['-g', '--granularity'], true),
      ...option('jobs', ['-j', '--jobs'], true),
    },
    run: (tool, words) =>
      purge(tool, tool.tables(words.arguments, { local: true }), 'Garbage collect'),
  },
  scrub: filesVerb('Scrub (rebuild sstables for) one or more tables'),
  verify: {
    ...filesVerb('Verify (check data checksum for) one or more tables'),
    options: { ...fileOptions(), ...option('force', ['-f', '--force']) },
    run(tool, words) {
      if (!words.has('force')) {
        throw badUse(
          'verify is disabled unless a [-f|--force] override flag is provided. See CASSANDRA-9947 and CASSANDRA-17017 for details.',
        );
      }
      filesOnly(tool, words);
    },
  },
  upgradesstables: filesVerb(
    'Rewrite sstables (for the requested tables) that are not on the current version (thus upgrading them to said current version)',
  ),
  relocatesstables: filesVerb('Relocates sstables to the correct disk'),
  recompress_sstables: filesVerb(
    'Rewrite sstables (for the requested tables) that have compression configuration different from the current',
  ),
  refreshsizeestimates: {
    about: 'Refresh system.size_estimates',
    argumentsMax: 0,
    run: () => undefined,
  },
  compactionstats: {
    about: 'Print statistics on compactions',
    argumentsMax: 0,
    options: {
      ...option('human-readable', ['-H', '--human-readable']),
      ...option('vtable', ['-V', '--vtable']),
    },
    run: compactionStats,
  },
  compactionhistory: {
    about: 'Print history of compaction',
    argumentsMax: 0,
    options: { ...FORMAT, ...option('human-readable', ['-H', '--human-readable']) },
    run: compactionHistory,
  },
  snapshot: {
    about: 'Take a snapshot of specified keyspaces or a snapshot of the specified table',
    usage: '[<keyspaces...>]',
    argumentsMax: Infinity,
    run: snapshot,
    options: {
      ...option('tag', ['-t', '--tag'], true),
      ...option('table', ['-cf', '--column-family', '--table'], true),
      ...option('skip-flush', ['-sf', '--skip-flush']),
      ...option('list', ['-kt', '--kt-list', '-kc', '--kc.list'], true),
      ...option('ttl', ['--ttl'], true),
    },
  },
  listsnapshots: {
    about: 'Lists all the snapshots along with the size on disk and true size.',
    argumentsMax: 0,
    run: listSnapshots,
    options: {
      ...option('no-ttl', ['-nt', '--no-ttl']),
      ...option('ephemeral', ['-e', '--ephemeral']),
    },
  },
  refresh: {
    about: 'Load newly placed SSTables to the system without restart',
    usage: '[<keyspace> <table>]',
    argumentsMax: 2,
    run: refreshFiles,
  },
  import: {
    about: 'Import new SSTables to the system',
    usage: '<keyspace> <table> <directory> ...',
    argumentsMax: Infinity,
    run: importSnapshot,
    options: {
      ...option('keep-level', ['-l', '--keep-level']),
      ...option('keep-repaired', ['-r', '--keep-repaired']),
      ...option('no-verify', ['-v', '--no-verify']),
      ...option('no-tokens', ['-t', '--no-tokens']),
      ...option('no-invalidate-caches', ['-c', '--no-invalidate-caches']),
      ...option('quick', ['-q', '--quick']),
      ...option('extended-verify', ['-e', '--extended-verify']),
      ...option('copy-data', ['-p', '--copy-data']),
    },
  },
  clearsnapshot: {
    about: 'Remove the snapshot with the given name from the given keyspaces',
    usage: '[<keyspaces>...] ',
    argumentsMax: Infinity,
    run: clearSnapshot,
    options: { ...option('tag', ['-t'], true), ...option('all', ['--all']) },
  },
};

const IMPORT_USE = 'import requires keyspace, table name and directories';

/** What a directory names is a snapshot of this node: its tag, or a path that ends in it. */
async function importSnapshot(tool: Tool, words: Words): Promise<void> {
  const [keyspace, name, ...directories] = words.arguments;
  if (keyspace === undefined || name === undefined || directories.length === 0)
    throw badUse(IMPORT_USE);
  const table = tool.table([keyspace, name], IMPORT_USE);
  for (const directory of directories) {
    const tag = directory.split('/').findLast((part) => part !== '') ?? directory;
    await awaiting((done) => tool.node.maintenance.restore(tag, table, done));
  }
}

/** Files that somebody put into a table's folder: there is none. */
function refreshFiles(tool: Tool, words: Words): void {
  const table = tool.table(words.arguments, 'refresh requires ks and cf args');
  throw failed(
    `There are no SSTable files to load: data lives in memory. What a snapshot holds comes back with: nodetool import ${table.keyspace} ${table.name} <tag>`,
  );
}

function purge(
  tool: Tool,
  tables: readonly TableMetadata[],
  kind: 'Compaction' | 'Garbage collect',
): Promise<void> {
  return awaiting((done) => tool.node.maintenance.compact(tables, kind, () => done(null)));
}

function fileOptions(): OptionTable {
  return {
    ...option('jobs', ['-j', '--jobs'], true),
    ...option('no-snapshot', ['-ns', '--no-snapshot']),
    ...option('skip-corrupted', ['-s', '--skip-corrupted']),
    ...option('include-all-sstables', ['-a', '--include-all-sstables']),
    ...option('extended-verify', ['-e', '--extended-verify']),
  };
}

function filesVerb(about: string): VerbTable[string] {
  return { about, usage: TABLES, argumentsMax: Infinity, options: fileOptions(), run: filesOnly };
}

/** The tables are checked; there is nothing to do, and the verb says so. */
function filesOnly(tool: Tool, words: Words): void {
  const count = tool.tables(words.arguments, { local: true }).length;
  tool.line(
    `Nothing to do for ${count} table${count === 1 ? '' : 's'}: data lives in memory, there are no SSTables.`,
  );
}

function compactionStats(tool: Tool, words: Words): void {
  const { maintenance, startedAtMs, options } = tool.node;
  const minutes = Math.max(1, (options.world.clock.nowMs() - startedAtMs) / 60_000);
  const recent = maintenance.history.filter(({ atMs }) => tool.nowMs - atMs < 15 * 60_000).length;
  const size = words.has('human-readable')
    ? sizeText(maintenance.bytesCompacted)
    : String(maintenance.bytesCompacted);
  tool.lines(
    aligned([
      ['concurrent compactors', '1'],
      ['pending tasks', '0'],
      ['compactions completed', String(maintenance.completed)],
      ['data compacted', size],
      ['compactions aborted', '0'],
      ['compactions reduced', '0'],
      ['sstables dropped from compaction', '0'],
      ['15 minute rate', `${fixed(recent / Math.min(15, minutes), 2)}/minute`],
      ['mean rate', `${fixed((maintenance.completed / minutes) * 60, 2)}/hour`],
      ['compaction throughput (MiB/s)', 'throttling disabled (0)'],
    ]),
  );
  const active = [...maintenance.active.values()];
  if (active.length === 0) return;
  tool.line();
  tool.lines(
    aligned([
      ['id', 'compaction type', 'keyspace', 'table', 'completed', 'total', 'unit', 'progress'],
      ...active.map(({ id, kind, keyspace, table: name, completed, total }) => [
        id,
        kind,
        keyspace,
        name,
        String(completed),
        String(total),
        'keys',
        total === 0 ? 'n/a' : `${fixed((completed / total) * 100, 2)}%`,
      ]),
    ]),
  );
}

function compactionHistory(tool: Tool, words: Words): void {
  const { history } = tool.node.maintenance;
  const size = (bytes: number): string =>
    words.has('human-readable') ? sizeText(bytes) : String(bytes);
  tool.line('Compaction History: ');
  if (history.length === 0) {
    tool.line('There is no compaction history');
    return;
  }
  const rows = [...history]
    .reverse()
    .map((one) => [
      one.id,
      one.keyspace,
      one.table,
      isoText(one.atMs).slice(0, 23),
      size(one.bytesIn),
      size(one.bytesOut),
      `{1:${one.partitions}}`,
      '{compaction_type:Compaction}',
    ]);
  tool.lines(
    aligned([
      [
        'id',
        'keyspace_name',
        'columnfamily_name',
        'compacted_at',
        'bytes_in',
        'bytes_out',
        'rows_merged',
        'compaction_properties',
      ],
      ...rows,
    ]),
  );
}

function snapshot(tool: Tool, words: Words): Promise<void> {
  const tag = words.value('tag') ?? String(tool.nowMs);
  const list = words.values('list');
  const keyspaces = words.arguments;
  if (list.length > 0 && keyspaces.length > 0) {
    throw badUse(
      'When specifying the Keyspace table list (using -kt,--kt-list,-kc,--kc.list), you must not also specify keyspaces to snapshot',
    );
  }
  if (tag.includes('/')) throw badUse('Snapshot name cannot contain /');
  const onlyTable = words.value('table');
  const tables =
    list.length > 0
      ? list.map((name) => tool.table([name], `Cannot take a snapshot of ${name}`))
      : keyspaces.length > 0
        ? keyspaces.flatMap((name) => [
            ...tool.tables(onlyTable === undefined ? [name] : [name, onlyTable], { local: true }),
          ])
        : tool.tables([], { local: true });
  const ttl = words.value('ttl');
  const options = [
    `skipFlush=${words.has('skip-flush')}`,
    ...(ttl === undefined ? [] : [`ttl=${ttl}`]),
  ].join(', ');
  const what =
    list.length > 0
      ? `"${list.join(',')}"`
      : keyspaces.length > 0
        ? `[${keyspaces.join(', ')}]`
        : '[all keyspaces]';
  tool.line(
    `Requested creating snapshot(s) for ${what} with snapshot name [${tag}] and options {${options}}`,
  );
  tool.line(`Snapshot directory: ${tag}`);
  return awaiting((done) => tool.node.maintenance.snapshot(tag, tables, () => done(null)));
}

function listSnapshots(tool: Tool): void {
  const snapshots = tool.node.storage.listSnapshots();
  tool.line('Snapshot Details: ');
  if (snapshots.length === 0) {
    tool.line('There are no snapshots');
    return;
  }
  // A snapshot shares what has not changed since: its true size is what only it holds.
  const trueSize = (one: TableSnapshot): number => {
    const store = tool.node.storage.store(one.tableId);
    // One of an earlier process is only on disk.
    if (store === undefined || (one.partitions.length === 0 && one.dataBytes > 0))
      return one.dataBytes;
    const changed = one.partitions.filter(
      (partition) => store.partition(partition.key) !== partition,
    ).length;
    return one.partitions.length === 0
      ? 0
      : Math.round((one.dataBytes * changed) / one.partitions.length);
  };
  const rows = snapshots.map((one) => [
    one.tag,
    one.keyspace,
    one.tableName,
    sizeText(trueSize(one)),
    sizeText(one.dataBytes),
    isoText(one.createdAtMs),
    '',
  ]);
  tool.lines(
    aligned([
      [
        'Snapshot name',
        'Keyspace name',
        'Column family name',
        'True size',
        'Size on disk',
        'Creation time',
        'Expiration time',
      ],
      ...rows,
    ]),
  );
  tool.lines([
    '',
    `Total TrueDiskSpaceUsed: ${sizeText(snapshots.reduce((sum, one) => sum + trueSize(one), 0))}`,
    '',
  ]);
}

function clearSnapshot(tool: Tool, words: Words): void {
  const tag = words.value('tag');
  const keyspaces = words.arguments;
  if (tag === undefined && !words.has('all')) throw badUse('Specify snapshot name or --all');
  if (tag !== undefined && words.has('all'))
    throw badUse('Specify only one of snapshot name or --all');
  const which = keyspaces.length > 0 ? `[${keyspaces.join(', ')}]` : '[all keyspaces]';
  tool.line(
    `Requested clearing snapshot(s) for ${which}${tag === undefined ? ' with [all snapshots]' : ` with snapshot name [${tag}]`}`,
  );
  for (const keyspace of keyspaces.length > 0 ? keyspaces : [null])
    tool.node.storage.clearSnapshots(tag ?? null, keyspace);
}
