// The coordinator of a cluster of one: reads and writes go straight to the store.

import { readInt64 } from '../../src/base/int64.ts';
import { addCounterDelta } from '../../src/data/counter-context.ts';
import type { CqlError } from '../../src/data/cql-error.ts';
import { isTombstone } from '../../src/data/deletion.ts';
import { emptyPartition } from '../../src/data/merge-partitions.ts';
import type { Cell, Mutation, PartitionData, Row } from '../../src/data/partition.ts';
import { isComplexData } from '../../src/data/partition.ts';
import type { ReadCommand } from '../../src/data/read-command.ts';
import type {
  CasRequest,
  CasResult,
  Coordinator,
  RangeResult,
  ReadResult,
  RequestContext,
  WriteDone,
} from '../../src/node/coordinator/coordinator.ts';
import type { NodeStorage } from '../../src/node/storage/node-storage.ts';
import type { Clock } from '../../src/world/ports.ts';

interface StoreOfOne {
  readonly storage: NodeStorage;
  readonly clock: Clock;
  apply(mutation: Mutation): CqlError | null;
}

const same = (a: Row, b: Row): boolean =>
  a.clustering.every((v, i) => v?.equals(b.clustering[i] as Buffer));

/** The coordinator of a cluster of one: no replica is ever missing. */
export class DirectCoordinator implements Coordinator {
  private readonly node: StoreOfOne;
  /** What the last read asked for. */
  lastRead: ReadCommand | null = null;
  private ballot = 1;
  constructor(node: StoreOfOne) {
    this.node = node;
  }

  write(
    mutations: readonly Mutation[],
    _options: unknown,
    _context: RequestContext,
    done: WriteDone,
  ): void {
    for (const mutation of mutations) {
      const error = this.node.apply(this.counted(mutation));
      if (error !== null) {
        done(error);
        return;
      }
    }
    done(null);
  }

  /** Deltas of counters become shards of this node. */
  private counted(mutation: Mutation): Mutation {
    if (!mutation.updates.some(({ table }) => table.isCounter)) return mutation;
    const updates = mutation.updates.map((update) => {
      const current = this.node.storage.store(update.table.id)?.current(update.key);
      const shard = (row: Row, existing: Row | undefined): Row => ({
        ...row,
        data: row.data.map((data) => {
          if (isComplexData(data) || isTombstone(data)) return data;
          const cell = existing?.data.find((candidate) => candidate.column === data.column) as
            | Cell
            | undefined;
          const stored = cell === undefined || isTombstone(cell) ? null : cell.value;
          const value = addCounterDelta(stored, COUNTER_ID, readInt64(data.value, 0));
          return { ...data, value };
        }),
      });
      return {
        ...update,
        rows: update.rows.map((row) =>
          shard(
            row,
            current?.rows.find((r) => same(r, row)),
          ),
        ),
        staticRow:
          update.staticRow === null
            ? null
            : shard(update.staticRow, current?.staticRow ?? undefined),
      };
    });
    return { ...mutation, updates };
  }

  read(
    commands: readonly ReadCommand[],
    _c: unknown,
    _x: RequestContext,
    done: (result: ReadResult) => void,
  ): void {
    const partitions: PartitionData[] = [];
    for (const command of commands) {
      this.lastRead = command;
      const result = this.node.storage.read(command);
      if (result.kind === 'failure') {
        done({ ok: false, error: readFailure() });
        return;
      }
      if (command.kind === 'partition') {
        partitions.push(result.partitions[0] ?? emptyPartition(command.table, command.key));
      }
    }
    done({ ok: true, partitions });
  }

  readRange(
    command: ReadCommand,
    _c: unknown,
    _x: RequestContext,
    done: (result: RangeResult) => void,
  ): void {
    this.lastRead = command;
    const result = this.node.storage.read(command);
    if (result.kind === 'failure') done({ ok: false, error: readFailure() });
    else done({ ok: true, partitions: result.partitions, limitReached: result.limitReached });
  }

  cas(request: CasRequest, context: RequestContext, done: (result: CasResult) => void): void {
    this.read([request.read], null, context, (read) => {
      if (!read.ok) {
        done(read);
        return;
      }
      const current = read.partitions[0] as PartitionData;
      this.ballot = Math.max(this.ballot + 1, this.node.clock.wallMicros());
      const decision = request.evaluate(current, this.ballot);
      if (decision.kind === 'error') done({ ok: false, error: decision.error });
      else if (decision.kind === 'reject') done({ ok: true, applied: false, current });
      else {
        const error = this.node.apply(decision.mutation);
        done(error === null ? { ok: true, applied: true } : { ok: false, error });
      }
    });
  }

  truncate(
    table: Parameters<Coordinator['truncate']>[0],
    _context: RequestContext,
    done: WriteDone,
  ): void {
    this.node.storage.truncate(table.id, this.node.clock.wallMs(), () => done(null));
  }
}

const COUNTER_ID = Buffer.alloc(16, 3);

function readFailure(): CqlError {
  const message =
    'Operation failed - received 0 responses and 1 failures: UNKNOWN from /127.0.1.1:7000';
  return {
    code: 'READ_FAILURE',
    message,
    consistency: 'ONE',
    received: 0,
    blockFor: 1,
    dataPresent: false,
    failures: new Map(),
  };
}
