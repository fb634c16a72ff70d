// The rows of system.local, system.peers and system.peers_v2, which every driver reads first: written from plain
// descriptions of this node and its peers, read back at a restart. Rows must be there before the event that tells a
// client of them. Test: test/schema/local-tables.test.ts. Cassandra: db/SystemKeyspace.

import { required } from '../../../base/assert.ts';
import type { Clock } from '../../../world/ports.ts';
import type { TableMetadata } from '../../../data/schema.ts';
import { PARTITIONER_CLASS } from '../../../ring/token.ts';
import type { LocalStore } from '../../replica/local-store.ts';
import type { LiveRow } from '../../schema/row-reader.ts';
import { liveRows } from '../../schema/row-reader.ts';
import type { ColumnValue, ElementValue, RowDraft } from '../../schema/row-writer.ts';
import { RowWriter } from '../../schema/row-writer.ts';
import {
  inetValue,
  intValue,
  longValue,
  readInet,
  readText,
  readUuid,
  textValue,
  uuidValue,
} from '../../schema/row-values.ts';
import { readPartition, readTable } from '../../schema/stored-rows.ts';
import { SYSTEM_KEYSPACE } from '../../schema/system-keyspaces.ts';

/** What this node says it is. Drivers choose their queries by it. */
export const RELEASE_VERSION = '5.0.9';
export const CQL_VERSION = '3.4.7';
const NATIVE_PROTOCOL_VERSION = '5';

export type BootstrapState = 'NEEDS_BOOTSTRAP' | 'COMPLETED' | 'IN_PROGRESS' | 'DECOMMISSIONED';

/** system.local; addresses are IP literals, tokens decimal text. */
export interface LocalInfo {
  readonly bootstrapped: BootstrapState;
  readonly broadcastAddress: string;
  readonly broadcastPort: number;
  readonly clusterName: string;
  readonly datacenter: string;
  readonly gossipGeneration: number;
  readonly hostId: string;
  readonly listenAddress: string;
  readonly listenPort: number;
  readonly rack: string;
  readonly nativeAddress: string;
  readonly nativePort: number;
  readonly schemaVersion: string;
  readonly tokens: readonly string[];
}

/** A peer's rows. Null: not known yet, or taken away; drivers ignore a peer with nulls. */
export interface PeerInfo {
  readonly datacenter: string | null;
  readonly hostId: string | null;
  readonly rack: string | null;
  readonly releaseVersion: string | null;
  readonly nativeAddress: string | null;
  readonly nativePort: number | null;
  readonly schemaVersion: string | null;
  readonly tokens: readonly string[] | null;
}

export interface PeerAddress {
  /** IP literal of the storage address. */
  readonly address: string;
  readonly port: number;
}

const LOCAL_KEY = textValue('local');
const EMPTY = Buffer.alloc(0);

export class LocalTables {
  private readonly store: LocalStore;
  private readonly clock: Clock;
  private lastTimestamp = 0;

  constructor(store: LocalStore, clock: Clock) {
    this.store = store;
    this.clock = clock;
  }

  /** Sets the given columns of system.local; absent ones stay. */
  updateLocal(info: Partial<LocalInfo>): void {
    const writer = this.writer(LOCAL_KEY);
    const row = writer.row(LOCAL);
    row
      .set('cql_version', textValue(CQL_VERSION))
      .set('native_protocol_version', textValue(NATIVE_PROTOCOL_VERSION))
      .set('partitioner', textValue(PARTITIONER_CLASS))
      .set('release_version', textValue(RELEASE_VERSION))
      .set('bootstrapped', text(info.bootstrapped))
      .set('broadcast_address', inet(info.broadcastAddress))
      .set('broadcast_port', int(info.broadcastPort))
      .set('cluster_name', text(info.clusterName))
      .set('data_center', text(info.datacenter))
      .set('gossip_generation', int(info.gossipGeneration))
      .set('host_id', uuid(info.hostId))
      .set('listen_address', inet(info.listenAddress))
      .set('listen_port', int(info.listenPort))
      .set('rack', text(info.rack))
      .set('rpc_address', inet(info.nativeAddress))
      .set('rpc_port', int(info.nativePort))
      .set('schema_version', uuid(info.schemaVersion))
      .set('tokens', textSet(info.tokens));
    this.store.apply(writer.build());
  }

  /** Sets the given columns of a peer in both peers tables; absent ones stay. */
  updatePeer(peer: PeerAddress, info: Partial<PeerInfo>): void {
    const writer = this.writer(inetValue(peer.address));
    const row = writer.row(PEERS_V2, [intValue(peer.port)]);
    setPeer(row, info).set('native_address', inet(info.nativeAddress));
    row.set('native_port', int(info.nativePort));
    setPeer(writer.row(PEERS), info).set('rpc_address', inet(info.nativeAddress));
    this.store.apply(writer.build());
  }

  /** Forgets a peer that left. */
  removePeer(peer: PeerAddress): void {
    const writer = this.writer(inetValue(peer.address));
    writer.row(PEERS_V2, [intValue(peer.port)]).delete();
    writer.deletePartition(PEERS);
    this.store.apply(writer.build());
  }

