// Counting the answers of one round of Paxos v2: promises that come with the content, acceptances that come with the
// ballot that supersedes. Pure; `done` is called once. Test: test/coordinator/paxos-v2.test.ts.
// Cassandra: service/paxos/PaxosPrepare, PaxosPropose, Paxos.MaybeFailure.

import { assert } from '../../base/assert.ts';
import type { FailureReason } from '../../data/cql-error.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { Ballot, Prepare2Response, Proposal } from './paxos-messages.ts';
import { compareBallots } from './paxos-messages.ts';
import type { Paxos2Plan } from './paxos-plan.ts';
import type { Source } from './resolution.ts';

/** Too few answers: a failure when enough replicas said no, else a timeout. */
export interface TooFew {
  readonly kind: 'too-few';
  readonly isFailure: boolean;
  readonly received: number;
  readonly required: number;
  readonly failures: ReadonlyMap<Endpoint, FailureReason>;
}

export type Prepare2Result =
  | {
      readonly kind: 'permitted';
      /** False: the content may be used, but nothing proposed. */
      readonly isPromised: boolean;
      /** The content is the newest without any proposal. */
      readonly isReadSafe: boolean;
      readonly sources: readonly Source[];
      readonly supersededBy: Ballot | null;
    }
  | { readonly kind: 'superseded'; readonly by: Ballot | null }
  /** Another coordinator's proposal may or may not be decided. */
  | { readonly kind: 'found-accepted'; readonly accepted: Proposal }
  /** The newest commit is not known to enough replicas, and none that knows it was read. */
  | { readonly kind: 'found-committed'; readonly committed: Proposal }
  | { readonly kind: 'electorate-changed' }
  | TooFew;

type Permitted = Prepare2Response & { readonly kind: 'permitted' };

export interface PrepareEvents {
  readonly done: (result: Prepare2Result) => void;
  /** Tell these replicas the commit; their answers come to `onRefreshed`. */
  readonly refresh: (nodes: readonly Endpoint[], commit: Proposal) => void;
  /** A replica counts other voters: are the plan's still this coordinator's own? */
  readonly isElectorateSame: () => boolean;
}

export class Prepare2Round {
  isOver = false;
  private readonly plan: Paxos2Plan;
  /** A reader needs no promise where a permission to read will do. */
  private readonly acceptsEarlyRead: boolean;
  private readonly events: PrepareEvents;
  private readonly answered = new Set<Endpoint>();
  private readonly failures = new Map<Endpoint, FailureReason>();
  private readonly sources: Source[] = [];
  private accepted: Proposal | null = null;
  private committed: Proposal | null = null;
  /** Permitted and known to have the newest commit; permitted and not yet told of it. */
  private withLatest: Endpoint[] = [];
  private needLatest: Endpoint[] = [];
  private hasReadLatest = false;
  private hasEnough = false;
  private isStable = true;
  private hasOnlyPromises = true;
  private supersededBy: Ballot | null = null;

  constructor(plan: Paxos2Plan, acceptsEarlyRead: boolean, events: PrepareEvents) {
    this.plan = plan;
    this.acceptsEarlyRead = acceptsEarlyRead;
    this.events = events;
  }

  onResponse(from: Endpoint, response: Prepare2Response): void {
    if (this.isOver || this.answered.has(from)) return;
    this.answered.add(from);
    if (response.kind === 'rejected') {
      this.end({ kind: 'superseded', by: response.supersededBy });
      return;
    }
    if (response.electorateDiffers && !this.events.isElectorateSame()) {
      this.end({ kind: 'electorate-changed' });
      return;
    }
    if (!response.promised) {
      this.hasOnlyPromises = false;
      this.supersededBy ??= response.supersededBy;
    }
    if (this.hasEnough) this.noteLate(from, response);
    else this.note(from, response);
    this.hasEnough ||= this.withLatest.length + this.needLatest.length >= this.plan.required;
    if (this.hasEnough) this.conclude();
  }

  onFailure(from: Endpoint, reason: FailureReason): void {
    if (this.isOver) return;
    this.failures.set(from, reason);
    const { contacts, required } = this.plan;
    if (contacts.length - this.failures.size < required) this.end(this.tooFew());
  }

  /** A refreshed replica has the commit; its promise stands unless it names a newer ballot. */
  onRefreshed(from: Endpoint, supersededBy: Ballot | null): void {
    if (this.isOver) return;
    if (supersededBy === null) {
      this.withLatest.push(from);
      if (this.withLatest.length >= this.plan.required) this.permit();
      return;
    }
    this.supersededBy = supersededBy;
    if (this.isStable) this.permit(false);
    else this.end({ kind: 'superseded', by: supersededBy });
  }

  /** No answer came from these in the verb's time. */
  onExpired(): void {
    for (const node of this.plan.contacts) {
      if (!this.answered.has(node)) this.onFailure(node, 'TIMEOUT');
    }
  }

  onDeadline(): void {
    if (!this.isOver) this.end(this.tooFew());
  }

  private note(from: Endpoint, response: Permitted): void {
    const { committed, accepted, partitions, stable } = response;
    const order = compareProposals(committed, this.committed);
    if (order < 0) this.needLatest.push(from);
    else if (order === 0) {
      this.withLatest.push(from);
      this.hasReadLatest ||= partitions !== null;
    } else {
      this.needLatest.push(...this.withLatest);
      this.withLatest = [from];
      this.hasReadLatest = partitions !== null;
      this.committed = committed;
    }
    if (compareProposals(accepted, this.accepted) > 0) this.accepted = accepted;
    if (partitions === null) return;
    this.isStable &&= stable;
    this.sources.push({ node: from, partitions });
  }

