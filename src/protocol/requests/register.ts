// REGISTER: which events this connection wants pushed; answered by READY.
// Cassandra: transport/messages/RegisterMessage.java.

import { versionName } from '../protocol-version.ts';
import type { ProtocolVersion } from '../protocol-version.ts';
import { protocolError } from '../protocol-error.ts';
import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';

/**
 * Every type a client may name and the first version that has it. TRACE_COMPLETE is accepted but
 * never sent.
 */
const EVENT_TYPES = {
  TOPOLOGY_CHANGE: 3,
  STATUS_CHANGE: 3,
  SCHEMA_CHANGE: 3,
  TRACE_COMPLETE: 4,
} as const;

export type EventType = keyof typeof EVENT_TYPES;

export interface RegisterRequest {
  readonly kind: 'register';
  readonly eventTypes: readonly EventType[];
}

export function decodeRegister(reader: BodyReader, version: ProtocolVersion): RegisterRequest {
  const eventTypes: EventType[] = [];
  for (const name of reader.stringList()) {
    const type = name.toUpperCase();
    if (!isEventType(type)) throw protocolError(`Invalid value '${name}' for Type`);
    if (version < EVENT_TYPES[type]) {
      throw protocolError(`Event ${type} not valid for protocol version ${versionName(version)}`);
    }
    eventTypes.push(type);
  }
  return { kind: 'register', eventTypes };
}

function isEventType(name: string): name is EventType {
  return Object.hasOwn(EVENT_TYPES, name);
}

export function encodeRegister(writer: BodyWriter, request: RegisterRequest): void {
  writer.stringList(request.eventTypes);
}
