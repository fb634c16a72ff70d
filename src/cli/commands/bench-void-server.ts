// The void server of `bench`: answers PREPARE and EXECUTE with a constant, so that what sockets and frames cost alone is
// seen beside the real figures. Run as a child process: argv[2] is the address block.

import { CqlServer } from '../../server/cql-server.ts';
import type { CqlNode } from '../../server/node-port.ts';
import { NATIVE } from '../../data/cql-type.ts';

const VOID = { kind: 'void' } as const;
const column = { keyspace: 'bench', table: 'kv' };
const PREPARED = {
  kind: 'prepared',
  id: Buffer.alloc(16),
  resultMetadataId: Buffer.alloc(16),
  partitionKeyIndexes: [0],
  resultColumns: null,
  bindColumns: [
    { ...column, name: 'k', type: NATIVE.int },
    { ...column, name: 'v', type: NATIVE.blob },
  ],
} as const;

const node: CqlNode = {
  startup: () => ({ kind: 'ready' }),
  authenticate: (_client, _token, done) => done({ kind: 'success', token: null }),
  execute: (request, _client, done) => done(request.kind === 'prepare' ? PREPARED : VOID),
};

const block = process.argv[2] ?? '127.71';
const result = await new CqlServer({ node, address: `${block}.1.1`, port: 9042 }).listen();
process.send?.(result);
process.once('SIGTERM', () => process.exit(0));
