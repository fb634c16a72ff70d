// Prints what point writes and reads cost, and what a million rows on six replicas weigh. Asserts nothing.
// Compile (tsc) and run: node --expose-gc hot-path.bench.js [rows] [replicas]

import { hash } from 'node:crypto';

import { compactMutation } from '../../src/data/compact-mutation.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { digestPartitions } from '../../src/data/digest.ts';
import { mergePartitions } from '../../src/data/merge-partitions.ts';
import { serializeMutation } from '../../src/data/mutation-serializer.ts';
import type { Cell, PartitionData, Row } from '../../src/data/partition.ts';
import { NO_CLUSTERING } from '../../src/data/partition.ts';
import { TableStore } from '../../src/node/storage/table-store.ts';
import { bigint, int, intKey, makeTable, onePartition, readAll, readKey } from './fixtures.ts';

const rows = Number(process.argv[2] ?? 200_000);
const replicas = Number(process.argv[3] ?? 6);
const table = makeTable({ name: 'bench', regulars: { v: NATIVE.text } });
const wide = makeTable({ name: 'wide', clustering: { c: NATIVE.bigint } });

function report(name: string, count: number, run: () => void): void {
  const before = process.hrtime.bigint();
  run();
  const ns = Number(process.hrtime.bigint() - before) / count;
  process.stdout.write(`${name.padEnd(48)} ${ns.toFixed(0).padStart(8)} ns\n`);
}

function memory(name: string): void {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  process.stdout.write(
    `${name}: rss ${mib(rss)}, heap ${mib(heapUsed)}, external ${mib(external)}\n`,
  );
}

function update(key: number, timestamp: number): PartitionData {
  const value = Buffer.allocUnsafe(100).fill(key & 0xff);
  return onePartition(table, key, NO_CLUSTERING, { v: value }, { timestamp });
}

const stores = Array.from(
  { length: replicas },
  () => new TableStore(table, { tombstoneFailureThreshold: 100_000 }),
);
memory('empty');
let updates: PartitionData[] = [];
for (let key = 0; key < rows; key++) updates.push(update(key, 1_700_000_000_000_000 + key));
memory(`${rows} updates`);
report('first write of a partition', rows * replicas, () => {
  for (const one of updates) for (const store of stores) store.apply(one);
});
updates = [];
memory(`${rows} rows x ${replicas}`);
const store = stores[0] as TableStore;
const commands = Array.from({ length: Math.min(rows, 100_000) }, (_, i) =>
  readKey(table, intKey((i * 7919) % rows)),
);
let found = 0;
for (let round = 0; round < 3; round++) {
  report('read of a one-row partition', commands.length, () => {
    for (const command of commands) {
      const result = store.read(command);
      if (result.kind === 'data') found += result.partitions.length;
    }
  });
}
const overwrites = Array.from({ length: Math.min(rows, 100_000) }, (_, i) =>
  update((i * 7919) % rows, 1_800_000_000_000_000 + i),
);
report(`overwrite of a row (each of ${replicas} replicas)`, overwrites.length * replicas, () => {
  for (const one of overwrites) for (const each of stores) each.apply(one);
});
memory('after overwrites');
const results = commands.map((command) => store.read(command));
report('digest of a one-row result', results.length, () => {
  for (const result of results) if (result.kind === 'data') digestPartitions(result.partitions);
});
report('one md5 call of 150 bytes', 100_000, () => {
  const bytes = Buffer.alloc(150);
  for (let i = 0; i < 100_000; i++) hash('md5', bytes, 'buffer');
});
report('merge of two versions of a row', overwrites.length, () => {
  const older = update(1, 5);
  for (const one of overwrites) mergePartitions(older, one);
});
report('serialize a one-row mutation', overwrites.length, () => {
  for (const one of overwrites) {
    serializeMutation({ keyspace: 'ks', key: one.key, updates: [one], createdAtMs: 0 });
  }
});
const frame = Buffer.alloc(64 * 1024);
report('compact a mutation of frame slices', overwrites.length, () => {
  for (const one of overwrites) {
    const row = one.rows[0] as Row;
    const cell = { ...(row.data[0] as Cell), value: frame.subarray(100, 200) };
    const sliced = { ...one, rows: [{ ...row, data: [cell] }] };
    compactMutation({ keyspace: 'ks', key: one.key, updates: [sliced], createdAtMs: 0 });
  }
});
report('scan, per partition', rows, () => {
  const result = store.read(readAll(table));
  if (result.kind === 'data') found += result.partitions.length;
});
const wideStore = new TableStore(wide, { tombstoneFailureThreshold: 100_000 });
const wideUpdates = Array.from({ length: 100_000 }, (_, i) =>
  onePartition(wide, 1, [bigint((i * 7919) % 100_003)], { v: int(i) }),
);
report('random insert into a partition of 100,000 rows', wideUpdates.length, () => {
  for (const one of wideUpdates) wideStore.apply(one);
});
report('read of one row in it', 100_000, () => {
  for (let i = 0; i < 100_000; i++) {
    const clusterings = [[bigint(i)]];
    wideStore.read(
      readKey(wide, intKey(1), { clustering: { kind: 'names', clusterings, reversed: false } }),
    );
  }
});
process.stdout.write(`(${found} found)\n`);
