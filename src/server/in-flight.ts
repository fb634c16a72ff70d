// Counts the bytes of requests being executed, for each client address and for all clients of a
// server. Cassandra: transport/ClientResourceLimits.java. Test: test/server/in-flight.test.ts

import type { TransportLimits } from './transport-limits.ts';

/** One client address: its connections and its bytes. Kept while it has connections. */
export interface ClientAddress {
  readonly address: string;
  connections: number;
  bytes: number;
}

type Limits = Pick<
  TransportLimits,
  | 'native_transport_max_request_data_in_flight'
  | 'native_transport_max_request_data_in_flight_per_ip'
>;

export class InFlight {
  private readonly limits: Limits;
  private readonly addresses = new Map<string, ClientAddress>();
  private bytes = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** The counter of an address, with one connection more. */
  connect(address: string): ClientAddress {
    let client = this.addresses.get(address);
    if (client === undefined) {
      client = { address, connections: 0, bytes: 0 };
      this.addresses.set(address, client);
    }
    client.connections++;
    return client;
  }

  disconnect(client: ClientAddress): void {
    client.connections--;
    if (client.connections === 0 && client.bytes === 0) this.addresses.delete(client.address);
  }

  connections(address: string): number {
    return this.addresses.get(address)?.connections ?? 0;
  }

  /** Whether `more` bytes fit; 0: whether the limits are kept now. */
  fits(client: ClientAddress, more: number): boolean {
    return (
      client.bytes + more <= this.limits.native_transport_max_request_data_in_flight_per_ip &&
      this.bytes + more <= this.limits.native_transport_max_request_data_in_flight
    );
  }

  /** Counts a request, whether it fits or not. */
  acquire(client: ClientAddress, bytes: number): void {
    client.bytes += bytes;
    this.bytes += bytes;
  }

  release(client: ClientAddress, bytes: number): void {
    client.bytes -= bytes;
    this.bytes -= bytes;
    if (client.connections === 0 && client.bytes === 0) this.addresses.delete(client.address);
  }

  /** The text of OVERLOADED. The missing blank is Cassandra's. */
  overloadText(client: ClientAddress): string {
    const endpointLimit = this.limits.native_transport_max_request_data_in_flight_per_ip;
    const globalLimit = this.limits.native_transport_max_request_data_in_flight;
    return (
      'Request breached limit on bytes in flight. ' +
      `(Endpoint: ${client.bytes}/${endpointLimit} bytes, ` +
      `Global: ${this.bytes}/${globalLimit} bytes.)` +
      'Server is currently in an overloaded state and cannot accept more requests.'
    );
  }
}
