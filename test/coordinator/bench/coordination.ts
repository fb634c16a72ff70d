// Requests per second through coordinator, messaging and replicas in one process: six nodes, RF 3 + 3, zero latency.
// Bundle it (rolldown test/coordinator/bench/coordination.ts --platform node) and run it with node: [rounds] [requests].

import { mutation, readOf, toyKeyspace, toySchema, toyTable, update } from '../toy-schema.ts';
import { NO_HINTS, ToyCluster, toyNodes } from '../toy-cluster.ts';
import type { Mutation } from '../../../src/data/partition.ts';
import type { ConsistencyLevel } from '../../../src/data/consistency.ts';
import type { SinglePartitionRead } from '../../../src/data/read-command.ts';

const KEYS = 20_000;
const BATCH = 256;

const table = toyTable();
const keyspace = toyKeyspace({ dc1: 3, dc2: 3 }, [table]);
const cluster = new ToyCluster({
  nodes: toyNodes({ dc1: ['a', 'b', 'c'], dc2: ['a', 'b', 'c'] }),
  schema: toySchema(keyspace),
  hints: NO_HINTS,
});
Object.assign(cluster.telemetry, { detailed: false });
const mutations: Mutation[] = [];
const reads: SinglePartitionRead[] = [];
for (let i = 0; i < KEYS; i++) {
  mutations.push(mutation(update(table, { k: `key${i}`, v: `value ${i}`, timestamp: 1 + i }), 0));
  reads.push(readOf(table, { k: `key${i}` }));
}

function run(name: string, total: number, one: (at: number, done: () => void) => void): void {
  let finished = 0;
  const done = (): void => void finished++;
  const from = process.hrtime.bigint();
  for (let at = 0; at < total; at += BATCH) {
    for (let i = at; i < Math.min(total, at + BATCH); i++) one(i % KEYS, done);
    while (cluster.loop.step(cluster.loop.nowMs()));
    cluster.loop.runFor(0.5);
  }
  const seconds = Number(process.hrtime.bigint() - from) / 1e9;
  if (finished !== total) throw new Error(`${finished} of ${total} finished`);
  process.stdout.write(
    `${name.padEnd(28)} ${Math.round(total / seconds).toLocaleString('en')} /s\n`,
  );
}

const { coordinator } = cluster.node('dc1/a/1');
const context = cluster.context();
const write = (level: ConsistencyLevel) => (at: number, done: () => void) => {
  coordinator.write(
    [mutations[at] as Mutation],
    { kind: 'simple', consistency: level },
    context,
    (error) => {
      if (error !== null) throw new Error(error.message);
      done();
    },
  );
};
const read = (level: ConsistencyLevel) => (at: number, done: () => void) => {
  coordinator.read([reads[at] as SinglePartitionRead], level, context, (result) => {
    if (!result.ok) throw new Error(result.error.message);
    if (result.partitions[0]?.rows.length !== 1) throw new Error('row missing');
    done();
  });
};
const rounds = Number(process.argv[2] ?? 2);
const count = Number(process.argv[3] ?? 200_000);
for (let round = 0; round < rounds; round++) {
  run('LOCAL_QUORUM writes', count, write('LOCAL_QUORUM'));
  run('QUORUM writes', count, write('QUORUM'));
  run('LOCAL_ONE reads', count, read('LOCAL_ONE'));
  run('LOCAL_QUORUM reads', count, read('LOCAL_QUORUM'));
  run('QUORUM reads', count, read('QUORUM'));
}