  /** Having seen a later commit does not mean having seen the one that is looked for. */
  private noteLate(from: Endpoint, { committed }: Permitted): void {
    if (compareProposals(committed, this.committed) === 0) this.withLatest.push(from);
    else this.needLatest.push(from);
  }

  private conclude(): void {
    const { plan, committed, accepted, supersededBy } = this;
    assert(
      this.sources.length >= plan.readRequired,
      'a majority of permissions is one of contents',
    );
    if (!this.hasOnlyPromises && !this.isStable) this.end({ kind: 'superseded', by: supersededBy });
    else if (accepted !== null && accepted.mutation !== null && this.isInProgress(accepted)) {
      if (this.hasOnlyPromises) this.end({ kind: 'found-accepted', accepted });
      else this.end({ kind: 'superseded', by: supersededBy });
    } else if (this.withLatest.length >= plan.required || committed === null) this.permit();
    else if (this.hasReadLatest) {
      const nodes = this.needLatest;
      this.needLatest = [];
      if (nodes.length > 0) this.events.refresh(nodes, committed);
      if (this.isStable && this.acceptsEarlyRead) this.permit(false);
    } else this.end({ kind: 'found-committed', committed });
  }

  private isInProgress(accepted: Proposal): boolean {
    return compareProposals(accepted, this.committed) > 0;
  }

  private permit(isPromised = this.hasOnlyPromises): void {
    const { sources, isStable: isReadSafe } = this;
    const supersededBy = isPromised ? null : this.supersededBy;
    this.end({ kind: 'permitted', isPromised, isReadSafe, sources, supersededBy });
  }

  private tooFew(): TooFew {
    return tooFew(this.plan, this.withLatest.length, this.failures);
  }

  private end(result: Prepare2Result): void {
    this.isOver = true;
    this.events.done(result);
  }
}

export type Propose2Result =
  | { readonly kind: 'accepted' }
  /** `isUnknown`: somebody may have accepted, and whoever superseded may finish it. */
  | { readonly kind: 'superseded'; readonly by: Ballot; readonly isUnknown: boolean }
  | TooFew;

export class Propose2Round {
  isOver = false;
  private readonly plan: Paxos2Plan;
  /** A refused proposal waits until it is known whether anybody accepted it. */
  private readonly waitsForCertainty: boolean;
  private readonly done: (result: Propose2Result) => void;
  private readonly answered = new Set<Endpoint>();
  private readonly failures = new Map<Endpoint, FailureReason>();
  private accepts = 0;
  private refusals = 0;
  private supersededBy: Ballot | null = null;

  constructor(
    plan: Paxos2Plan,
    waitsForCertainty: boolean,
    done: (result: Propose2Result) => void,
  ) {
    this.plan = plan;
    this.waitsForCertainty = waitsForCertainty;
    this.done = done;
  }

  onResponse(from: Endpoint, by: Ballot | null): void {
    if (this.isOver || this.answered.has(from)) return;
    this.answered.add(from);
    if (by === null) this.accepts++;
    else {
      this.refusals++;
      const isNewer = this.supersededBy === null || compareBallots(by, this.supersededBy) > 0;
      if (isNewer) this.supersededBy = by;
    }
    this.endIfCertain();
  }

  onFailure(from: Endpoint, reason: FailureReason): void {
    if (this.isOver || this.answered.has(from)) return;
    this.answered.add(from);
    this.failures.set(from, reason);
    this.endIfCertain();
  }

  onExpired(): void {
    for (const node of this.plan.contacts) this.onFailure(node, 'TIMEOUT');
  }

  onDeadline(): void {
    if (!this.isOver) this.end();
  }

  private get canSucceed(): boolean {
    const { contacts, required } = this.plan;
    return this.refusals === 0 && required <= contacts.length - this.failures.size;
  }

  private endIfCertain(): void {
    if (this.accepts < this.plan.required) {
      if (this.canSucceed) return;
      const mayBeAccepted = this.accepts + this.failures.size > 0;
      const isLast = this.refusals === this.plan.contacts.length;
      if (this.waitsForCertainty && !mayBeAccepted && !isLast) return;
    }
    this.end();
  }

  private end(): void {
    this.isOver = true;
    const { plan, accepts, supersededBy: by } = this;
    if (accepts >= plan.required) this.done({ kind: 'accepted' });
    else if (!this.canSucceed && by !== null) {
      this.done({ kind: 'superseded', by, isUnknown: this.refusals < plan.contacts.length });
    } else this.done(tooFew(plan, accepts, this.failures));
  }
}

function tooFew(
  { contacts, required }: Paxos2Plan,
  received: number,
  failures: ReadonlyMap<Endpoint, FailureReason>,
): TooFew {
  let refused = 0;
  for (const reason of failures.values()) if (reason !== 'TIMEOUT') refused++;
  const isFailure = contacts.length - refused < required;
  return { kind: 'too-few', isFailure, received, required, failures };
}

/** Null is older than any. */
function compareProposals(one: Proposal | null, other: Proposal | null): number {
  if (one === null || other === null) return (one === null ? 0 : 1) - (other === null ? 0 : 1);
  return compareBallots(one.ballot, other.ballot);
}
