// Incremental repair sessions and what they repaired outlive a restart; sessions that nobody ends are ended.

import { describe, expect, it } from 'vitest';

import type { LocalSession } from '../../src/node/repair/local-sessions.ts';
import { LocalSessions } from '../../src/node/repair/local-sessions.ts';
import type { TokenRange } from '../../src/ring/token-range.ts';
import { rangeText } from '../../src/ring/token-range.ts';
import { parseToken } from '../../src/ring/token.ts';
import { endpoint } from '../../src/world/ports.ts';
import { ToyStore } from '../coordinator/toy-cluster.ts';
import { setClock } from '../set-clock.ts';

const A = endpoint('127.0.1.1', 7000);
const B = endpoint('127.0.1.2', 7001);
const TABLE = '00000000-0000-1000-8000-00000000000a';
const DAY_MS = 24 * 3_600_000;

function range(left: number, right: number): TokenRange {
  return { left: parseToken(String(left)), right: parseToken(String(right)) };
}

function idOf(n: number): string {
  return `00000000-0000-1000-8000-0000000000${String(n).padStart(2, '0')}`;
}

describe('incremental repair sessions', () => {
  const store = new ToyStore();
  const time = setClock();
  const open = (): LocalSessions => {
    time.now += 1_000;
    const sessions = new LocalSessions(store, time);
    sessions.load();
    return sessions;
  };
  const begin = (sessions: LocalSessions, n: number, ranges: TokenRange[], repairedAtMs: number) =>
    sessions.begin({
      id: idOf(n),
      coordinator: B,
      participants: [A, B],
      tableIds: [TABLE],
      ranges,
      repairedAtMs,
    });
  const states = (sessions: LocalSessions): string[] =>
    sessions
      .all()
      .map(({ id, state }) => `${id.slice(-2)} ${state}`)
      .sort();
  const sections = (sessions: LocalSessions): string[] =>
    sessions
      .repairedOf(TABLE)
      .map((one) => `${one.ranges.map(rangeText).join(' ')} at ${one.value}`);

  it('are what they were after a restart; what had not promised to end has failed', () => {
    const first = open();
    begin(first, 1, [range(0, 100)], 1_000);
    let heard = 0;
    for (const state of ['PREPARED', 'REPAIRING', 'FINALIZE_PROMISED', 'FINALIZED'] as const)
      expect(first.move(idOf(1), state, () => heard++)).toBe(true);
    expect(heard).toBe(4);
    expect(first.move(idOf(1), 'FAILED')).toBe(false);
    begin(first, 2, [range(50, 200)], 2_000);
    first.move(idOf(2), 'REPAIRING');
    expect(first.move(idOf(2), 'PREPARED')).toBe(false);
    begin(first, 3, [range(300, 400)], 3_000);
    first.move(idOf(3), 'FINALIZE_PROMISED');
    const before = first.get(idOf(1));

    const again = open();
    expect(states(again)).toEqual(['01 FINALIZED', '02 FAILED', '03 FINALIZE_PROMISED']);
    expect(again.get(idOf(1))).toEqual(before satisfies LocalSession | undefined);
    expect(sections(again)).toEqual(['(0,100] at 1000']);
    expect(again.move(idOf(3), 'FINALIZED')).toBe(true);
    expect(sections(again)).toEqual(['(300,400] at 3000', '(0,100] at 1000']);
  });

  it('a newer session covers an older one; a forced one proves nothing', () => {
    const sessions = open();
    begin(sessions, 4, [range(50, 350)], 4_000);
    sessions.move(idOf(4), 'FINALIZED');
    begin(sessions, 5, [range(0, 1_000)], 0);
    sessions.move(idOf(5), 'FINALIZED');
    const expected = ['(50,350] at 4000', '(350,400] at 3000', '(0,50] at 1000'];
    expect(sections(sessions)).toEqual(expected);
    expect(sections(open())).toEqual(expected);
  });

  it('are forgotten a day after their end, unless they still tell of a range', () => {
    const sessions = open();
    begin(sessions, 6, [range(-100, 0)], 6_000);
    sessions.move(idOf(6), 'PREPARED');
    begin(sessions, 7, [range(0, 50)], 7_000);
    sessions.move(idOf(7), 'FINALIZED');
    time.now += 2 * 3_600_000;
    expect(sessions.cleanUp().map(({ id }) => id)).toEqual([idOf(6)]);
    time.now += DAY_MS;
    expect(sessions.cleanUp()).toEqual([]);
    // The first is covered by now, the second failed, the fifth was forced; the sixth has just failed.
    const left = ['03 FINALIZED', '04 FINALIZED', '06 FAILED', '07 FINALIZED'];
    expect(states(sessions)).toEqual(left);
    expect(states(open())).toEqual(left);
    time.now += 2 * DAY_MS;
    sessions.cleanUp();
    expect(states(open())).toEqual(['03 FINALIZED', '04 FINALIZED', '07 FINALIZED']);
  });
});
