// A client of one connection and one request at a time, versions 3 to 5, for recordings. It hides
// nothing: what the node says comes back decoded, errors and warnings too.

import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { BodyWriter } from '../../src/protocol/body-writer.ts';
import { ByteQueue } from '../../src/protocol/byte-queue.ts';
import type { Frame } from '../../src/protocol/frame.ts';
import { FRAME_HEADER_BYTES } from '../../src/protocol/frame.ts';
import type { ProtocolVersion } from '../../src/protocol/protocol-version.ts';
import type { RequestMessage } from '../../src/protocol/requests/request.ts';
import { encodeRequest } from '../../src/protocol/requests/request.ts';
import type { DecodedResponse } from '../../src/protocol/responses/response.ts';
import { decodeResponse } from '../../src/protocol/responses/response.ts';
import { SegmentDecoder, SegmentWriter } from '../../src/protocol/segment.ts';

interface ConnectionOptions {
  readonly address: string;
  readonly port: number;
  readonly version: ProtocolVersion;
  /** null: none; the node must not ask. */
  readonly credentials: { readonly user: string; readonly password: string } | null;
}

const ANSWER_LIMIT_MS = 30_000;

export class Connection {
  private readonly socket: Socket;
  private readonly version: ProtocolVersion;
  private readonly frames = new ByteQueue();
  private readonly segments = new SegmentDecoder(new ByteQueue(), null);
  private framed = false;
  private onFrame: (frame: Frame) => void = () => undefined;
  private onEnd: (error: Error) => void = () => undefined;
  private ended: Error | null = null;

  private constructor(socket: Socket, version: ProtocolVersion) {
    this.socket = socket;
    this.version = version;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.onData(chunk));
    socket.on('error', (error) => this.end(error));
    socket.on('close', () => this.end(new Error('the node closed the connection')));
  }

  get isOpen(): boolean {
    return this.ended === null;
  }

  /** Connects and starts up. Resolves to the node's refusal when it is one. */
  static async open(options: ConnectionOptions): Promise<Connection | DecodedResponse> {
    const { address, port, version, credentials } = options;
    const socket = connect({ host: address, port });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const connection = new Connection(socket, version);
    const startup = new Map([['CQL_VERSION', '3.0.0']]);
    let answer = await connection.send({ kind: 'startup', options: startup });
    connection.framed = version >= 5;
    if (answer.response.kind === 'authenticate') {
      const { user, password } = credentials ?? { user: '', password: '' };
      const token = Buffer.from(`\0${user}\0${password}`);
      answer = await connection.send({ kind: 'auth-response', token });
    }
    if (answer.response.kind === 'ready' || answer.response.kind === 'auth-success')
      return connection;
    connection.close();
    return answer;
  }

  /** Sends a request and waits for its answer. Rejects when the connection ends or nothing comes. */
  send(request: RequestMessage): Promise<DecodedResponse> {
    if (this.ended !== null) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('no answer')), ANSWER_LIMIT_MS);
      this.onFrame = (frame) => {
        clearTimeout(limit);
        try {
          resolve(decodeResponse(frame));
        } catch (error) {
          reject(error);
        }
      };
      this.onEnd = (error) => {
        clearTimeout(limit);
        reject(error);
      };
      this.socket.write(this.encode(request));
    });
  }

  close(): void {
    this.onEnd = () => undefined;
    this.socket.destroy();
  }

  private encode(request: RequestMessage): Buffer {
    const output = new BodyWriter();
    const target = { version: this.version, stream: 0 };
    if (!this.framed) {
      encodeRequest(output, request, target);
      return Buffer.from(output.written());
    }
    const segments = new SegmentWriter(output, null);
    const start = segments.begin();
    encodeRequest(output, request, target);
    segments.end(start);
    segments.seal();
    return Buffer.from(output.written());
  }

  private onData(chunk: Buffer): void {
    if (!this.framed) this.frames.push(chunk);
    else this.unwrap(chunk);
    const { frames } = this;
    while (frames.length >= FRAME_HEADER_BYTES) {
      const frameBytes = FRAME_HEADER_BYTES + frames.uint32At(5);
      if (frames.length < frameBytes) return;
      const flags = frames.at(1);
      const stream = frames.int16At(2);
      const opcode = frames.at(4);
      const body = Buffer.from(frames.take(frameBytes, FRAME_HEADER_BYTES));
      if (stream >= 0) this.onFrame({ version: this.version, flags, stream, opcode, body });
    }
  }

  private unwrap(chunk: Buffer): void {
    this.segments.push(chunk);
    for (;;) {
      const event = this.segments.next();
      if (event === null) return;
      if (event.kind === 'corrupt')
        return this.end(new Error(`a segment's ${event.where} is damaged`));
      this.frames.push(Buffer.from(event.payload));
    }
  }

  private end(error: Error): void {
    this.ended ??= error;
    this.onEnd(error);
  }
}
