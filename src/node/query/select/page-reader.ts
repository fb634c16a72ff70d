// The way from a pager to the data: through the coordinator to replicas, or straight to this node's own tables.

import type { ConsistencyLevel } from '../../../data/consistency.ts';
import { isSerial } from '../../../data/consistency.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { CqlError } from '../../../data/cql-error.ts';
import { emptyPartition } from '../../../data/merge-partitions.ts';
import type { PartitionData } from '../../../data/partition.ts';
import type { ReadCommand } from '../../../data/read-command.ts';
import type { Execution } from '../execution.ts';
import type { PageReader, PartitionsResult, RangeRows } from './pager.ts';
import type { SelectPlan } from './select-plan.ts';

/** The way to the data: replicas, or this node's own tables. */
export function readerOf(plan: SelectPlan, execution: Execution): PageReader {
  const { services, request, consistency } = execution;
  if (plan.isLocal) return new LocalReader(execution);
  return {
    partitions: (commands, done) => {
      if (isSerial(consistency) && commands.length > 1) {
        throw invalid(
          'SERIAL/LOCAL_SERIAL consistency may only be requested for one partition at a time',
        );
      }
      services.coordinator.read(commands, consistency, request, done);
    },
    range: (command, done) =>
      services.coordinator.readRange(command, rangeLevel(consistency), request, done),
  };
}

/** A range is not read through paxos. */
function rangeLevel(consistency: ConsistencyLevel): ConsistencyLevel {
  if (consistency === 'SERIAL') return 'QUORUM';
  return consistency === 'LOCAL_SERIAL' ? 'LOCAL_QUORUM' : consistency;
}

class LocalReader implements PageReader {
  private readonly execution: Execution;
  constructor(execution: Execution) {
    this.execution = execution;
  }

  partitions(
    commands: Parameters<PageReader['partitions']>[0],
    done: (result: PartitionsResult) => void,
  ): void {
    const partitions: PartitionData[] = [];
    for (const command of commands) {
      const result = this.read(command);
      if (!result.ok) {
        done(result);
        return;
      }
      partitions.push(result.partitions[0] ?? emptyPartition(command.table, command.key));
    }
    done({ ok: true, partitions });
  }

  range(command: Parameters<PageReader['range']>[0], done: (result: RangeRows) => void): void {
    done(this.read(command));
  }

  private read(command: ReadCommand): RangeRows {
    const { services, consistency } = this.execution;
    const result = services.local.read(command);
    if (result.kind === 'data') {
      return { ok: true, partitions: result.partitions, limitReached: result.limitReached };
    }
    const error: CqlError = {
      code: 'READ_FAILURE',
      message: result.message,
      consistency,
      received: 0,
      blockFor: 1,
      dataPresent: false,
      failures: new Map(),
    };
    return { ok: false, error };
  }
}
