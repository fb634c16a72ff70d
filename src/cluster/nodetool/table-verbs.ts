// Tables: tablestats, tablehistograms, toppartitions, viewbuildstatus.

import { splitCompositeKey } from '../../data/partition-key.ts';
import { codecFor } from '../../data/codec/codec.ts';
import type { DecoratedKey } from '../../data/partition.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { LatencyHistogram } from '../../node/coordinator/speculative-retry.ts';
import { forEachStoredRow } from '../../node/storage/partition-read.ts';
import { clusteringOrder, FULL_SLICE } from '../../data/clustering-order.ts';
import { isComplexData } from '../../data/partition.ts';
import { LargePartition } from '../../node/storage/large-partition.ts';
import { partitionSize } from '../../node/storage/data-size.ts';
import type { TableStore } from '../../node/storage/table-store.ts';
import { WHOLE_RING } from '../../node/storage/table-store.ts';
import type { TableStats } from '../../node/storage/table-stats.ts';
import { tableStats } from '../../node/storage/table-stats.ts';
import { percentRepaired } from './node-verbs.ts';
import { addressText, aligned, fixed, left, memoryText, right, sizeText } from './text.ts';
import type { Tool, VerbTable, Words } from './verb.ts';
import { awaiting, badUse, integer, NodetoolFailure, option } from './verb.ts';

const STATS: VerbTable[string] = {
  about: 'Print statistics on tables',
  usage: '[<keyspace.table>...]',
  argumentsMax: Infinity,
  run: printTableStats,
  options: {
    ...option('ignore', ['-i']),
    ...option('human-readable', ['-H', '--human-readable']),
    ...option('format', ['-F', '--format'], true),
    ...option('sort', ['-s', '--sort'], true),
    ...option('top', ['-t', '--top'], true),
    ...option('sstable-location-check', ['-l', '--sstable-location-check']),
  },
};
const HISTOGRAMS: VerbTable[string] = {
  about: 'Print statistic histograms for a given table',
  usage: '[<keyspace> <table> | <keyspace.table>]',
  argumentsMax: 2,
  run: tableHistograms,
};
const TOP: VerbTable[string] = {
  about: 'Sample and print the most active partitions',
  usage: '<keyspace> <cfname> <duration>',
  argumentsMax: 3,
  run: topPartitions,
  options: {
    ...option('size', ['-s'], true),
    ...option('top', ['-k'], true),
    ...option('samplers', ['-a'], true),
  },
};

export const TABLE_VERBS: VerbTable = {
  tablestats: STATS,
  cfstats: STATS,
  tablehistograms: HISTOGRAMS,
  cfhistograms: HISTOGRAMS,
  toppartitions: TOP,
  profileload: { ...TOP, about: 'Low footprint profiling of activity for a period of time' },
  viewbuildstatus: {
    about: 'Show progress of a materialized view build',
    usage: '<keyspace> <view> | <keyspace.view>',
    argumentsMax: 2,
    run(tool, words) {
      const usage = 'viewbuildstatus requires keyspace and view name arguments';
      const [keyspace = '', view] =
        words.arguments.length === 1 ? (words.arguments[0] ?? '').split('.') : words.arguments;
      if (view === undefined) throw badUse(usage);
      if (tool.node.schema.current.keyspaces.get(keyspace)?.tables.get(view)?.kind === 'view') {
        // A node builds a view while it takes the schema.
        tool.line(`${keyspace}.${view} has finished building`);
        return;
      }
      tool.lines([`${keyspace}.${view} has not finished building; node status is below.`, '']);
      const nodes = tool.node.membership
        .endpoints()
        .map((endpoint) => [`/${addressText(endpoint)}`, 'UNKNOWN']);
      throw new NodetoolFailure(aligned([['Host', 'Info'], ...nodes]).join('\n'), 1);
    },
  },
};

/** Statistics of a table, with what the node has counted beside. */
interface Measured extends TableStats {
  readonly table: TableMetadata;
  readonly store: TableStore;
  readonly snapshotBytes: number;
}

function printTableStats(tool: Tool, words: Words): void {
  const wanted = chosenTables(tool, words);
  const human = words.has('human-readable');
  const measured = wanted.flatMap((table): Measured[] => {
    const store = tool.node.storage.store(table.id);
    if (store === undefined) return [];
    const snapshots = tool.node.storage.listSnapshots().filter((one) => one.tableId === table.id);
    const snapshotBytes = snapshots.reduce((sum, one) => sum + one.dataBytes, 0);
    return [{ ...tableStats(store, Math.floor(tool.nowMs / 1_000)), table, store, snapshotBytes }];
  });
  tool.lines([`Total number of tables: ${measured.length}`, '----------------']);
  for (const name of new Set(measured.map(({ table }) => table.keyspace))) {
    const own = measured.filter(({ table }) => table.keyspace === name);
    const sum = (of: (one: Measured) => number): number =>
      own.reduce((total, one) => total + of(one), 0);
    // A local read or write takes no time of its own here: it is part of the event that asks for it.
    tool.lines([
      `Keyspace: ${name}`,
      `\tRead Count: ${sum(({ store }) => store.reads)}`,
      '\tRead Latency: NaN ms',
      `\tWrite Count: ${sum(({ store }) => store.writes)}`,
      '\tWrite Latency: NaN ms',
      '\tPending Flushes: 0',
    ]);
    for (const one of own) tool.lines(statsLines(tool, one, human));
    tool.line('----------------');
  }
}

