// The ranges and participants of a repair.

import { describe, expect, it } from 'vitest';

import type { RepairOptions } from '../../src/node/repair/repair-options.ts';
import { DEFAULT_REPAIR } from '../../src/node/repair/repair-options.ts';
import { planRepair } from '../../src/node/repair/repair-plan.ts';
import type { RepairPlan } from '../../src/node/repair/repair-plan.ts';
import { coveredShare, intersectRanges, normalizeRanges } from '../../src/ring/token-range.ts';
import { ToyCluster, toyNodes } from '../coordinator/toy-cluster.ts';
import { KEYSPACE, toyKeyspace, toySchema, toyTable } from '../coordinator/toy-schema.ts';

const keyspace = toyKeyspace({ dc1: 2, dc2: 2 }, [toyTable()]);

function newCluster(): ToyCluster {
  return new ToyCluster({
    nodes: toyNodes({ dc1: ['a', 'b', 'c'], dc2: ['a', 'b', 'c'] }),
    schema: toySchema(keyspace),
  });
}

function plan(cluster: ToyCluster, name: string, options: Partial<RepairOptions>): RepairPlan {
  const { cluster: state } = cluster.node(name);
  return planRepair({
    self: state.self,
    localDatacenter: state.localDatacenter,
    replication: state.replication(keyspace),
    options: { ...DEFAULT_REPAIR, keyspace: KEYSPACE, kind: 'full', ...options },
    datacenterOf: (node) => state.info(node)?.datacenter ?? '',
    isAlive: (node) => state.isAlive(node),
  });
}

function rangesOf(result: RepairPlan) {
  if (!result.ok) throw new Error(result.error);
  return result.sessions.flatMap((session) => [...session.ranges]);
}

describe('repair plan', () => {
  it('covers the ring once with -pr on every node, and factor times without', () => {
    const cluster = newCluster();
    const primary = cluster.nodes.flatMap((node) =>
      rangesOf(plan(cluster, node.spec.name, { primaryRange: true })),
    );
    expect(coveredShare(normalizeRanges(primary))).toBeCloseTo(1);
    primary.forEach((range, at) => {
      expect(intersectRanges([range], primary.slice(at + 1))).toEqual([]);
    });
    const shares = cluster.nodes.map((node) =>
      coveredShare(rangesOf(plan(cluster, node.spec.name, {}))),
    );
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(4);
  });

  it('asks the replicas of each range, this node first', () => {
    const cluster = newCluster();
    const result = plan(cluster, 'dc1/a/1', {});
    if (!result.ok) throw new Error(result.error);
    const { cluster: state } = cluster.node('dc1/a/1');
    for (const { participants, ranges } of result.sessions) {
      expect(participants[0]).toBe(state.self);
      for (const range of ranges) {
        const middle = state.replication(keyspace).natural(range.right);
        expect([...participants].sort()).toEqual([...middle].sort());
      }
    }
  });

  it('restricts by datacenter and hosts, and refuses what makes no sense', () => {
    const cluster = newCluster();
    const inDc1 = plan(cluster, 'dc1/a/1', { datacenters: ['dc1'] });
    if (!inDc1.ok) throw new Error(inDc1.error);
    for (const { participants } of inDc1.sessions) {
      expect(participants.every((node) => cluster.nameOf(node).startsWith('dc1'))).toBe(true);
    }
    const self = cluster.node('dc1/a/1').address;
    const other = cluster.node('dc1/b/1').address;
    const errors = [
      plan(cluster, 'dc1/a/1', { datacenters: ['dc2'] }),
      plan(cluster, 'dc1/a/1', { datacenters: ['dc1'], primaryRange: true }),
      plan(cluster, 'dc1/a/1', { hosts: [other] }),
      plan(cluster, 'dc1/a/1', { hosts: [self] }),
    ].map((result) => (result.ok ? 'ok' : result.error.split(' ').slice(0, 4).join(' ')));
    expect(errors).toEqual([
      'the local data center',
      'You need to run',
      'The current host must',
      'Specified hosts [127.0.1.1:7000] do',
    ]);
  });

  it('takes subranges within one range only', () => {
    const cluster = newCluster();
    const [own] = rangesOf(plan(cluster, 'dc1/a/1', {}));
    if (own === undefined) throw new Error('no range');
    expect(rangesOf(plan(cluster, 'dc1/a/1', { ranges: [own] }))).toEqual([own]);
    const tooMuch = { left: { high: -0x8000_0000, low: 0 }, right: { high: -0x8000_0000, low: 0 } };
    const result = plan(cluster, 'dc1/a/1', { ranges: [tooMuch] });
    expect(result.ok ? '' : result.error).toContain(
      'is not fully contained in one; this would lead to imprecise repair',
    );
  });
});
