// A node for the tests of the CQL edge: it answers statements by a table of texts and remembers
// what it was asked. Anything it does not know is VOID. Answers may be held back until the test
// lets them go.

import { NATIVE } from '../../src/data/cql-type.ts';
import type { CqlType } from '../../src/data/cql-type.ts';
import type { ClientState } from '../../src/protocol/client-state.ts';
import type { ClientRequest } from '../../src/protocol/requests/request.ts';
import type { ResponseExtras, StatementResponse } from '../../src/protocol/responses/response.ts';
import type {
  AuthResult,
  CqlNode,
  StartupResult,
  StatementDone,
} from '../../src/server/node-port.ts';

export interface FakeNode extends CqlNode {
  readonly requests: ClientRequest[];
  /** Statements that were not answered yet, when `hold` is set. */
  readonly held: (() => void)[];
  hold: boolean;
  password: string | null;
  answers: Map<string, StatementResponse>;
  extras: ResponseExtras | undefined;
}

const PREPARED_ID = Buffer.alloc(16, 0xab);
const METADATA_ID = Buffer.alloc(16, 0xcd);

export function table(
  columns: Readonly<Record<string, CqlType>>,
  rows: readonly (readonly (Buffer | null)[])[],
): StatementResponse {
  const specs = Object.entries(columns).map(([name, type]) => ({
    keyspace: 'ks',
    table: 't',
    name,
    type,
  }));
  return { kind: 'rows', metadata: { columns: specs }, rows };
}

export function fakeNode(): FakeNode {
  const node: FakeNode = {
    requests: [],
    held: [],
    hold: false,
    password: null,
    answers: new Map(),
    extras: undefined,
    startup(): StartupResult {
      if (node.password === null) return { kind: 'ready' };
      const authenticator = 'org.apache.cassandra.auth.PasswordAuthenticator';
      return { kind: 'authenticate', authenticator };
    },
    authenticate(client: ClientState, token: Buffer | null, done: (r: AuthResult) => void): void {
      const [, user = '', password = ''] = (token?.toString() ?? '').split('\0');
      if (password === node.password) {
        client.user = user;
        done({ kind: 'success', token: null });
      } else {
        const message = `Provided username ${user} and/or password are incorrect`;
        done({ kind: 'error', error: { code: 'BAD_CREDENTIALS', message } });
      }
    },
    execute(request: ClientRequest, client: ClientState, done: StatementDone): void {
      node.requests.push(request);
      const answer = (): void => done(answerOf(node, request, client), node.extras);
      if (node.hold) node.held.push(answer);
      else answer();
    },
  };
  return node;
}

function answerOf(node: FakeNode, request: ClientRequest, client: ClientState): StatementResponse {
  switch (request.kind) {
    case 'prepare':
      return {
        kind: 'prepared',
        id: PREPARED_ID,
        resultMetadataId: METADATA_ID,
        bindColumns: [{ keyspace: 'ks', table: 't', name: 'k', type: NATIVE.int }],
        partitionKeyIndexes: [0],
        resultColumns: [{ keyspace: 'ks', table: 't', name: 'k', type: NATIVE.int }],
      };
    case 'execute':
      return table({ k: NATIVE.int }, [[request.parameters.values[0] as Buffer]]);
    case 'query': {
      const use = /^USE "?(\w+)"?$/i.exec(request.query);
      if (use !== null) {
        client.keyspace = use[1] ?? null;
        return { kind: 'set-keyspace', keyspace: use[1] ?? '' };
      }
      return node.answers.get(request.query) ?? { kind: 'void' };
    }
    default:
      return { kind: 'void' };
  }
}
