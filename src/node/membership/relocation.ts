// Data moved without a change of members: move (a single-token node takes another place) and rebuild (everything from
// another datacenter). Test: test/gossip/membership.test.ts.
// Cassandra: service/StorageService.java (move, rebuild), service/RangeRelocator.java.

import { CqlException } from '../../data/cql-error.ts';
import { parseToken, tokenText } from '../../ring/token.ts';
import type { Token } from '../../ring/token.ts';
import { STATUS, tokensValue } from '../gossip/endpoint-state.ts';
import type { OperationDone } from './departure.ts';
import { distributedKeyspaces } from './departure.ts';
import type { Membership } from './membership.ts';
import { movePlan, rebuildPlan } from './range-streaming.ts';
import type { StreamProgress } from './range-streaming.ts';

/** nodetool move <token>. */
export function move(membership: Membership, text: string, done: OperationDone): void {
  const { metadata, self, settings, gossiper, ports, cluster } = membership;
  const target = readToken(text);
  if (typeof target === 'string') {
    done(target);
    return;
  }
  if (metadata.ownerOf(target) !== undefined) {
    done(`target token ${tokenText(target)} is already owned by another node.`);
    return;
  }
  if (metadata.tokensOf(self).length > 1) {
    done('This node has more than one token and cannot be moved thusly.');
    return;
  }
  for (const { replication } of distributedKeyspaces(membership)) {
    if (cluster.pending(replication).rangesOf(self).length > 0) {
      done('data is currently moving to this node; unable to leave the ring');
      return;
    }
  }
  membership.mode = 'MOVING';
  gossiper.publish([['STATUS_WITH_PORT', `${STATUS.MOVING},${tokenText(target)}`]]);
  const finish = (): void => {
    membership.persist({ tokens: [target] });
    gossiper.publish([
      ['TOKENS', tokensValue([target])],
      ['STATUS_WITH_PORT', `${STATUS.NORMAL},${tokenText(target)}`],
    ]);
    membership.mode = 'NORMAL';
    done(null);
  };
  const fail = (error: string): void => {
    membership.mode = 'NORMAL';
    done(`Interrupted while waiting for stream/fetch ranges to finish: ${error}`);
  };
  ports.clock.after(settings.config.ring_delay, () => {
    const { datacenter, rack } = settings.identity;
    const moved = { endpoint: self, datacenter, rack, tokens: [target] };
    const strict = settings.consistentRangeMovement;
    const result = movePlan(membership.streamContext(), moved, { strict });
    if (!result.ok) fail(result.error);
    else if (result.plan.tasks.length === 0) finish();
    else {
      const { plan } = result;
      const ended = (error: string | null): void => (error === null ? finish() : fail(error));
      ports.hooks.repairPaxos('move', (error) => {
        if (error === null) ports.streaming.stream(plan, () => undefined, ended);
        else fail(error);
      });
    }
  });
}

/** nodetool rebuild [datacenter]: fetches everything this node replicates. */
export function rebuild(
  membership: Membership,
  datacenter: string | null,
  progress: (progress: StreamProgress) => void,
  done: OperationDone,
): void {
  const known = [...membership.cluster.ring.datacenters.keys()];
  if (datacenter !== null && !known.includes(datacenter)) {
    done(
      `Provided datacenter '${datacenter}' is not a valid datacenter, available datacenters are: ${known.join(',')}`,
    );
    return;
  }
  const result = rebuildPlan(membership.streamContext(), datacenter);
  if (!result.ok) {
    done(`Error while rebuilding node: ${result.error}`);
    return;
  }
  if (result.plan.tasks.length === 0) {
    done(null);
    return;
  }
  const { plan } = result;
  const { hooks, streaming } = membership.ports;
  const ended = (error: string | null): void =>
    done(error === null ? null : `Error while rebuilding node: ${error}`);
  hooks.repairPaxos('rebuild', (error) => {
    if (error === null) streaming.stream(plan, progress, ended);
    else ended(error);
  });
}

/** The token, or the refusal. */
function readToken(text: string): Token | string {
  try {
    return parseToken(text);
  } catch (error) {
    if (error instanceof CqlException) return error.message;
    throw error;
  }
}