function chosenTables(tool: Tool, words: Words): readonly TableMetadata[] {
  const names = words.arguments;
  const matches = ({ keyspace, name }: TableMetadata): boolean =>
    names.length === 0 || names.some((word) => word === keyspace || word === `${keyspace}.${name}`);
  const tables = tool.keyspaces().flatMap((keyspace) => [...keyspace.tables.values()]);
  for (const word of names) {
    const [keyspace = '', table] = word.split('.');
    tool.tables(table === undefined ? [keyspace] : [keyspace, table], { local: true });
  }
  return tables.filter((table) => matches(table) !== words.has('ignore'));
}

function statsLines(tool: Tool, one: Measured, human: boolean): readonly string[] {
  const { table, store } = one;
  const size = (bytes: number): string => (human ? sizeText(bytes) : String(bytes));
  const repairedPercent = percentRepaired(tool, table.id);
  const repaired = Math.round((one.dataBytes * Number(repairedPercent)) / 100);
  const lines = [
    `Table: ${table.name}`,
    'SSTable count: 0',
    'Old SSTable count: 0',
    `Max SSTable size: ${memoryText(0)}`,
    `Space used (live): ${size(0)}`,
    `Space used (total): ${size(0)}`,
    `Space used by snapshots (total): ${size(one.snapshotBytes)}`,
    `Off heap memory used (total): ${size(0)}`,
    'SSTable Compression Ratio: -1.00000',
    `Number of partitions (estimate): ${one.partitions}`,
    `Memtable cell count: ${one.liveCells + one.tombstones}`,
    `Memtable data size: ${size(one.dataBytes)}`,
    `Memtable off heap memory used: ${size(0)}`,
    'Memtable switch count: 0',
    `Speculative retries: ${tool.node.coordinator.reads.speculativeRetries(table.id)}`,
    `Local read count: ${store.reads}`,
    'Local read latency: NaN ms',
    `Local write count: ${store.writes}`,
    'Local write latency: NaN ms',
    `Local read/write ratio: ${fixed(store.writes === 0 ? 0 : store.reads / store.writes, 5)}`,
    'Pending flushes: 0',
    `Percent repaired: ${repairedPercent}`,
    `Bytes repaired: ${memoryText(repaired)}`,
    `Bytes unrepaired: ${memoryText(one.dataBytes - repaired)}`,
    `Bytes pending repair: ${memoryText(0)}`,
    'Bloom filter false positives: 0',
    'Bloom filter false ratio: 0.00000',
    `Bloom filter space used: ${size(0)}`,
    `Bloom filter off heap memory used: ${size(0)}`,
    `Index summary off heap memory used: ${size(0)}`,
    `Compression metadata off heap memory used: ${size(0)}`,
    `Compacted partition minimum bytes: ${one.partitionBytesMin}`,
    `Compacted partition maximum bytes: ${one.partitionBytesMax}`,
    `Compacted partition mean bytes: ${one.partitionBytesMean}`,
    'Average live cells per slice (last five minutes): NaN',
    'Maximum live cells per slice (last five minutes): 0',
    'Average tombstones per slice (last five minutes): NaN',
    'Maximum tombstones per slice (last five minutes): 0',
    `Droppable tombstone ratio: ${fixed(one.liveCells + one.tombstones === 0 ? 0 : one.tombstones / (one.liveCells + one.tombstones), 5)}`,
  ];
  return [...lines.map((line) => `\t\t${line}`), ''];
}

const PERCENTILES = [
  ['50%', 50],
  ['75%', 75],
  ['95%', 95],
  ['98%', 98],
  ['99%', 99],
  ['Min', 0],
  ['Max', 100],
] as const;

function tableHistograms(tool: Tool, words: Words): void {
  const usage = 'tablehistograms requires <keyspace> <table> or <keyspace.table> format argument.';
  const tables =
    words.arguments.length === 0
      ? tool.tables([], { local: true })
      : [tool.table(words.arguments, usage)];
  for (const table of tables) {
    const store = tool.node.storage.store(table.id);
    if (store === undefined) continue;
    const { sizes, cells } = shapes(store);
    const reads = tool.node.coordinator.reads.latencies(table);
    tool.line(`${table.keyspace}/${table.name} histograms`);
    tool.line(
      row([
        'Percentile',
        'Read Latency',
        'Write Latency',
        'SSTables',
        'Partition Size',
        'Cell Count',
      ]),
    );
    tool.line(row(['', '(micros)', '(micros)', '', '(bytes)', '']));
    for (const [name, percentile] of PERCENTILES) {
      tool.line(
        row([
          name,
          readMicros(reads, percentile),
          fixed(0, 2),
          fixed(0, 2),
          rank(sizes, percentile),
          rank(cells, percentile),
        ]),
      );
    }
    tool.line();
  }
}

