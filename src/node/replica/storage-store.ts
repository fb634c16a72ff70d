// NodeStorage as the replica sees it: what is logged, and when a mutation may be acknowledged.
// Test: test/storage/.

import type { FailureReason } from '../../data/cql-error.ts';
import type { Mutation } from '../../data/partition.ts';
import type { ReadCommand } from '../../data/read-command.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { Clock } from '../../world/ports.ts';
import type { NodeConfig } from '../node-config.ts';
import type { SchemaView } from '../schema-view.ts';
import type { ApplyResult, NodeStorage } from '../storage/node-storage.ts';
import type { ReplicaResult } from '../storage/replica-result.ts';
import type { ViewWriter } from '../views/view-writer.ts';
import type { ApplyDone, LocalStore } from './local-store.ts';

export class StorageStore implements LocalStore {
  readonly applyDurably: LocalStore['applyDurably'];
  private readonly storage: NodeStorage;
  private readonly schema: () => SchemaView | null;
  private readonly clock: Clock;
  private readonly snapshotOnTruncate: boolean;
  /** Set by the node: base tables with views tell it of their changes. */
  views: ViewWriter | null = null;

  constructor(parts: {
    readonly storage: NodeStorage;
    readonly schema: () => SchemaView | null;
    readonly clock: Clock;
    readonly config: NodeConfig;
    readonly hasDisk: boolean;
  }) {
    this.storage = parts.storage;
    this.schema = parts.schema;
    this.clock = parts.clock;
    this.snapshotOnTruncate = parts.config.auto_snapshot;
    this.applyDurably = parts.hasDisk ? (mutation, done) => this.applyLogged(mutation, done) : null;
  }

  apply(mutation: Mutation): FailureReason | null {
    const { views } = this;
    if (views === null || !views.isNeeded) return this.applyPlain(mutation);
    const touched = views.before(mutation);
    const failure = this.applyPlain(mutation);
    if (failure === null) views.after(touched);
    return failure;
  }

  private applyPlain(mutation: Mutation): FailureReason | null {
    // What is durable needs no look where nothing is.
    const durable = this.applyDurably !== null && this.isDurable(mutation);
    return reasonOf(this.storage.applyAtOnce(mutation, durable));
  }

  read(command: ReadCommand): ReplicaResult {
    return this.storage.read(command);
  }

  truncate(table: TableMetadata, done: ApplyDone): void {
    const atMs = this.clock.wallMs();
    if (this.snapshotOnTruncate && table.params.allow_auto_snapshot) {
      this.storage.takeSnapshot(`truncated-${atMs}-${table.name}`, table.id);
    }
    this.storage.truncate(table.id, atMs, (result) => done(reasonOf(result)));
  }

  /** The views' changes are those of the moment of the merge: another write may come between. */
  private applyLogged(mutation: Mutation, done: ApplyDone): void {
    this.storage.admit(mutation, this.isDurable(mutation), (refusal) => {
      if (refusal !== null) {
        done(reasonOf(refusal));
        return;
      }
      const { views } = this;
      const touched = views === null || !views.isNeeded ? null : views.before(mutation);
      this.storage.merge(mutation);
      if (touched !== null) views?.after(touched);
      done(null);
    });
  }

  private isDurable(mutation: Mutation): boolean {
    return this.schema()?.current.keyspaces.get(mutation.keyspace)?.durableWrites ?? true;
  }
}

function reasonOf(result: ApplyResult): FailureReason | null {
  if (result.ok) return null;
  return result.reason === 'OVERLOADED' ? 'UNKNOWN' : result.reason;
}
