// Every statement of errors.json, refused by a running node of ours as a real one refused it: code, text, fields.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CqlError } from '../../src/data/cql-error.ts';
import { ERROR_CODES, FAILURE_REASONS } from '../../src/data/cql-error.ts';
import type { DecodedResponse } from '../../src/protocol/responses/response.ts';
import { printAnswer } from '../cql/print-answer.ts';
import type { RecordedError } from '../read-facts.ts';
import { recordedErrors } from '../read-facts.ts';
import type { FactClient, FactNode } from './fact-node.ts';
import { SETUP, startFactNode } from './fact-node.ts';
import { expectRecorded } from './known-differences.ts';

const ROWS = recordedErrors();

/** What had changed on the real node before the statement. */
const BEFORE: Readonly<Record<string, string>> = {
  'DELETE l[9] FROM col WHERE k=1': 'UPDATE col SET l=[1] WHERE k=1',
  "DROP IDENTITY 'spiffe://x'": "DROP IDENTITY 'spiffe://x'",
};

/** Name, number, text, and the code's own fields. */
function printRefusal(refusal: {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}): string {
  const { name, code, message, fields } = refusal;
  const rest = fields === undefined ? '' : ` ${JSON.stringify(sorted(fields))}`;
  return `${name} ${code}: ${comparable(message)}${rest}`;
}

function sorted(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Lists of signatures come in the order of a hash map; numbers of Java objects differ from run to run, and so does
 * whether a node's address stands behind the name that was looked up for it.
 */
function comparable(message: string): string {
  return message
    .replace(/\(known type signatures: (.*)\)$/, (_, list: string) => {
      const signatures = list.split(/, (?=system\.)/).sort();
      return `(known type signatures: ${signatures.join(', ')})`;
    })
    .replaceAll(/@[0-9a-f]+/g, '@')
    .replaceAll(/ from [\d.]+\//g, ' from /');
}

function recordedAnswer({ name, protocolErrorCode, message, fields }: RecordedError): string {
  return printRefusal({ name, code: protocolErrorCode, message, fields });
}

function ourAnswer(decoded: DecodedResponse, block: string): string {
  const { response } = decoded;
  if (response.kind !== 'error') return printAnswer(decoded).join('\n');
  const { error } = response;
  const printed = printRefusal({
    name: error.code,
    code: `0x${ERROR_CODES[error.code].toString(16).padStart(4, '0')}`,
    message: error.message,
    fields: fieldsOf(error),
  });
  return printed.replaceAll(block, '127.0');
}

/** The fields of an error, named as the facts name them. */
function fieldsOf(error: CqlError): Readonly<Record<string, unknown>> | undefined {
  switch (error.code) {
    case 'ALREADY_EXISTS':
      return { ks: error.keyspace, table: error.table };
    case 'FUNCTION_FAILURE':
      return { ks: error.keyspace, function: error.function, args: error.argumentTypes };
    case 'READ_FAILURE':
      return { ...failureFields(error), dataPresent: error.dataPresent ? 1 : 0 };
    case 'WRITE_FAILURE':
      return { ...failureFields(error), writeType: error.writeType };
    default:
      return undefined;
  }
}

function failureFields(
  error: Extract<CqlError, { code: 'READ_FAILURE' | 'WRITE_FAILURE' }>,
): Readonly<Record<string, unknown>> {
  const { consistency, received, blockFor, failures } = error;
  const reasons = [...failures].map(([node, reason]) => [node, FAILURE_REASONS[reason]] as const);
  return {
    cl: consistency,
    received,
    blockFor,
    failures: failures.size,
    reasons: Object.fromEntries(reasons),
  };
}

/** Compares a row; sets up again when the statement got through, lest it spoil the rows after it. */
async function check(
  row: RecordedError,
  client: FactClient,
  { block, setUp }: { readonly block: string; readonly setUp: () => Promise<void> },
): Promise<void> {
  const before = BEFORE[row.cql];
  if (before !== undefined) await client.setUp(before);
  const answer = await client.query(row.cql);
  if (answer.response.kind !== 'error') await setUp();
  expectRecorded({
    file: 'errors.json',
    row: row.cql,
    ours: ourAnswer(answer, block),
    recorded: recordedAnswer(row),
  });
}

const rowsOf = (section: string): readonly RecordedError[] =>
  ROWS.filter((row) => row.section === section);

describe('without users', () => {
  let node: FactNode;
  let client: FactClient;
  const setUp = (): Promise<void> => client.setUp(...SETUP);

  beforeAll(async () => {
    node = await startFactNode('plain');
    client = await node.connect();
  });
  afterAll(() => node.stop());

  describe.each(['syntax', 'names', 'select', 'dml', 'ddl', 'accepted-but-destructive'])(
    '%s',
    (section) => {
      beforeAll(setUp);
      test.each(rowsOf(section))('$cql', (row) => check(row, client, { block: node.block, setUp }));
    },
  );
});

const USERS_SETUP: readonly string[] = [
  'DROP KEYSPACE IF EXISTS ak',
  'DROP ROLE IF EXISTS admin',
  'DROP ROLE IF EXISTS nologin',
  'DROP ROLE IF EXISTS bob',
  'DROP ROLE IF EXISTS carol',
  "DROP IDENTITY IF EXISTS 'spiffe://x'",
  "CREATE KEYSPACE ak WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
  'CREATE TABLE ak.t (k int PRIMARY KEY, v int)',
  'CREATE TABLE ak.t2 (k int PRIMARY KEY, v int)',
  'CREATE ROLE admin',
  'CREATE ROLE nologin',
  "CREATE ROLE bob WITH PASSWORD = 'bob' AND LOGIN = true",
  "CREATE USER carol WITH PASSWORD 'c' NOSUPERUSER",
  'GRANT nologin TO bob',
  'GRANT SELECT ON ak.t TO bob',
  'GRANT CREATE ON ALL ROLES TO carol',
  "ADD IDENTITY 'spiffe://x' TO ROLE 'bob'",
];

describe('with users', () => {
  let node: FactNode;
  let superuser: FactClient;
  const setUp = (): Promise<void> => superuser.setUp(...USERS_SETUP);

  beforeAll(async () => {
    node = await startFactNode('users');
    superuser = await node.connect({ user: 'cassandra', password: 'cassandra' });
  });
  afterAll(() => node.stop());

  describe.each([
    ['auth (superuser)', 'cassandra', 'cassandra'],
    ['auth (role bob)', 'bob', 'bob'],
    ['auth (role carol)', 'carol', 'c'],
  ])('%s', (section, user, password) => {
    let client: FactClient;

    beforeAll(async () => {
      await setUp();
      client = await node.connect({ user, password });
    });

    test.each(rowsOf(section))('$cql', (row) => check(row, client, { block: node.block, setUp }));
  });
});

test('the file is whole', () => {
  expect(ROWS.length).toBe(1_263);
});
