// The same cluster under world/virtual: six nodes in two regions under load, a zone lost for three and a half hours,
// past the hint window, its return, repair, convergence. Seconds of CPU; the same seed gives the same trace.

import { expect, test } from 'vitest';
import { DEFAULT_REPAIR } from '../../src/node/repair/repair-options.ts';
import { ALWAYS_ON } from '../../src/topology/topology.ts';
import { VirtualLab } from './virtual-lab.ts';

const HOUR_MS = 3_600_000;

interface Outcome {
  readonly writes: number;
  readonly failed: number;
  readonly differingBeforeRepair: number;
  readonly differingAfterRepair: number;
  readonly rowsStreamed: number;
  readonly streamedAgain: number;
  readonly expiredOrRefused: number;
  readonly hash: string;
}

function longOutage(seed: number): Outcome {
  const lab = new VirtualLab(ALWAYS_ON, seed);
  let windowPassed = 0;
  lab.cluster.on((event) => {
    if (event.kind === 'hint-window-passed') windowPassed++;
  });
  lab.run(
    'us-east-1/a/1',
    "CREATE KEYSPACE shop WITH replication = {'class': 'NetworkTopologyStrategy', 'us-east-1': 3, 'us-west-2': 3}",
  );
  lab.run('us-east-1/a/1', 'CREATE TABLE shop.carts (user int PRIMARY KEY, version int)');
  lab.loop.runFor(5_000);
  let writes = 0;
  let failed = 0;
  const stopAt = lab.loop.nowMs() + 4 * HOUR_MS;
  const load = (): void => {
    if (lab.loop.nowMs() >= stopAt) return;
    writes++;
    const place = writes % 2 === 0 ? 'us-east-1/a/1' : 'us-west-2/a/1';
    lab.send(
      place,
      `INSERT INTO shop.carts (user, version) VALUES (${writes % 5_000}, ${writes})`,
      'LOCAL_QUORUM',
      (response) => {
        if (response.kind === 'error') failed++;
      },
    );
    lab.loop.after(500, load);
  };
  load();
  lab.loop.runFor(5 * 60_000);
  lab.kill('us-east-1/b/1');
  lab.loop.runFor(3.5 * HOUR_MS);
  lab.restart('us-east-1/b/1');
  lab.loop.runUntil(stopAt + 120_000);
  const differingBeforeRepair = lab.differences('shop', 'carts').length;
  const rowsStreamed = repair(lab);
  const differingAfterRepair = lab.differences('shop', 'carts').length;
  const streamedAgain = repair(lab);
  return {
    writes,
    failed,
    differingBeforeRepair,
    differingAfterRepair,
    rowsStreamed,
    streamedAgain,
    expiredOrRefused: windowPassed,
    hash: lab.loop.traceHash(),
  };
}

/** A full repair of primary ranges on every node; rows streamed. */
function repair(lab: VirtualLab): number {
  let rows = 0;
  for (const { node } of lab.cluster.hosts) {
    if (node === null) continue;
    let isDone = false;
    node.repair.repair(
      { ...DEFAULT_REPAIR, keyspace: 'shop', kind: 'full', primaryRange: true },
      () => undefined,
      (result) => {
        expect(result.error).toBeNull();
        rows += result.rowsStreamed;
        isDone = true;
      },
    );
    lab.loop.runUntilTrue(() => isDone, HOUR_MS);
  }
  return rows;
}

test('a zone away for longer than the hint window comes back whole by repair', () => {
  const first = longOutage(42);
  expect(first.writes).toBeGreaterThan(28_000);
  expect(first.failed).toBe(0);
  expect(first.expiredOrRefused).toBeGreaterThan(0);
  expect(first.differingBeforeRepair).toBeGreaterThan(0);
  expect(first.rowsStreamed).toBeGreaterThan(0);
  expect(first.differingAfterRepair).toBe(0);
  expect(first.streamedAgain).toBe(0);
  expect(longOutage(42)).toEqual(first);
  expect(longOutage(43).hash).not.toBe(first.hash);
});
