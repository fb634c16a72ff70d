// How nodes go: decommission (this node, with its data), removenode (a dead one, its data restored from the others),
// assassinate (a dead one, nothing restored). Test: test/gossip/membership.test.ts.
// Cassandra: service/StorageService.java (decommission, removeNode), gms/Gossiper.java (advertiseRemoving, assassinate).

import type { KeyspaceMetadata } from '../../data/schema.ts';
import { isDistributed, replicationFactorIn, replicationOf } from '../../ring/replication.ts';
import type { Endpoint } from '../../world/ports.ts';
import { STATUS } from '../gossip/endpoint-state.ts';
import { firstToken } from './join.ts';
import type { Membership } from './membership.ts';
import { gainersFrom, leavePlan, restorePlan } from './range-streaming.ts';

/** null: done. Otherwise the refusal or failure, in Cassandra's words. */
export type OperationDone = (error: string | null) => void;

const BATCHLOG_TIMEOUT_FACTOR = 2;
const REPORT_RETRY_ROUNDS = 10;

/** nodetool decommission: hands this node's data to its heirs and leaves. */
export function decommission(
  membership: Membership,
  options: { readonly force: boolean },
  done: OperationDone,
): void {
  const { config } = membership.settings;
  const { clock, hooks, streaming } = membership.ports;
  const { gossiper, metadata, self } = membership;
  if (membership.mode === 'DECOMMISSIONED') {
    done(null);
    return;
  }
  const refusal = refuseDecommission(membership, options.force);
  if (refusal !== null) {
    done(refusal);
    return;
  }
  const tokens = metadata.tokensOf(self);
  membership.mode = 'LEAVING';
  gossiper.publish([['STATUS_WITH_PORT', `${STATUS.LEAVING},${firstToken(tokens)}`]]);
  const fail = (error: string): void => {
    membership.mode = 'DECOMMISSION_FAILED';
    done(`Error while decommissioning node: ${error}`);
  };
  const announceLeft = (): void => {
    membership.persist({ bootstrapped: 'DECOMMISSIONED' });
    const expiresAtMs = gossiper.expiryForNow();
    metadata.remove(self);
    gossiper.publish([['STATUS_WITH_PORT', `${STATUS.LEFT},${firstToken(tokens)},${expiresAtMs}`]]);
    clock.after(Math.max(config.ring_delay, 2 * config.gossip_interval), () => {
      gossiper.stop();
      membership.mode = 'DECOMMISSIONED';
      done(null);
    });
  };
  const repairPaxos = (): void =>
    hooks.repairPaxos('decommission', (error) => {
      if (error === null) handOver();
      else fail(error);
    });
  const handOver = (): void =>
    hooks.replayBatchlog(() => {
      const plan = leavePlan(membership.streamContext());
      const afterStreams = (error: string | null): void => {
        if (error === null) hooks.transferHints(announceLeft);
        else fail(error);
      };
      if (plan.tasks.length === 0) afterStreams(null);
      else streaming.stream(plan, () => undefined, afterStreams);
    });
  const batchlogMs = BATCHLOG_TIMEOUT_FACTOR * config.write_request_timeout;
  clock.after(Math.max(config.ring_delay, batchlogMs), repairPaxos);
}

function refuseDecommission(membership: Membership, force: boolean): string | null {
  const { metadata, self, cluster } = membership;
  if (membership.mode === 'LEAVING')
    return 'Node is still decommissioning. Check nodetool netstats or nodetool info.';
  if (!metadata.isMember(self)) return 'local node is not a member of the token ring yet';
  const staying = cluster.ring.without(metadata.leaving());
  if (staying.members.length < 2 && staying.has(self)) {
    return 'no other normal nodes in the ring; decommission would be pointless';
  }
  if (membership.mode !== 'NORMAL' && membership.mode !== 'DECOMMISSION_FAILED') {
    return `Node in ${membership.mode} state; wait for status to become normal or restart`;
  }
  for (const keyspace of distributedKeyspaces(membership)) {
    if (!force) {
      const { rf, nodes } = localFactor(membership, keyspace);
      if (nodes <= rf && staying.has(self)) {
        return (
          `Not enough live nodes to maintain replication factor in keyspace ${keyspace.name} ` +
          `(RF = ${rf}, N = ${nodes}). Perform a forceful decommission to ignore.`
        );
      }
    }
    if (cluster.pending(keyspace.replication).rangesOf(self).length > 0) {
      return 'data is currently moving to this node; unable to leave the ring';
    }
  }
  return null;
}

