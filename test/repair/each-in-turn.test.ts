// What is under way, what waits and when it ends, for one at a time and for several.

import { expect, test } from 'vitest';
import type { WorkDone } from '../../src/base/each-in-turn.ts';
import { eachInTurn } from '../../src/base/each-in-turn.ts';

interface Run {
  readonly begun: string[];
  readonly ended: (string | null)[];
  readonly end: Map<string, WorkDone>;
}

function run(items: readonly string[], atOnce?: number): Run {
  const begun: string[] = [];
  const ended: (string | null)[] = [];
  const end = new Map<string, WorkDone>();
  const work = (item: string, next: WorkDone): void => {
    begun.push(item);
    end.set(item, next);
  };
  eachInTurn(items, work, (error) => ended.push(error), atOnce);
  return { begun, ended, end };
}

test('one after another', () => {
  const { begun, ended, end } = run(['a', 'b']);
  expect(begun).toEqual(['a']);
  end.get('a')?.(null);
  expect(begun).toEqual(['a', 'b']);
  expect(ended).toEqual([]);
  end.get('b')?.(null);
  expect(ended).toEqual([null]);
});

test('two at once: a place that is free is taken, the last to end ends it', () => {
  const { begun, ended, end } = run(['a', 'b', 'c'], 2);
  expect(begun).toEqual(['a', 'b']);
  end.get('b')?.(null);
  expect(begun).toEqual(['a', 'b', 'c']);
  end.get('c')?.(null);
  expect(ended).toEqual([]);
  end.get('a')?.(null);
  expect(ended).toEqual([null]);
});

test('the first error ends it at once; what was under way is not heard any more', () => {
  const { begun, ended, end } = run(['a', 'b', 'c'], 2);
  end.get('a')?.('no');
  end.get('b')?.('neither');
  expect(begun).toEqual(['a', 'b']);
  expect(ended).toEqual(['no']);
});

test('without items, and with work that ends at once', () => {
  expect(run([]).ended).toEqual([null]);
  const seen: string[] = [];
  const ended: (string | null)[] = [];
  const work = (item: string, next: WorkDone): void => {
    seen.push(item);
    next(null);
  };
  eachInTurn(['a', 'b', 'c'], work, (error) => ended.push(error), 2);
  expect(seen).toEqual(['a', 'b', 'c']);
  expect(ended).toEqual([null]);
});
