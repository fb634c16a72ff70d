// Why a text did not parse, and its wording: `line 1:9 mismatched input 'FORM' expecting K_FROM
// (SELECT * [FORM]...)`. The wording is Cassandra's (ANTLR 3 and cql3/ErrorCollector): a snippet of
// up to ten tokens before the decision and two after it, as far as the parser had read. Cost does
// not matter here: the text is split again, blanks included.

import { syntaxError } from '../../data/cql-error.ts';
import type { CqlException } from '../../data/cql-error.ts';
import { tokenize } from '../lexer.ts';
import type { Tokens } from '../lexer.ts';
import { T, TOKEN_DISPLAY } from './tokens.ts';
import type { Kind } from './tokens.ts';

/** Where and why parsing stopped. Token numbers count the visible tokens. */
export interface FailureDetail {
  /** The token that does not fit. */
  readonly token: number;
  /** The token at which the decision began that ended at `token`. */
  readonly decision: number;
  /** The last token the parser had looked at. */
  readonly fetched: number;
  /**
   * The kind that was required; null = no alternative fits; 'set' = one of several that Cassandra
   * does not name.
   */
  readonly expected: Kind | 'set' | null;
}

/**
 * Thrown inside the parser only; parse.ts turns it into a CqlException, speculation may swallow
 * it.
 */
export class SyntaxFailure extends Error {
  override readonly name = 'SyntaxFailure';
  readonly detail: FailureDetail;
  constructor(detail: FailureDetail) {
    super('syntax failure');
    this.detail = detail;
  }
}

/** The error for a failure of parsing `text`. `meaning` is what was parsed: 'statement'. */
export function failureToException(
  text: string,
  failure: FailureDetail,
  meaning: string,
): CqlException {
  const all = tokenize(text, true);
  const visible = visibleTokens(all);
  if (all.error !== null && failure.fetched >= visible.length - 1) {
    const { offset, message } = all.error;
    return syntaxError(`line ${position(text, offset)} ${message}`);
  }
  const token = visible[failure.token] ?? all.kinds.length - 1;
  const snippet = new Snippet(text, all, {
    decision: visible[failure.decision] ?? all.kinds.length - 1,
    size: (visible[failure.fetched] ?? all.kinds.length - 1) + 1,
  });
  const message = `line ${tokenPosition(text, all, token)} ${headline(text, all, token, failure)}`;
  try {
    return syntaxError(bounded(message + snippet.print()));
  } catch (error) {
    if (error instanceof SnippetFailure) return crashed(text, meaning, error.message);
    throw error;
  }
}

/**
 * A failure of Cassandra's own parser code, which it reports with the exception's class and
 * message.
 */
export function crashed(text: string, meaning: string, reason: string): CqlException {
  return syntaxError(`Failed parsing ${meaning}: [${bounded(text)}] reason: ${reason}`);
}

/** Longest text of a message; an answer cannot carry more than 64 KiB. */
const MESSAGE_CHARS_MAX = 16384;

function bounded(text: string): string {
  return text.length <= MESSAGE_CHARS_MAX ? text : `${text.slice(0, MESSAGE_CHARS_MAX)}...`;
}

function visibleTokens(all: Tokens): number[] {
  const visible: number[] = [];
  all.kinds.forEach((kind, index) => {
    if (kind !== T.HIDDEN) visible.push(index);
  });
  return visible;
}

/** `line:column` of an offset: lines from 1, columns from 0. */
function position(text: string, offset: number): string {
  const at = place(text, offset);
  return `${at.line}:${at.column}`;
}

function place(text: string, offset: number): { line: number; column: number } {
  let lines = 1;
  let from = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    lines++;
    from = at + 1;
  }
  return { line: lines, column: offset - from };
}

function tokenPosition(text: string, all: Tokens, token: number): string {
  return all.kinds[token] === T.EOF ? '0:-1' : position(text, all.starts[token] as number);
}

function headline(text: string, all: Tokens, token: number, failure: FailureDetail): string {
  const kind = all.kinds[token];
  const shown = kind === T.EOF ? '<EOF>' : escapeBlanks(tokenText(text, all, token));
  if (failure.expected === null) return `no viable alternative at input '${shown}'`;
  const expected = failure.expected === 'set' ? 'set null' : TOKEN_DISPLAY[failure.expected];
  return `mismatched input '${shown}' expecting ${expected}`;
}

