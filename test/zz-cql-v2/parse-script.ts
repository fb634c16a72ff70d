// Cuts a .cql file into steps: a statement, the comment lines before it, and the directives in them.
// A directive is a comment line `-- @name words`; it holds for the next statement, or, written
// `-- @always name words`, for all that follow (`-- @always name off` ends it). The directives are
// listed in test/cql/README.md.

export interface Step {
  /** Blank and comment lines before the statement, as they are in the file. */
  readonly lead: string;
  /** The statement as it is in the file, with its semicolon; empty after the last statement. */
  readonly source: string;
  /** What is sent. */
  readonly cql: string;
  /** Name to the words behind it, one entry for each time it is given. */
  readonly directives: ReadonlyMap<string, readonly string[]>;
}

const DIRECTIVE = /^--\s*@(\S+)\s*(.*)$/;

/** Throws an Error when a string or comment of the file never ends. */
export function parseScript(text: string): readonly Step[] {
  const steps: Step[] = [];
  const always = new Map<string, readonly string[]>();
  let at = 0;
  while (at < text.length) {
    const start = skipBlank(text, at);
    const lead = text.slice(at, start);
    const directives = readDirectives(lead, always);
    if (start >= text.length) {
      if (lead.trim() !== '') steps.push({ lead, source: '', cql: '', directives });
      break;
    }
    const isRaw = directives.has('raw');
    const end = isRaw ? endOfParagraph(text, start) : endOfStatement(text, start);
    const source = text.slice(start, end).trimEnd();
    const cql = isRaw ? source : source.replace(/;$/, '').trimEnd();
    steps.push({ lead, source, cql, directives });
    at = skipLineEnd(text, end);
  }
  return steps;
}

function readDirectives(
  lead: string,
  always: Map<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const once = new Map<string, string[]>();
  for (const line of lead.split('\n')) {
    const found = DIRECTIVE.exec(line.trim());
    if (found === null) continue;
    const [, name = '', words = ''] = found;
    if (name !== 'always') {
      once.set(name, [...(once.get(name) ?? []), words.trim()]);
      continue;
    }
    const [, given = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(words) ?? [];
    if (rest === 'off') always.delete(given);
    else always.set(given, [rest]);
  }
  return new Map([...always, ...once]);
}

/** Past blanks and comments. */
function skipBlank(text: string, from: number): number {
  let at = from;
  for (;;) {
    const next = text[at];
    if (next === undefined) return at;
    if (/\s/.test(next)) at++;
    else if (text.startsWith('--', at) || text.startsWith('//', at)) at = endOfLine(text, at);
    else if (text.startsWith('/*', at)) at = after(text, '*/', at + 2);
    else return at;
  }
}

/** Past the semicolon, or past the one behind APPLY BATCH when the statement begins a batch. */
function endOfStatement(text: string, from: number): number {
  let at = from;
  const isBatch = /^begin\s/i.test(text.slice(from, from + 6));
  while (at < text.length) {
    const next = text[at];
    if (next === "'" || next === '"') at = after(text, next, at + 1);
    else if (text.startsWith('$$', at)) at = after(text, '$$', at + 2);
    else if (text.startsWith('--', at) || text.startsWith('//', at)) at = endOfLine(text, at);
    else if (text.startsWith('/*', at)) at = after(text, '*/', at + 2);
    else if (next === ';' && (!isBatch || isApplied(text.slice(from, at)))) return at + 1;
    else at++;
  }
  return at;
}

function isApplied(batch: string): boolean {
  return /\bapply\s+batch\s*$/i.test(batch);
}

function endOfParagraph(text: string, from: number): number {
  const end = text.indexOf('\n\n', from);
  return end < 0 ? text.length : end;
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  if (found < 0)
    throw new Error(`no ${mark} behind: ${text.slice(Math.max(0, from - 60), from + 60)}`);
  return found + mark.length;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function skipLineEnd(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ') at++;
  return text[at] === '\n' ? at + 1 : at;
}
