// READY: the answer to STARTUP without authentication, and to REGISTER. Its body is empty.
// Cassandra: transport/messages/ReadyMessage.java.

export interface ReadyResponse {
  readonly kind: 'ready';
}

export const READY: ReadyResponse = Object.freeze({ kind: 'ready' });

export function encodeReady(): void {
  // Nothing to write.
}

export function decodeReady(): ReadyResponse {
  return READY;
}
