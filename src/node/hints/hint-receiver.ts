// Takes hints from other nodes: applies what belongs here, keeps what is for another host, passes on what this node no
// longer owns. Test: test/hints/hints.test.ts. Cassandra: hints/HintVerbHandler.

import type { Endpoint } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { WriteService } from '../coordinator/write-service.ts';
import type { Message } from '../messaging/message.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { LocalStore } from '../replica/local-store.ts';
import { applyAcknowledged } from '../replica/local-store.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Hints } from './hints.ts';

export interface HintReceiverParts {
  readonly messaging: Messaging;
  readonly cluster: ClusterState;
  readonly schema: SchemaView;
  readonly store: LocalStore;
  readonly hints: Hints;
  readonly writes: WriteService;
}

/** Serves HINT_REQ. */
export function serveHints(parts: HintReceiverParts): void {
  parts.messaging.serve('HINT_REQ', (message, from) => onHint(parts, message, from));
}

function onHint(parts: HintReceiverParts, message: Message<'HINT_REQ'>, from: Endpoint): void {
  const { messaging, cluster, schema, store, hints, writes } = parts;
  const { hostId, mutation } = message.payload;
  const accept = (): void => messaging.respond(message, from, 'HINT_RSP', null);
  const own = cluster.info(cluster.self)?.hostId;
  // A node that is still starting does not know itself yet: the sender keeps the hint.
  if (own === undefined) {
    messaging.fail(message, from, 'UNKNOWN');
    return;
  }
  if (own !== hostId) {
    hints.storeFor(hostId, mutation);
    accept();
    return;
  }
  const keyspace = schema.current.keyspaces.get(mutation.keyspace);
  if (keyspace === undefined) {
    accept();
    return;
  }
  const replication = cluster.replication(keyspace);
  const { key } = mutation;
  const isOwner =
    replication.natural(key).includes(cluster.self) ||
    replication.pending(key).includes(cluster.self);
  if (!isOwner) {
    writes.write(mutation, 'ANY', 'SIMPLE', null, () => accept());
    return;
  }
  applyAcknowledged(store, mutation, (failure) => {
    if (failure === null || failure === 'INCOMPATIBLE_SCHEMA') accept();
    else messaging.fail(message, from, failure);
  });
}
