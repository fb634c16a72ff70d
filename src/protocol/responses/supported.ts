// SUPPORTED: what this server speaks; the answer to OPTIONS. Cassandra:
// transport/messages/SupportedMessage.java.

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';
import type { CompressionCodecs } from '../compression.ts';
import { compressionNames } from '../compression.ts';
import { SUPPORTED_VERSION_NAMES } from '../protocol-version.ts';

/** The CQL version of Cassandra 5.0. */
export const CQL_VERSION = '3.4.7';

export interface SupportedResponse {
  readonly kind: 'supported';
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/** Cassandra's three keys; only compression that is there is offered. */
export function supportedOptions(codecs: CompressionCodecs): SupportedResponse {
  return {
    kind: 'supported',
    options: new Map([
      ['PROTOCOL_VERSIONS', SUPPORTED_VERSION_NAMES],
      ['COMPRESSION', compressionNames(codecs)],
      ['CQL_VERSION', [CQL_VERSION]],
    ]),
  };
}

export function encodeSupported(writer: BodyWriter, response: SupportedResponse): void {
  writer.stringMultimap(response.options);
}

export function decodeSupported(reader: BodyReader): SupportedResponse {
  return { kind: 'supported', options: reader.stringMultimap() };
}
