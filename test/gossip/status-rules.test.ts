// What statuses mean for the ring, one situation a test: who wins a token, a host id, a place.

import { describe, expect, test } from 'vitest';
import type { StateEntry } from '../../src/node/gossip/endpoint-state.ts';
import { EndpointState } from '../../src/node/gossip/endpoint-state.ts';
import { snapshot } from '../../src/node/membership/cluster-metadata.ts';
import { applyStatus } from '../../src/node/membership/status-rules.ts';
import type { StatusEffect } from '../../src/node/membership/status-rules.ts';
import { TokenMetadata } from '../../src/node/membership/token-metadata.ts';
import { tokenText } from '../../src/ring/token.ts';
import { at } from './gossip-cluster.ts';

/** One node's books, fed with statuses of others. */
class Books {
  readonly metadata = new TokenMetadata();
  readonly alive = new Set<string>();
  private readonly states = new Map<string, EndpointState>();
  replacing: string | null = null;

  say(
    n: number,
    status: string,
    tokens: string,
    generation = 1,
    more: readonly StateEntry[] = [],
  ): readonly StatusEffect[] {
    const state = new EndpointState(generation, 1, 0);
    const entries: StateEntry[] = [
      ['HOST_ID', `host-${n}`],
      ['TOKENS', tokens],
      ...more,
      ['STATUS_WITH_PORT', status],
    ];
    entries.forEach(([key, value], i) => state.put(key, { value, version: i + 1 }));
    this.states.set(at(n), state);
    const view = {
      self: at(1),
      isAlive: (node: string) => this.alive.has(node),
      state: (node: string) => this.states.get(node),
      isReplacingSame: (hostId: string) => hostId === this.replacing,
    };
    return applyStatus(this.metadata, view, at(n), state);
  }

  tokens(n: number): string[] {
    return this.metadata.tokensOf(at(n)).map(tokenText);
  }

  status(n: number): string | undefined {
    const place = { datacenter: 'dc1', rack: 'r1' };
    return snapshot(at(1), this.metadata, () => place).nodes.get(at(n))?.status;
  }
}

describe('statuses', () => {
  test('the life of a node', () => {
    const books = new Books();
    expect(books.say(2, 'BOOT,5', '5;9')).toEqual([]);
    expect([books.status(2), books.tokens(2)]).toEqual(['joining', []]);
    expect(books.say(2, 'NORMAL,5', '5;9')).toEqual([{ kind: 'joined', endpoint: at(2) }]);
    expect([books.status(2), books.tokens(2)]).toEqual(['normal', ['5', '9']]);
    expect(books.say(2, 'NORMAL,5', '5;9')).toEqual([]);
    expect(books.say(2, 'shutdown,true', '5;9')).toEqual([]);
    expect(books.say(2, 'LEAVING,5', '5;9')).toEqual([]);
    expect(books.status(2)).toBe('leaving');
    expect(books.say(2, 'LEFT,5,1234', '5;9')).toEqual([
      { kind: 'left', endpoint: at(2), hostId: 'host-2', expiresAtMs: 1234 },
    ]);
    expect(books.status(2)).toBeUndefined();
  });

  test('moving', () => {
    const books = new Books();
    books.say(2, 'NORMAL,5', '5');
    books.say(2, 'MOVING,77', '5');
    expect(books.status(2)).toBe('moving');
    expect(books.say(2, 'NORMAL,77', '77')).toEqual([{ kind: 'moved', endpoint: at(2) }]);
    expect(books.tokens(2)).toEqual(['77']);
  });

  test('nothing new changes no version', () => {
    const books = new Books();
    books.say(2, 'NORMAL,5', '5');
    const { version } = books.metadata;
    books.say(2, 'NORMAL,5', '5', 2);
    books.say(2, 'shutdown,true', '5', 2);
    books.say(3, 'hibernate,true', '7');
    books.say(3, 'shutdown,true', '');
    expect(books.metadata.version).toBe(version);
  });

  test('a member seen leaving or moving for the first time owns its tokens', () => {
    const books = new Books();
    books.say(2, 'LEAVING,5', '5');
    books.say(3, 'MOVING,8', '7');
    expect([books.status(2), books.tokens(2)]).toEqual(['leaving', ['5']]);
    expect([books.status(3), books.tokens(3)]).toEqual(['moving', ['7']]);
  });

  test('removal: the coordinator is named, the end removes', () => {
    const books = new Books();
    books.say(2, 'NORMAL,5', '5');
    expect(
      books.say(2, 'removing,host-2', '5', 2, [['REMOVAL_COORDINATOR', 'REMOVER,host-3']]),
    ).toEqual([{ kind: 'removing', endpoint: at(2), coordinatorId: 'host-3' }]);
    expect(books.status(2)).toBe('leaving');
    expect(books.say(2, 'removed,host-2,99', '5', 3)).toEqual([
      { kind: 'left', endpoint: at(2), hostId: 'host-2', expiresAtMs: 99 },
    ]);
  });
});

