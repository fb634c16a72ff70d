// The error of a malformed or unexpected message.

import { CqlException } from '../data/cql-error.ts';

/** PROTOCOL_ERROR with this text; thrown while decoding and caught by the connection. */
export function protocolError(message: string): CqlException {
  return new CqlException({ code: 'PROTOCOL_ERROR', message });
}
