// A bare version 4 client over node:net, for load from another process: it keeps a fixed number of
// EXECUTEs in flight on each connection and measures every one. No policies, no retries, no
// metadata. Used by `bench`. Test: test/server/raw-client.test.ts

import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { build, type Histogram } from 'hdr-histogram-js';
import type { BoundValue } from '../protocol/bound-value.ts';
import { BodyWriter } from '../protocol/body-writer.ts';
import { ByteQueue } from '../protocol/byte-queue.ts';
import type { Frame } from '../protocol/frame.ts';
import { FRAME_HEADER_BYTES } from '../protocol/frame.ts';
import { OPCODES } from '../protocol/opcode.ts';
import type { QueryParameters } from '../protocol/query-parameters.ts';
import { DEFAULT_PARAMETERS } from '../protocol/query-parameters.ts';
import type { RequestMessage } from '../protocol/requests/request.ts';
import { encodeRequest, PLAIN_HEADER } from '../protocol/requests/request.ts';
import type { PreparedResult } from '../protocol/responses/prepared.ts';
import type { ResponseMessage } from '../protocol/responses/response.ts';
import { decodeResponse } from '../protocol/responses/response.ts';

const VERSION = 4;
const STREAMS_MAX = 32768;

export interface RawClientOptions {
  readonly address: string;
  readonly port: number;
}

export interface ExecuteManyOptions {
  readonly statement: PreparedResult;
  readonly parameters: Pick<QueryParameters, 'consistency'>;
  /** How many EXECUTEs are sent in all. */
  readonly count: number;
  /** How many are in flight at once, at most 32768. */
  readonly inFlight: number;
  /** The values of the `index`th. */
  readonly values: (index: number) => readonly BoundValue[];
}

export interface ExecuteManyResult {
  readonly succeeded: number;
  readonly failed: number;
  /** Answers by error code and text, the first few texts of each. */
  readonly errors: ReadonlyMap<string, number>;
  readonly elapsedMs: number;
  /** Microseconds. */
  readonly latencyMicros: Histogram;
}

export class RawClient {
  private readonly socket: Socket;
  private readonly queue = new ByteQueue();
  private readonly waiting: (((frame: Frame) => void) | undefined)[] = [];
  private readonly output = new BodyWriter();
  private onError: (error: Error) => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.onData(chunk));
    socket.on('error', (error) => this.onError(error));
    socket.on('close', () => this.onError(new Error('the node closed the connection')));
  }

  /**
   * Connects and sends STARTUP. Rejects when the node cannot be reached or wants authentication.
   */
  static async connect(options: RawClientOptions): Promise<RawClient> {
    const { address, port } = options;
    const socket = connect({ host: address, port });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const client = new RawClient(socket);
    const startup = new Map([
      ['CQL_VERSION', '3.0.0'],
      ['DRIVER_NAME', 'starfish raw client'],
    ]);
    const answer = await client.request({ kind: 'startup', options: startup });
    if (answer.kind !== 'ready') throw new Error(`STARTUP was answered with ${describe(answer)}`);
    return client;
  }

  /** Sends one request and waits for its answer. */
  request(message: RequestMessage): Promise<ResponseMessage> {
    return new Promise((resolve, reject) => {
      this.onError = reject;
      this.waiting[0] = (frame) => resolve(decodeResponse(frame).response);
      encodeRequest(this.output, message, { version: VERSION, stream: 0 });
      this.flush();
    });
  }

  /** Runs a statement by text. Rejects when the answer is an error. */
  async query(query: string): Promise<ResponseMessage> {
    const parameters = DEFAULT_PARAMETERS;
    const answer = await this.request({ kind: 'query', ...PLAIN_HEADER, query, parameters });
    if (answer.kind === 'error') throw new Error(`${query}: ${describe(answer)}`);
    return answer;
  }

  /** Runs a statement by text at a level; an error is an answer like any other. */
  queryAt(query: string, consistency: QueryParameters['consistency']): Promise<ResponseMessage> {
    const parameters = { ...DEFAULT_PARAMETERS, consistency };
    return this.request({ kind: 'query', ...PLAIN_HEADER, query, parameters });
  }

  async prepare(query: string): Promise<PreparedResult> {
    const answer = await this.request({ kind: 'prepare', ...PLAIN_HEADER, query, keyspace: null });
    if (answer.kind !== 'prepared') throw new Error(`${query}: ${describe(answer)}`);
    return answer;
  }

  /**
   * Executes a prepared statement `count` times, `inFlight` at once. An error answer counts, a
   * broken connection rejects.
   */
  executeMany(options: ExecuteManyOptions): Promise<ExecuteManyResult> {
    const { statement, count, values } = options;
    const parameters = { ...DEFAULT_PARAMETERS, ...options.parameters };
    const streams = Math.min(options.inFlight, count, STREAMS_MAX);
    const latencyMicros = build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: 60_000_000,
      numberOfSignificantValueDigits: 3,
    });
    const errors = new Map<string, number>();
    const sentAt = new Float64Array(streams);
    const { id } = statement;
    let sent = 0;
    let answered = 0;
    let failed = 0;
    const send = (stream: number): void => {
      sentAt[stream] = performance.now();
      const withValues = { ...parameters, values: values(sent++) };
      encodeRequest(
        this.output,
        { kind: 'execute', ...PLAIN_HEADER, id, resultMetadataId: null, parameters: withValues },
        { version: VERSION, stream },
      );
    };
    return new Promise((resolve, reject) => {
      this.onError = reject;
      const startedAt = performance.now();
      const receive = (frame: Frame): void => {
        const { stream } = frame;
        latencyMicros.recordValue(
          Math.max(1, Math.round((performance.now() - (sentAt[stream] ?? 0)) * 1000)),
        );
        answered++;
        if (frame.opcode === OPCODES.ERROR) {
          failed++;
          const text = describe(decodeResponse(frame).response);
          errors.set(text, (errors.get(text) ?? 0) + 1);
        }
        if (sent < count) send(stream);
        if (answered < count) return;
        const elapsedMs = performance.now() - startedAt;
        resolve({ succeeded: answered - failed, failed, errors, elapsedMs, latencyMicros });
      };
      for (let stream = 0; stream < streams; stream++) {
        this.waiting[stream] = receive;
        send(stream);
      }
      this.flush();
    });
  }

  close(): void {
    this.onError = () => undefined;
    this.socket.destroy();
  }

  private onData(chunk: Buffer): void {
    const { queue } = this;
    queue.push(chunk);
    while (queue.length >= FRAME_HEADER_BYTES) {
      const frameBytes = FRAME_HEADER_BYTES + queue.uint32At(5);
      if (queue.length < frameBytes) break;
      const flags = queue.at(1);
      const stream = queue.int16At(2);
      const opcode = queue.at(4);
      const body = queue.take(frameBytes, FRAME_HEADER_BYTES);
      this.waiting[stream]?.({ version: VERSION, flags, stream, opcode, body });
    }
    this.flush();
  }

  private flush(): void {
    const { output } = this;
    if (output.length === 0) return;
    this.socket.write(output.written());
    // The kernel may still want the bytes: they are not written over.
    if (this.socket.writableLength > 0) output.bytes = Buffer.allocUnsafeSlow(output.bytes.length);
    output.length = 0;
  }
}

function describe(response: ResponseMessage): string {
  if (response.kind !== 'error') return response.kind;
  return `${response.error.code}: ${response.error.message}`;
}
