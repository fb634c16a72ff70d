// A block of loopback addresses that no other test process has: each holds a lock on its block
// while it lives.

import { createServer } from 'node:net';

const FIRST = 100;
const COUNT = 150;
const LOCK_PORT = 47_000;

/** `127.123`: for `addressBlock` and --address-block. */
export async function freeBlock(): Promise<string> {
  for (let step = 0; step < COUNT; step++) {
    const block = `127.${FIRST + ((process.pid + step) % COUNT)}`;
    if (await lock(block)) return block;
  }
  throw new Error('no block of loopback addresses is free');
}

function lock(block: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(LOCK_PORT, `${block}.0.250`, () => {
      server.unref();
      resolve(true);
    });
  });
}
