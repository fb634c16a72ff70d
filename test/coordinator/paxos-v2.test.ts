// The pure parts of Paxos v2: counting acceptances, pauses under contention, whose turn it is.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { timeUuidAt } from '../../src/data/time-uuid.ts';
import { ContentionBackoff, PartitionLocks } from '../../src/node/coordinator/paxos-contention.ts';
import type { Ballot, Prepare2Response } from '../../src/node/coordinator/paxos-messages.ts';
import type { Paxos2Plan } from '../../src/node/coordinator/paxos-plan.ts';
import { Prepare2Round, Propose2Round } from '../../src/node/coordinator/paxos2-rounds.ts';
import type { Prepare2Result, Propose2Result } from '../../src/node/coordinator/paxos2-rounds.ts';
import { endpoint } from '../../src/world/ports.ts';
import type { Clock } from '../../src/world/ports.ts';
import { SeededRandom } from '../../src/world/random.ts';

const [a, b, c] = [1, 2, 3].map((n) => endpoint(`127.0.1.${n}`, 7000)) as [
  ReturnType<typeof endpoint>,
  ReturnType<typeof endpoint>,
  ReturnType<typeof endpoint>,
];

const plan: Paxos2Plan = {
  kind: 'paxos2',
  electorate: { level: 'SERIAL', natural: [a, b, c], pending: [] },
  required: 2,
  readRequired: 2,
  contacts: [a, b, c],
};

function ballot(micros: number): Ballot {
  return { micros, uuid: timeUuidAt(micros, Buffer.from('8000000000000001', 'hex')) };
}

describe('a proposal', () => {
  /** By replica, in order: y accepts, n refuses, x fails, t times out; - ends the wait by the deadline. */
  it.each([
    ['yy', true, 'accepted'],
    ['nyy', true, 'superseded, unknown'],
    ['nn', true, 'waits'],
    ['nnn', true, 'superseded'],
    ['nny', true, 'superseded, unknown'],
    ['nx', true, 'superseded, unknown'],
    ['n', false, 'superseded, unknown'],
    ['yx', true, 'waits'],
    ['yxx', true, 'failed 1/2'],
    ['ytt', true, 'timed out 1/2'],
    ['tt', true, 'timed out 0/2'],
    ['y-', true, 'timed out 1/2'],
    ['n-', true, 'superseded, unknown'],
  ])('%s, waiting for certainty %s: %s', (answers, waits, expected) => {
    let result: Propose2Result | null = null;
    const round = new Propose2Round(plan, waits, (one) => {
      expect(result).toBeNull();
      result = one;
    });
    [...answers].forEach((answer, at) => {
      const node = plan.contacts[at] ?? a;
      if (answer === '-') round.onDeadline();
      else if (answer === 'x') round.onFailure(node, 'UNKNOWN');
      else if (answer === 't') round.onFailure(node, 'TIMEOUT');
      else round.onResponse(node, answer === 'n' ? ballot(9) : null);
    });
    expect(proposeText(result)).toBe(expected);
  });
});

function proposeText(result: Propose2Result | null): string {
  if (result === null) return 'waits';
  if (result.kind === 'accepted') return 'accepted';
  if (result.kind === 'superseded') return result.isUnknown ? 'superseded, unknown' : 'superseded';
  return `${result.isFailure ? 'failed' : 'timed out'} ${result.received}/${result.required}`;
}

