// An answer of the node as lines of a recording.

import type { CqlError } from '../../src/data/cql-error.ts';
import { ERROR_CODES } from '../../src/data/cql-error.ts';
import type { PreparedResult } from '../../src/protocol/responses/prepared.ts';
import type { DecodedResponse, ResponseMessage } from '../../src/protocol/responses/response.ts';
import type { ResultColumn } from '../../src/protocol/responses/result-metadata.ts';
import type { RowsResult } from '../../src/protocol/responses/rows.ts';
import type { SchemaChange } from '../../src/protocol/responses/schema-change.ts';
import { printType, printValue } from './print-value.ts';

/** Lines for anything but the second page of a result and on. */
export function printAnswer(decoded: DecodedResponse): readonly string[] {
  return [...printWarnings(decoded), ...printResponse(decoded.response)];
}

export function printWarnings(decoded: DecodedResponse): readonly string[] {
  return (decoded.extras.warnings ?? []).map((warning) => `WARNING ${warning}`);
}

function printResponse(response: ResponseMessage): readonly string[] {
  switch (response.kind) {
    case 'void':
      return ['VOID'];
    case 'set-keyspace':
      return [`USE ${response.keyspace}`];
    case 'schema-change':
      return [`SCHEMA ${printChange(response.change)}`];
    case 'rows':
      return [
        printHeader(response.metadata.columns),
        ...printRows(response, response.metadata.columns),
      ];
    case 'prepared':
      return printPrepared(response);
    case 'error':
      return [printError(response.error)];
    default:
      return [response.kind.toUpperCase()];
  }
}

export function printHeader(columns: readonly ResultColumn[]): string {
  return `ROWS ${printColumns(columns)}`;
}

/** One line a row; `known` are the columns when the answer left them out. */
export function printRows(result: RowsResult, known: readonly ResultColumn[]): readonly string[] {
  return result.rows.map((row) =>
    row
      .map((bytes, i) => {
        const column = known[i];
        return column === undefined ? '?' : printValue(column.type, bytes);
      })
      .join(' | '),
  );
}

/** `ks.t: k int, v text`; a column of another table says so. */
function printColumns(columns: readonly ResultColumn[]): string {
  const [first] = columns;
  if (first === undefined) return 'without columns';
  const table = tableOf(first);
  const texts = columns.map((column) => {
    const other = tableOf(column) === table ? '' : ` (of ${tableOf(column)})`;
    return `${column.name} ${printType(column.type)}${other}`;
  });
  return `${table}: ${texts.join(', ')}`;
}

function tableOf(column: ResultColumn): string {
  return `${column.keyspace}.${column.table}`;
}

function printPrepared(result: PreparedResult): readonly string[] {
  const { id, bindColumns, partitionKeyIndexes, resultColumns } = result;
  const lines = [`PREPARED ${id.toString('hex')}`];
  if (bindColumns.length > 0) lines.push(`BIND ${printColumns(bindColumns)}`);
  if (partitionKeyIndexes.length > 0) lines.push(`PARTITION KEY ${partitionKeyIndexes.join(', ')}`);
  if (resultColumns !== null) lines.push(printHeader(resultColumns));
  return lines;
}

function printChange(change: SchemaChange): string {
  const what = `${change.change} ${change.target} ${change.keyspace}`;
  if (change.target === 'KEYSPACE') return what;
  if (!('argumentTypes' in change)) return `${what}.${change.name}`;
  return `${what}.${change.name}(${change.argumentTypes.join(', ')})`;
}

/** Name, code, text, and the code's own fields. */
export function printError(error: CqlError): string {
  const number = ERROR_CODES[error.code].toString(16).padStart(4, '0');
  const { code, message, ...fields } = error;
  const parts = Object.entries(fields).map(([name, value]) => `${name}: ${printField(value)}`);
  const rest = parts.length === 0 ? '' : ` {${parts.join(', ')}}`;
  return `ERROR ${code} 0x${number}: ${message}${rest}`;
}

function printField(value: unknown): string {
  if (Buffer.isBuffer(value)) return `0x${value.toString('hex')}`;
  if (value instanceof Map)
    return `[${[...value].map(([key, reason]) => `${key}: ${reason}`).join(', ')}]`;
  if (Array.isArray(value)) return `(${value.join(', ')})`;
  return String(value);
}
