// The first messages of four drivers, as recorded against a running Cassandra: our answers have the
// same opcodes, versions and error texts, and what each driver asked is understood. Frames are
// written by hand here.

import { describe, expect, test } from 'vitest';
import { CONSISTENCY_CODES } from '../../src/data/consistency.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import { NO_COMPRESSION } from '../../src/protocol/compression.ts';
import { opcodeName, OPCODES } from '../../src/protocol/opcode.ts';
import type { ClientRequest } from '../../src/protocol/requests/request.ts';
import { supportedOptions } from '../../src/protocol/responses/supported.ts';
import { Connection } from '../../src/server/connection.ts';
import { inSegments, outOfSegments } from '../protocol/envelopes.ts';
import { facts } from '../read-facts.ts';

interface Message {
  readonly connection: number;
  readonly direction: 'request' | 'response';
  readonly version: string;
  readonly opcode: keyof typeof OPCODES;
  readonly options?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly id?: string;
  readonly consistency?: keyof typeof CONSISTENCY_CODES;
  readonly flags?: string;
  readonly pageSize?: number;
  readonly events?: readonly string[];
  readonly message?: string;
}

const { clients } = facts<{ clients: Record<string, { client: string; messages: Message[] }> }>(
  'driver-startup.json',
);

function body(message: Message, version: number): Buffer {
  const out: Buffer[] = [];
  const uint = (value: number, size: number): void => {
    const bytes = Buffer.alloc(size);
    bytes.writeUIntBE(value, 0, size);
    out.push(bytes);
  };
  const text = (value: string, lengthBytes: number): void => {
    uint(Buffer.byteLength(value), lengthBytes);
    out.push(Buffer.from(value));
  };
  switch (message.opcode) {
    case 'STARTUP': {
      const entries = Object.entries(message.options ?? {});
      uint(entries.length, 2);
      for (const [key, value] of entries) {
        text(key, 2);
        text(value, 2);
      }
      break;
    }
    case 'REGISTER':
      uint(message.events?.length ?? 0, 2);
      for (const event of message.events ?? []) text(event, 2);
      break;
    case 'PREPARE':
      text(message.query ?? '', 4);
      if (version >= 5) uint(0, 4);
      break;
    case 'QUERY':
    case 'EXECUTE': {
      if (message.opcode === 'QUERY') {
        text(message.query ?? '', 4);
      } else {
        text(Buffer.from(message.id ?? '', 'hex').toString('latin1'), 2);
        out[out.length - 1] = Buffer.from(message.id ?? '', 'hex');
        out[out.length - 2] = Buffer.from([0, 16]);
        if (version >= 5) out.push(Buffer.from(`0010${'cd'.repeat(16)}`, 'hex'));
      }
      const flags = Number(message.flags);
      uint(CONSISTENCY_CODES[message.consistency ?? 'ONE'], 2);
      uint(flags, version >= 5 ? 4 : 1);
      if ((flags & 1) !== 0) out.push(Buffer.from('00010000000400000001', 'hex'));
      if ((flags & 4) !== 0) uint(message.pageSize ?? 5000, 4);
      if ((flags & 0x10) !== 0) uint(CONSISTENCY_CODES.SERIAL, 2);
      if ((flags & 0x20) !== 0) uint(1234567890123, 6);
      if ((flags & 0x20) !== 0) out.splice(-1, 0, Buffer.from([0, 0]));
      break;
    }
    default:
  }
  return Buffer.concat(out);
}

function frame(message: Message): Buffer {
  const version = Number(message.version);
  const bytes = body(message, version);
  const header = Buffer.from([version, 0, 0, 1, OPCODES[message.opcode], 0, 0, 0, 0]);
  header.writeInt32BE(bytes.length, 5);
  return Buffer.concat([header, bytes]);
}

function connection(): Connection {
  return new Connection(newClientState({ id: 1, remoteAddress: '127.0.0.1', remotePort: 1 }), {
    maxFrameBytes: 1 << 24,
    maxMessageBytes: 1 << 24,
    allowOlderProtocols: true,
    consecutiveErrorsMax: 1,
    codecs: NO_COMPRESSION,
    supported: supportedOptions(NO_COMPRESSION),
    lendBuffer: () => Buffer.alloc(64),
  });
}

interface Answer {
  readonly opcode: string | undefined;
  readonly version: string;
  readonly text: string;
}

/**
 * Talks one recorded connection through; returns our answers and the statements that reached the
 * node.
 */
function replay(requests: readonly Message[]): { answers: Answer[]; statements: ClientRequest[] } {
  const machine = connection();
  const answers: Answer[] = [];
  const statements: ClientRequest[] = [];
  let segmented = false;
  for (const request of requests) {
    const bytes = frame(request);
    machine.receive(segmented ? inSegments([bytes], null) : bytes);
    for (let event = machine.next(); event !== null; event = machine.next()) {
      if (event.kind === 'startup') machine.answerStartup(event.stream, { kind: 'ready' });
      if (event.kind !== 'statement') continue;
      statements.push(event.request);
      machine.reply(event.stream, { kind: 'void' });
    }
    const output = machine.takeOutput()?.bytes ?? Buffer.alloc(0);
    const answer = segmented ? outOfSegments(output) : output;
    answers.push({
      opcode: opcodeName(answer[4] ?? -1),
      version: `0x${(answer[0] ?? 0).toString(16)}`,
      text: answer.toString('latin1', 15),
    });
    if (request.opcode === 'STARTUP' && Number(request.version) === 5) segmented = true;
  }
  return { answers, statements };
}

describe.each(Object.entries(clients))('%s', (_name, { messages }) => {
  const connections = [...new Set(messages.map((message) => message.connection))];
  test.each(connections)('connection %i', (number) => {
    const ours = messages.filter((message) => message.connection === number);
    const requests = ours.filter((message) => message.direction === 'request');
    const { answers, statements } = replay(requests);
    // Answers to statements come in any order, and events between them: compare as sorted lists.
    const recorded = ours
      .filter((message) => message.direction === 'response' && message.opcode !== 'EVENT')
      .map((message) => `${message.opcode} ${message.version}`);
    expect(
      answers
        .slice(0, recorded.length)
        .map((a) => `${a.opcode} ${a.version}`)
        .sort(),
    ).toEqual(recorded.sort());
    const error = ours.find((message) => message.opcode === 'ERROR');
    if (error !== undefined) expect(answers[0]?.text).toBe(error.message);
    const asked = requests.filter((message) =>
      ['QUERY', 'PREPARE', 'EXECUTE'].includes(message.opcode),
    );
    expect(statements.map(understood)).toEqual(
      asked.map((message) => ({
        opcode: message.opcode,
        query: message.query ?? message.id,
        consistency: message.opcode === 'PREPARE' ? undefined : message.consistency,
      })),
    );
  });
});

function understood(request: ClientRequest): unknown {
  switch (request.kind) {
    case 'query':
      return { opcode: 'QUERY', query: request.query, consistency: request.parameters.consistency };
    case 'prepare':
      return { opcode: 'PREPARE', query: request.query, consistency: undefined };
    case 'execute':
      return {
        opcode: 'EXECUTE',
        query: request.id.toString('hex'),
        consistency: request.parameters.consistency,
      };
    default:
      return request.kind;
  }
}
