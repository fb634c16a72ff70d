// The nodes behind the facts, as the real ones were: one without users and everything switched on, one with users and
// the defaults, three in a ring. Ours are asked through their CQL ports, by a client that hides nothing.

import { afterAll, beforeAll } from 'vitest';
import { required } from '../../src/base/assert.ts';
import type { QueryParameters } from '../../src/protocol/query-parameters.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import type { RequestMessage } from '../../src/protocol/requests/request.ts';
import { PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import type { PreparedResult } from '../../src/protocol/responses/prepared.ts';
import type { DecodedResponse, ResponseMessage } from '../../src/protocol/responses/response.ts';
import type { RowsResult } from '../../src/protocol/responses/rows.ts';
import { Connection } from '../cql/connection.ts';
import { place, startNodes } from '../cql/our-server.ts';
import { REAL_SETTINGS } from '../cql/real-server.ts';
import { freeBlock } from '../free-block.ts';
import { recordedSetup } from '../read-facts.ts';
import { systemRows } from '../schema/system-rows.ts';

const PORT = 9042;

/** The recorded setup; keyspace e is in use behind it. */
export const SETUP = recordedSetup();

/** One connection to a node. */
export class FactClient {
  private readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  send(request: RequestMessage): Promise<DecodedResponse> {
    return this.connection.send(request);
  }

  query(cql: string, parameters: Partial<QueryParameters> = {}): Promise<DecodedResponse> {
    return this.send({
      kind: 'query',
      ...PLAIN_HEADER,
      query: cql,
      parameters: { ...DEFAULT_PARAMETERS, ...parameters },
    });
  }

  /** Runs statements that must work. */
  async setUp(...statements: readonly string[]): Promise<void> {
    for (const cql of statements) {
      const { response } = await this.query(cql);
      if (response.kind === 'error') throw new Error(`${cql}: ${response.error.message}`);
    }
  }

  /** The rows of a SELECT that must work. */
  async rows(cql: string, parameters: Partial<QueryParameters> = {}): Promise<RowsResult> {
    const { response } = await this.query(cql, parameters);
    return rowsOf(cql, response);
  }

  async prepare(cql: string): Promise<PreparedResult> {
    const { response } = await this.send({
      kind: 'prepare',
      ...PLAIN_HEADER,
      query: cql,
      keyspace: null,
    });
    if (response.kind !== 'prepared') throw new Error(`${cql}: ${JSON.stringify(response)}`);
    return response;
  }

  execute(
    { id, resultMetadataId }: PreparedResult,
    parameters: Partial<QueryParameters>,
  ): Promise<DecodedResponse> {
    return this.send({
      kind: 'execute',
      ...PLAIN_HEADER,
      id,
      resultMetadataId,
      parameters: { ...DEFAULT_PARAMETERS, ...parameters },
    });
  }

  close(): void {
    this.connection.close();
  }
}

export function rowsOf(cql: string, response: ResponseMessage): RowsResult {
  if (response.kind === 'rows') return response;
  throw new Error(`${cql}: ${response.kind === 'error' ? response.error.message : response.kind}`);
}

export interface FactNode {
  /** `127.123`: takes the place of the recorded 127.0. */
  readonly block: string;
  /** Connects to a node by its number; without a user to one that asks for none. Rejects when it is refused. */
  connect(options?: {
    readonly node?: number;
    readonly version?: 3 | 4 | 5;
    readonly user?: string;
    readonly password?: string;
  }): Promise<FactClient>;
  stop(): Promise<void>;
}

interface NodeRows {
  readonly local: { readonly rows: readonly { readonly tokens: readonly string[] }[] };
  readonly peers: { readonly rows: readonly { readonly tokens: readonly string[] }[] };
}

const RINGS = systemRows<{
  readonly oneNode: NodeRows;
  readonly threeNodes: Readonly<Record<'127.0.1.1', NodeRows>>;
}>();

/** The tokens of a node, and of its peers in the order of their addresses. */
function tokensAround({ local, peers }: NodeRows): readonly (readonly string[])[] {
  return [...local.rows, ...peers.rows].map(({ tokens }) => tokens);
}

/** A node, or three over three racks, with the tokens of the recorded ones. */
export async function startFactNode(kind: 'plain' | 'users' | 'three'): Promise<FactNode> {
  const block = await freeBlock();
  const tokens = tokensAround(kind === 'three' ? RINGS.threeNodes['127.0.1.1'] : RINGS.oneNode);
  const stop = await startNodes({
    clusterName: 'peer',
    nodes: tokens.map((_, at) =>
      place({ address: `${block}.1.${at + 1}`, datacenter: 'dc1', rack: `rack${at + 1}` }),
    ),
    settings: kind === 'users' ? WITH_USERS : REAL_SETTINGS.plain.settings,
    tokens,
  });
  const connect: FactNode['connect'] = async (options = {}) => {
    const { node = 1, version = 5, user, password = '' } = options;
    const credentials = user === undefined ? null : { user, password };
    const address = `${block}.1.${node}`;
    const opened = await Connection.open({ address, port: PORT, version, credentials });
    if (opened instanceof Connection) return new FactClient(opened);
    throw new Error(JSON.stringify(opened.response));
  };
  return { block, connect, stop };
}

const WITH_USERS = {
  authenticator: 'PasswordAuthenticator',
  authorizer: 'CassandraAuthorizer',
} as const;

/** What a file of tests asks: there from before its first test to after its last. */
export interface PlainNode {
  readonly node: FactNode;
  readonly client: FactClient;
}

/** A plain node for a file of tests, and a client of it that runs these statements first. */
export function plainNode(...statements: readonly string[]): PlainNode {
  let started: PlainNode | null = null;
  beforeAll(async () => {
    const node = await startFactNode('plain');
    const client = await node.connect();
    started = { node, client };
    await client.setUp(...statements);
  });
  afterAll(() => started?.node.stop());
  return {
    get node() {
      return required(started, 'a node').node;
    },
    get client() {
      return required(started, 'a client').client;
    },
  };
}
