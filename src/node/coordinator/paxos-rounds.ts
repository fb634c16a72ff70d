// Counting the answers of one round of Paxos: promises to a ballot, acceptances of a proposal. Pure; `done` is called
// once. Test: test/traces/cas-*.trace. Cassandra: service/paxos/v1/PrepareCallback, ProposeCallback.

import type { Endpoint } from '../../world/ports.ts';
import type { Message } from '../messaging/message.ts';
import type { Ballot, PrepareResponse, Proposal } from './paxos-messages.ts';
import { compareBallots, NO_BALLOT } from './paxos-messages.ts';
import type { PaxosPlan } from './paxos-plan.ts';

export type RoundResult =
  | { readonly kind: 'answered' }
  | { readonly kind: 'timeout'; readonly received: number };

/** Over with the first refusal or the last promise needed. */
export class PrepareRound {
  isOver = false;
  isPromised = true;
  newestPromised: Ballot = NO_BALLOT;
  newestCommit: Proposal | null = null;
  private readonly plan: PaxosPlan;
  private readonly done: (result: RoundResult) => void;
  private readonly responses = new Map<Endpoint, PrepareResponse>();

  constructor(plan: PaxosPlan, done: (result: RoundResult) => void) {
    this.plan = plan;
    this.done = done;
  }

  onResponse(from: Endpoint, message: Message): void {
    if (this.isOver || this.responses.has(from)) return;
    const response = (message as Message<'PAXOS_PREPARE_RSP'>).payload;
    this.responses.set(from, response);
    const { committed, promisedBallot, promised } = response;
    if (compareBallots(promisedBallot, this.newestPromised) > 0) {
      this.newestPromised = promisedBallot;
    }
    if (committed !== null && this.isNewer(committed, this.newestCommit)) {
      this.newestCommit = committed;
    }
    if (!promised) this.isPromised = false;
    if (!promised || this.responses.size >= this.plan.required) {
      this.isOver = true;
      this.done({ kind: 'answered' });
    }
  }

  onExpired(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.done({ kind: 'timeout', received: this.responses.size });
  }

  /** The newest accepted value that may not be decided yet; null for none, or an empty one, which changes nothing. */
  unfinished(): Proposal | null {
    let newest: Proposal | null = null;
    for (const { accepted } of this.responses.values()) {
      if (accepted !== null && this.isNewer(accepted, newest)) newest = accepted;
    }
    if (newest === null || newest.mutation === null) return null;
    return this.isNewer(newest, this.newestCommit) ? newest : null;
  }

  /** Replicas among those that answered that have not learned the newest commit. */
  missingNewestCommit(): Endpoint[] {
    const { newestCommit } = this;
    if (newestCommit === null) return [];
    return [...this.responses]
      .filter(([, { committed }]) => committed === null || this.isNewer(newestCommit, committed))
      .map(([node]) => node);
  }

  private isNewer(one: Proposal, other: Proposal | null): boolean {
    return other === null || compareBallots(one.ballot, other.ballot) > 0;
  }
}

/** Over when enough accepted, when all answered, or with `failFast` as soon as enough can no longer accept. */
export class ProposeRound {
  isOver = false;
  accepts = 0;
  private readonly plan: PaxosPlan;
  private readonly failFast: boolean;
  private readonly done: (result: RoundResult) => void;
  private readonly answered = new Set<Endpoint>();

  constructor(
    plan: PaxosPlan,
    options: { readonly failFast: boolean },
    done: (result: RoundResult) => void,
  ) {
    this.plan = plan;
    this.failFast = options.failFast;
    this.done = done;
  }

  get isAccepted(): boolean {
    return this.accepts >= this.plan.required;
  }

  onResponse(from: Endpoint, message: Message): void {
    if (this.isOver || this.answered.has(from)) return;
    this.answered.add(from);
    if ((message as Message<'PAXOS_PROPOSE_RSP'>).payload) this.accepts++;
    const left = this.plan.contacts.length - this.answered.size;
    const isHopeless = left + this.accepts < this.plan.required;
    if (this.isAccepted || left === 0 || (this.failFast && isHopeless)) {
      this.isOver = true;
      this.done({ kind: 'answered' });
    }
  }

  onExpired(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.done({ kind: 'timeout', received: this.answered.size });
  }
}
