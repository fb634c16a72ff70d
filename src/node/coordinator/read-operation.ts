// One partition's read: who has answered, whether that suffices, whether the answers agree. Pure; read-service.ts
// sends and read-repair.ts goes on when they do not agree. Test: test/traces/read-*.trace.
// Cassandra: service/reads/ReadCallback, DigestResolver.

import { required } from '../../base/assert.ts';
import type { CqlError, FailureReason } from '../../data/cql-error.ts';
import type { PartitionData } from '../../data/partition.ts';
import type { SinglePartitionRead } from '../../data/read-command.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { Deadline } from '../messaging/deadline-list.ts';
import type { Exchange } from '../messaging/messaging.ts';
import type { ReadResponse } from '../replica/replica-messages.ts';
import { isSameContent } from './content-match.ts';
import type { RequestContext } from './coordinator.ts';
import { readFailure, readTimeout } from './errors.ts';
import type { ReadPlan } from './replica-plan.ts';
import { isAllTimeouts } from './write-operation.ts';

export type PartitionsDone = (
  partitions: readonly PartitionData[] | null,
  error: CqlError | null,
) => void;

/** 'compare': enough answers are here, ask `agrees`. 'fail': they can no longer come, see `error`. */
export type ReadStep = 'wait' | 'compare' | 'fail';

/** Also an entry of the speculation's deadline list; those fields belong to the list. */
export class ReadOperation implements Deadline {
  readonly plan: ReadPlan;
  readonly command: SinglePartitionRead;
  readonly context: RequestContext;
  readonly done: PartitionsDone;
  readonly startedAtMs: number;
  /** Asked so far: the plan's contacts, then speculative ones. */
  contacts: readonly Endpoint[];
  /** The talk it waits on; set when it is sent. */
  exchange: Exchange | null = null;
  /** The wait is over: answered, failed, or handed to read repair. */
  settled = false;
  /** Who answered, in order; `results` goes with it. */
  readonly responders: Endpoint[] = [];
  private readonly results: ReadResponse[] = [];
  private firstData: ReadResponse | null = null;
  private failures: Map<string, FailureReason> | null = null;
  deadlineMs = Infinity;
  previous: Deadline | null = null;
  next: Deadline | null = null;

  constructor(
    plan: ReadPlan,
    command: SinglePartitionRead,
    context: RequestContext,
    startedAtMs: number,
    done: PartitionsDone,
  ) {
    this.plan = plan;
    this.command = command;
    this.context = context;
    this.startedAtMs = startedAtMs;
    this.done = done;
    this.contacts = plan.contacts;
  }

  get dataPresent(): boolean {
    return this.firstData !== null;
  }

  /** Everybody asked has answered or failed. */
  get isComplete(): boolean {
    return this.responders.length + (this.failures?.size ?? 0) >= this.contacts.length;
  }

  /** The data answer. Only after 'compare'. */
  data(): readonly PartitionData[] {
    return required(this.firstData, 'a data response').partitions;
  }

  onResponse(from: Endpoint, response: ReadResponse): ReadStep {
    if (this.responders.includes(from)) return 'wait';
    this.responders.push(from);
    if (this.settled) return 'wait';
    this.results.push(response);
    if (!response.digest && this.firstData === null) this.firstData = response;
    return this.results.length >= this.plan.blockFor && this.firstData !== null
      ? 'compare'
      : 'wait';
  }

  onFailure(from: Endpoint, reason: FailureReason): ReadStep {
    this.failures ??= new Map();
    this.failures.set(from, reason);
    if (this.settled) return 'wait';
    return this.plan.blockFor + this.failures.size > this.contacts.length ? 'fail' : 'wait';
  }

  onExpired(): ReadStep {
    return this.settled ? 'wait' : 'fail';
  }

  /** What was answered before the operation was settled; for traces. */
  answers(): readonly (readonly PartitionData[])[] {
    return this.results.map((one) => one.partitions);
  }

  /** All answers so far say the same. */
  agrees(): boolean {
    const { results } = this;
    if (results.length === 1) return true;
    const first = (results[0] as ReadResponse).partitions;
    for (let i = 1; i < results.length; i++) {
      if (!isSameContent(first, (results[i] as ReadResponse).partitions)) return false;
    }
    return true;
  }

  /** A further replica is asked; it must not be one of the contacts. */
  speculate(node: Endpoint): void {
    this.contacts = [...this.contacts, node];
  }

  outstanding(): readonly Endpoint[] {
    return this.contacts.filter(
      (node) => !this.responders.includes(node) && this.failures?.has(node) !== true,
    );
  }

  error(): CqlError {
    const { plan, failures, dataPresent } = this;
    const { level: consistency, blockFor } = plan;
    const received = this.results.length;
    if (failures !== null && !isAllTimeouts(failures)) {
      const cause = this.context.reads?.abortText(this.command) ?? null;
      return readFailure({ consistency, received, blockFor, dataPresent, failures, cause });
    }
    return readTimeout(consistency, received, blockFor, dataPresent);
  }
}
