// AUTH_RESPONSE: a SASL token, answered by AUTH_SUCCESS, AUTH_CHALLENGE or an error.
// Cassandra: transport/messages/AuthResponse.java.

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';

export interface AuthResponseRequest {
  readonly kind: 'auth-response';
  readonly token: Buffer | null;
}

export function decodeAuthResponse(reader: BodyReader): AuthResponseRequest {
  return { kind: 'auth-response', token: reader.bytesOrNull() };
}

export function encodeAuthResponse(writer: BodyWriter, request: AuthResponseRequest): void {
  writer.bytesOrNull(request.token);
}
