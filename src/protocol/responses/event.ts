// EVENT: pushed to connections that REGISTERed, on stream -1. Addresses are the node's client
// address and port. Cassandra: transport/Event.java, transport/Server.java (EventNotifier). Test:
// test/protocol/responses.test.ts

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';
import { addressBytes, addressText } from '../inet-address.ts';
import { protocolError } from '../protocol-error.ts';
import type { ProtocolVersion } from '../protocol-version.ts';
import type { SchemaChange } from './schema-change.ts';
import { decodeSchemaChange, encodeSchemaChange } from './schema-change.ts';

interface NodeAddress {
  /** Native (broadcast_rpc) address. */
  readonly address: string;
  /** Native port. */
  readonly port: number;
}

export type ClientEvent =
  | ({
      readonly type: 'TOPOLOGY_CHANGE';
      readonly change: 'NEW_NODE' | 'REMOVED_NODE' | 'MOVED_NODE';
    } & NodeAddress)
  | ({ readonly type: 'STATUS_CHANGE'; readonly change: 'UP' | 'DOWN' } & NodeAddress)
  | { readonly type: 'SCHEMA_CHANGE'; readonly change: SchemaChange };

export interface EventResponse {
  readonly kind: 'event';
  readonly event: ClientEvent;
}

export function encodeEvent(
  writer: BodyWriter,
  response: EventResponse,
  version: ProtocolVersion,
): void {
  const { event } = response;
  writer.string(event.type);
  if (event.type === 'SCHEMA_CHANGE') {
    encodeSchemaChange(writer, event.change, version);
    return;
  }
  writer.string(event.change);
  writer.inetAddress(addressBytes(event.address));
  writer.int(event.port);
}

export function decodeEvent(reader: BodyReader): EventResponse {
  const type = reader.string();
  switch (type) {
    case 'SCHEMA_CHANGE':
      return { kind: 'event', event: { type, change: decodeSchemaChange(reader) } };
    case 'TOPOLOGY_CHANGE': {
      const change = reader.string() as 'NEW_NODE' | 'REMOVED_NODE' | 'MOVED_NODE';
      return { kind: 'event', event: { type, change, ...decodeAddress(reader) } };
    }
    case 'STATUS_CHANGE': {
      const change = reader.string() as 'UP' | 'DOWN';
      return { kind: 'event', event: { type, change, ...decodeAddress(reader) } };
    }
    default:
      throw protocolError(`Invalid value '${type}' for Type`);
  }
}

function decodeAddress(reader: BodyReader): NodeAddress {
  return { address: addressText(reader.inetAddress()), port: reader.int() };
}
