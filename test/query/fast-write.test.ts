// The frequent write and the general one make the same mutation, whatever is bound.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { required } from '../../src/base/assert.ts';
import { parseStatement } from '../../src/cql/parse.ts';
import { CqlException } from '../../src/data/cql-error.ts';
import type { Mutation } from '../../src/data/partition.ts';
import { addUpdates, UpdateCollector } from '../../src/node/query/modification/build-update.ts';
import { fastMutation } from '../../src/node/query/modification/fast-write.ts';
import type { ModificationPlan } from '../../src/node/query/modification/modification-plan.ts';
import { NodeListPaths } from '../../src/node/query/modification/update-parameters.ts';
import { prepareStatement } from '../../src/node/query/prepared-statement.ts';
import { partitionKeys } from '../../src/node/query/restrictions/key-values.ts';
import { NO_USER_CODE } from '../../src/node/query/user-code.ts';
import type { BoundValue } from '../../src/protocol/bound-value.ts';
import { UNSET } from '../../src/protocol/bound-value.ts';
import { SingleNode } from './single-node.ts';

const node = new SingleNode();
node.setUp(
  "CREATE KEYSPACE ks WITH replication={'class':'SimpleStrategy','replication_factor':1}",
  'CREATE TABLE ks.t (k1 int, k2 text, c1 bigint, c2 text, z text, a int, fl frozen<list<text>>, PRIMARY KEY ((k1,k2),c1,c2))',
  'CREATE TABLE ks.kv (k text PRIMARY KEY, v blob, n int)',
);

function planOf(cql: string): ModificationPlan {
  const { plan } = prepareStatement(parseStatement(cql), {
    schema: node.schema.current,
    keyspace: null,
    nowMs: 0,
    runner: NO_USER_CODE,
    firstNames: new Map<string, string>(),
    filtersImplicitly: () => false,
  });
  if (plan.kind !== 'modification') throw new Error(plan.kind);
  return plan;
}

const TIME = { timestamp: 1_700_000_000_000_000, nowSeconds: 1_700_000_000 };

type Outcome = { readonly mutation: Mutation } | { readonly message: string };

function outcome(make: () => Mutation): Outcome {
  try {
    return { mutation: make() };
  } catch (error) {
    if (error instanceof CqlException) return { message: error.error.message };
    throw error;
  }
}

function general(plan: ModificationPlan, values: readonly BoundValue[], ttl: number): Mutation {
  const functions = {
    nowMs: 5,
    nextTimeUuid: () => Buffer.alloc(16),
    randomBytes: (n: number) => Buffer.alloc(n),
  };
  const bind = { values, functions, guard: null };
  const listPaths = new NodeListPaths(node.clock, functions.nextTimeUuid);
  const collector = new UpdateCollector();
  addUpdates(
    plan,
    partitionKeys(plan.restrictions, bind),
    { ...TIME, ttl, bind, listPaths },
    new Map(),
    collector,
  );
  return required(collector.build(5)[0], 'a mutation');
}

const STATEMENTS = [
  'INSERT INTO ks.kv (k,v,n) VALUES (?,?,?)',
  'UPDATE ks.kv SET n=?, v=? WHERE k=?',
  "INSERT INTO ks.kv (k,n) VALUES ('const',?)",
  'INSERT INTO ks.kv (k,n,v) VALUES (?,null,0x01)',
  'INSERT INTO ks.t (k1,k2,c1,c2,z,a) VALUES (?,?,?,?,?,?)',
  'UPDATE ks.t SET z=?, a=1 WHERE k1=? AND k2=? AND c1=? AND c2=?',
] as const;

const value = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(4, 8)
      .chain((n) => fc.uint8Array({ minLength: n, maxLength: n }))
      .map((a) => Buffer.from(a) as BoundValue),
  },
  { weight: 2, arbitrary: fc.string({ maxLength: 40 }).map((s) => Buffer.from(s) as BoundValue) },
  fc.constant<BoundValue>(null),
  fc.constant<BoundValue>(UNSET),
);

describe('both ways', () => {
  test.each(STATEMENTS)('%s', (cql) => {
    const plan = planOf(cql);
    const fast = required(plan.fast, 'a fast plan');
    const markers = [...cql].filter((c) => c === '?').length;
    fc.assert(
      fc.property(
        fc.array(value, { minLength: markers, maxLength: markers }),
        fc.constantFrom(0, 60),
        (values, ttl) => {
          const quick = outcome(() => fastMutation(fast, values, { ...TIME, ttl }, 5, null));
          expect(quick).toEqual(outcome(() => general(plan, values, ttl)));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('what is not that simple', () => {
  test.each([
    'INSERT INTO ks.kv (k,n) VALUES (?,?) IF NOT EXISTS',
    "INSERT INTO ks.t (k1,k2,c1,c2,fl) VALUES (1,?,?,'x',?)",
    'UPDATE ks.kv SET n=? WHERE k IN (?,?)',
    'DELETE FROM ks.kv WHERE k=?',
    'INSERT INTO ks.kv (k,v) VALUES (?,int_as_blob(?))',
    'INSERT INTO ks.kv JSON ?',
    // Collections are read and put in order.
    "INSERT INTO ks.t (k1,k2,c1,c2,fl) VALUES (1,?,?,'x',?)",
  ])('%s', (cql) => {
    expect(planOf(cql).fast).toBeNull();
  });
});

test('nothing of the received frame is kept', () => {
  const fast = required(planOf('INSERT INTO ks.kv (k,v,n) VALUES (?,?,?)').fast, 'a fast plan');
  const frame = Buffer.alloc(1000, 1);
  const values = [frame.subarray(0, 10), frame.subarray(10, 500), frame.subarray(500, 504)];
  const mutation = fastMutation(fast, values, { ...TIME, ttl: 0 }, 5, null);
  const before = JSON.stringify(mutation);
  frame.fill(2);
  expect(JSON.stringify(mutation)).toBe(before);
});
