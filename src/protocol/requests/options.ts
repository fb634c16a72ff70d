// OPTIONS: asks for SUPPORTED; legal at any time, drivers use it as a heartbeat. Its body is empty.
// Cassandra: transport/messages/OptionsMessage.java.

export interface OptionsRequest {
  readonly kind: 'options';
}

const OPTIONS_REQUEST: OptionsRequest = Object.freeze({ kind: 'options' });

export function decodeOptions(): OptionsRequest {
  return OPTIONS_REQUEST;
}

export function encodeOptions(): void {
  // Nothing to write.
}
