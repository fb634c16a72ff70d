// AUTHENTICATE: the answer to STARTUP when the client must log in first.
// Cassandra: transport/messages/AuthenticateMessage.java.

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';

export interface AuthenticateResponse {
  readonly kind: 'authenticate';
  /** The authenticator's class, e.g. org.apache.cassandra.auth.PasswordAuthenticator. */
  readonly authenticator: string;
}

export function encodeAuthenticate(writer: BodyWriter, response: AuthenticateResponse): void {
  writer.string(response.authenticator);
}

export function decodeAuthenticate(reader: BodyReader): AuthenticateResponse {
  return { kind: 'authenticate', authenticator: reader.string() };
}
