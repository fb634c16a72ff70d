import { describe, expect, it } from 'vitest';
import type { CqlError } from '../../src/data/cql-error.ts';
import type { RecordedError } from '../read-facts.ts';
import { factText, facts, recordedErrors } from '../read-facts.ts';
import { DdlWorld, errorOf } from './ddl-world.ts';

const ROWS = recordedErrors();
const DDL = /^(CREATE|ALTER|DROP) (?!ROLE|USER|IDENTITY)/;
const SETUP = factText('errors-setup.cql')
  .split('\n')
  .filter((line) => DDL.test(line))
  .map((line) => line.replace(/;$/, ''));

function fresh(): DdlWorld {
  const world = new DdlWorld();
  world.client.keyspace = 'e';
  world.setUp(...SETUP);
  return world;
}

/** Addresses of Java objects differ from run to run. */
function comparable(message: string): string {
  return message.replaceAll(/@[0-9a-f]+/g, '@');
}

function asRow(error: CqlError | null): Pick<RecordedError, 'name' | 'message' | 'fields'> | null {
  if (error === null) return null;
  const { code, message } = error;
  if (error.code !== 'ALREADY_EXISTS') return { name: code, message: comparable(message) };
  const fields = { ks: error.keyspace, table: error.table };
  return { name: code, message, fields };
}

/** Cassandra fails in JMX and keeps both the view and the table; here the name is taken. */
const DIFFERENT = new Set(['CREATE TABLE mv (k int PRIMARY KEY)']);

describe('refused schema statements', () => {
  const rows = ROWS.filter(
    ({ section, cql }) => DDL.test(cql) && !section.startsWith('auth') && !DIFFERENT.has(cql),
  );
  let world = fresh();
  it.each(rows)('$cql', (row) => {
    const { name, message, fields } = row;
    const expected = {
      name,
      message: comparable(message),
      ...(fields === undefined ? {} : { fields }),
    };
    const error = errorOf(world.run(row.cql));
    // A statement that got through must not spoil the rows after it.
    if (error === null) world = fresh();
    expect(asRow(error)).toEqual(expected);
  });
});

describe('accepted schema statements', () => {
  interface AcceptedRow {
    readonly cql: string;
    readonly result: string;
    readonly warnings: readonly string[];
  }
  const accepted = facts<AcceptedRow[]>('accepted.json');
  it.each(accepted.filter(({ cql }) => DDL.test(cql)))('$cql', ({ cql, result, warnings }) => {
    const world = fresh();
    const response = world.run(cql);
    expect(errorOf(response)).toBeNull();
    expect(resultText(response)).toBe(result);
    expect(world.warnings).toEqual(warnings);
  });
});

describe('warnings of schema statements', () => {
  const recorded = [
    ...factText('raw-checks.txt').matchAll(
      /^((?:create|alter) (?!table wc).*) -> (CHANGE .*\]) \| \[(.*)\]$/gm,
    ),
  ].map(([, cql = '', result = '', warnings = '']) => ({ cql, result, warnings }));
  expect(recorded).toHaveLength(9);
  const world = fresh();
  it.each(recorded)('$cql', ({ cql, result, warnings }) => {
    const response = world.run(cql);
    expect(errorOf(response)?.message ?? null).toBeNull();
    expect(resultText(response)).toBe(result);
    const quoted = world.warnings.map((warning) => {
      const quote = warning.includes("'") ? '"' : "'";
      return `${quote}${warning.replaceAll('\n', '\\n')}${quote}`;
    });
    expect(quoted.join(', ')).toBe(warnings);
  });
});

function resultText(response: ReturnType<DdlWorld['run']>): string {
  if (response.kind !== 'schema-change') return response.kind.toUpperCase();
  const { change } = response;
  const parts = [change.change, change.target, change.keyspace].map((part) => `'${part}'`);
  if (change.target !== 'KEYSPACE') parts.push(`'${change.name}'`);
  if ('argumentTypes' in change) {
    parts.push(`[${change.argumentTypes.map((type) => `'${type}'`).join(', ')}]`);
  }
  return `CHANGE [${parts.join(', ')}]`;
}
