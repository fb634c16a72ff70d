// TRUNCATE: every node of the ring must be up and say that its copy is empty. Test: test/traces/truncate*.trace.
// Cassandra: service/StorageProxy.truncateBlocking, TruncateResponseHandler.

import type { TableMetadata } from '../../data/schema.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { RequestContext, WriteDone } from './coordinator.ts';
import { truncateError } from './errors.ts';

/** Empties a table on all nodes; `done` is called once. A timeout leaves it unknown where it was emptied. */
export function truncateEverywhere(
  parts: { readonly messaging: Messaging; readonly cluster: ClusterState },
  table: TableMetadata,
  context: RequestContext,
  done: WriteDone,
): void {
  const { messaging, cluster } = parts;
  const nodes = cluster.endpoints();
  if (nodes.some((node) => !cluster.isAlive(node))) {
    done(truncateError('Cannot achieve consistency level ALL'));
    return;
  }
  let answered = 0;
  let isOver = false;
  context.trace?.event(
    `Enqueuing truncate messages to hosts ${nodes.map((n) => `/${n}`).join(',')}`,
  );
  const { keyspace, name } = table;
  for (const node of nodes) {
    messaging.ask(node, 'TRUNCATE_REQ', { keyspace, table: name }, (answer, reason) => {
      if (isOver) return;
      if (answer === null) {
        isOver = true;
        done(
          truncateError(
            reason === 'TIMEOUT'
              ? `Truncate timed out - received only ${answered} responses`
              : `Truncate failed on replica /${node}`,
          ),
        );
        return;
      }
      answered++;
      if (answered === nodes.length) {
        isOver = true;
        done(null);
      }
    });
  }
}