describe('a prepare', () => {
  const promise = (more: Partial<Prepare2Response & { readonly kind: 'permitted' }> = {}) =>
    ({
      kind: 'permitted',
      promised: true,
      accepted: null,
      committed: null,
      partitions: [],
      stable: true,
      electorateDiffers: false,
      supersededBy: null,
      ...more,
    }) as const;
  const commit = { ballot: ballot(5), mutation: null };
  const run = (
    answers: readonly Prepare2Response[],
    options: { readonly early?: boolean; readonly sameElectorate?: boolean } = {},
  ) => {
    const results: Prepare2Result[] = [];
    const refreshed: string[] = [];
    const round = new Prepare2Round(plan, options.early === true, {
      done: (one) => results.push(one),
      refresh: (nodes) => refreshed.push(...nodes),
      isElectorateSame: () => options.sameElectorate === true,
    });
    answers.forEach((answer, at) => round.onResponse(plan.contacts[at] ?? a, answer));
    return { round, results, refreshed };
  };

  it('is permitted by a majority of promises, with their contents', () => {
    const { results } = run([promise(), promise(), promise()]);
    expect(results).toMatchObject([
      {
        kind: 'permitted',
        isPromised: true,
        isReadSafe: true,
        sources: [{ node: a }, { node: b }],
      },
    ]);
  });

  it('is superseded by one refusal, which names the ballot', () => {
    const { results } = run([promise(), { kind: 'rejected', supersededBy: ballot(9) }]);
    expect(results).toEqual([{ kind: 'superseded', by: ballot(9) }]);
  });

  it('may only read when a newer reader was promised, and not even that past a writer', () => {
    const behind = promise({ promised: false, supersededBy: ballot(9) });
    expect(run([promise(), behind]).results).toMatchObject([
      { kind: 'permitted', isPromised: false, supersededBy: ballot(9) },
    ]);
    const racing = promise({ promised: false, supersededBy: ballot(9), stable: false });
    expect(run([promise(), racing]).results).toMatchObject([{ kind: 'superseded', by: ballot(9) }]);
  });

  it('finds what was accepted and is not known to be committed', () => {
    const mutation = { keyspace: 'k', key: { high: 0, low: 0, bytes: Buffer.alloc(0), id: '' } };
    const accepted = { ballot: ballot(7), mutation: mutation as never };
    expect(run([promise({ accepted }), promise({ committed: commit })]).results).toEqual([
      { kind: 'found-accepted', accepted },
    ]);
    const newer = { ballot: ballot(8), mutation: null };
    expect(run([promise({ accepted }), promise({ committed: newer })]).results).toEqual([]);
  });

  it('refreshes those that miss the newest commit before it goes on, unless a safe read suffices', () => {
    const { round, results, refreshed } = run([promise(), promise({ committed: commit })]);
    expect([results, refreshed]).toEqual([[], [a]]);
    round.onRefreshed(a, null);
    expect(results).toMatchObject([{ kind: 'permitted', isPromised: true }]);
    const early = run([promise(), promise({ committed: commit })], { early: true });
    expect(early.results).toMatchObject([{ kind: 'permitted', isPromised: false }]);
  });

  it('starts again when the newest commit was not read', () => {
    const unread = promise({ committed: commit, partitions: null });
    const wide = { ...plan, required: 2, readRequired: 1 };
    const results: Prepare2Result[] = [];
    const round = new Prepare2Round(wide, false, {
      done: (one) => results.push(one),
      refresh: () => undefined,
      isElectorateSame: () => true,
    });
    round.onResponse(a, promise());
    round.onResponse(b, unread);
    expect(results).toEqual([{ kind: 'found-committed', committed: commit }]);
  });

  it('begins anew only when its own view of the voters has changed', () => {
    const other = promise({ electorateDiffers: true });
    expect(run([other]).results).toEqual([{ kind: 'electorate-changed' }]);
    expect(run([other, other], { sameElectorate: true }).results).toMatchObject([
      { kind: 'permitted' },
    ]);
  });

  it('gives up when too few can answer', () => {
    const { round, results } = run([promise()]);
    round.onFailure(b, 'UNKNOWN');
    round.onFailure(c, 'TIMEOUT');
    expect(results).toMatchObject([
      { kind: 'too-few', isFailure: false, received: 1, required: 2 },
    ]);
  });
});

describe('the pause under contention', () => {
  const clock = { nowMs: () => 0 } as Clock;

  it('lies between 0 and 10 ms while nothing is known', () => {
    const backoff = new ContentionBackoff(clock, new SeededRandom(1));
    for (let attempts = 1; attempts < 50; attempts++) {
      const ms = backoff.waitMs(attempts);
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThanOrEqual(10);
    }
  });

  it('grows with the attempts and the measured latencies, up to 100 ms', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 2_000, noNaN: true }),
        fc.integer({ min: 1, max: 20 }),
        (latencyMs, attempts) => {
          const backoff = new ContentionBackoff(clock, new SeededRandom(7));
          for (let n = 0; n < 100; n++) backoff.writes.record(latencyMs);
          const ms = backoff.waitMs(attempts);
          expect(ms).toBeLessThanOrEqual(100);
          // A histogram's bucket is a fifth wide.
          expect(ms).toBeGreaterThanOrEqual(
            Math.min(latencyMs * 0.66, 100 - latencyMs * 0.5 * 1.21 - 5),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the turns on a partition', () => {
  it('come in order; who gives up loses its turn, who leaves at once nests no call', () => {
    const locks = new PartitionLocks();
    const order: string[] = [];
    const first = () => void order.push('first');
    const second = () => void order.push('second');
    const third = () => void order.push('third');
    locks.enter('p', first);
    locks.enter('p', second);
    locks.enter('p', third);
    locks.enter('q', () => void order.push('other'));
    locks.leave('p', second);
    locks.leave('p', first);
    expect(order).toEqual(['first', 'other', 'third']);
    const many = Array.from({ length: 50_000 }, () => {
      const enter = (): void => locks.leave('p', enter);
      return enter;
    });
    for (const enter of many) locks.enter('p', enter);
    locks.leave('p', third);
    locks.enter('p', first);
    expect(order.at(-1)).toBe('first');
  });
});
