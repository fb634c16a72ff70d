// STARTUP: the first message of a connection; its header fixes the protocol version.
// Cassandra: transport/messages/StartupMessage.java.

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';

export interface StartupRequest {
  readonly kind: 'startup';
  /** Keys in upper case: CQL_VERSION, COMPRESSION, DRIVER_NAME ... */
  readonly options: ReadonlyMap<string, string>;
}

export function decodeStartup(reader: BodyReader): StartupRequest {
  const options = new Map<string, string>();
  for (const [key, value] of reader.stringMap()) options.set(key.toUpperCase(), value);
  return { kind: 'startup', options };
}

export function encodeStartup(writer: BodyWriter, request: StartupRequest): void {
  writer.stringMap(request.options);
}

/** Why a server refuses these options before it looks at compression; null: it does not. */
export function cqlVersionProblem(options: ReadonlyMap<string, string>): string | null {
  const version = options.get('CQL_VERSION');
  if (version === undefined) return 'Missing value CQL_VERSION in STARTUP message';
  const parts = /^(\d+)\.(\d+)(?:\.(\w+))?(?:\.(\w+))?(?:[-~].*)?(?:\+.*)?$/.exec(version);
  if (parts === null) return `Invalid version value: ${version}`;
  const [major = 0, minor = 0] = [Number(parts[1]), Number(parts[2])];
  if (major > 2 || (major === 2 && minor >= 99)) return null;
  return (
    `CQL version ${version} is not supported by the binary protocol ` +
    '(supported version are >= 3.0.0)'
  );
}
