// bcrypt with salts from the node's own random stream: the same seed gives the same hashes. Each hash costs 2^rounds
// steps on the calling thread, so what was verified once is remembered for a while. Test: test/auth/roles.test.ts.

import { createHash } from 'node:crypto';
import { compareSync, encodeBase64, hashSync } from 'bcryptjs';
import type { Random } from '../../world/ports.ts';
import type { PasswordHasher } from './password-hasher.ts';

/** Cassandra's: cassandra.auth_bcrypt_gensalt_log2_rounds. */
const BCRYPT_ROUNDS = 10;
const SALT_BYTES = 16;
const REMEMBERED_MAX = 256;
const HASH = /^\$2[abxy]?\$(\d\d)\$[./A-Za-z0-9]{53}$/;

export class BcryptHasher implements PasswordHasher {
  private readonly random: Random;
  private readonly rounds: number;
  /** Digests of (password, hash) pairs that matched, oldest first. */
  private readonly verified = new Set<string>();

  constructor(random: Random, rounds = BCRYPT_ROUNDS) {
    this.random = random;
    this.rounds = rounds;
  }

  hash(password: string, done: (hash: string) => void): void {
    const salt = encodeBase64(this.random.bytes(SALT_BYTES), SALT_BYTES);
    done(hashSync(password, `$2a$${String(this.rounds).padStart(2, '0')}$${salt}`));
  }

  verify(password: string, hash: string, done: (matches: boolean) => void): void {
    if (!this.isHash(hash)) return done(false);
    const digest = createHash('sha256').update(`${hash}\u0000${password}`).digest('hex');
    if (this.verified.has(digest)) return done(true);
    const matches = compareSync(password, hash);
    if (matches) this.remember(digest);
    return done(matches);
  }

  isHash(text: string): boolean {
    const rounds = Number(HASH.exec(text)?.[1] ?? 0);
    return rounds >= 4 && rounds <= 31;
  }

  private remember(digest: string): void {
    this.verified.add(digest);
    if (this.verified.size <= REMEMBERED_MAX) return;
    const [oldest] = this.verified;
    if (oldest !== undefined) this.verified.delete(oldest);
  }
}
