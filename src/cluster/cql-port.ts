// The CQL port of one node: opened when the node is up, torn when it is killed, closed in order when it is drained. The
// edge between the synchronous core and the machine's sockets.

import { CqlServer } from '../server/cql-server.ts';
import type { ClientEvent } from '../protocol/responses/event.ts';
import { newClientState } from '../protocol/client-state.ts';
import { DEFAULT_PARAMETERS } from '../protocol/query-parameters.ts';
import { PLAIN_HEADER } from '../protocol/requests/request.ts';
import type { NodeConfig } from '../node/node-config.ts';
import type { TransportLimits } from '../server/transport-limits.ts';
import type { NodeHost } from './node-host.ts';

/** An address that cannot be had: `code` is the system's. */
export class PortProblem extends Error {
  override readonly name = 'PortProblem';
  readonly code: string;
  readonly address: string;
  readonly port: number;

  constructor(problem: {
    readonly code: string;
    readonly address: string;
    readonly port: number;
    readonly message: string;
  }) {
    super(problem.message);
    this.code = problem.code;
    this.address = problem.address;
    this.port = problem.port;
  }
}

export class CqlPort {
  private readonly host: NodeHost;
  private server: CqlServer | null = null;

  constructor(host: NodeHost) {
    this.host = host;
    host.transport = this;
  }

  serves(host: NodeHost): boolean {
    return this.host === host;
  }

  /** Whether clients are accepted. */
  get isOpen(): boolean {
    return this.server !== null;
  }

  /** Rejects with PortProblem. */
  async open(): Promise<void> {
    const { node, placement } = this.host;
    if (node === null || this.server !== null) return;
    const server = new CqlServer({
      node: node.cql,
      address: placement.address,
      port: placement.nativePort,
      limits: transportLimits(node.options.config),
    });
    const result = await server.listen();
    if (!result.ok) throw new PortProblem(result);
    this.server = server;
    node.cql.clients = () => server.clients();
    node.membership.setRpcReady(true);
  }

  broadcast(event: ClientEvent): void {
    this.server?.broadcast(event);
  }

  freeze(): void {
    this.server?.freeze();
  }

  thaw(): void {
    this.server?.thaw();
  }

  kill(): void {
    this.server?.kill();
    this.server = null;
  }

  async drain(): Promise<void> {
    this.host.node?.membership.setRpcReady(false);
    await this.server?.drain();
    this.server?.close();
    this.server = null;
  }

  /** Runs a statement inside the node, as a superuser's connection would. Rejects with the error's text. */
  execute(cql: string): Promise<void> {
    const { node } = this.host;
    if (node === null) return Promise.reject(new Error(`${this.host.placement.place} is down.`));
    const client = newClientState({ id: 0, remoteAddress: '127.0.0.1', remotePort: 0 });
    client.protocolVersion = 4;
    return new Promise((resolve, reject) => {
      node.cql.execute(
        { kind: 'query', ...PLAIN_HEADER, query: cql, parameters: DEFAULT_PARAMETERS },
        client,
        (response) => {
          if (response.kind === 'error') reject(new Error(`${response.error.message} (${cql})`));
          else resolve();
        },
      );
    });
  }
}

function transportLimits(config: NodeConfig): Partial<TransportLimits> {
  return {
    native_transport_max_frame_size: config.native_transport_max_frame_size,
    native_transport_max_message_size: config.max_mutation_size,
    native_transport_max_concurrent_connections: config.native_transport_max_concurrent_connections,
    native_transport_max_request_data_in_flight: config.native_transport_max_request_data_in_flight,
    native_transport_max_request_data_in_flight_per_ip:
      config.native_transport_max_request_data_in_flight_per_ip,
    native_transport_timeout: config.native_transport_timeout,
  };
}
