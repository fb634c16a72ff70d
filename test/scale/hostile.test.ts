// Clients that mean no good, or nothing at all, against a running cluster: each gets a clear error or a closed
// connection, memory stays within bounds, and everybody else is served on.

import type { Socket } from 'node:net';
import { connect } from 'node:net';
import cassandra from 'cassandra-driver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningCluster } from '../../src/index.ts';
import { startCluster } from '../../src/index.ts';
import { freeBlock } from '../free-block.ts';
import { int } from '../int-bytes.ts';

const BLOCK = await freeBlock();
const NODE = `${BLOCK}.1.1`;
const MIB = 2 ** 20;
const SILENT = 2_000;

const OPCODE = { error: 0x00, startup: 0x01, ready: 0x02, query: 0x07, result: 0x08 };
const STARTUP_BODY = Buffer.concat([short(1), text('CQL_VERSION'), text('3.0.0')]);

function short(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function text(value: string): Buffer {
  return Buffer.concat([short(value.length), Buffer.from(value)]);
}

function frame(opcode: number, body: Buffer, stream = 0): Buffer {
  return Buffer.concat([
    Buffer.from([4, 0, stream >> 8, stream & 0xff, opcode]),
    int(body.length),
    body,
  ]);
}

/** A QUERY at ONE without values. */
function query(statement: Buffer | string, stream = 0): Buffer {
  const bytes = Buffer.from(statement);
  return frame(
    OPCODE.query,
    Buffer.concat([int(bytes.length), bytes, short(1), Buffer.from([0])]),
    stream,
  );
}

interface Answer {
  readonly opcode: number;
  readonly body: Buffer;
}

/** A version 4 connection by hand. */
class RawConnection {
  readonly socket: Socket;
  isClosed = false;
  private received = Buffer.alloc(0);
  private wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.wake();
    });
  }

  static async open(): Promise<RawConnection> {
    const socket = connect({ host: NODE, port: 9042 });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawConnection(socket);
  }

  static async started(): Promise<RawConnection> {
    const connection = await RawConnection.open();
    connection.socket.write(frame(OPCODE.startup, STARTUP_BODY));
    expect((await connection.answer())?.opcode).toBe(OPCODE.ready);
    return connection;
  }

  /** The next answer; null when the connection is closed instead. */
  async answer(): Promise<Answer | null> {
    for (;;) {
      const length = this.received.length < 9 ? Infinity : this.received.readInt32BE(5);
      if (this.received.length >= 9 + length) {
        const answer = {
          opcode: this.received[4] ?? -1,
          body: this.received.subarray(9, 9 + length),
        };
        this.received = this.received.subarray(9 + length);
        return answer;
      }
      if (this.isClosed) return null;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

function errorOf(answer: Answer | null): { readonly code: number; readonly message: string } {
  if (answer?.opcode !== OPCODE.error)
    throw new Error(`no error but ${JSON.stringify(answer?.opcode)}`);
  const length = answer.body.readUInt16BE(4);
  return { code: answer.body.readInt32BE(0), message: answer.body.toString('utf8', 6, 6 + length) };
}

function memoryMiB(): number {
  return process.memoryUsage().rss / MIB;
}

describe('a cluster of three', () => {
  let cluster: RunningCluster;
  let client: cassandra.Client;
  let key = 0;

  beforeAll(async () => {
    cluster = await startCluster({
      regions: { r: { zones: 3 } },
      schema: `CREATE KEYSPACE ks WITH replication = {'class': 'NetworkTopologyStrategy', 'r': 3}; CREATE TABLE ks.t (k int PRIMARY KEY, v blob);`,
      addressBlock: BLOCK,
    });
    client = new cassandra.Client({
      ...cluster.driverOptions('r'),
      queryOptions: { prepare: true, consistency: cassandra.types.consistencies.quorum },
    });
    await client.connect();
    for (let k = 0; k < 100; k++)
      await client.execute('INSERT INTO ks.t (k, v) VALUES (?, ?)', [k, Buffer.alloc(10_000, k)]);
  });
  afterAll(async () => {
    await client?.shutdown();
    await cluster?.stop();
  });

  /** An unmodified driver reads and writes as if nothing were. */
  async function expectOthersServed(): Promise<void> {
    for (let i = 0; i < 20; i++) {
      const k = 1_000 + key++;
      await client.execute('INSERT INTO ks.t (k, v) VALUES (?, ?)', [k, Buffer.from([i])]);
      const { rows } = await client.execute('SELECT v FROM ks.t WHERE k = ?', [k]);
      expect(rows[0]?.['v']).toEqual(Buffer.from([i]));
    }
  }

  test.each([
    [
      'a literal',
      Buffer.concat([
        Buffer.from('INSERT INTO ks.t (k, v) VALUES (1, 0x'),
        Buffer.alloc(10 * MIB, '0'),
        Buffer.from(')'),
      ]),
      OPCODE.result,
    ],
    [
      'a comment',
      Buffer.concat([
        Buffer.from('SELECT k FROM ks.t WHERE k = 1 /*'),
        Buffer.alloc(10 * MIB, 'x'),
        Buffer.from('*/'),
      ]),
      OPCODE.result,
    ],
    [
      'brackets',
      Buffer.concat([Buffer.from('SELECT k FROM ks.t WHERE k = '), Buffer.alloc(10 * MIB, '(')]),
      OPCODE.error,
    ],
    [
      'an unclosed string',
      Buffer.concat([Buffer.from("SELECT k FROM ks.t WHERE k = '"), Buffer.alloc(10 * MIB, 'x')]),
      OPCODE.error,
    ],
    ['zero bytes', Buffer.alloc(10 * MIB), OPCODE.error],
  ] as const)('a statement of 10 MB: %s', async (_what, statement, opcode) => {
    const connection = await RawConnection.started();
    connection.socket.write(query(statement));
    const others = expectOthersServed();
    const answer = await connection.answer();
    expect(answer?.opcode).toBe(opcode);
    if (opcode === OPCODE.error) expect(errorOf(answer).message.length).toBeLessThan(5_000);
    await others;
    // The connection is as good as before.
    connection.socket.write(query('SELECT k FROM ks.t WHERE k = 1'));
    expect((await connection.answer())?.opcode).toBe(OPCODE.result);
    connection.close();
  });

  test('a mutation above max_mutation_size is refused in words', async () => {
    const connection = await RawConnection.started();
    const half = Buffer.alloc(15 * MIB, '0');
    connection.socket.write(
      query(
        Buffer.concat([
          Buffer.from('INSERT INTO ks.t (k, v) VALUES (1, 0x'),
          half,
          Buffer.from(')'),
        ]),
      ),
    );
    expect([OPCODE.result, OPCODE.error]).toContain((await connection.answer())?.opcode);
    connection.close();
    await expectOthersServed();
  });

  async function sendMiB(connection: RawConnection, count: number): Promise<void> {
    const chunk = Buffer.alloc(MIB);
    for (let sent = 0; sent < count && !connection.isClosed; sent++) {
      await new Promise<void>((resolve) => connection.socket.write(chunk, () => resolve()));
    }
  }

  test('an oversized frame is discarded as it comes, and refused', async () => {
    const before = memoryMiB();
    const connection = await RawConnection.started();
    connection.socket.write(
      Buffer.concat([Buffer.from([4, 0, 0, 7, OPCODE.query]), int(100 * MIB)]),
    );
    await sendMiB(connection, 100);
    expect(errorOf(await connection.answer()).message).toBe(
      `Request is too big: length ${100 * MIB + 9} exceeds maximum allowed length ${16 * MIB}.`,
    );
    expect(memoryMiB() - before).toBeLessThan(100);
    connection.socket.write(query('SELECT k FROM ks.t WHERE k = 1'));
    expect((await connection.answer())?.opcode).toBe(OPCODE.result);
    connection.close();
    await expectOthersServed();
  });

  test('a frame of four gigabytes that never ends costs nothing', async () => {
    const before = memoryMiB();
    const connection = await RawConnection.started();
    connection.socket.write(Buffer.from([4, 0, 0, 0, OPCODE.query, 0xff, 0xff, 0xff, 0xff]));
    await sendMiB(connection, 100);
    expect(memoryMiB() - before).toBeLessThan(100);
    await expectOthersServed();
    connection.close();
  });

  test.each([
    ['a version that does not exist', Buffer.from([0x69, 0, 0, 0, 1, 0, 0, 0, 0])],
    ['an opcode that does not exist', frame(0x5f, Buffer.alloc(3))],
    [
      'a body that lies about its length',
      frame(OPCODE.query, Buffer.concat([int(2 ** 31 - 1), Buffer.from('SELECT')])),
    ],
    ['an empty body', frame(OPCODE.query, Buffer.alloc(0))],
    ['a response', Buffer.from([0x84, 0, 0, 0, 8, 0, 0, 0, 0])],
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ])('%s: an error or a closed connection', async (_what, bytes) => {
    const connection = await RawConnection.started();
    connection.socket.write(bytes);
    const answer = await connection.answer();
    if (answer !== null) expect(errorOf(answer).code).toBe(0x000a);
    connection.close();
    await expectOthersServed();
  });

  test('noise on a hundred connections', async () => {
    const connections = await Promise.all(Array.from({ length: 100 }, () => RawConnection.open()));
    let state = 12_345;
    const noise = (length: number): Buffer =>
      Buffer.from(
        Array.from(
          { length },
          () => (state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff) >> 16,
        ),
      );
    for (const { socket } of connections) socket.write(noise(2_000));
    await expectOthersServed();
    for (const connection of connections) connection.close();
  });

  test(`${SILENT} connections that say nothing`, async () => {
    const before = memoryMiB();
    const sockets: Socket[] = [];
    for (let open = 0; open < SILENT; open += 100) {
      const batch = await Promise.all(Array.from({ length: 100 }, () => RawConnection.open()));
      sockets.push(...batch.map(({ socket }) => socket));
    }
    await expectOthersServed();
    expect(sockets.filter((socket) => socket.destroyed)).toEqual([]);
    // Both ends are in this process.
    expect((memoryMiB() - before) / SILENT).toBeLessThan(0.06);
    for (const socket of sockets) socket.destroy();
    await expectOthersServed();
  });

  test('a client that asks and never reads', async () => {
    const before = memoryMiB();
    const socket = connect({ host: NODE, port: 9042 });
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.pause();
    socket.write(frame(OPCODE.startup, STARTUP_BODY));
    // Half a gigabyte of answers, were they all made.
    const ask = query('SELECT k, v FROM ks.t', 1);
    let asked = 0;
    while (asked < 500 && socket.writableLength < MIB) {
      socket.write(ask);
      asked++;
      if (asked % 50 === 0) await expectOthersServed();
    }
    await expectOthersServed();
    expect(memoryMiB() - before).toBeLessThan(250);
    socket.destroy();
    await expectOthersServed();
  });
});
