// What equal schema rows decode to, shared by the nodes of one process: 48 nodes that hold the same keyspace hold the
// same objects. Keyed by content, so that it can never be wrong; bounded, oldest out first. The cluster owns it.

import type { KeyspaceMetadata, Schema } from '../../data/schema.ts';

const KEYSPACES_MAX = 4_096;
const SCHEMAS_MAX = 64;

export class SchemaCache {
  private readonly keyspaces = new Map<string, KeyspaceMetadata>();
  private readonly schemas = new Map<string, Schema>();

  /** The keyspace under this name and digest, decoded at most once. */
  keyspace(
    name: string,
    digest: Buffer,
    decode: () => KeyspaceMetadata | null,
  ): KeyspaceMetadata | null {
    const key = `${name}/${digest.toString('latin1')}`;
    const known = this.keyspaces.get(key);
    if (known !== undefined) return known;
    const decoded = decode();
    if (decoded !== null) remember(this.keyspaces, key, decoded, KEYSPACES_MAX);
    return decoded;
  }

  schema(version: string, make: () => Schema): Schema {
    const known = this.schemas.get(version);
    if (known !== undefined) return known;
    const made = make();
    remember(this.schemas, version, made, SCHEMAS_MAX);
    return made;
  }
}

function remember<V>(map: Map<string, V>, key: string, value: V, max: number): void {
  map.set(key, value);
  if (map.size <= max) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
