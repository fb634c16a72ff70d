// Scans what begins with a digit, or with a minus and a digit: integers, floats, durations, blobs,
// UUIDs. Which of them it is follows Cassandra's lexer, that looks at up to eight characters before
// it commits: `1a` can only become a UUID, `1d3` a UUID or a duration, `1e` a float or a UUID.

import { accept, emptyLoop, mismatched, noViable, scanUuid } from './scan.ts';
import type { Scan } from './scan.ts';
import { T } from './tokens.ts';

const UUID_HEAD = 8;

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** The letter units of a duration, `d` aside, which is a hexadecimal digit too. */
function isUnitStart(code: number): boolean {
  switch (code | 32) {
    case 0x68:
    case 0x6d:
    case 0x6e:
    case 0x73:
    case 0x75:
    case 0x77:
    case 0x79:
      return code < 0x80;
    default:
      return code === 0xb5;
  }
}

function isHexLetter(code: number): boolean {
  const lower = code | 32;
  return code < 0x80 && lower >= 97 && lower <= 102;
}

/** Scans a number-like token at `at`, which is a digit or a `-` before one. */
export function scanNumber(text: string, at: number, scan: Scan): void {
  if (text.charCodeAt(at) === 0x2d) return scanAfterDigits(text, at, digitsEnd(text, at + 1), scan);
  if (text.charCodeAt(at) === 48 && (text.charCodeAt(at + 1) | 32) === 0x78)
    return scanBlob(text, at, scan);
  const end = digitsEnd(text, at);
  const count = end - at;
  if (count > UUID_HEAD) return scanAfterDigits(text, at, end, scan);
  const code = text.charCodeAt(end);
  if (count === UUID_HEAD) {
    if (code === 0x2d) return scanUuid(text, at, scan);
    return scanAfterDigits(text, at, end, scan);
  }
  if (!isHexLetter(code)) return scanAfterDigits(text, at, end, scan);
  if ((code | 32) === 0x65) return scanExponentOrUuid(text, at, end + 1, scan);
  if ((code | 32) === 0x64) return scanDaysOrUuid(text, at, end + 1, scan);
  return scanUuid(text, at, scan);
}

