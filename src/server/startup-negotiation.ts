// What a STARTUP's options lead to: a refusal in Cassandra's words, or the compression to use.
// Cassandra: transport/messages/StartupMessage.java. Test: test/server/connection.test.ts

import type { BodyCompressor, CompressionCodecs, Lz4Codec } from '../protocol/compression.ts';
import { lz4BodyCompressor, snappyBodyCompressor } from '../protocol/compression.ts';
import type { ProtocolVersion } from '../protocol/protocol-version.ts';
import { cqlVersionProblem } from '../protocol/requests/startup.ts';

export type Negotiated =
  | {
      readonly kind: 'accepted';
      /** Versions 3 and 4: for bodies. */
      readonly compressor: BodyCompressor | null;
      /** Version 5 on: for segments. */
      readonly lz4: Lz4Codec | null;
    }
  | { readonly kind: 'refused'; readonly message: string };

export function negotiate(
  options: ReadonlyMap<string, string>,
  version: ProtocolVersion,
  codecs: CompressionCodecs,
): Negotiated {
  const problem = cqlVersionProblem(options);
  if (problem !== null) return refused(problem);
  const name = options.get('COMPRESSION')?.toLowerCase();
  const { lz4, snappy } = codecs;
  if (name === undefined) return { kind: 'accepted', compressor: null, lz4: null };
  if (name === 'snappy') {
    if (snappy === null) return refused('This instance does not support Snappy compression');
    if (version >= 5) return refused('Snappy compression is not supported in protocol V5');
    return { kind: 'accepted', compressor: snappyBodyCompressor(snappy), lz4: null };
  }
  if (name !== 'lz4' || lz4 === null) return refused(`Unknown compression algorithm: ${name}`);
  if (version >= 5) return { kind: 'accepted', compressor: null, lz4 };
  return { kind: 'accepted', compressor: lz4BodyCompressor(lz4), lz4: null };
}

function refused(message: string): Negotiated {
  return { kind: 'refused', message };
}
