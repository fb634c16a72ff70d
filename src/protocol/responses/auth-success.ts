// AUTH_SUCCESS: the client is who he says. Cassandra: transport/messages/AuthSuccess.java.

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';

export interface AuthSuccessResponse {
  readonly kind: 'auth-success';
  readonly token: Buffer | null;
}

export function encodeAuthSuccess(writer: BodyWriter, response: AuthSuccessResponse): void {
  writer.bytesOrNull(response.token);
}

export function decodeAuthSuccess(reader: BodyReader): AuthSuccessResponse {
  return { kind: 'auth-success', token: reader.bytesOrNull() };
}
