// A dialogue with a connection machine: bytes in, bytes out, statements answered with VOID.

import { BodyWriter } from '../../src/protocol/body-writer.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import type { CompressionCodecs } from '../../src/protocol/compression.ts';
import type { ProtocolVersion } from '../../src/protocol/protocol-version.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import type { RequestMessage } from '../../src/protocol/requests/request.ts';
import { encodeRequest, PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import type { ResponseMessage } from '../../src/protocol/responses/response.ts';
import { decodeResponse } from '../../src/protocol/responses/response.ts';
import { supportedOptions } from '../../src/protocol/responses/supported.ts';
import { loadCompressionCodecs } from '../../src/server/compression-codecs.ts';
import { Connection } from '../../src/server/connection.ts';
import type { StartupResult } from '../../src/server/node-port.ts';
import { frames, inSegments } from '../protocol/envelopes.ts';

export const codecs = loadCompressionCodecs();

interface Dialogue {
  readonly connection: Connection;
  /** Sends bytes and returns all bytes the machine answered; statements are answered VOID. */
  send(bytes: Buffer): Buffer;
  isClosed(): boolean;
}

export function dialogue(
  verdict: StartupResult = { kind: 'ready' },
  withCodecs: CompressionCodecs = codecs,
): Dialogue {
  const state = newClientState({ id: 0xabcd, remoteAddress: '127.0.0.1', remotePort: 4242 });
  const connection = new Connection(state, {
    maxFrameBytes: 1 << 24,
    maxMessageBytes: 1 << 22,
    allowOlderProtocols: true,
    consecutiveErrorsMax: 1,
    codecs: withCodecs,
    supported: supportedOptions(withCodecs),
    lendBuffer: () => Buffer.allocUnsafe(64),
  });
  let closed = false;
  return {
    connection,
    isClosed: () => closed,
    send(bytes) {
      connection.receive(bytes);
      const out: Buffer[] = [];
      for (let event = connection.next(); event !== null; event = connection.next()) {
        if (event.kind === 'startup') connection.answerStartup(event.stream, verdict);
        if (event.kind === 'statement') connection.reply(event.stream, { kind: 'void' });
        if (event.kind === 'close') closed = true;
        if (event.kind === 'auth-response') {
          const error = { code: 'BAD_CREDENTIALS', message: 'no' } as const;
          const good = event.token?.toString() === 'good';
          connection.answerAuthentication(
            event.stream,
            good ? { kind: 'success', token: null } : { kind: 'error', error },
          );
        }
      }
      const taken = connection.takeOutput();
      if (taken !== null) out.push(Buffer.from(taken.bytes));
      return Buffer.concat(out);
    },
  };
}

export function encoded(message: RequestMessage, version: ProtocolVersion, stream = 1): Buffer {
  const writer = new BodyWriter();
  encodeRequest(writer, message, { version, stream });
  return Buffer.from(writer.written());
}

export function startup(
  options: Readonly<Record<string, string>> = { CQL_VERSION: '3.0.0' },
): RequestMessage {
  return { kind: 'startup', options: new Map(Object.entries(options)) };
}

export const OPTIONS: RequestMessage = { kind: 'options' };
export const QUERY: RequestMessage = {
  kind: 'query',
  ...PLAIN_HEADER,
  query: 'x',
  parameters: DEFAULT_PARAMETERS,
};

export function segmented(...envelopes: readonly Buffer[]): Buffer {
  return inSegments(envelopes, null);
}

/** As raw-checks.txt prints replies. */
export function printed(response: ResponseMessage): string {
  if (response.kind !== 'error') return response.kind.toUpperCase().replace('-', '_');
  return `${response.error.code} '${response.error.message}'`;
}

export function replies(bytes: Buffer): string[] {
  return frames(bytes).map((frame) => printed(decodeResponse(frame).response));
}

/** A frame without a body on stream 9. */
export function opcodeFrame(version: number, opcode: number): Buffer {
  return Buffer.from([version, 0, 0, 9, opcode, 0, 0, 0, 0]);
}
