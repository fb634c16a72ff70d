import { describe, expect, it } from 'vitest';
import { codecFor } from '../../src/data/codec/codec.ts';
import type { CqlType } from '../../src/data/cql-type.ts';
import { required } from '../../src/base/assert.ts';
import type { LocalInfo, PeerInfo } from '../../src/node/query/system/local-tables.ts';
import { LocalTables } from '../../src/node/query/system/local-tables.ts';
import { liveRows } from '../../src/node/schema/row-reader.ts';
import { readText } from '../../src/node/schema/row-values.ts';
import { readTable } from '../../src/node/schema/stored-rows.ts';
import { SYSTEM_KEYSPACE } from '../../src/node/schema/system-keyspaces.ts';
import { systemRows } from './system-rows.ts';
import { MapStore } from './map-store.ts';
import { StepClock } from './schema-world.ts';

type Cells = Readonly<Record<string, unknown>>;
interface Table {
  readonly columns: readonly (readonly [string, string])[];
  readonly rows: readonly Cells[];
}
interface NodeTables {
  readonly local: Table;
  readonly peers: Table;
  readonly peers_v2: Table;
}

const FIXTURE = systemRows<{
  readonly oneNode: NodeTables;
  readonly threeNodes: Readonly<Record<string, NodeTables>>;
}>();

/** What the first of three nodes knew. */
const THREE = required(FIXTURE.threeNodes['127.0.1.1'], 'the first of three nodes');

function localInfo(row: Cells): LocalInfo {
  return {
    bootstrapped: 'COMPLETED',
    broadcastAddress: String(row['broadcast_address']),
    broadcastPort: Number(row['broadcast_port']),
    clusterName: String(row['cluster_name']),
    datacenter: String(row['data_center']),
    gossipGeneration: Number(row['gossip_generation']),
    hostId: String(row['host_id']),
    listenAddress: String(row['listen_address']),
    listenPort: Number(row['listen_port']),
    rack: String(row['rack']),
    nativeAddress: String(row['rpc_address']),
    nativePort: Number(row['rpc_port']),
    schemaVersion: String(row['schema_version']),
    tokens: row['tokens'] as string[],
  };
}

function peerInfo(row: Cells): PeerInfo {
  return {
    datacenter: String(row['data_center']),
    hostId: String(row['host_id']),
    rack: String(row['rack']),
    releaseVersion: String(row['release_version']),
    nativeAddress: String(row['native_address']),
    nativePort: Number(row['native_port']),
    schemaVersion: String(row['schema_version']),
    tokens: row['tokens'] as string[],
  };
}

function peerAddress(row: Cells) {
  return { address: String(row['peer']), port: Number(row['peer_port']) };
}

class World {
  readonly store = new MapStore();
  readonly tables = new LocalTables(this.store, new StepClock());

  /** Every row of a table of `system`, as the fixture writes rows. */
  rows(name: string): Cells[] {
    const table = required(SYSTEM_KEYSPACE.tables.get(name), name);
    return readTable(this.store, table, 0).flatMap((partition) =>
      liveRows(partition).map((row) => {
        const cells: Record<string, unknown> = {};
        for (const column of table.columns.values()) {
          if (column.kind === 'partition_key') {
            cells[column.name] = plain(column.type, partition.key.bytes);
          } else if (column.kind === 'clustering') {
            cells[column.name] = plain(column.type, row.clustering(column.position));
          } else if (column.type.kind === 'set') {
            const tokens = row.elements(column.name);
            cells[column.name] = tokens.map((cell) => readText(required(cell.path, 'token')));
          } else if (column.name === 'truncated_at') {
            cells[column.name] = Object.fromEntries(
              row
                .elements(column.name)
                .map((cell) => [
                  codecFor({ kind: 'native', name: 'uuid' }).toText(required(cell.path, 'id')),
                  `0x${cell.value.toString('hex')}`,
                ]),
            );
          } else {
            const value = row.value(column.name);
            cells[column.name] = value === null ? null : plain(column.type, value);
          }
        }
        return cells;
      }),
    );
  }
}

function plain(type: CqlType, bytes: Buffer): unknown {
  const text = codecFor(type).toText(bytes);
  if (type.kind === 'native' && type.name === 'int') return Number(text);
  return text;
}

function byPeer(rows: readonly Cells[]): Cells[] {
  return [...rows].sort((a, b) => (String(a['peer']) < String(b['peer']) ? -1 : 1));
}

describe('system.local and peers', () => {
  it.each([FIXTURE.oneNode, THREE])('equal Cassandra', (node) => {
    const world = new World();
    const [local] = node.local.rows;
    world.tables.updateLocal(localInfo(required(local, 'a row of local')));
    for (const peer of node.peers_v2.rows)
      world.tables.updatePeer(peerAddress(peer), peerInfo(peer));
    expect(world.rows('local')).toEqual([{ ...local, truncated_at: {} }]);
    expect(byPeer(world.rows('peers'))).toEqual(byPeer(node.peers.rows));
    expect(byPeer(world.rows('peers_v2'))).toEqual(byPeer(node.peers_v2.rows));
  });

  it('set what is given and keep the rest', () => {
    const world = new World();
    const peer = required(THREE.peers_v2.rows[0], 'a peer');
    world.tables.updatePeer(peerAddress(peer), peerInfo(peer));
    world.tables.updatePeer(peerAddress(peer), { rack: 'r9', tokens: ['1'] });
    expect(world.rows('peers_v2')).toEqual([{ ...peer, rack: 'r9', tokens: ['1'] }]);
    world.tables.updatePeer(peerAddress(peer), { rack: null });
    expect(world.rows('peers_v2')[0]).toMatchObject({ rack: null, tokens: ['1'] });
  });

  it('forget a peer that left', () => {
    const world = new World();
    for (const peer of THREE.peers_v2.rows)
      world.tables.updatePeer(peerAddress(peer), peerInfo(peer));
    const [gone, ...rest] = THREE.peers_v2.rows;
    world.tables.removePeer(peerAddress(required(gone, 'a peer')));
    expect(world.rows('peers_v2')).toEqual(rest);
    expect(world.rows('peers').map((row) => row['peer'])).toEqual(rest.map((row) => row['peer']));
  });

  it('are read back at a restart', () => {
    const world = new World();
    expect(world.tables.readLocal()).toBeNull();
    const info = localInfo(required(THREE.local.rows[0], 'a row of local'));
    world.tables.updateLocal(info);
    expect(info).toMatchObject({ ...world.tables.readLocal() });
    const [peer] = THREE.peers_v2.rows;
    world.tables.updatePeer(
      peerAddress(required(peer, 'a peer')),
      peerInfo(required(peer, 'a peer')),
    );
    expect(world.tables.readPeers()).toEqual([
      { ...peerAddress(required(peer, 'a peer')), ...peerInfo(required(peer, 'a peer')) },
    ]);
  });

  it('remember truncations, the last of each table', () => {
    const world = new World();
    world.tables.updateLocal({ clusterName: 'c' });
    const [a, b] = ['176c39cd-b93d-33a5-a218-8eb06a56f66e', '618f817b-005f-3678-b8a4-53f3930b8e86'];
    world.tables.recordTruncation(a, 1);
    world.tables.recordTruncation(b, 2);
    world.tables.recordTruncation(a, 0x1a207955788);
    expect(world.rows('local')[0]?.['truncated_at']).toEqual({
      [a]: '0x000001a20795578800000000000001a207955788',
      [b]: '0x0000000000000002000000000000000000000002',
    });
  });
});
