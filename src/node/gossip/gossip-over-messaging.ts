// Joins a gossiper to a node's messaging: its verbs served, its transport made of tell and ask.
// Test: test/gossip/gossiper.test.ts.

import type { MessagePayloads } from '../messaging/message.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { Gossiper } from './gossiper.ts';
import type { GossipTransport } from './gossip-messages.ts';

export function gossipTransport(messaging: Messaging): GossipTransport {
  return {
    self: messaging.self,
    tell: (to, verb, payload) => messaging.tell(to, verb, payload as MessagePayloads[typeof verb]),
    echo: (to, done) => messaging.ask(to, 'ECHO_REQ', null, (answer) => done(answer !== null)),
  };
}

/** Serves the gossip verbs. An echo is answered while gossip runs: that is what makes this node alive to others. */
export function serveGossip(messaging: Messaging, gossiper: Gossiper): void {
  messaging.serve('GOSSIP_DIGEST_SYN', (message, from) => gossiper.onSyn(from, message.payload));
  messaging.serve('GOSSIP_DIGEST_ACK', (message, from) => gossiper.onAck(from, message.payload));
  messaging.serve('GOSSIP_DIGEST_ACK2', (message, from) => gossiper.onAck2(from, message.payload));
  messaging.serve('GOSSIP_SHUTDOWN', (message, from) => gossiper.onShutdown(from, message.payload));
  messaging.serve('ECHO_REQ', (message, from) => {
    if (gossiper.isEnabled) messaging.respond(message, from, 'ECHO_RSP', null);
  });
}
