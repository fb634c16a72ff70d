// What a repair is asked to do, in nodetool's terms, and what it tells about itself. Cassandra: repair/messages/RepairOption.

import type { TokenRange } from '../../ring/token-range.ts';
import type { Endpoint } from '../../world/ports.ts';

export interface RepairOptions {
  readonly keyspace: string;
  /** null: all tables of the keyspace. */
  readonly tables: readonly string[] | null;
  /** 'preview' compares and streams nothing. */
  readonly kind: 'incremental' | 'full' | 'preview';
  readonly parallelism: 'parallel' | 'sequential' | 'datacenter-parallel';
  /** -pr: only the ranges this node is the first owner of. */
  readonly primaryRange: boolean;
  /** -st -et: each must lie within one range of this node. null: all its ranges. */
  readonly ranges: readonly TokenRange[] | null;
  /** -dc, -local. Empty: all. */
  readonly datacenters: readonly string[];
  /** -hosts. Empty: all. */
  readonly hosts: readonly Endpoint[];
  /** --pull: this node only receives. */
  readonly pull: boolean;
  /** --force: dead replicas are left out instead of failing the repair. */
  readonly force: boolean;
  /** Not --skip-paxos: conditional writes are finished first, where paxos_variant is v2. */
  readonly repairPaxos: boolean;
  /** --paxos-only: that is all. */
  readonly paxosOnly: boolean;
  /** -j: tables repaired at once, 1 to 4. */
  readonly jobThreads: number;
}

export const DEFAULT_REPAIR: Omit<RepairOptions, 'keyspace'> = {
  tables: null,
  kind: 'incremental',
  parallelism: 'parallel',
  primaryRange: false,
  ranges: null,
  datacenters: [],
  hosts: [],
  pull: false,
  force: false,
  repairPaxos: true,
  paxosOnly: false,
  jobThreads: 1,
};

export interface RepairProgress {
  /** Sessions finished and all of them. */
  readonly progress: number;
  readonly total: number;
  /** As nodetool prints it. */
  readonly message: string;
}

export interface RepairResult {
  /** Its number at this node. */
  readonly command: number;
  readonly ok: boolean;
  readonly error: string | null;
  readonly sessions: number;
  /** Ranges (of one table, between two replicas) that differed. */
  readonly differingRanges: number;
  readonly rowsStreamed: number;
  readonly bytesStreamed: number;
}
