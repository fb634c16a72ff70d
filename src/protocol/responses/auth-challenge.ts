// AUTH_CHALLENGE: another round of SASL. Cassandra: transport/messages/AuthChallenge.java.

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';

export interface AuthChallengeResponse {
  readonly kind: 'auth-challenge';
  readonly token: Buffer | null;
}

export function encodeAuthChallenge(writer: BodyWriter, response: AuthChallengeResponse): void {
  writer.bytesOrNull(response.token);
}

export function decodeAuthChallenge(reader: BodyReader): AuthChallengeResponse {
  return { kind: 'auth-challenge', token: reader.bytesOrNull() };
}
