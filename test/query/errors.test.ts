// Every statement of errors.json that the query layer refuses: code and text as a real node gave them.

import { describe, expect, test } from 'vitest';
import { recordedErrors } from '../read-facts.ts';
import { recordedNode } from './fixtures.ts';

const ALL = recordedErrors();

/** Schema, roles and DESCRIBE are refused by their executors and tested there. */
const ELSEWHERE = /^(CREATE|ALTER|DROP|DESCRIBE|LIST|GRANT|REVOKE|ADD)\b/i;

/** What had changed on the real node before the statement. */
const BEFORE: Readonly<Record<string, string>> = {
  'DELETE l[9] FROM col WHERE k=1': 'UPDATE col SET l=[1] WHERE k=1',
};

/** A function that fits the column by chance of its width; a real node fails while it reads, here it is refused. */
const DIFFERENT = new Set(['SELECT * FROM t GROUP BY k, floor(c1, 1h)']);

/** Lists of signatures come in the order of a hash map. */
function comparable(message: string | undefined): string | undefined {
  return message?.replace(/\(known type signatures: (.*)\)$/, (_, list: string) => {
    const signatures = list.split(/, (?=system\.)/).sort();
    return `(known type signatures: ${signatures.join(', ')})`;
  });
}

describe.each(['select', 'dml', 'names'])('%s', (section) => {
  const node = recordedNode();
  const rows = ALL.filter(
    (e) => e.section === section && !ELSEWHERE.test(e.cql) && !DIFFERENT.has(e.cql),
  );
  test.each(rows)('$cql', ({ cql, name, message }) => {
    const before = BEFORE[cql];
    if (before !== undefined) node.setUp(before);
    const { response } = node.query(cql);
    const error = response.kind === 'error' ? response.error : null;
    expect({ name: error?.code, message: comparable(error?.message) }).toEqual({
      name,
      message: comparable(message),
    });
  });
});
