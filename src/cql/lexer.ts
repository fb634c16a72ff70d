// Splits CQL text into tokens held in parallel arrays (kind, start, end), hidden ones left out
// unless asked for. Decides between token kinds as Cassandra's generated lexer does, its oddities
// included: eight hexadecimal digits and a dash are a UUID whatever follows, `-n` begins -NaN.
// Stops at the first malformed token. Must never fail: what is wrong is a value in `error`. Story:
// test/cql-parser/lexer.test.ts.

import { accept, isHex, mismatched, noViable, scanUuid } from './parser/scan.ts';
import type { LexError, Scan } from './parser/scan.ts';
import { scanDuration, scanIsoDuration, scanNumber } from './parser/scan-number.ts';
import { hashStep, keywordKind, T } from './parser/tokens.ts';
import type { Kind } from './parser/tokens.ts';

/** Tokens of one text. The last is T.EOF, or T.ERROR where `error` stopped the lexer. */
export interface Tokens {
  readonly kinds: Kind[];
  readonly starts: number[];
  /** One past the last character. */
  readonly ends: number[];
  readonly error: LexError | null;
}

/** Splits `text`; `hidden` keeps white space and comments as T.HIDDEN tokens. */
export function tokenize(text: string, hidden = false): Tokens {
  const kinds: Kind[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const scan: Scan = { kind: T.EOF, end: 0, error: null };
  const length = text.length;
  let at = 0;
  while (at < length) {
    const code = text.charCodeAt(at);
    if (code === 32 || code === 10 || code === 13 || code === 9) {
      const start = at;
      do at++;
      while (at < length && isBlank(text.charCodeAt(at)));
      if (hidden) push(T.HIDDEN, start, at);
      continue;
    }
    scanToken(text, at, code, scan);
    if (scan.error !== null) {
      push(T.ERROR, at, at);
      return { kinds, starts, ends, error: scan.error };
    }
    if (scan.kind !== T.HIDDEN || hidden) push(scan.kind, at, scan.end);
    at = scan.end;
  }
  push(T.EOF, length, length);
  return { kinds, starts, ends, error: null };

  function push(kind: Kind, start: number, end: number): void {
    kinds.push(kind);
    starts.push(start);
    ends.push(end);
  }
}

function isBlank(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

function scanToken(text: string, at: number, code: number, scan: Scan): void {
  if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90)) {
    scanWord(text, at, scan);
    return;
  }
  if (code >= 48 && code <= 57) {
    scanNumber(text, at, scan);
    return;
  }
  switch (code) {
    case 0x27:
      return scanQuoted(text, at, scan);
    case 0x22:
      return scanQuotedName(text, at, scan);
    case 0x24:
      return scanDollarString(text, at, scan);
    case 0x28:
      return accept(scan, T.LEFT_PAREN, at + 1);
    case 0x29:
      return accept(scan, T.RIGHT_PAREN, at + 1);
    case 0x2c:
      return accept(scan, T.COMMA, at + 1);
    case 0x3f:
      return accept(scan, T.QMARK, at + 1);
    case 0x3d:
      return accept(scan, T.EQ, at + 1);
    case 0x2e:
      return either(text, at, 0x2e, T.RANGE, T.DOT, scan);
    case 0x3a:
      return accept(scan, T.COLON, at + 1);
    case 0x3b:
      return accept(scan, T.SEMICOLON, at + 1);
    case 0x2a:
      return accept(scan, T.STAR, at + 1);
    case 0x5b:
      return accept(scan, T.LEFT_BRACKET, at + 1);
    case 0x5d:
      return accept(scan, T.RIGHT_BRACKET, at + 1);
    case 0x7b:
      return accept(scan, T.LEFT_BRACE, at + 1);
    case 0x7d:
      return accept(scan, T.RIGHT_BRACE, at + 1);
    case 0x25:
      return accept(scan, T.PERCENT, at + 1);
    case 0x2b:
      return either(text, at, 0x3d, T.PLUS_EQ, T.PLUS, scan);
    case 0x3c:
      return either(text, at, 0x3d, T.LTE, T.LT, scan);
    case 0x3e:
      return either(text, at, 0x3d, T.GTE, T.GT, scan);
    case 0x21:
      if (text.charCodeAt(at + 1) === 0x3d) return accept(scan, T.NEQ, at + 2);
      return mismatched(text, at + 1, "'='", scan);
    case 0x2d:
      return scanMinus(text, at, scan);
    case 0x2f:
      return scanSlash(text, at, scan);
    default:
      return noViable(text, at, scan);
  }
}

function either(
  text: string,
  at: number,
  second: number,
  long: Kind,
  short: Kind,
  scan: Scan,
): void {
  if (text.charCodeAt(at + 1) === second) accept(scan, long, at + 2);
  else accept(scan, short, at + 1);
}