function row(texts: readonly string[]): string {
  return (
    left(texts[0] ?? '', 10) +
    texts
      .slice(1)
      .map((text) => right(text, 18))
      .join('')
  );
}

/** Of the coordinator's reads of this table. */
function readMicros(reads: LatencyHistogram, percentile: number): string {
  return reads.isEmpty ? fixed(0, 2) : fixed(reads.percentileMs(percentile) * 1_000, 2);
}

/** Sizes in bytes and cell counts of all partitions, sorted. */
function shapes(store: TableStore): {
  readonly sizes: readonly number[];
  readonly cells: readonly number[];
} {
  const order = clusteringOrder(store.table);
  const sizes: number[] = [];
  const cells: number[] = [];
  store.forEachStored(WHOLE_RING, (partition) => {
    sizes.push(partition instanceof LargePartition ? partition.size : partitionSize(partition));
    let cellCount = 0;
    forEachStoredRow(partition, FULL_SLICE, { reversed: false, order }, (stored) => {
      for (const data of stored.data) cellCount += isComplexData(data) ? data.cells.length : 1;
      return true;
    });
    cells.push(cellCount);
  });
  return { sizes: sizes.sort((a, b) => a - b), cells: cells.sort((a, b) => a - b) };
}

function rank(sorted: readonly number[], percentile: number): string {
  if (sorted.length === 0) return 'NaN';
  return fixed(
    sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percentile) / 100))] ?? 0,
    0,
  );
}

async function topPartitions(tool: Tool, words: Words): Promise<void> {
  const [keyspace, name, duration] = words.arguments;
  if (keyspace === undefined || name === undefined || duration === undefined) {
    throw badUse('toppartitions requires keyspace, column family name, and duration');
  }
  const table = tool.table(
    [keyspace, name],
    'toppartitions requires keyspace, column family name, and duration',
  );
  const top = integer(words.value('top') ?? '10', 'topCount');
  const capacity = integer(words.value('size') ?? '256', 'size');
  if (top <= 0) throw badUse('TopK count (-k) option must have positive value');
  if (top >= capacity)
    throw badUse('TopK count (-k) option must be smaller then the summary capacity (-s)');
  const durationMs = integer(duration, 'duration');
  if (durationMs <= 0) throw badUse(`Duration: ${durationMs} must be positive`);
  const store = tool.node.storage.store(table.id);
  if (store === undefined) return;
  const samples = { reads: new Map<string, Sample>(), writes: new Map<string, Sample>() };
  store.sampler = {
    onRead: (key) => count(samples.reads, key, capacity),
    onWrite: (key) => count(samples.writes, key, capacity),
  };
  await awaiting((done) => tool.node.options.world.clock.after(durationMs, () => done(null)));
  store.sampler = null;
  const kinds = [
    ['reads', samples.reads],
    ['writes', samples.writes],
  ] as const;
  kinds.forEach(([word, found], at) => {
    if (at > 0) tool.line();
    tool.line(`Frequency of ${word} by partition:`);
    const rows = [...found.values()].sort((a, b) => b.count - a.count).slice(0, top);
    if (rows.length === 0) {
      tool.line('   Nothing recorded during sampling period...');
      return;
    }
    const full = `${keyspace}.${name}`;
    const texts = rows.map(({ key }) => keyText(table, key));
    const width = Math.max(9, ...texts.map((text) => text.length));
    tool.line(
      `   ${left('Table', full.length)} ${left('Partition', width)} ${left('Count', 7)} +/-`,
    );
    rows.forEach((sample, i) =>
      tool.line(
        `   ${full} ${left(texts[i] ?? '', width)} ${left(sample.count, 7)} ${sample.error}`,
      ),
    );
  });
}

interface Sample {
  readonly key: DecoratedKey;
  count: number;
  /** What the count may be too high by: the key took the place of another. */
  error: number;
}

/** Space-saving: a new key takes the place of the rarest when the summary is full. */
function count(samples: Map<string, Sample>, key: DecoratedKey, capacity: number): void {
  const known = samples.get(key.id);
  if (known !== undefined) {
    known.count++;
    return;
  }
  let error = 0;
  if (samples.size >= capacity) {
    const rarest = [...samples].reduce((least, one) =>
      one[1].count < least[1].count ? one : least,
    );
    samples.delete(rarest[0]);
    error = rarest[1].count;
  }
  samples.set(key.id, { key, count: error + 1, error });
}

function keyText({ partitionKey }: TableMetadata, key: DecoratedKey): string {
  const values = splitCompositeKey(key.bytes, partitionKey.length);
  return partitionKey
    .map((column, at) => codecFor(column.type).toText(values[at] ?? Buffer.alloc(0)))
    .join(':');
}
