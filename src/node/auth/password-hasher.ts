// The port behind which passwords are hashed. Hashes are bcrypt's, as system_auth.roles.salted_hash holds them, so that
// roles move between this and Cassandra. A deterministic implementation: bcrypt-hasher.ts.

export interface PasswordHasher {
  /** A salted hash. `done` is called once, maybe before this returns. */
  hash(password: string, done: (hash: string) => void): void;
  /** False also for a hash that is none. */
  verify(password: string, hash: string, done: (matches: boolean) => void): void;
  isHash(text: string): boolean;
}
