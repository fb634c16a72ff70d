// What several replicas' answers amount to must be what one store with everything would answer: whatever rows each
// replica lacks or has deleted, whatever the limit.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { limitPartitions, forEachLiveRow } from '../../src/data/live-view.ts';
import type { PartitionData } from '../../src/data/partition.ts';
import type { ReadCommand, RowFilter } from '../../src/data/read-command.ts';
import { Resolution } from '../../src/node/coordinator/resolution.ts';
import type { Resolved } from '../../src/node/coordinator/resolution.ts';
import { TableStore } from '../../src/node/storage/table-store.ts';
import { endpoint } from '../../src/world/ports.ts';
import { rangeOf, readOf, rowDeletion, toyTable, update, valueColumn } from './toy-schema.ts';

const table = toyTable();
const NODES = [
  endpoint('127.0.1.1', 7000),
  endpoint('127.0.1.2', 7000),
  endpoint('127.0.1.3', 7000),
];

interface Write {
  readonly k: string;
  readonly c: number;
  readonly v: string | null;
  readonly timestamp: number;
  /** Which replicas have it. */
  readonly on: readonly boolean[];
}

const writes = fc.array(
  fc.record({
    k: fc.constantFrom('1', '2', '3'),
    c: fc.integer({ min: 0, max: 6 }),
    v: fc.option(fc.constantFrom('a', 'b', 'c'), { freq: 3 }),
    timestamp: fc.integer({ min: 1, max: 5 }),
    on: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  }),
  { maxLength: 30 },
);

function newStore(): TableStore {
  return new TableStore(table, { tombstoneFailureThreshold: Infinity });
}

function partitionOf(write: Write): PartitionData {
  const { k, c, v, timestamp } = write;
  if (v === null) return rowDeletion(table, { k, c, timestamp, nowSeconds: 1_767_225_000 });
  return update(table, { k, c, v, timestamp });
}

/** Runs the machine against the stores until it is resolved. */
function resolve(command: ReadCommand, stores: readonly TableStore[]): Resolved {
  const read = (store: TableStore, one: ReadCommand): readonly PartitionData[] => {
    const result = store.read(one);
    if (result.kind !== 'data') throw new Error('a store failed');
    return result.partitions;
  };
  const sources = stores.map((store, at) => ({
    node: NODES[at] ?? endpoint('', 0),
    partitions: read(store, command),
  }));
  const resolution = new Resolution(command, sources);
  for (let round = 0; round < 1_000; round++) {
    const step = resolution.next();
    if (step.kind === 'resolved') return step.result;
    if (step.kind !== 'ask') throw new Error(step.kind);
    for (const ask of step.asks) {
      resolution.onAnswer(ask, read(stores[ask.source] as TableStore, ask.command));
    }
  }
  throw new Error('asks without end');
}

function live(partitions: readonly PartitionData[], command: ReadCommand): string[] {
  const rows: string[] = [];
  for (const partition of partitions) {
    forEachLiveRow(partition, command, (row) => {
      const cell = row?.data[0];
      const c = row?.clustering[0]?.readInt32BE();
      const v = cell !== undefined && 'value' in cell ? cell.value.toString() : '';
      rows.push(`${partition.key.bytes.toString()}/${c}=${v}`);
    });
  }
  return rows;
}

function expected(all: TableStore, command: ReadCommand): string[] {
  const result = all.read({
    ...command,
    limits: { ...command.limits, rows: Infinity, perPartition: Infinity },
  });
  if (result.kind !== 'data') throw new Error('the store failed');
  return live(limitPartitions(result.partitions, command).partitions, command);
}

/** `wholeRows` false: a read that does not look at all rows up to its limit may leave something to repair. */
function check(
  list: readonly Write[],
  replicas: number,
  command: ReadCommand,
  wholeRows = true,
): void {
  const all = newStore();
  const stores = NODES.slice(0, replicas).map(newStore);
  for (const write of list) {
    const partition = partitionOf(write);
    const on = stores.filter((_, at) => write.on[at] === true);
    for (const store of on) store.apply(partition);
    if (on.length > 0) all.apply(partition);
  }
  const resolved = resolve(command, stores);
  expect(live(resolved.partitions, command)).toEqual(expected(all, command));
  // Once repaired, every replica answers the same by itself.
  for (const [node, repairs] of resolved.repairs) {
    const store = stores[NODES.indexOf(node)] as TableStore;
    for (const repair of repairs) store.apply(repair);
  }
  const again = resolve(command, stores);
  expect(live(again.partitions, command)).toEqual(expected(all, command));
  if (wholeRows) expect([...again.repairs.keys()]).toEqual([]);
}

const limit = fc.constantFrom(1, 2, 3, 5, Infinity);

describe('resolution', () => {
  it('answers a partition read as one store with everything would', () => {
    fc.assert(
      fc.property(
        writes,
        fc.integer({ min: 2, max: 3 }),
        limit,
        fc.boolean(),
        (list, n, rows, reversed) => {
          check(list, n, readOf(table, { k: '1', limit: rows, reversed }));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('answers a range read as one store with everything would', () => {
    fc.assert(
      fc.property(
        writes,
        fc.integer({ min: 2, max: 3 }),
        limit,
        limit,
        (list, n, rows, perPartition) => {
          const command = rangeOf(table, { limit: rows });
          check(list, n, { ...command, limits: { ...command.limits, perPartition } });
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('answers SELECT DISTINCT as one store with everything would', () => {
    fc.assert(
      fc.property(writes, fc.integer({ min: 2, max: 3 }), limit, (list, n, rows) => {
        const command = rangeOf(table, { limit: rows });
        check(
          list,
          n,
          { ...command, limits: { ...command.limits, distinct: true, perPartition: 1 } },
          false,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('does not let a stale row pass a filter', () => {
    const filter: RowFilter = {
      expressions: [
        { kind: 'column', column: valueColumn(table), operator: '=', value: Buffer.from('a') },
      ],
    };
    fc.assert(
      fc.property(writes, fc.integer({ min: 2, max: 3 }), limit, (list, n, rows) => {
        check(list, n, { ...rangeOf(table, { limit: rows }), filter });
        check(list, n, { ...readOf(table, { k: '1', limit: rows }), filter });
      }),
      { numRuns: 1000 },
    );
  });
});