function localFactor(
  { cluster, localDatacenter, metadata }: Membership,
  keyspace: KeyspaceMetadata,
): { rf: number; nodes: number } {
  const replication = replicationOf(keyspace.replication);
  const staying = cluster.ring.without(metadata.leaving());
  if (replication.kind !== 'network')
    return { rf: replication.total, nodes: staying.members.length };
  return {
    rf: replicationFactorIn(replication, localDatacenter),
    nodes: staying.datacenters.get(localDatacenter)?.endpoints.length ?? 0,
  };
}

export function distributedKeyspaces({ ports }: Membership): readonly KeyspaceMetadata[] {
  return [...ports.schema.current.keyspaces.values()].filter(
    (keyspace) => keyspace.kind === 'regular' && isDistributed(keyspace),
  );
}

/** What a coordinator of a removal is waiting for. */
interface Removal {
  readonly endpoint: Endpoint;
  readonly hostId: string;
  /** Nodes that have not restored their share yet; null until they have been told. */
  readonly waiting: Set<Endpoint>;
  readonly done: OperationDone;
}

/** Serves removals on one node, as coordinator and as heir. One object a membership. */
export class Removals {
  private readonly membership: Membership;
  private removal: Removal | null = null;

  constructor(membership: Membership) {
    this.membership = membership;
    membership.onRemoving = (gone, coordinatorId) => this.restore(gone, coordinatorId);
    const { messaging } = membership.ports;
    messaging.serve('REPLICATION_DONE_REQ', (message, from) => {
      messaging.respond(message, from, 'REPLICATION_DONE_RSP', null);
      this.onRestored(from);
    });
  }

  /** nodetool removenode <host id>: of a dead node. */
  removeNode(hostId: string, done: OperationDone): void {
    const { membership } = this;
    const { metadata, gossiper, self, settings } = membership;
    const endpoint = metadata.endpointOfHost(hostId);
    const refusal = this.refuse(endpoint);
    if (refusal !== null || endpoint === undefined) {
      done(refusal);
      return;
    }
    const heirs = [...gainersFrom(membership.streamContext(), endpoint)].filter((heir) =>
      membership.isAlive(heir),
    );
    this.removal = { endpoint, hostId, waiting: new Set(heirs), done };
    metadata.setLeaving(endpoint);
    const generation = gossiper.state(endpoint)?.generation;
    membership.ports.clock.after(settings.config.ring_delay, () => {
      if (gossiper.state(endpoint)?.generation !== generation) {
        this.removal = null;
        done(`Endpoint /${endpoint} generation changed while trying to remove it`);
        return;
      }
      gossiper.overrule(endpoint, [
        ['REMOVAL_COORDINATOR', `REMOVER,${metadata.hostId(self) ?? ''}`],
        ['STATUS_WITH_PORT', `${STATUS.REMOVING},${hostId}`],
      ]);
      this.checkComplete();
    });
  }

  /** nodetool removenode status. */
  status(): string {
    const { removal } = this;
    if (removal === null) return 'No token removals in process.';
    const tokens = this.membership.metadata.tokensOf(removal.endpoint);
    const waiting = [...removal.waiting].map((node) => `/${node}`).join(',');
    return `Removing token (${firstToken(tokens)}). Waiting for replication confirmation from [${waiting}].`;
  }

