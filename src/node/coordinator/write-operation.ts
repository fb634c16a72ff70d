// One mutation's way to its replicas: acks and failures in, what to do next out. Pure; the service beside it sends.
// An operation outlives its answer: it ends when every contact has answered, failed or timed out, so that late acks
// cancel hints. Test: test/traces/write-*.trace. Cassandra: service/AbstractWriteResponseHandler,
// DatacenterWriteResponseHandler, DatacenterSyncWriteResponseHandler.

import { assert } from '../../base/assert.ts';
import type { CqlError, FailureReason, WriteType } from '../../data/cql-error.ts';
import type { Mutation } from '../../data/partition.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { WriteDone } from './coordinator.ts';
import { writeFailure, writeTimeout } from './errors.ts';
import type { WritePlan } from './replica-plan.ts';

/** What the service does after an event: nothing, or give the client its answer. */
export type WriteStep = 'wait' | 'succeed' | 'fail';

/** A replica is a bit of a number. */
const CONTACTS_MAX = 31;

export class WriteOperation {
  readonly plan: WritePlan;
  readonly mutation: Mutation;
  readonly writeType: WriteType;
  readonly done: WriteDone;
  /** Hints are stored for replicas that fail, time out or are dead. */
  readonly hinted: boolean;
  /** The client has its answer. */
  answered = false;
  /** Acks that count for the level. */
  received = 0;
  private ackedBits = 0;
  /** Contacts that neither acked, failed nor timed out. */
  private openBits: number;
  private countedFailures = 0;
  /** A replica that counts has said no. */
  private isRefused = false;
  private readonly missing: number[] | null;
  private reasons: Map<string, FailureReason> | null = null;

  constructor(
    plan: WritePlan,
    mutation: Mutation,
    writeType: WriteType,
    hinted: boolean,
    done: WriteDone,
  ) {
    assert(plan.contacts.length <= CONTACTS_MAX, `a write has at most ${CONTACTS_MAX} replicas`);
    this.plan = plan;
    this.mutation = mutation;
    this.writeType = writeType;
    this.hinted = hinted;
    this.done = done;
    this.openBits = 2 ** plan.contacts.length - 1;
    this.missing = plan.counting.kind === 'each' ? plan.counting.required.slice() : null;
  }

  /** Every contact has answered, failed or timed out. */
  get isComplete(): boolean {
    return this.openBits === 0;
  }

  onAck(from: Endpoint): WriteStep {
    const at = this.plan.contacts.indexOf(from);
    if (at < 0) return 'wait';
    const bit = 1 << at;
    if ((this.ackedBits & bit) !== 0) return 'wait';
    this.ackedBits |= bit;
    this.openBits &= ~bit;
    if (at >= this.plan.countedContacts) return 'wait';
    this.received++;
    if (this.missing !== null) {
      const index = this.plan.datacenterIndex[at] ?? 0;
      this.missing[index] = (this.missing[index] ?? 0) - 1;
    }
    return this.succeedIfEnough();
  }

  /** A stored hint is as good as an ack for ANY, and for no other level. */
  onHintStored(): WriteStep {
    if (this.plan.level !== 'ANY') return 'wait';
    this.received++;
    return this.succeedIfEnough();
  }

  onFailure(from: Endpoint, reason: FailureReason): WriteStep {
    const at = this.plan.contacts.indexOf(from);
    if (at < 0) return 'wait';
    const bit = 1 << at;
    if ((this.openBits & bit) === 0) return 'wait';
    this.openBits &= ~bit;
    this.reasons ??= new Map();
    this.reasons.set(from, reason);
    if (at < this.plan.countedContacts) {
      this.countedFailures++;
      if (reason !== 'TIMEOUT') this.isRefused = true;
    }
    if (this.answered) return 'wait';
    return this.plan.blockFor + this.countedFailures > this.plan.candidates ? 'fail' : 'wait';
  }

  /** The deadline passed. Afterwards the operation is complete. */
  onExpired(): WriteStep {
    return this.answered ? 'wait' : 'fail';
  }

  /** Contacts that neither acked nor failed. */
  outstanding(): Endpoint[] {
    return this.plan.contacts.filter((_, at) => (this.openBits & (1 << at)) !== 0);
  }

  /** What the client is told after 'fail': a timeout unless a replica said no. */
  error(): CqlError {
    const { plan, reasons, writeType } = this;
    const { level: consistency, blockFor } = plan;
    const failed = plan.blockFor + this.countedFailures > plan.candidates;
    if (failed && reasons !== null && this.isRefused) {
      const received = this.received;
      return writeFailure({ writeType, consistency, received, blockFor, failures: reasons });
    }
    const received = Math.min(this.received, blockFor - 1);
    return writeTimeout(writeType, consistency, received, blockFor);
  }

  private succeedIfEnough(): WriteStep {
    if (this.answered) return 'wait';
    const { missing } = this;
    if (missing === null) return this.received >= this.plan.blockFor ? 'succeed' : 'wait';
    for (const count of missing) if (count > 0) return 'wait';
    return 'succeed';
  }
}

export function isAllTimeouts(reasons: ReadonlyMap<string, FailureReason>): boolean {
  for (const reason of reasons.values()) if (reason !== 'TIMEOUT') return false;
  return true;
}
