// A drill must never call a broken design safe. Small stacks, each broken in one way, are drilled
// and found out with the exit code that is documented; the sound one passes.

import { beforeAll, describe, expect, test } from 'vitest';
import { EXIT_CODES } from '../../src/drill/drill-result.ts';
import { runDrill } from '../../src/index.ts';
import type { DrillInput, DrillResult, TopologyInput } from '../../src/index.ts';
import { freeBlock } from '../free-block.ts';

let block = '';
beforeAll(async () => {
  block = await freeBlock();
});

interface Design {
  readonly replication?: number;
  readonly read?: 'ONE' | 'LOCAL_QUORUM';
  readonly write?: 'ONE' | 'LOCAL_QUORUM';
  readonly cassandra?: TopologyInput['cassandra'];
  readonly repair?: boolean;
}

/** One region, three zones; a node is lost for a while and comes back. */
function nodeLoss({
  replication = 3,
  read = 'LOCAL_QUORUM',
  write = 'LOCAL_QUORUM',
  cassandra = {},
  repair = true,
}: Design): DrillInput {
  return {
    name: 'node-loss',
    topology: {
      regions: { dc: { zones: ['a', 'b', 'c'] } },
      keyspaces: { shop: { replication: { dc: replication } } },
      app: { consistency: { read, write } },
      balancers: {
        regional: { health: { interval: '300ms', timeout: '1s' } },
        global: { propagation: '200ms' },
      },
      cassandra: {
        gossip_interval: '100ms',
        hints_dispatch_interval: '500ms',
        write_request_timeout: '1s',
        ...cassandra,
      },
    },
    load: { rate: 150, read: 0.55, write: 0.35, retry: true, warmup: '500ms', timeout: '3s' },
    phases: [
      { name: 'baseline', for: '700ms' },
      {
        name: 'node lost',
        inject: [{ kind: 'kill', at: 'dc/b/1' }],
        for: '2500ms',
        expect: { userAvailability: 1 },
      },
      {
        name: 'node back',
        heal: true,
        for: '1000ms',
        settle: '20s',
        expect: { userAvailability: 1 },
        ...(repair ? { repair: 'shop' } : {}),
      },
    ],
  };
}

function verdictsOf({ checks }: DrillResult): Record<string, string> {
  return Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict]));
}

describe('a node is lost and comes back', () => {
  test('RF 3, LOCAL_QUORUM, hints and repair: safe, exit 0', async () => {
    const result = await runDrill(nodeLoss({}), { addressBlock: block, seed: 1 });
    expect(result.expectations.filter(({ pass }) => !pass)).toEqual([]);
    expect(
      Object.entries(verdictsOf(result)).filter(([, verdict]) => verdict !== 'passed'),
    ).toEqual([]);
    expect(result.verdict).toBe('passed');
    expect(EXIT_CODES[result.verdict]).toBe(0);
  });

  test('ONE and ONE: stale reads, exit 11', async () => {
    const result = await runDrill(
      nodeLoss({ read: 'ONE', write: 'ONE', cassandra: { hinted_handoff_enabled: false } }),
      { addressBlock: block, seed: 2 },
    );
    expect(verdictsOf(result)).toMatchObject({ 'stale-reads': 'violated' });
    expect(result.checks.find(({ id }) => id === 'stale-reads')?.name).toBe(
      'stale reads within a region (read ONE, write ONE)',
    );
    expect(EXIT_CODES[result.verdict]).toBe(11);
  });

  test('RF 1: users see failures while the node is away, each explained, exit 10', async () => {
    const result = await runDrill(nodeLoss({ replication: 1 }), { addressBlock: block, seed: 3 });
    const broken = result.expectations.filter(({ pass }) => !pass);
    expect(new Set(broken.map(({ text }) => text))).toEqual(
      new Set(['availability to users >= 100 %']),
    );
    const causes = result.phases.flatMap((phase) => phase.causes);
    expect(causes.length).toBeGreaterThan(0);
    expect(causes.filter(({ explained }) => explained === null)).toEqual([]);
    expect(EXIT_CODES[result.verdict]).toBe(10);
  });

  test('neither hints nor repair: replicas stay different, exit 11, though every quorum read was fresh', async () => {
    const result = await runDrill(
      nodeLoss({ repair: false, cassandra: { hinted_handoff_enabled: false } }),
      { addressBlock: block, seed: 4 },
    );
    expect(verdictsOf(result)).toMatchObject({
      convergence: 'violated',
      'lost-writes': 'passed',
      'stale-reads': 'passed',
    });
    expect(EXIT_CODES[result.verdict]).toBe(11);
  });
});

describe('an instance is lost in one of two regions', () => {
  const design: DrillInput = {
    name: 'instance-loss',
    topology: {
      regions: { east: { zones: ['a', 'b'] }, west: { zones: ['a'] } },
      links: { 'east..west': '10ms' },
      keyspaces: { shop: { replication: { east: 2, west: 1 } } },
      balancers: {
        regional: { health: { interval: '400ms', timeout: '1s' } },
        global: { propagation: '200ms' },
      },
      cassandra: { gossip_interval: '250ms' },
    },
    load: { rate: 100, warmup: '500ms' },
    phases: [
      { name: 'baseline', for: '500ms' },
      {
        name: 'instance lost',
        inject: [{ kind: 'kill', at: 'east/b/app-1' }],
        for: '2200ms',
        expect: { userAvailability: 1, failuresAfterDetection: 0 },
      },
      { name: 'instance back', heal: true, for: '500ms', settle: '20s' },
    ],
  };
  test('users who retry see nothing of it', async () => {
    const result = await runDrill(design, { addressBlock: block, seed: 5 });
    expect(result.total.attempts.failures).toBeGreaterThan(0);
    expect(result.total.users.failures).toBe(0);
    expect(result.verdict).toBe('passed');
  });
  test('users who do not retry see failures until the health checks notice, exit 10', async () => {
    const result = await runDrill(design, { addressBlock: block, seed: 5, retry: false });
    expect(result.total.users.failures).toBeGreaterThan(0);
    expect(result.expectations.filter(({ pass }) => !pass).map(({ text }) => text)).toEqual([
      'availability to users >= 100 %',
    ]);
    expect(EXIT_CODES[result.verdict]).toBe(10);
  });
  test('hardly any load proves nothing, exit 12', async () => {
    const result = await runDrill(design, { addressBlock: block, seed: 5, rate: 14 });
    expect(verdictsOf(result)).toMatchObject({ 'enough-operations': 'inconclusive' });
    expect(EXIT_CODES[result.verdict]).toBe(12);
  });
  test('a drill that is stopped proves nothing either, and leaves in order', async () => {
    const abort = new AbortController();
    const result = await runDrill(design, {
      addressBlock: block,
      seed: 5,
      signal: abort.signal,
      onProgress: (progress) => {
        if (progress.kind === 'phase-began' && progress.phase === 'instance lost') abort.abort();
      },
    });
    expect(result.phases.map(({ name }) => name)).toEqual(['baseline', 'instance lost']);
    expect(verdictsOf(result)).toMatchObject({
      'lost-writes': 'inconclusive',
      convergence: 'inconclusive',
    });
    expect(['inconclusive', 'expectation-failed']).toContain(result.verdict);
  });
});