  /** nodetool removenode force: does not wait any more, for any node. */
  force(done: OperationDone): void {
    if (this.removal === null) {
      done("No nodes to force removal on, call 'removenode' first");
      return;
    }
    this.complete(this.removal);
    done(null);
  }

  private refuse(endpoint: Endpoint | undefined): string | null {
    const { membership, removal } = this;
    if (endpoint === undefined) return 'Host ID not found.';
    if (!membership.metadata.isMember(endpoint))
      return 'Node to be removed is not a member of the token ring';
    if (endpoint === membership.self) return 'Cannot remove self';
    if (membership.isAlive(endpoint)) {
      return `Node /${endpoint} is alive and owns this ID. Use decommission command to remove it from the ring`;
    }
    if (removal === null) return null;
    return (
      'This node is already processing a removal. Wait for it to complete, or use ' +
      "'removenode force' if this has failed."
    );
  }

  /** As an heir: fetches what this node gains, then tells the coordinator. */
  private restore(gone: Endpoint, coordinatorId: string): void {
    const { membership } = this;
    const plan = restorePlan(membership.streamContext(), gone);
    const report = (): void => this.report(coordinatorId, REPORT_RETRY_ROUNDS);
    if (plan.tasks.length === 0) report();
    else {
      membership.ports.streaming.stream(
        plan,
        () => undefined,
        (error) => {
          if (error === null) report();
        },
      );
    }
  }

  private report(coordinatorId: string, attempts: number): void {
    const { membership } = this;
    const coordinator = membership.metadata.endpointOfHost(coordinatorId);
    if (coordinator === membership.self) {
      this.onRestored(membership.self);
      return;
    }
    if (coordinator === undefined || attempts === 0) return;
    membership.ports.messaging.ask(coordinator, 'REPLICATION_DONE_REQ', null, (answer) => {
      if (answer === null) this.report(coordinatorId, attempts - 1);
    });
  }

  private onRestored(heir: Endpoint): void {
    this.removal?.waiting.delete(heir);
    this.checkComplete();
  }

  private checkComplete(): void {
    if (this.removal !== null && this.removal.waiting.size === 0) this.complete(this.removal);
  }

  private complete(removal: Removal): void {
    const { membership } = this;
    const { gossiper } = membership;
    this.removal = null;
    const expiresAtMs = gossiper.expiryForNow();
    gossiper.overrule(removal.endpoint, [
      ['STATUS_WITH_PORT', `${STATUS.REMOVED},${removal.hostId},${expiresAtMs}`],
    ]);
    removal.done(null);
  }
}

/** nodetool assassinate <address>: makes everybody forget a node that stays silent for the ring delay. */
export function assassinate(membership: Membership, endpoint: Endpoint, done: OperationDone): void {
  const { gossiper, metadata, settings, ports } = membership;
  const before = gossiper.state(endpoint);
  const generation = before?.generation ?? 0;
  const heartbeat = before?.heartbeat ?? 0;
  ports.clock.after(before === undefined ? 0 : settings.config.ring_delay, () => {
    const now = gossiper.state(endpoint);
    if (now !== undefined && before !== undefined) {
      if (now.generation !== generation) {
        done(
          `Endpoint still alive: /${endpoint} generation changed while trying to assassinate it`,
        );
        return;
      }
      if (now.heartbeat !== heartbeat) {
        done(`Endpoint still alive: /${endpoint} heartbeat changed while trying to assassinate it`);
        return;
      }
    }
    const tokens = firstToken(metadata.tokensOf(endpoint));
    const status = `${STATUS.LEFT},${tokens},${gossiper.expiryForNow()}`;
    if (now === undefined) gossiper.invent(endpoint);
    gossiper.overrule(endpoint, [['STATUS_WITH_PORT', status]]);
    ports.clock.after(4 * settings.config.gossip_interval, () => done(null));
  });
}
