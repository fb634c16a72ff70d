// Odd statements that a real node accepts: the kind of answer, its columns, its warnings.

import { describe, expect, test } from 'vitest';
import { facts } from '../read-facts.ts';
import type { Answer } from './single-node.ts';
import { wireTypeName } from './single-node.ts';
import { recordedNode } from './fixtures.ts';

interface Accepted {
  readonly section: string;
  readonly cql: string;
  readonly result: string;
  readonly warnings: readonly string[];
}

const ALL = facts<Accepted[]>('accepted.json').filter(
  ({ section }) => section === 'select' || section === 'dml',
);

/** As the recording prints answers. */
function printed({ response }: Answer): string {
  if (response.kind === 'void') return 'VOID';
  if (response.kind !== 'rows') return JSON.stringify(response);
  const columns = response.metadata.columns.map(({ name, type }) => {
    const quoted = name.includes("'") ? `"${name}"` : `'${name}'`;
    return `(${quoted}, '${wireTypeName(type)}')`;
  });
  return `ROWS [${columns.join(', ')}]`;
}

describe.each(['select', 'dml'])('%s', (section) => {
  const node = recordedNode();
  test.each(ALL.filter((e) => e.section === section))('$cql', ({ cql, result, warnings }) => {
    const answer = node.query(cql);
    expect(printed(answer)).toBe(result);
    expect(answer.warnings).toEqual(warnings);
  });
});

test('tables of this node are not protected', () => {
  const node = recordedNode();
  node.setUp("INSERT INTO system.local (key) VALUES ('x')", 'TRUNCATE system.local');
});
