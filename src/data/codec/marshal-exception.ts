// Bytes or a text that are no value of a type. It is an INVALID error; JSON decoding tells it from
// other INVALID errors, because it prefixes only this one. Cassandra:
// serializers/MarshalException.java.

import { CqlException } from '../cql-error.ts';

export class MarshalException extends CqlException {
  constructor(message: string) {
    super({ code: 'INVALID', message });
  }
}

export function marshalError(message: string): MarshalException {
  return new MarshalException(message);
}