  /** Remembers when a table was truncated: Cassandra keeps a commit log position and the time. */
  recordTruncation(tableId: string, atMs: number): void {
    const path = uuidValue(tableId);
    const kept = this.truncations().filter((element) => !element.path.equals(path));
    const value = Buffer.concat([longValue(atMs), intValue(0), longValue(atMs)]);
    this.setTruncations([...kept, { path, value }]);
  }

  /** Tables that were dropped need not be remembered. */
  forgetTruncations(tableIds: readonly string[]): void {
    const known = this.truncations();
    const paths = tableIds.map(uuidValue);
    const kept = known.filter((element) => !paths.some((path) => path.equals(element.path)));
    if (kept.length < known.length) this.setTruncations(kept);
  }

  private truncations(): readonly ElementValue[] {
    const row = liveRows(readPartition(this.store, LOCAL, LOCAL_KEY, this.nowSeconds()))[0];
    return (row?.elements('truncated_at') ?? []).map(({ path, value }) => ({
      path: path ?? EMPTY,
      value,
    }));
  }

  private setTruncations(elements: readonly ElementValue[]): void {
    const writer = this.writer(LOCAL_KEY);
    writer.row(LOCAL).set('truncated_at', elements);
    this.store.apply(writer.build());
  }

  /** What was saved of this node before a restart; null on a fresh one. */
  readLocal(): Partial<LocalInfo> | null {
    const row = liveRows(readPartition(this.store, LOCAL, LOCAL_KEY, this.nowSeconds()))[0];
    if (row === undefined) return null;
    return {
      ...present('bootstrapped', row.text('bootstrapped') as BootstrapState | null),
      ...present('clusterName', row.text('cluster_name')),
      ...present('datacenter', row.text('data_center')),
      ...present('rack', row.text('rack')),
      ...present('hostId', uuidOf(row, 'host_id')),
      ...present('schemaVersion', uuidOf(row, 'schema_version')),
      ...present('gossipGeneration', row.value('gossip_generation')?.readInt32BE(0) ?? null),
      tokens: tokensOf(row),
    };
  }

  /** The peers saved before a restart. */
  readPeers(): (PeerAddress & PeerInfo)[] {
    const peers: (PeerAddress & PeerInfo)[] = [];
    for (const partition of readTable(this.store, PEERS_V2, this.nowSeconds())) {
      for (const row of liveRows(partition)) {
        const native = row.value('native_address');
        peers.push({
          address: readInet(partition.key.bytes),
          port: row.clustering(0).readInt32BE(0),
          datacenter: row.text('data_center'),
          rack: row.text('rack'),
          hostId: uuidOf(row, 'host_id'),
          releaseVersion: row.text('release_version'),
          schemaVersion: uuidOf(row, 'schema_version'),
          nativeAddress: native === null ? null : readInet(native),
          nativePort: row.value('native_port')?.readInt32BE(0) ?? null,
          tokens: tokensOf(row),
        });
      }
    }
    return peers;
  }

  private writer(key: Buffer): RowWriter {
    this.lastTimestamp = Math.max(this.clock.wallMicros(), this.lastTimestamp + 2);
    const { lastTimestamp: timestamp } = this;
    return new RowWriter({ keyspace: 'system', key, timestamp, nowMs: this.clock.wallMs() });
  }

  private nowSeconds(): number {
    return Math.floor(this.clock.wallMs() / 1_000);
  }
}

const LOCAL = table('local');
const PEERS = table('peers');
const PEERS_V2 = table('peers_v2');

function table(name: string): TableMetadata {
  return required(SYSTEM_KEYSPACE.tables.get(name), `system.${name}`);
}

function setPeer(row: RowDraft, info: Partial<PeerInfo>): RowDraft {
  return row
    .set('data_center', text(info.datacenter))
    .set('host_id', uuid(info.hostId))
    .set('rack', text(info.rack))
    .set('release_version', text(info.releaseVersion))
    .set('schema_version', uuid(info.schemaVersion))
    .set('tokens', textSet(info.tokens));
}

type Optional<T> = T | null | undefined;

function lift<T>(value: Optional<T>, encode: (value: T) => Buffer): ColumnValue | undefined {
  if (value === undefined || value === null) return value as null | undefined;
  return encode(value);
}
function text(value: Optional<string>): ColumnValue | undefined {
  return lift(value, textValue);
}
function int(value: Optional<number>): ColumnValue | undefined {
  return lift(value, intValue);
}
function uuid(value: Optional<string>): ColumnValue | undefined {
  return lift(value, uuidValue);
}
function inet(value: Optional<string>): ColumnValue | undefined {
  return lift(value, inetValue);
}
function textSet(values: Optional<readonly string[]>): ColumnValue | undefined {
  if (values === undefined || values === null) return values;
  return values.map((value): ElementValue => ({ path: textValue(value), value: EMPTY }));
}

function present<K extends string, V>(key: K, value: V | null): Partial<Record<K, V>> {
  return value === null ? {} : ({ [key]: value } as Record<K, V>);
}
function uuidOf(row: LiveRow, name: string): string | null {
  const value = row.value(name);
  return value === null ? null : readUuid(value);
}
function tokensOf(row: LiveRow): string[] {
  return row.elements('tokens').map((cell) => readText(cell.path ?? EMPTY));
}