function isWordPart(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95
  );
}

/**
 * An identifier, a keyword, or one of the tokens that begin like them: UUID, ISO duration,
 * `expr(`.
 */
function scanWord(text: string, at: number, scan: Scan): void {
  let end = at;
  let hash = 0;
  let code = text.charCodeAt(end);
  do {
    hash = hashStep(hash, code | 32);
    code = text.charCodeAt(++end);
  } while (isWordPart(code));
  if (code === 0x2d && end - at === 8 && isHexRun(text, at, end)) {
    scanUuid(text, at, scan);
    return;
  }
  if (code === 0x28 && end - at === 4 && text.startsWith('expr', at)) {
    accept(scan, T.EXPR, end + 1);
    return;
  }
  if (text.charCodeAt(at) === 0x50 && end - at > 1 && scanIsoDuration(text, at, end, scan)) return;
  accept(scan, keywordKind(text, at, end, hash), end);
}

function isHexRun(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!isHex(text.charCodeAt(i))) return false;
  return true;
}

/** `'...'` with `''` inside for a quote. */
function scanQuoted(text: string, at: number, scan: Scan): void {
  let from = at + 1;
  for (;;) {
    const quote = text.indexOf("'", from);
    if (quote < 0) return mismatched(text, text.length, "'''", scan);
    if (text.charCodeAt(quote + 1) !== 0x27) return accept(scan, T.STRING_LITERAL, quote + 1);
    from = quote + 2;
  }
}

/** `"..."` with `""` inside for a quote; `""` alone is the empty name. */
function scanQuotedName(text: string, at: number, scan: Scan): void {
  if (at + 1 >= text.length) return noViable(text, at + 1, scan);
  if (text.charCodeAt(at + 1) === 0x22 && text.charCodeAt(at + 2) !== 0x22) {
    return accept(scan, T.EMPTY_QUOTED_NAME, at + 2);
  }
  let from = at + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return mismatched(text, text.length, "'\"'", scan);
    if (text.charCodeAt(quote + 1) !== 0x22) return accept(scan, T.QUOTED_NAME, quote + 1);
    from = quote + 2;
  }
}

/** `$$...$$`; nothing is escaped inside. */
function scanDollarString(text: string, at: number, scan: Scan): void {
  if (text.charCodeAt(at + 1) !== 0x24) return mismatched(text, at + 1, "'$'", scan);
  const close = text.indexOf('$$', at + 2);
  if (close >= 0) return accept(scan, T.STRING_LITERAL, close + 2);
  // The body ends one character before the end of the text, where the closing $$ is then missed.
  const missed = Math.max(at + 2, text.length - 1);
  return mismatched(text, text.charCodeAt(missed) === 0x24 ? missed + 1 : missed, "'$'", scan);
}

function scanMinus(text: string, at: number, scan: Scan): void {
  const next = text.charCodeAt(at + 1);
  if (next === 0x2d) return scanLineComment(text, at, scan);
  if (next >= 48 && next <= 57) return scanNumber(text, at, scan);
  if (next === 0x3d) return accept(scan, T.MINUS_EQ, at + 2);
  if ((next | 32) === 0x6e) return scanNegativeWord(text, at, 'nan', T.K_NEGATIVE_NAN, scan);
  if ((next | 32) === 0x69)
    return scanNegativeWord(text, at, 'infinity', T.K_NEGATIVE_INFINITY, scan);
  if (next === 0x50) return scanDuration(text, at, scan);
  accept(scan, T.MINUS, at + 1);
}

/** `-n` is the beginning of -NaN and `-i` of -Infinity, whatever follows. */
function scanNegativeWord(text: string, at: number, word: string, kind: Kind, scan: Scan): void {
  for (let i = 0; i < word.length; i++) {
    if ((text.charCodeAt(at + 1 + i) | 32) !== word.charCodeAt(i)) {
      return mismatched(text, at + 1 + i, 'set null', scan);
    }
  }
  accept(scan, kind, at + 1 + word.length);
}

function scanSlash(text: string, at: number, scan: Scan): void {
  const next = text.charCodeAt(at + 1);
  if (next === 0x2f) return scanLineComment(text, at, scan);
  if (next !== 0x2a) return accept(scan, T.SLASH, at + 1);
  const close = text.indexOf('*/', at + 2);
  if (close >= 0) return accept(scan, T.HIDDEN, close + 2);
  const openStar = text.length > at + 2 && text.endsWith('*');
  return mismatched(text, text.length, openStar ? "'/'" : "'*'", scan);
}

/** A comment to the end of the line; the line end is part of it and must be there. */
function scanLineComment(text: string, at: number, scan: Scan): void {
  for (let end = at + 2; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === 10 || code === 13) return accept(scan, T.HIDDEN, end + 1);
  }
  return mismatched(text, text.length, 'set null', scan);
}
