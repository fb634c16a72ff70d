// Where real nodes of the scenarios find addresses (conformance/cassandra/free-block.mjs).

import * as net from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';

interface Block {
  readonly nodes: string;
  readonly announced: string;
  readonly jmxBase: number;
  release(): void;
}
interface Endpoint {
  readonly host: string;
  readonly port: number;
}
interface Module {
  freeBlock(needs: (block: Block) => readonly Endpoint[]): Promise<Block>;
}

const path = '../../conformance/cassandra/free-block.mjs';
const { freeBlock } = (await import(path)) as Module;

/** Port 7000 is where real nodes and the holder of a block listen: the tests keep off it. */
const needs = ({ nodes }: Block): readonly Endpoint[] => [{ host: `${nodes}.9.9`, port: 7_999 }];

test('two runs get two blocks, and one that is released is free again', async () => {
  const first = await freeBlock(needs);
  const second = await freeBlock(needs);
  expect(second.nodes).not.toBe(first.nodes);
  expect(second.announced).not.toBe(first.announced);
  expect(second.jmxBase).not.toBe(first.jmxBase);
  second.release();
  const third = await freeBlock(needs);
  expect(third.nodes).toBe(second.nodes);
  first.release();
  third.release();
});

test('a block is passed over when another program listens on one of its addresses', async () => {
  const first = await freeBlock(needs);
  first.release();
  const other = net.createServer().listen({ host: `${first.nodes}.9.9`, port: 7_999 });
  await once(other, 'listening');
  const second = await freeBlock(needs);
  expect(second.nodes).not.toBe(first.nodes);
  second.release();
  other.close();
});

test('what is held is named when no block is free', async () => {
  const other = net.createServer().listen({ host: '127.0.0.1', port: 0 });
  await once(other, 'listening');
  const { port } = other.address() as net.AddressInfo;
  await expect(freeBlock(() => [{ host: '127.0.0.1', port }])).rejects.toThrow(`127.0.0.1:${port}`);
  other.close();
});
