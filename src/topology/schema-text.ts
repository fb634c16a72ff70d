// A file of CQL as its statements: split at semicolons outside strings, quoted names, code blocks
// and comments. It does not parse them; the node that runs them does. Test:
// test/topology/schema-text.test.ts.

/** Statements without their semicolons, in order; comments between them are left out. */
export function splitStatements(text: string): readonly string[] {
  const statements: string[] = [];
  let current = '';
  let at = 0;
  const flush = (): void => {
    const statement = current.trim();
    if (statement !== '') statements.push(statement);
    current = '';
  };
  while (at < text.length) {
    const end = endOfToken(text, at);
    const token = text.slice(at, end);
    at = end;
    if (token === ';' && !isOpenBatch(current)) flush();
    else if (/^(?:--|\/\/|\/\*)/.test(token)) current += ' ';
    else current += token;
  }
  flush();
  return statements;
}

/** A batch holds its own semicolons, until APPLY BATCH. */
function isOpenBatch(text: string): boolean {
  return /^\s*BEGIN\s+(?:\w+\s+)?BATCH\b/i.test(text) && !/\bAPPLY\s+BATCH\s*$/i.test(text);
}

const OPENERS: readonly (readonly [string, string])[] = [
  ["'", "'"],
  ['"', '"'],
  ['$$', '$$'],
  ['--', '\n'],
  ['//', '\n'],
  ['/*', '*/'],
];

/**
 * Where the quoted piece, comment or single character that begins at `at` ends. A doubled quote
 * begins a new piece.
 */
function endOfToken(text: string, at: number): number {
  for (const [open, close] of OPENERS) {
    if (!text.startsWith(open, at)) continue;
    const found = text.indexOf(close, at + open.length);
    return found < 0 ? text.length : found + close.length;
  }
  return at + 1;
}
