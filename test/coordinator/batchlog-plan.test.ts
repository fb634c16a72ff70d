// Which nodes keep a logged batch.

import { describe, expect, it } from 'vitest';

import { planBatchlog } from '../../src/node/coordinator/batchlog-plan.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { ToyCluster, toyNodes } from './toy-cluster.ts';
import { toyKeyspace, toySchema, toyTable } from './toy-schema.ts';

function choices(
  racks: Readonly<Record<string, readonly string[]>>,
  dead: readonly string[] = [],
): Set<string> {
  const cluster = new ToyCluster({
    nodes: toyNodes(racks),
    schema: toySchema(toyKeyspace(1, [toyTable()])),
  });
  for (const name of dead) cluster.kill(name);
  const self = cluster.nodes[0];
  const found = new Set<string>();
  for (let seed = 0; seed < 50 && self !== undefined; seed++) {
    const plan = planBatchlog(self.cluster, new SeededRandom(seed).fork('endpoints'), false);
    if (plan.kind === 'unavailable') found.add(plan.error.message);
    else
      found.add(
        `${plan.endpoints
          .map((node) => cluster.nameOf(node))
          .sort()
          .join(' ')} ${plan.level}`,
      );
  }
  return found;
}

describe('batchlog plan', () => {
  it('takes two of other racks', () => {
    expect(choices({ dc1: ['a', 'b', 'c'] })).toEqual(new Set(['b/1 c/1 TWO']));
    expect(choices({ dc1: ['a', 'a', 'b', 'c'], dc2: ['a'] })).toEqual(
      new Set(['dc1/b/1 dc1/c/1 TWO']),
    );
    expect(choices({ dc1: ['a', 'b', 'c', 'd'] })).toEqual(
      new Set(['b/1 c/1 TWO', 'b/1 d/1 TWO', 'c/1 d/1 TWO']),
    );
  });

  it('takes two of the only other rack, or of the local one when there are no others', () => {
    expect(choices({ dc1: ['a', 'b', 'b', 'b'] })).toEqual(
      new Set(['b/1 b/2 TWO', 'b/1 b/3 TWO', 'b/2 b/3 TWO']),
    );
    expect(choices({ dc1: ['a', 'a', 'a'] })).toEqual(new Set(['a/2 a/3 TWO']));
  });

  it('makes do with one, and takes whatever a datacenter of one or two nodes has', () => {
    expect(choices({ dc1: ['a', 'b', 'c'] }, ['b/1'])).toEqual(new Set(['c/1 ONE']));
    expect(choices({ dc1: ['a'] })).toEqual(new Set(['a/1 ONE']));
    expect(choices({ dc1: ['a', 'b'] }, ['b/1'])).toEqual(new Set(['a/1 b/1 TWO']));
  });

  it('is unavailable when every other node is dead', () => {
    expect(choices({ dc1: ['a', 'b', 'c'] }, ['b/1', 'c/1'])).toEqual(
      new Set([
        'Cannot achieve consistency level TWO for batchlog in local DC, required:2, available:0',
      ]),
    );
  });
});
