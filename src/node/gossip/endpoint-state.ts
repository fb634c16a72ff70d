// What gossip knows of one node: its generation, its heartbeat and its application states, each with a version from
// one counter of that node. Versioned values are immutable and shared by all nodes of a process.
// Test: test/gossip/endpoint-table.test.ts. Cassandra: gms/EndpointState.java, gms/VersionedValue.java.

import type { Token } from '../../data/partition.ts';
import { parseToken, tokenText } from '../../ring/token.ts';

/** The application states in use, in Cassandra's order. */
export const APPLICATION_STATES = [
  'LOAD',
  'SCHEMA',
  'DC',
  'RACK',
  'RELEASE_VERSION',
  'REMOVAL_COORDINATOR',
  'SEVERITY',
  'NET_VERSION',
  'HOST_ID',
  'TOKENS',
  'RPC_READY',
  'INTERNAL_ADDRESS_AND_PORT',
  'NATIVE_ADDRESS_AND_PORT',
  'STATUS_WITH_PORT',
  'SSTABLE_VERSIONS',
  'DISK_USAGE',
  'INDEX_STATUS',
] as const;

export type ApplicationState = (typeof APPLICATION_STATES)[number];

export interface VersionedValue {
  readonly value: string;
  readonly version: number;
}

/** A change to publish, in order. */
export type StateEntry = readonly [ApplicationState, string];

/** What one message says of a node: the heartbeat and the states newer than the asker's. Immutable. */
export interface StateDelta {
  readonly generation: number;
  readonly heartbeat: number;
  readonly states: readonly (readonly [ApplicationState, VersionedValue])[];
}

/** The kinds of STATUS_WITH_PORT values; the rest of a value follows after commas. */
export const STATUS = {
  BOOT: 'BOOT',
  BOOT_REPLACE: 'BOOT_REPLACE',
  NORMAL: 'NORMAL',
  LEAVING: 'LEAVING',
  LEFT: 'LEFT',
  MOVING: 'MOVING',
  REMOVING: 'removing',
  REMOVED: 'removed',
  HIBERNATE: 'hibernate',
  SHUTDOWN: 'shutdown',
} as const;

/** Nodes that are gone or must not be spoken to: they are not marked alive again. */
const DEAD_STATUSES: ReadonlySet<string> = new Set([
  STATUS.REMOVING,
  STATUS.REMOVED,
  STATUS.LEFT,
  STATUS.HIBERNATE,
]);

/** Higher than any version a node reaches: a node that said goodbye is not revived by old gossip. */
export const HIGHEST_VERSION = 0x7fff_ffff;

/** One node's entry in an endpoint table. Only its table changes it. */
export class EndpointState {
  generation: number;
  heartbeat: number;
  /** Last time something new arrived, monotonic milliseconds. */
  updatedAtMs: number;
  isAlive = false;
  private readonly values = new Map<ApplicationState, VersionedValue>();
  private newest = 0;

  constructor(generation: number, heartbeat: number, nowMs: number) {
    this.generation = generation;
    this.heartbeat = heartbeat;
    this.updatedAtMs = nowMs;
  }

  /** The highest version of heartbeat and states. */
  get maxVersion(): number {
    return this.heartbeat > this.newest ? this.heartbeat : this.newest;
  }

  get(key: ApplicationState): string | undefined {
    return this.values.get(key)?.value;
  }

  entries(): IterableIterator<[ApplicationState, VersionedValue]> {
    return this.values.entries();
  }

  versioned(key: ApplicationState): VersionedValue | undefined {
    return this.values.get(key);
  }

  put(key: ApplicationState, value: VersionedValue): void {
    this.values.set(key, value);
    if (value.version > this.newest) this.newest = value.version;
  }

  /** First piece of STATUS_WITH_PORT; empty when there is none. */
  get status(): string {
    const value = this.get('STATUS_WITH_PORT');
    if (value === undefined) return '';
    const comma = value.indexOf(',');
    return comma < 0 ? value : value.slice(0, comma);
  }

  /** The pieces of STATUS_WITH_PORT after the first. */
  get statusArguments(): readonly string[] {
    return (this.get('STATUS_WITH_PORT') ?? '').split(',').slice(1);
  }

  get isDeadStatus(): boolean {
    return DEAD_STATUSES.has(this.status);
  }

  get isShutdown(): boolean {
    return this.status === STATUS.SHUTDOWN;
  }

  get hostId(): string | undefined {
    return this.get('HOST_ID');
  }

  get tokens(): readonly Token[] {
    const value = this.values.get('TOKENS');
    return value === undefined ? [] : tokensOf(value);
  }

  /** Everything above `version`, heartbeat included; null when nothing is. */
  deltaAbove(version: number): StateDelta | null {
    if (this.maxVersion <= version) return null;
    const { generation, heartbeat } = this;
    if (this.newest <= version) return { generation, heartbeat, states: NO_STATES };
    return {
      generation,
      heartbeat,
      states: [...this.values].filter(([, v]) => v.version > version),
    };
  }
}

const NO_STATES: StateDelta['states'] = Object.freeze([]);

/** Parsed once a value in the whole process: values travel by reference. */
const parsedTokens = new WeakMap<VersionedValue, readonly Token[]>();

function tokensOf(value: VersionedValue): readonly Token[] {
  let tokens = parsedTokens.get(value);
  if (tokens === undefined) {
    tokens = value.value === '' ? [] : value.value.split(';').map(parseToken);
    parsedTokens.set(value, tokens);
  }
  return tokens;
}

/** The TOKENS state: decimal texts joined by semicolons. */
export function tokensValue(tokens: readonly Token[]): string {
  return tokens.map(tokenText).join(';');
}
