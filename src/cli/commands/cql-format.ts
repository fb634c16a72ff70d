// Results and errors in cqlsh's manner: values as CQL writes them, columns padded, the count below.
// Pure. Test: test/cli/cql-format.test.ts. Cassandra: pylib/cqlshlib/formatting.

import cassandra from 'cassandra-driver';

/** The lines of a result, none for a statement without one. */
export function resultLines(result: cassandra.types.ResultSet): readonly string[] {
  const columns = result.columns ?? [];
  if (columns.length === 0) return [];
  const { rows } = result;
  // DESCRIBE answers with statements: they are shown as they are.
  const created = columns.findIndex(({ name }) => name === 'create_statement');
  if (created >= 0) return ['', ...rows.map((row) => String(row.get(created))), ''];
  const names = columns.map(({ name }) => name);
  const cells = rows.map((row) => names.map((_, at) => valueText(row.get(at))));
  return tableLines(names, cells);
}

/** A table as cqlsh draws it, with a blank line around it and the count of rows. */
export function tableLines(
  names: readonly string[],
  cells: readonly (readonly string[])[],
): readonly string[] {
  const widths = names.map((name, at) =>
    Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const padded = (row: readonly string[], pad: (text: string, width: number) => string): string =>
    ` ${row.map((text, at) => pad(text, widths[at] ?? 0)).join(' | ')}`;
  return [
    '',
    padded(names, (text, width) => text.padEnd(width)).trimEnd(),
    `-${widths.map((width) => '-'.repeat(width)).join('-+-')}-`,
    ...cells.map((row) => padded(row, (text, width) => text.padStart(width))),
    '',
    `(${cells.length} rows)`,
  ];
}

/** `nested`: inside a collection, where text is quoted. */
export function valueText(value: unknown, nested = false): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return nested ? `'${value.replaceAll("'", "''")}'` : value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (Buffer.isBuffer(value)) return `0x${value.toString('hex')}`;
  if (value instanceof Date) return nested ? `'${timestampText(value)}'` : timestampText(value);
  if (value instanceof Map)
    return `{${[...value].map(([key, item]) => `${valueText(key, true)}: ${valueText(item, true)}`).join(', ')}}`;
  if (value instanceof Set)
    return `{${[...value].map((item) => valueText(item, true)).join(', ')}}`;
  if (value instanceof cassandra.types.Tuple)
    return `(${value
      .values()
      .map((item: unknown) => valueText(item, true))
      .join(', ')})`;
  if (value instanceof Float32Array || Array.isArray(value))
    return `[${[...value].map((item) => valueText(item, true)).join(', ')}]`;
  return objectText(value);
}

function objectText(value: object | bigint | symbol | ((...args: never[]) => unknown)): string {
  // A user type is a plain object; every other type of the driver knows how to write itself.
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    return `{${Object.entries(value)
      .map(([field, item]) => `${field}: ${valueText(item, true)}`)
      .join(', ')}}`;
  }
  return String(value);
}

function timestampText(date: Date): string {
  return Number.isNaN(date.getTime())
    ? 'NaN'
    : date.toISOString().replace('T', ' ').replace('Z', '000+0000');
}

/** Error code -> cqlsh's class and words. */
const CODES: ReadonlyMap<number, readonly [string, string]> = new Map([
  [0x0000, ['ServerError', 'Server error']],
  [0x1000, ['Unavailable', 'Unavailable exception']],
  [0x1001, ['OperationTimedOut', 'Coordinator node overloaded']],
  [0x1003, ['ServerError', 'Error during truncate']],
  [0x1100, ['WriteTimeout', "Coordinator node timed out waiting for replica nodes' responses"]],
  [0x1200, ['ReadTimeout', "Coordinator node timed out waiting for replica nodes' responses"]],
  [0x1300, ['ReadFailure', 'Replica(s) failed to execute read']],
  [0x1400, ['FunctionFailure', 'User Defined Function failure']],
  [0x1500, ['WriteFailure', 'Replica(s) failed to execute write']],
  [0x2000, ['SyntaxException', 'Syntax error in CQL query']],
  [0x2100, ['Unauthorized', 'Unauthorized']],
  [0x2200, ['InvalidRequest', 'Invalid query']],
  [0x2300, ['ConfigurationException', 'Query invalid because of configuration issue']],
  [0x2400, ['AlreadyExists', 'Item already exists']],
  [0x2500, ['Unprepared', 'Unprepared query']],
]);

/** `InvalidRequest: Error from server: code=2200 [Invalid query] message="..."`. */
export function errorText(error: unknown): string {
  if (error instanceof cassandra.errors.ResponseError) {
    const [name, words] = CODES.get(error.code) ?? ['ServerError', 'Server error'];
    return `${name}: Error from server: code=${error.code.toString(16).padStart(4, '0')} [${words}] message="${error.message}"`;
  }
  return error instanceof Error ? error.message : String(error);
}
