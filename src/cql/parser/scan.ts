// What the scanners of the lexer share: the registers they report in, the wording of their errors, and the UUID, that
// several kinds of token may turn out to be.

import { T } from './tokens.ts';
import type { Kind } from './tokens.ts';

export interface LexError {
  /** Offset in the text of the character that does not fit. */
  readonly offset: number;
  /** The text after `line L:C `. */
  readonly message: string;
}

/** Where a token ends and what it is; the scanner's registers. Reused within one tokenize call. */
export interface Scan {
  kind: Kind;
  end: number;
  error: LexError | null;
}

export function accept(scan: Scan, kind: Kind, end: number): void {
  scan.kind = kind;
  scan.end = end;
}

function display(text: string, at: number): string {
  if (at >= text.length) return "'<EOF>'";
  const code = text.charCodeAt(at);
  // Half of a surrogate pair has no encoding of its own and arrives as a question mark.
  const char = code >= 0xd800 && code <= 0xdfff ? '?' : text.charAt(at);
  const shown = char === '\n' ? '\\n' : char === '\t' ? '\\t' : char === '\r' ? '\\r' : char;
  return `'${shown}'`;
}

export function noViable(text: string, at: number, scan: Scan): void {
  scan.error = { offset: at, message: `no viable alternative at character ${display(text, at)}` };
}

export function mismatched(text: string, at: number, expected: string, scan: Scan): void {
  scan.error = {
    offset: at,
    message: `mismatched character ${display(text, at)} expecting ${expected}`,
  };
}

export function emptyLoop(text: string, at: number, scan: Scan): void {
  const message = `required (...)+ loop did not match anything at character ${display(text, at)}`;
  scan.error = { offset: at, message };
}

/** True for the code of a hexadecimal digit. */
export function isHex(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

const UUID_SHAPE = 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx';

/** The rest is taken for a UUID whatever it is. */
export function scanUuid(text: string, at: number, scan: Scan): void {
  for (let i = 0; i < UUID_SHAPE.length; i++) {
    const code = text.charCodeAt(at + i);
    if (UUID_SHAPE.charCodeAt(i) === 0x2d) {
      if (code !== 0x2d) return mismatched(text, at + i, "'-'", scan);
    } else if (!isHex(code)) {
      return mismatched(text, at + i, 'set null', scan);
    }
  }
  accept(scan, T.UUID, at + UUID_SHAPE.length);
}
