// Every conflict outcome a running Cassandra gave, on storage alone: facts/cells.json.

import { describe, expect, test } from 'vitest';

import { facts } from '../read-facts.ts';
import { StatementModel } from './statement-model.ts';

interface Case {
  readonly case: string;
  readonly select: string;
  readonly outcomes: readonly {
    readonly order: readonly string[];
    readonly rows: readonly Record<string, unknown>[];
    readonly errors?: unknown;
  }[];
}

const recorded = facts<{
  readonly cases: readonly Case[];
}>('cells.json');

describe('conflict outcomes of Cassandra 5.0.9', () => {
  const cases = recorded.cases.filter((one) => one.outcomes !== undefined);
  test.each(cases.map((one) => [one.case, one] as const))('%s', (_name, one) => {
    for (const outcome of one.outcomes) {
      const model = new StatementModel();
      for (const statement of outcome.order) {
        try {
          model.execute(statement.replaceAll('$K', '7'));
        } catch (error) {
          if (outcome.errors === undefined) throw error;
        }
      }
      const rows = outcome.rows.map((row) => ('k' in row ? { ...row, k: 7 } : row));
      expect(model.select(one.select), outcome.order.join('; ')).toEqual(rows);
    }
  });
});
