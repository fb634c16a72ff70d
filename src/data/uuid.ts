// UUIDs as 16 bytes and as text, random ones and those made of a name. Version 1, with a time in it: time-uuid.ts.
// Test: test/types/time-uuid.test.ts, test/schema/row-values.test.ts. Java: java.util.UUID.

import { createHash } from 'node:crypto';

/** The lower-case text of 16 bytes. */
export function uuidText(uuid: Buffer): string {
  const hex = uuid.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The 16 bytes of a text known to be a UUID, as uuidText makes it. For other texts: parseUuid. */
export function uuidBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

const UUID_TEXT = /^[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}$/;

/** Null for a text that is no UUID. */
export function parseUuid(text: string): Buffer | null {
  return UUID_TEXT.test(text) ? uuidBytes(text) : null;
}

/** A random (version 4) UUID from 16 random bytes. */
export function randomUuid(random: Buffer): Buffer {
  return marked(Buffer.from(random), 0x40);
}

/** The version 3 UUID of a name: UUID.nameUUIDFromBytes. */
export function uuidFromName(name: Buffer): Buffer {
  return marked(createHash('md5').update(name).digest(), 0x30);
}

/** Sets the version and the variant in place. */
function marked(uuid: Buffer, version: 0x30 | 0x40): Buffer {
  uuid[6] = ((uuid[6] as number) & 0x0f) | version;
  uuid[8] = ((uuid[8] as number) & 0x3f) | 0x80;
  return uuid;
}
