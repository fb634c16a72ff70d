// Terms inside schema statements and stored texts (INITCOND, arguments of masks) as bytes of a type.
// Test: test/facts-conformance/errors.test.ts. Cassandra: cql3/Terms.asBytes.

import type { Term } from '../../../cql/ast.ts';
import { parseTerm } from '../../../cql/parse.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import type { Schema } from '../../../data/schema.ts';
import { BindVariables } from '../bind-variables.ts';
import { prepareTerm } from '../terms/prepare-term.ts';
import type { BindContext } from '../terms/term.ts';
import { bindSet } from '../terms/term.ts';
import type { TermScope } from '../terms/term-scope.ts';

const NO_SCHEMA: Schema = { keyspaces: new Map(), version: '' };
const NOTHING = Buffer.alloc(16);

/** A scope without a table: for terms that name no column. */
export function bareScope(keyspace: string, schema: Schema, nowMs: number): TermScope {
  const variables = new BindVariables([]);
  return { keyspace, schema, table: null, variables, nowMs, userFunctions: () => [] };
}

/** Throws INVALID with `(dummy)` for the receiver's name, as Cassandra does. null for a null literal. */
export function termBytes(term: Term, type: CqlType, scope: TermScope): Buffer | null {
  const receiver = { keyspace: scope.keyspace, table: '--dummy--', name: '(dummy)', type };
  return bindSet(
    prepareTerm(term, receiver, scope),
    constantContext(scope.nowMs),
    'Invalid unset value',
  );
}

/** For terms without markers, whose value must not change: what is random elsewhere is zero. */
export function constantContext(nowMs: number): BindContext {
  return {
    values: [],
    functions: {
      nowMs,
      nextTimeUuid: () => NOTHING,
      randomBytes: (length) => Buffer.alloc(length),
    },
    guard: null,
  };
}

/** A stored CQL literal; throws INVALID when it is none of the type. */
export function readLiteral(text: string, type: CqlType): Buffer | null {
  const term = parseTerm(text);
  if (term.kind === 'marker') throw invalid(`Invalid literal ${text}`);
  return termBytes(term, type, bareScope('', NO_SCHEMA, 0));
}
