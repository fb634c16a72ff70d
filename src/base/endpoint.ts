// A node's address in the ring. Here, below everything, because the ring, the ports and the node all speak of it.

/** `ip:storagePort`, as Cassandra's InetAddressAndPort prints it. */
export type Endpoint = string & { readonly __brand: 'Endpoint' };

export function endpoint(address: string, storagePort: number): Endpoint {
  return `${address}:${storagePort}` as Endpoint;
}
