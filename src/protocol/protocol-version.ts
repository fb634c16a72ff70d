// Which versions of the native protocol are spoken, and the words with which others are refused.
// Drivers parse these texts to negotiate down. Cassandra: transport/ProtocolVersion.java. Test:
// test/protocol/connection.test.ts

/** 3, 4 and 5 are supported; 6 is beta and wants the USE_BETA header flag. */
export type ProtocolVersion = 3 | 4 | 5 | 6;

/** The version in which a client is answered whose own version is not known. */
export const CURRENT_VERSION: ProtocolVersion = 5;

const NAMES: Readonly<Record<ProtocolVersion, string>> = {
  3: '3/v3',
  4: '4/v4',
  5: '5/v5',
  6: '6/v6-beta',
};

/** The names SUPPORTED lists under PROTOCOL_VERSIONS. */
export const SUPPORTED_VERSION_NAMES: readonly string[] = Object.values(NAMES);

/** `5/v5`, as error texts and system_views have it. */
export function versionName(version: ProtocolVersion): string {
  return NAMES[version];
}

/** Narrows the low seven bits of a header's first byte. */
export function isSupportedVersion(version: number): version is ProtocolVersion {
  return version >= 3 && version <= 6;
}

export function unsupportedVersionText(version: number): string {
  const supported = SUPPORTED_VERSION_NAMES.join(', ');
  return `Invalid or unsupported protocol version (${version}); supported versions are (${supported})`;
}

export function betaVersionText(version: ProtocolVersion): string {
  const name = versionName(version);
  return `Beta version of the protocol used (${name}), but USE_BETA flag is unset`;
}

/** With native_transport_allow_older_protocols off only the current version is spoken. */
export function olderVersionText(version: ProtocolVersion): string {
  return `Rejecting Protocol Version ${versionName(version)} < ${versionName(CURRENT_VERSION)}.`;
}
