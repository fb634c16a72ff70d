// A reply as accepted.json and raw-checks.txt print it.

import type { DecodedResponse } from '../../src/protocol/responses/response.ts';
import type { SchemaChange } from '../../src/protocol/responses/schema-change.ts';
import { wireTypeName } from '../wire-type-name.ts';

const quoted = (text: string): string => (text.includes("'") ? `"${text}"` : `'${text}'`);

/** The kind of a reply and its columns; the text of an error. */
export function printReply({ response }: DecodedResponse): string {
  switch (response.kind) {
    case 'schema-change':
      return `CHANGE [${printChange(response.change)}]`;
    case 'set-keyspace':
      return `USE ${response.keyspace}`;
    case 'rows': {
      const columns = response.metadata.columns.map(
        ({ name, type }) => `(${quoted(name)}, '${wireTypeName(type)}')`,
      );
      return `ROWS [${columns.join(', ')}]`;
    }
    case 'error':
      return `${response.error.code} ${response.error.message}`;
    default:
      return response.kind.toUpperCase();
  }
}

function printChange(change: SchemaChange): string {
  const parts = [change.change, change.target, change.keyspace].map(quoted);
  if (change.target !== 'KEYSPACE') parts.push(quoted(change.name));
  if ('argumentTypes' in change) parts.push(`[${change.argumentTypes.map(quoted).join(', ')}]`);
  return parts.join(', ');
}
