// What a node knows of one client connection. The query layer reads it and writes keyspace, user
// and the last timestamp; the rest is the connection's. system_views.clients lists it. Cassandra:
// service/ClientState.java.

import type { ProtocolVersion } from './protocol-version.ts';

export type ConnectionStage = 'ESTABLISHED' | 'AUTHENTICATING' | 'READY';

export interface ClientState {
  /** Unique among a server's connections. */
  readonly id: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  stage: ConnectionStage;
  /** Meaningful from STARTUP on. */
  protocolVersion: ProtocolVersion;
  /** Set by USE; null: statements must name their keyspace. */
  keyspace: string | null;
  /** Role name; null: anonymous. */
  user: string | null;
  driverName: string | null;
  driverVersion: string | null;
  /** Everything STARTUP said, keys in upper case. */
  options: ReadonlyMap<string, string>;
  /** Microseconds; keeps this connection's generated timestamps rising. */
  lastTimestampMicros: number;
  requestCount: number;
}

export const NO_OPTIONS: ReadonlyMap<string, string> = new Map<string, string>();

export function newClientState(
  remote: Pick<ClientState, 'id' | 'remoteAddress' | 'remotePort'>,
): ClientState {
  const { id, remoteAddress, remotePort } = remote;
  return {
    id,
    remoteAddress,
    remotePort,
    stage: 'ESTABLISHED',
    protocolVersion: 5,
    keyspace: null,
    user: null,
    driverName: null,
    driverVersion: null,
    options: NO_OPTIONS,
    lastTimestampMicros: 0,
    requestCount: 0,
  };
}
