// The node's plans: prepared statements by id, statements that came as text by text; planned when first seen, planned
// again or dropped when the schema moves. Test: test/query/prepared.test.ts. Cassandra: cql3/QueryProcessor.

import { parseStatement } from '../../cql/parse.ts';
import { CqlException, invalid } from '../../data/cql-error.ts';
import type { Schema } from '../../data/schema.ts';
import type { PreparationContext, PreparedStatement } from './prepared-statement.ts';
import { prepareStatement, statementId } from './prepared-statement.ts';
import type { CacheEntry } from './statement-cache.ts';
import { fitnessOf, StatementCache } from './statement-cache.ts';

/** Where prepared statements outlive the process (system.prepared_statements). */
export interface PreparedStore {
  put(id: Buffer, keyspace: string | null, text: string): void;
  remove(id: Buffer): void;
}

export const NO_PREPARED_STORE: PreparedStore = { put: () => undefined, remove: () => undefined };

export interface PlanEnvironment {
  /** The schema as it is now. */
  schema(): Schema;
  /** Everything else a preparation needs. */
  context(keyspace: string | null): PreparationContext;
}

const TEXT_CACHE_BYTES = 8 * 1024 * 1024;
const TEXT_LENGTH_MAX = 10_000;
const SEEN_MAX = 1_000;
const MARKERS_MAX = 65_535;

export class StatementPlans {
  private readonly environment: PlanEnvironment;
  private readonly store: PreparedStore;
  private readonly prepared: StatementCache;
  private readonly texts = new StatementCache(TEXT_CACHE_BYTES);
  /** Texts seen lately, in two generations. */
  private recent = new Set<string>();
  private older = new Set<string>();
  private evicted = 0;

  constructor(environment: PlanEnvironment, cacheBytes: number, store: PreparedStore) {
    this.environment = environment;
    this.store = store;
    this.prepared = new StatementCache(cacheBytes, (id) => {
      this.evicted++;
      store.remove(Buffer.from(id, 'latin1'));
    });
  }

  get preparedCount(): number {
    return this.prepared.size;
  }

  /** Statements that were dropped for want of room, since the start. */
  get evictedCount(): number {
    return this.evicted;
  }

  clear(): void {
    this.prepared.clear();
    this.texts.clear();
  }

  /** The prepared statement of an id. Throws UNPREPARED. */
  ofId(id: Buffer): PreparedStatement {
    const key = id.toString('latin1');
    const entry = this.prepared.get(key);
    if (entry === undefined) throw unprepared(id);
    const schema = this.environment.schema();
    if (entry.schema !== schema) this.refresh(entry, key, schema);
    entry.isUsed = true;
    return entry.prepared;
  }

  /** The text of a prepared statement; empty when it is unknown. */
  textOf(id: Buffer): string {
    return this.prepared.get(id.toString('latin1'))?.prepared.text ?? '';
  }

  /** After a change of the schema: keeps the plan, makes it anew, or drops the statement. */
  private refresh(entry: CacheEntry, key: string, schema: Schema): void {
    const fitness = fitnessOf(entry.prepared, schema);
    if (fitness === 'gone') {
      const id = Buffer.from(key, 'latin1');
      this.prepared.delete(key);
      this.store.remove(id);
      throw unprepared(id);
    }
    const { text, keyspace } = entry.prepared;
    if (fitness === 'plan-again') entry.prepared = this.plan(text, keyspace);
    entry.schema = schema;
  }

  /** The plan of a statement sent as text. */
  ofText(text: string, keyspace: string | null): PreparedStatement {
    const schema = this.environment.schema();
    const key = `${keyspace ?? ''}\u0000${text}`;
    const entry = this.texts.get(key);
    if (entry !== undefined) {
      if (entry.schema === schema || fitnessOf(entry.prepared, schema) === 'fits') {
        entry.schema = schema;
        entry.isUsed = true;
        return entry.prepared;
      }
      this.texts.delete(key);
    }
    const prepared = this.plan(text, keyspace);
    // The constant 'now' means the moment of preparing: such a plan serves once.
    const isLasting = prepared.plan.kind !== 'other' && !/'now'/i.test(text);
    if (isLasting && this.isSeenAgain(key)) this.texts.put(key, prepared, schema);
    return prepared;
  }

  /** Statements with their values in the text come once: only those that come again are worth keeping. */
  private isSeenAgain(key: string): boolean {
    if (key.length > TEXT_LENGTH_MAX) return false;
    if (this.recent.has(key) || this.older.has(key)) return true;
    if (this.recent.size >= SEEN_MAX) {
      this.older = this.recent;
      this.recent = new Set();
    }
    this.recent.add(key);
    return false;
  }

  /**
   * Plans and keeps a statement. Both its ids are known: with and without the keyspace. `isStored`: it comes from the
   * store. `isNew`: it was not there already.
   */
  prepare(
    text: string,
    keyspace: string | null,
    isStored = false,
  ): { readonly prepared: PreparedStatement; readonly id: Buffer; readonly isNew: boolean } {
    const schema = this.environment.schema();
    const plain = statementId(text, null);
    const qualified = statementId(text, keyspace);
    const known = this.prepared.get(qualified.toString('latin1'));
    if (known !== undefined && known.schema === schema && known.prepared.keyspace === keyspace) {
      const id = known.prepared.isQualified ? plain : qualified;
      return { prepared: known.prepared, id, isNew: false };
    }
    const prepared = this.plan(text, keyspace);
    if (prepared.markers > MARKERS_MAX) {
      throw invalid(
        `Too many markers(?). ${prepared.markers} markers exceed the allowed maximum of ${MARKERS_MAX}`,
      );
    }
    for (const id of keyspace === null ? [plain] : [plain, qualified]) {
      this.prepared.put(id.toString('latin1'), prepared, schema);
      if (!isStored) this.store.put(id, keyspace, text);
    }
    return { prepared, id: prepared.isQualified ? plain : qualified, isNew: true };
  }

  private plan(text: string, keyspace: string | null): PreparedStatement {
    return prepareStatement(parseStatement(text), this.environment.context(keyspace));
  }
}

function unprepared(id: Buffer): CqlException {
  return new CqlException({
    code: 'UNPREPARED',
    id,
    message:
      `Prepared query with ID ${id.toString('hex')} not found (either the query was not prepared on this host (maybe ` +
      'the host has been restarted?) or you have prepared too many queries and it has been evicted from the internal ' +
      'cache)',
  });
}
