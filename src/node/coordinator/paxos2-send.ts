// Sends one round of Paxos v2 and brings it its answers as long as it is not over. Knows nothing of what they mean.
// Test: test/traces/paxos-v2-*.trace. Cassandra: service/paxos/PaxosRequestCallback.

import type { Endpoint } from '../../world/ports.ts';
import type { Message } from '../messaging/message.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { RequestVerb } from '../messaging/verb.ts';
import type { NodeConfig } from '../node-config.ts';
import type { Trace } from './coordinator.ts';
import type { Prepare2Round, Propose2Round } from './paxos2-rounds.ts';

export interface SentRound<V extends RequestVerb> {
  readonly round: Prepare2Round | Propose2Round;
  readonly verb: V;
  readonly contacts: readonly Endpoint[];
  readonly payloadFor: (node: Endpoint) => Message['payload'];
  readonly onResponse: (from: Endpoint, message: Message) => void;
}

/** Answers are awaited for the verb's time; the operation's own deadline may come earlier. */
export function sendRound<V extends RequestVerb>(
  parts: { readonly messaging: Messaging; readonly config: NodeConfig },
  { round, verb, contacts, payloadFor, onResponse }: SentRound<V>,
  trace: Trace | null,
): void {
  const { messaging, config } = parts;
  const exchange = messaging.open(
    {
      onResponse: (_, from, message) => {
        onResponse(from, message);
        if (round.isOver) messaging.close(exchange);
      },
      onFailure: (_, from, reason) => {
        round.onFailure(from, reason);
        if (round.isOver) messaging.close(exchange);
      },
      onExpired: () => round.onExpired(),
    },
    null,
    config.write_request_timeout,
  );
  for (const node of contacts) {
    const payload = payloadFor(node) as Message<V>['payload'];
    messaging.request(exchange, node, verb, payload, trace);
  }
}
