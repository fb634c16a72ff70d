// What a replica does for coordinators of conditional writes and serial reads, in the words of both variants, on one
// stored state. Test: test/traces/cas-*.trace, test/traces/paxos-v2-*.trace.
// Cassandra: service/paxos/v1/*VerbHandler, PaxosPrepare, PaxosPrepareRefresh, PaxosPropose, PaxosCommit handlers.

import type { FailureReason } from '../../data/cql-error.ts';
import type { PartitionData } from '../../data/partition.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { Message } from '../messaging/message.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { LocalStore } from '../replica/local-store.ts';
import { applyAcknowledged } from '../replica/local-store.ts';
import type { MaybePromise, PaxosStore } from '../replica/paxos-store.ts';
import { isFinished, latestWitnessed } from '../replica/paxos-store.ts';
import type { SchemaView } from '../schema-view.ts';
import { compareBallots } from './paxos-messages.ts';
import type { PaxosKey, Prepare2Request, Prepare2Response, Proposal } from './paxos-messages.ts';
import { electorateOf, isSameElectorate } from './paxos-plan.ts';
import type { PlanCache } from './plan-cache.ts';

export interface PaxosReplicaParts {
  readonly messaging: Messaging;
  readonly plans: PlanCache;
  readonly schema: SchemaView;
  readonly store: LocalStore;
  readonly paxosStore: PaxosStore;
}

export class PaxosReplica {
  private readonly parts: PaxosReplicaParts;

  constructor(parts: PaxosReplicaParts) {
    this.parts = parts;
  }

  serve(): void {
    this.serveFirst();
    this.serveSecond();
    const { messaging } = this.parts;
    messaging.serve('PAXOS_COMMIT_REQ', (message, from) => {
      this.commit(message.payload, message.payload.proposal, (failure) => {
        if (failure === null) messaging.respond(message, from, 'PAXOS_COMMIT_RSP', null);
        else messaging.fail(message, from, failure);
      });
    });
  }

  private serveFirst(): void {
    const { messaging, paxosStore } = this.parts;
    messaging.serve('PAXOS_PREPARE_REQ', (message, from) => {
      paxosStore.prepare(message.payload, message.payload.ballot, (response) =>
        messaging.respond(message, from, 'PAXOS_PREPARE_RSP', response),
      );
    });
    messaging.serve('PAXOS_PROPOSE_REQ', (message, from) => {
      paxosStore.propose(message.payload, message.payload.proposal, (accepted) =>
        messaging.respond(message, from, 'PAXOS_PROPOSE_RSP', accepted),
      );
    });
  }

  private serveSecond(): void {
    const { messaging, paxosStore, store } = this.parts;
    messaging.serve('PAXOS2_PREPARE_REQ', (message, from) => {
      this.prepare(message.payload, message, from, 'PAXOS2_PREPARE_RSP');
    });
    messaging.serve('PAXOS2_COMMIT_AND_PREPARE_REQ', (message, from) => {
      const { prepare, proposal } = message.payload;
      this.commit(prepare, proposal, (failure) => {
        if (failure !== null) messaging.fail(message, from, failure);
        else this.prepare(prepare, message, from, 'PAXOS2_COMMIT_AND_PREPARE_RSP');
      });
    });
    messaging.serve('PAXOS2_PREPARE_REFRESH_REQ', (message, from) => {
      const { payload } = message;
      this.commit(payload, payload.proposal, (failure) => {
        if (failure !== null) {
          messaging.fail(message, from, failure);
          return;
        }
        const latest = latestWitnessed(paxosStore.current(payload));
        const isRescinded = compareBallots(latest, payload.promised) > 0;
        const supersededBy = isRescinded ? latest : null;
        messaging.respond(message, from, 'PAXOS2_PREPARE_REFRESH_RSP', { supersededBy });
      });
    });
    messaging.serve('PAXOS2_PROPOSE_REQ', (message, from) => {
      paxosStore.accept(message.payload, message.payload.proposal, (supersededBy) =>
        messaging.respond(message, from, 'PAXOS2_PROPOSE_RSP', { supersededBy }),
      );
    });
    messaging.serve('PAXOS2_COMMIT_REMOTE_REQ', (message, from) => {
      applyAcknowledged(store, message.payload, (failure) => {
        if (failure === null) messaging.respond(message, from, 'PAXOS2_COMMIT_REMOTE_RSP', null);
        else messaging.fail(message, from, failure);
      });
    });
  }

  private commit(
    at: PaxosKey,
    proposal: Proposal,
    done: (failure: FailureReason | null) => void,
  ): void {
    const { store, paxosStore } = this.parts;
    const failure = proposal.mutation === null ? null : store.apply(proposal.mutation);
    if (failure === null) paxosStore.commit(at, proposal, () => done(null));
    else done(failure);
  }

  private prepare(
    request: Prepare2Request,
    message: Message,
    from: Endpoint,
    verb: 'PAXOS2_PREPARE_RSP' | 'PAXOS2_COMMIT_AND_PREPARE_RSP',
  ): void {
    const { messaging, paxosStore } = this.parts;
    const same = this.compareElectorates(request);
    if (same === null) {
      messaging.fail(message, from, 'UNKNOWN');
      return;
    }
    paxosStore.promise(request, request.ballot, request.isWrite, (result) => {
      const response = this.answer(request, result, !same);
      if (typeof response === 'string') messaging.fail(message, from, response);
      else messaging.respond(message, from, verb, response);
    });
  }

  /** Null: this node is no voter, or has nothing to read for the request. */
  private compareElectorates({ electorate, keyspace, key, read }: Prepare2Request): boolean | null {
    const { plans, schema, messaging } = this.parts;
    const metadata = schema.current.keyspaces.get(keyspace);
    if (metadata === undefined) return null;
    const { level } = electorate;
    const mine = electorateOf(plans.input(metadata, key, level, { sorted: false }), level);
    const { self } = messaging;
    const isVoter = mine.natural.includes(self) || (read === null && mine.pending.includes(self));
    return isVoter ? isSameElectorate(mine, electorate) : null;
  }

  /** Reads after the promise is durable, and looks again whether a write came under way meanwhile. */
  private answer(
    request: Prepare2Request,
    result: MaybePromise,
    electorateDiffers: boolean,
  ): Prepare2Response | FailureReason {
    if (result.kind === 'reject') return { kind: 'rejected', supersededBy: result.latest };
    const after = result.kind === 'promise' ? result.after : result.before;
    let stable = isFinished(result.before);
    let partitions: readonly PartitionData[] | null = null;
    if (request.read !== null) {
      const content = this.parts.store.read(request.read);
      if (content.kind === 'failure') return content.reason;
      partitions = content.partitions;
      if (stable) {
        const now = this.parts.paxosStore.current(request);
        const { promisedWrite, accepted, committed } = after;
        stable =
          compareBallots(now.promisedWrite, promisedWrite) === 0 &&
          now.accepted === accepted &&
          now.committed === committed;
      }
    }
    const promised = result.kind === 'promise';
    const { accepted, committed } = after;
    const supersededBy = promised ? null : latestWitnessed(after);
    return {
      kind: 'permitted',
      promised,
      accepted,
      committed,
      partitions,
      stable,
      electorateDiffers,
      supersededBy,
    };
  }
}