describe('collisions', () => {
  test('a token goes to the node started later; one left without any is displaced', () => {
    const books = new Books();
    books.say(2, 'NORMAL,5', '5;6', 10);
    expect(books.say(3, 'NORMAL,5', '5;7', 11)).toEqual([{ kind: 'joined', endpoint: at(3) }]);
    expect([books.tokens(2), books.tokens(3)]).toEqual([['6'], ['5', '7']]);
    expect(books.say(4, 'NORMAL,6', '6', 12)).toEqual([
      { kind: 'displaced', endpoint: at(2), by: at(4), hostId: 'host-2', replaced: false },
      { kind: 'joined', endpoint: at(4) },
    ]);
    expect(books.say(5, 'NORMAL,7', '7;8', 3)).toEqual([{ kind: 'joined', endpoint: at(5) }]);
    expect(books.tokens(5)).toEqual(['8']);
  });

  test('a host id goes to the node started later, never away from this node', () => {
    const books = new Books();
    books.say(2, 'NORMAL,5', '5', 10);
    expect(books.say(3, 'NORMAL,7', '7', 11, [['HOST_ID', 'host-2']])).toEqual([
      { kind: 'displaced', endpoint: at(2), by: at(3), hostId: 'host-2', replaced: false },
      { kind: 'joined', endpoint: at(3) },
    ]);
    expect(books.say(4, 'NORMAL,9', '9', 9, [['HOST_ID', 'host-2']])).toMatchObject([
      { kind: 'displaced', endpoint: at(4), by: at(3) },
    ]);
    books.say(1, 'NORMAL,1', '1', 1);
    expect(books.say(5, 'NORMAL,11', '11', 99, [['HOST_ID', 'host-1']])).toMatchObject([
      { kind: 'displaced', endpoint: at(5), by: at(1) },
    ]);
    expect(books.metadata.endpointOfHost('host-1')).toBe(at(1));
  });
});

describe('replacement', () => {
  test('takes all tokens and forgets the dead node', () => {
    const books = new Books();
    books.say(2, 'NORMAL,5', '5;6', 10);
    books.say(3, `BOOT_REPLACE,${at(2)}`, '5;6', 20);
    expect(books.status(3)).toBe('replacing');
    expect(books.metadata.replacementOf(at(2))).toBe(at(3));
    expect(books.say(3, 'NORMAL,5', '5;6', 20)).toEqual([
      { kind: 'displaced', endpoint: at(2), by: at(3), hostId: 'host-2', replaced: true },
      { kind: 'joined', endpoint: at(3) },
    ]);
    expect(books.tokens(3)).toEqual(['5', '6']);
  });

  test('of a live node is refused, before and at the end', () => {
    const books = new Books();
    books.say(2, 'NORMAL,5', '5', 10);
    books.alive.add(at(2));
    expect(books.say(3, `BOOT_REPLACE,${at(2)}`, '5', 20)).toEqual([
      { kind: 'refused', text: `Node /${at(3)} is trying to replace alive node /${at(2)}.` },
    ]);
    books.alive.clear();
    books.say(3, `BOOT_REPLACE,${at(2)}`, '5', 20);
    books.alive.add(at(2));
    expect(books.say(3, 'NORMAL,5', '5', 20)).toEqual([
      {
        kind: 'refused',
        text: `Node /${at(3)} cannot complete replacement of alive node /${at(2)}.`,
      },
    ]);
    expect(books.say(3, `BOOT_REPLACE,${at(4)}`, '5', 20)).toEqual([
      {
        kind: 'refused',
        text: `Node /${at(3)} is already replacing /${at(2)} but is trying to replace /${at(4)}.`,
      },
    ]);
  });

  test("the node that replaces under the old address ignores its predecessor's host id elsewhere", () => {
    const books = new Books();
    books.replacing = 'host-2';
    expect(books.say(2, 'NORMAL,5', '5', 10)).toEqual([]);
    expect(books.tokens(2)).toEqual([]);
  });
});
