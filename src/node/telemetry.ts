// What happened in the cluster, as one stream of typed, past-tense events. Golden traces, checkers, the report and
// `status` read it; nothing reads logs. Events on the per-request path are only built when somebody listens: test
// `telemetry.detailed` before building one.

import type { Mutation } from '../data/partition.ts';
import type { TableMetadata } from '../data/schema.ts';
import type { Endpoint } from '../world/ports.ts';

export type TelemetryEvent =
  | { readonly kind: 'node-started' | 'node-stopped' | 'node-drained'; readonly node: Endpoint }
  | {
      readonly kind: 'node-convicted';
      readonly by: Endpoint;
      readonly node: Endpoint;
      readonly phi: number;
    }
  | {
      readonly kind: 'node-marked-up' | 'node-joined' | 'node-left' | 'node-restarted';
      readonly by: Endpoint;
      readonly node: Endpoint;
    }
  | {
      readonly kind: 'hint-stored';
      readonly by: Endpoint;
      readonly node: Endpoint;
      readonly count: number;
    }
  | {
      readonly kind: 'hint-window-passed';
      readonly by: Endpoint;
      readonly node: Endpoint;
      readonly count: number;
    }
  | {
      readonly kind: 'hint-expired';
      readonly by: Endpoint;
      readonly node: Endpoint;
      readonly count: number;
    }
  | {
      readonly kind: 'hints-delivered';
      readonly by: Endpoint;
      readonly node: Endpoint;
      readonly count: number;
      readonly remaining: number;
    }
  | {
      readonly kind: 'read-repaired';
      readonly by: Endpoint;
      readonly keyspace: string;
      readonly table: string;
      readonly blocking: boolean;
      readonly replicas: readonly Endpoint[];
    }
  | {
      readonly kind: 'digest-mismatched';
      readonly by: Endpoint;
      readonly keyspace: string;
      readonly table: string;
    }
  | { readonly kind: 'speculative-retry-sent'; readonly by: Endpoint; readonly to: Endpoint }
  | { readonly kind: 'batch-replayed'; readonly by: Endpoint; readonly mutations: number }
  | {
      readonly kind: 'paxos-contended';
      readonly by: Endpoint;
      readonly keyspace: string;
      readonly table: string;
    }
  | {
      readonly kind: 'repair-started';
      readonly by: Endpoint;
      readonly session: string;
      readonly keyspace: string;
      readonly ranges: number;
    }
  | {
      readonly kind: 'merkle-tree-built';
      readonly by: Endpoint;
      readonly session: string;
      readonly table: string;
      readonly partitions: number;
      readonly leaves: number;
    }
  | {
      readonly kind: 'merkle-trees-compared';
      readonly by: Endpoint;
      readonly session: string;
      readonly table: string;
      readonly left: Endpoint;
      readonly right: Endpoint;
      readonly differingRanges: number;
    }
  | {
      readonly kind: 'rows-streamed';
      readonly session: string;
      readonly from: Endpoint;
      readonly to: Endpoint;
      readonly table: string;
      readonly rows: number;
      readonly bytes: number;
    }
  | {
      readonly kind: 'repair-finished';
      readonly by: Endpoint;
      readonly session: string;
      readonly keyspace: string;
      readonly ok: boolean;
      readonly error: string | null;
    }
  /** Every plan of ranges a node streams: bootstrap, decommission, rebuild, move, removal. */
  | {
      readonly kind: 'streaming-progressed';
      readonly node: Endpoint;
      readonly operation: string;
      readonly status: 'streaming' | 'complete' | 'failed';
      readonly rows: number;
      readonly ranges: number;
      readonly rangesTotal: number;
    }
  | {
      readonly kind: 'bootstrap-progressed';
      readonly node: Endpoint;
      readonly rows: number;
      readonly ranges: number;
      readonly rangesTotal: number;
    }
  | { readonly kind: 'schema-changed'; readonly by: Endpoint; readonly version: string }
  /** At its start a node has read its files; `mutations`: of clients, not of what the node keeps of itself. */
  | { readonly kind: 'data-read'; readonly node: Endpoint; readonly mutations: number }
  | {
      readonly kind: 'disk-failed';
      readonly node: Endpoint;
      readonly path: string;
      readonly error: string;
      readonly policy: string;
    }
  | { readonly kind: 'request-shed'; readonly by: Endpoint; readonly reason: string };

export interface Telemetry {
  /** True when somebody wants the per-request kinds (digest-mismatched, speculative-retry-sent, hint-stored ...). */
  readonly detailed: boolean;
  emit(event: TelemetryEvent): void;
  /** Hears what was acknowledged to clients; null or absent: nobody keeps account. */
  readonly witness?: WriteWitness | null;
}

/** Keeps account of acknowledged writes, so that a check can tell at the end which of them are nowhere. */
export interface WriteWitness {
  acknowledged(mutations: readonly Mutation[]): void;
  truncated(table: TableMetadata): void;
}

/** Hears nothing. */
export const SILENT: Telemetry = { detailed: false, emit: () => undefined };