function escapeBlanks(text: string): string {
  return text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
}

/** A token's text as Cassandra's lexer keeps it: strings and quoted names without their quotes. */
function tokenText(text: string, all: Tokens, token: number): string {
  const start = all.starts[token] as number;
  const end = all.ends[token] as number;
  switch (all.kinds[token]) {
    case T.STRING_LITERAL:
      return unquoteString(text, start, end);
    case T.QUOTED_NAME:
      return text.slice(start + 1, end - 1).replaceAll('""', '"');
    default:
      return text.slice(start, end);
  }
}

/** The value of the string token text[start, end): `'it''s'` or `$$it's$$`. */
export function unquoteString(text: string, start: number, end: number): string {
  if (text.charCodeAt(start) === 0x24) return text.slice(start + 2, end - 2);
  const body = text.slice(start + 1, end - 1);
  return body.includes("''") ? body.replaceAll("''", "'") : body;
}

/**
 * Cassandra's snippet code cuts lines at positions a line may not have (tokens that span lines).
 */
class SnippetFailure extends Error {
  override readonly name = 'SnippetFailure';
}

const TOKENS_BEFORE = 10;
const TOKENS_AFTER = 2;

interface Placed {
  /** From 0. */
  readonly line: number;
  readonly column: number;
  /** Column after the last character, by the token's text length. */
  readonly end: number;
}

class Snippet {
  readonly #text: string;
  readonly #all: Tokens;
  readonly #decision: number;
  readonly #size: number;

  constructor(text: string, all: Tokens, range: { decision: number; size: number }) {
    this.#text = text;
    this.#all = all;
    this.#decision = range.decision;
    this.#size = range.size;
  }

  print(): string {
    const index = this.#decision;
    const from = this.#placed(Math.max(0, index - TOKENS_BEFORE));
    const to = this.#placed(Math.min(this.#size - 1, index + TOKENS_AFTER));
    const offending = this.#placed(Math.min(index, this.#size - 1));
    if (from === null || to === null || offending === null) return '';
    const lines = javaLines(this.#text);
    const wholeStart = from.line === 0 && from.column === 0;
    const last = lines[lines.length - 1] ?? '';
    const wholeEnd = to.line === lines.length - 1 && to.end === last.length;
    const toLine = line(lines, to.line);
    lines[to.line] = to.end >= toLine.length ? toLine : substring(toLine, 0, to.end);
    lines[offending.line] = highlight(line(lines, offending.line), offending);
    const fromLine = line(lines, from.line);
    lines[from.line] = substring(fromLine, from.column, fromLine.length);
    const body = lines.slice(from.line, to.line + 1).join('');
    return ` (${wholeStart ? '' : '...'}${body}${wholeEnd ? '' : '...'})`;
  }

  /** Null for the end of input, which has no place. */
  #placed(token: number): Placed | null {
    if (this.#all.kinds[token] === T.EOF) return null;
    const { line: number, column } = place(this.#text, this.#all.starts[token] as number);
    return {
      line: number - 1,
      column,
      end: column + tokenText(this.#text, this.#all, token).length,
    };
  }
}

/** Java's split("\n"): empty lines at the end do not count. */
function javaLines(text: string): string[] {
  const lines = text.split('\n');
  while (lines.length > 1 && lines[lines.length - 1] === '') lines.pop();
  return lines;
}

function line(lines: readonly string[], index: number): string {
  const found = lines[index];
  if (found !== undefined) return found;
  throw new SnippetFailure(
    `ArrayIndexOutOfBoundsException Index ${index} out of bounds for length ${lines.length}`,
  );
}

function substring(text: string, begin: number, end: number): string {
  if (begin <= end && end <= text.length) return text.slice(begin, end);
  const range = `begin ${begin}, end ${end}, length ${text.length}`;
  throw new SnippetFailure(`StringIndexOutOfBoundsException ${range}`);
}

function highlight(text: string, token: Placed): string {
  const closed = `${substring(text, 0, token.end)}]${substring(text, token.end, text.length)}`;
  return `${substring(closed, 0, token.column)}[${substring(closed, token.column, closed.length)}`;
}
