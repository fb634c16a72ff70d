// What replicas met above a threshold while they read, for the client of the read. Without read_thresholds_enabled only
// this node's own replica speaks, at once; with it all do, and are told together when the request is answered.
// Test: test/cql/tombstone-warnings.cql, read-thresholds.cql, test/coordinator/read-thresholds.test.ts.
// Cassandra: service/reads/thresholds, db/ReadCommand.withMetricsRecording.

import type { FailureReason } from '../../data/cql-error.ts';
import type { ReadCommand } from '../../data/read-command.ts';
import { tokenText } from '../../ring/token.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { ReadNotes, Scanned } from '../replica/replica-messages.ts';
import type { RequestContext } from './coordinator.ts';
import { addWarning } from './coordinator.ts';
import { commandText, tokensText } from './read-command-text.ts';

const QUERY_LENGTH_MAX = 512;

/** Replicas that met something, and the most that one of them met. */
interface Count {
  readonly nodes: Set<Endpoint>;
  most: number;
}

/** In the order they are told. */
const KINDS = ['tombstone-abort', 'tombstone-warning', 'size-abort', 'size-warning'] as const;
type Kind = (typeof KINDS)[number];

const TEXTS: Readonly<Record<Kind, (nodes: number, most: number, query: string) => string>> = {
  'tombstone-abort': (nodes, most, query) =>
    `${nodes} nodes scanned over ${most} tombstones and aborted the query ${query} (see tombstone_failure_threshold)`,
  'tombstone-warning': (nodes, most, query) =>
    `${nodes} nodes scanned up to ${most} tombstones and issued tombstone warnings for query ${query} ` +
    '(see tombstone_warn_threshold)',
  'size-abort': (nodes, most, query) =>
    `${nodes} nodes loaded over ${most} bytes and aborted the query ${query} (see local_read_size_fail_threshold)`,
  'size-warning': (nodes, most, query) =>
    `${nodes} nodes loaded over ${most} bytes and issued local read size warnings for query ${query} ` +
    '(see local_read_size_warn_threshold)',
};

/** Of one request, by command. */
export class NotesOfReads {
  private readonly counts = new Map<ReadCommand, Partial<Record<Kind, Count>>>();

  add(command: ReadCommand, node: Endpoint, notes: ReadNotes): void {
    const { scanned, bytes, failure } = notes;
    if (failure === 'READ_TOO_MANY_TOMBSTONES')
      this.count(command, 'tombstone-abort', node, scanned?.tombstones ?? 0);
    else if (scanned !== null) this.count(command, 'tombstone-warning', node, scanned.tombstones);
    if (failure === 'READ_SIZE') this.count(command, 'size-abort', node, bytes);
    else if (bytes > 0) this.count(command, 'size-warning', node, bytes);
  }

  private count(command: ReadCommand, kind: Kind, node: Endpoint, value: number): void {
    const counts = this.counts.get(command) ?? {};
    this.counts.set(command, counts);
    const count = (counts[kind] ??= { nodes: new Set(), most: 0 });
    count.nodes.add(node);
    count.most = Math.max(count.most, value);
  }

  /** Why replicas gave the command up; null: none did. */
  abortText(command: ReadCommand): string | null {
    const counts = this.counts.get(command) ?? {};
    const kind = KINDS.find((one) => one.endsWith('-abort') && counts[one] !== undefined);
    return kind === undefined ? null : this.textOf(command, kind);
  }

  /** Everything, as the client's warnings. */
  tell(context: RequestContext): void {
    for (const command of this.counts.keys()) {
      for (const kind of KINDS) {
        const text = this.textOf(command, kind);
        if (text !== null) addWarning(context, `${text} with ${tokensText(command)}`);
      }
    }
  }

  private textOf(command: ReadCommand, kind: Kind): string | null {
    const count = this.counts.get(command)?.[kind];
    return count === undefined
      ? null
      : TEXTS[kind](count.nodes.size, count.most, commandText(command));
  }
}

/** Hears an answer with notes; a reason: the replica gave up, and its answer is none. */
export function hearNotes(
  context: RequestContext,
  command: ReadCommand,
  from: { readonly node: Endpoint; readonly isSelf: boolean },
  notes: ReadNotes,
): FailureReason | null {
  if (command.isTracked === true) {
    context.reads ??= new NotesOfReads();
    context.reads.add(command, from.node, notes);
  } else if (from.isSelf && notes.scanned !== null) {
    addWarning(context, scannedText(command, notes.scanned));
  }
  return notes.failure;
}

function scannedText(command: ReadCommand, { liveRows, tombstones, key }: Scanned): string {
  const query = commandText(command).slice(0, QUERY_LENGTH_MAX);
  return (
    `Read ${liveRows} live rows and ${tombstones} tombstone cells for query ${query}; ` +
    `token ${tokenText(key)} (see tombstone_warn_threshold)`
  );
}