function digitsEnd(text: string, from: number): number {
  let end = from;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

/** After digits that cannot begin a UUID any more. */
function scanAfterDigits(text: string, at: number, end: number, scan: Scan): void {
  const code = text.charCodeAt(end);
  if (isUnitStart(code) || (code | 32) === 0x64) return scanDuration(text, at, scan);
  if (code === 0x2e) {
    if (text.charCodeAt(end + 1) === 0x2e) {
      // `1..2` is a range of integers, `1...2` begins with the float `1.`.
      if (text.charCodeAt(end + 2) === 0x2e) return accept(scan, T.FLOAT, end + 1);
      return accept(scan, T.INTEGER, end);
    }
    return scanExponent(text, digitsEnd(text, end + 1), scan);
  }
  if ((code | 32) === 0x65) return scanExponent(text, end, scan);
  accept(scan, T.INTEGER, end);
}

/** An optional exponent ends a float. */
function scanExponent(text: string, end: number, scan: Scan): void {
  if ((text.charCodeAt(end) | 32) !== 0x65) return accept(scan, T.FLOAT, end);
  const sign = text.charCodeAt(end + 1);
  const digits = sign === 0x2b || sign === 0x2d ? end + 2 : end + 1;
  const stop = digitsEnd(text, digits);
  if (stop === digits) return emptyLoop(text, digits, scan);
  accept(scan, T.FLOAT, stop);
}

/** Fewer than eight digits and an `e` have been read, `end` is after the e. */
function scanExponentOrUuid(text: string, at: number, end: number, scan: Scan): void {
  const exponent = end - 1;
  let next = end;
  let code = text.charCodeAt(next);
  if (code === 0x2b) return scanExponent(text, exponent, scan);
  if (code === 0x2d) {
    if (next - at === UUID_HEAD && looksLikeUuidTail(text, next + 1))
      return scanUuid(text, at, scan);
    return scanExponent(text, exponent, scan);
  }
  if (!isDigit(code)) {
    if (isHexLetter(code) && next - at < UUID_HEAD) return scanUuid(text, at, scan);
    return noViable(text, next, scan);
  }
  while (next - at < UUID_HEAD && isDigit(code)) code = text.charCodeAt(++next);
  if (
    next - at < UUID_HEAD ? isHexLetter(code) : code === 0x2d && exponent !== at + UUID_HEAD - 1
  ) {
    return scanUuid(text, at, scan);
  }
  return scanExponent(text, exponent, scan);
}

/**
 * `1234567e-` may still be a float: a UUID has a letter in its second group, or a dash after it.
 */
function looksLikeUuidTail(text: string, from: number): boolean {
  for (let i = 0; i < 4; i++) {
    const code = text.charCodeAt(from + i);
    if (isHexLetter(code)) return true;
    if (!isDigit(code)) return false;
  }
  return text.charCodeAt(from + 4) === 0x2d;
}

/** Fewer than eight digits and a `d` have been read, `end` is after the d. */
function scanDaysOrUuid(text: string, at: number, end: number, scan: Scan): void {
  let next = end;
  let afterUnit = true;
  while (next - at < UUID_HEAD) {
    const code = text.charCodeAt(next);
    if (isDigit(code)) afterUnit = false;
    else if (isHexLetter(code) && ((code | 32) !== 0x64 || afterUnit))
      return scanUuid(text, at, scan);
    else if ((code | 32) === 0x64) afterUnit = true;
    else if (afterUnit || isUnitStart(code)) return scanDuration(text, at, scan);
    else return noViable(text, next, scan);
    next++;
  }
  const code = text.charCodeAt(next);
  if (code === 0x2d) return scanUuid(text, at, scan);
  if (afterUnit || isDigit(code) || isUnitStart(code) || (code | 32) === 0x64)
    return scanDuration(text, at, scan);
  return noViable(text, next, scan);
}

function scanBlob(text: string, at: number, scan: Scan): void {
  let end = at + 2;
  let code = text.charCodeAt(end);
  while (isDigit(code) || isHexLetter(code)) code = text.charCodeAt(++end);
  accept(scan, T.HEXNUMBER, end);
}

/** The text is taken for a duration, in unit form or, after `-P`, in ISO 8601 form. */
export function scanDuration(text: string, at: number, scan: Scan): void {
  const first = text.charCodeAt(at) === 0x2d ? at + 1 : at;
  if (text.charCodeAt(first) === 0x50) return scanNegativeIso(text, at, first, scan);
  let end = digitsEnd(text, first);
  for (;;) {
    const unitEnd = scanUnit(text, end, scan);
    if (unitEnd < 0) return;
    end = digitsEnd(text, unitEnd);
    if (end === unitEnd) return accept(scan, T.DURATION, end);
  }
}

/** The end of the unit at `at`, or -1 with the error set. */
function scanUnit(text: string, at: number, scan: Scan): number {
  const code = text.charCodeAt(at);
  const second = text.charCodeAt(at + 1) | 32;
  switch (code < 0x80 ? code | 32 : code) {
    case 0x79:
    case 0x77:
    case 0x64:
    case 0x68:
    case 0x73:
      return at + 1;
    case 0x6d:
      return second === 0x6f || second === 0x73 ? at + 2 : at + 1;
    case 0x75:
    case 0x6e:
    case 0xb5:
      if (second === 0x73) return at + 2;
      mismatched(text, at + 1, 'set null', scan);
      return -1;
    default:
      noViable(text, at, scan);
      return -1;
  }
}

const ISO_TIME = 'T(?:\\d+H(?:\\d+M)?(?:\\d+S)?|\\d+M(?:\\d+S)?|\\d+S)';
const ISO_PERIOD = '(?:\\d+Y(?:\\d+M)?(?:\\d+D)?|\\d+M(?:\\d+D)?|\\d+D)';
const ISO_WHOLE = new RegExp(`^P(?:\\d+W|${ISO_PERIOD}(?:${ISO_TIME})?|${ISO_TIME})$`);
const ISO_PREFIX = new RegExp(`-P(?:\\d+W|${ISO_PERIOD}(?:${ISO_TIME})?|${ISO_TIME})`, 'y');
const ISO_ALTERNATIVE_HEAD = /^P\d{4}$/;
const ISO_ALTERNATIVE_SHAPE = '-dd-ddTdd:dd:dd';
const LONGEST_ISO_WORD = 1024;

/**
 * The word text[at, end) begins with `P`. True when it was taken for an ISO 8601 duration (or for
 * the beginning of one that then fails), false when it is an identifier.
 */
export function scanIsoDuration(text: string, at: number, end: number, scan: Scan): boolean {
  const second = text.charCodeAt(at + 1);
  if (!isDigit(second) && second !== 0x54) return false;
  if (end - at > LONGEST_ISO_WORD) return false;
  const word = text.slice(at, end);
  if (text.charCodeAt(end) === 0x2d && ISO_ALTERNATIVE_HEAD.test(word)) {
    scanAlternative(text, end, scan);
    return true;
  }
  if (!ISO_WHOLE.test(word)) return false;
  accept(scan, T.DURATION, end);
  return true;
}

function scanAlternative(text: string, from: number, scan: Scan): void {
  for (let i = 0; i < ISO_ALTERNATIVE_SHAPE.length; i++) {
    const expected = ISO_ALTERNATIVE_SHAPE.charAt(i);
    const code = text.charCodeAt(from + i);
    if (expected === 'd' ? isDigit(code) : code === expected.charCodeAt(0)) continue;
    return mismatched(text, from + i, expected === 'd' ? 'set null' : `'${expected}'`, scan);
  }
  accept(scan, T.DURATION, from + ISO_ALTERNATIVE_SHAPE.length);
}

/**
 * After `-P` no identifier is possible: the longest duration is taken, anything else is an error.
 */
function scanNegativeIso(text: string, at: number, p: number, scan: Scan): void {
  const year = digitsEnd(text, p + 1);
  if (year - p === 5 && text.charCodeAt(year) === 0x2d) return scanAlternative(text, year, scan);
  ISO_PREFIX.lastIndex = at;
  const match = ISO_PREFIX.exec(text);
  if (match !== null) return accept(scan, T.DURATION, at + match[0].length);
  const afterT = text.charCodeAt(p + 1) === 0x54 ? p + 2 : p + 1;
  noViable(text, digitsEnd(text, afterT), scan);
}
