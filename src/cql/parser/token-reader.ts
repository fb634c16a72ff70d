// The cursor over a text's tokens that all parsing functions share: looks ahead, takes tokens,
// counts bind markers, and says what does not fit. It also knows how far Cassandra's parser would
// have read, because error texts show it. Must never build an AST node.

import { syntaxError } from '../../data/cql-error.ts';
import type { CqlException } from '../../data/cql-error.ts';
import { tokenize } from '../lexer.ts';
import type { Tokens } from '../lexer.ts';
import { crashed, SyntaxFailure, unquoteString } from './syntax-failure.ts';
import type { FailureDetail } from './syntax-failure.ts';
import { COLUMN_NAMES, NAMES, T } from './tokens.ts';
import type { Kind, KindSet } from './tokens.ts';

/**
 * Brackets, calls and types may nest this deep; Cassandra's parser runs out of stack a little
 * later.
 */
const NESTING_MAX = 400;

export class TokenReader {
  readonly text: string;
  readonly #kinds: Kind[];
  readonly #starts: number[];
  readonly #ends: number[];
  readonly #malformed: boolean;
  /** The kind of the current token. */
  kind: Kind;
  /** The number of the current token. */
  position = 0;
  /** Names of the bind markers met so far, null for `?`. */
  readonly markers: (string | null)[] = [];
  /** While one reading of several is tried for its syntax alone, errors of meaning do not count. */
  lenient = false;
  #furthest = 0;
  #depth = 0;

  constructor(text: string) {
    const tokens: Tokens = tokenize(text);
    this.text = text;
    this.#kinds = tokens.kinds;
    this.#starts = tokens.starts;
    this.#ends = tokens.ends;
    this.#malformed = tokens.error !== null;
    this.kind = tokens.kinds[0] as Kind;
  }

  /** Fails with an error of meaning, unless only the syntax is being tried. */
  refuse(message: string): void {
    if (!this.lenient) throw this.semanticError(message);
  }

  /** Fails as Cassandra's own parser code does: with a Java exception's class and message. */
  crash(reason: string): void {
    if (!this.lenient) throw crashed(this.text, 'statement', reason);
  }

  /** The kind `distance` tokens after the current one; EOF after the end. */
  ahead(distance: number): Kind {
    const at = this.position + distance;
    const last = this.#kinds.length - 1;
    return this.#kinds[at > last ? last : at] as Kind;
  }

  /** Moves to the next token. */
  next(): void {
    const last = this.#kinds.length - 1;
    if (this.position < last) this.position++;
    this.kind = this.#kinds[this.position] as Kind;
  }

  /** Takes the current token if it is of this kind. */
  take(kind: Kind): boolean {
    if (this.kind !== kind) return false;
    this.next();
    return true;
  }

  /** Takes a token of this kind or fails: `mismatched input ... expecting ...`. */
  expect(kind: Kind): void {
    if (this.kind !== kind) throw this.mismatched(kind);
    this.next();
  }

  mismatched(expected: Kind | 'set'): SyntaxFailure {
    return this.#failure(0, expected);
  }

  /**
   * No alternative begins with the tokens up to the one `distance` ahead; the decision began at
   * the current one.
   */
  noViable(distance = 0): SyntaxFailure {
    return this.#failure(distance, null);
  }

  /** Fails unless the token `distance` ahead is in the set. */
  require(set: KindSet, distance: number): void {
    if (set[this.ahead(distance)] !== 1) throw this.noViable(distance);
  }

  /** Cassandra's parser has looked at the token `distance` ahead, though no decision needed it. */
  touch(distance: number): void {
    const at = this.position + distance;
    if (at > this.#furthest) this.#furthest = at;
  }

  #failure(distance: number, expected: Kind | 'set' | null): SyntaxFailure {
    const last = this.#kinds.length - 1;
    const token = Math.min(this.position + distance, last);
    const fetched = Math.min(Math.max(token, this.#furthest), last);
    const detail: FailureDetail = { token, decision: this.position, fetched, expected };
    return new SyntaxFailure(detail);
  }

  /**
   * An error that the meaning of a syntactically right text raises while it is parsed. A malformed
   * token that Cassandra's parser has read by now goes first.
   */
  semanticError(message: string): SyntaxFailure | CqlException {
    const last = this.#kinds.length - 1;
    const reached = Math.max(this.position, this.#furthest);
    return this.#malformed && reached >= last ? this.#failure(last, null) : syntaxError(message);
  }

  /** Goes back to a state that `position` and `markers.length` described. */
  rewind(position: number, markerCount: number): void {
    if (this.position > this.#furthest) this.#furthest = this.position;
    this.position = position;
    this.kind = this.#kinds[position] as Kind;
    this.markers.length = markerCount;
  }

  /** A swallowed failure has still read the tokens it looked at. */
  remember(failure: SyntaxFailure): void {
    if (failure.detail.fetched > this.#furthest) this.#furthest = failure.detail.fetched;
  }

  /** Enters one level of nesting; every enter has its leave unless parsing fails. */
  enter(): void {
    if (++this.#depth > NESTING_MAX) {
      throw syntaxError(
        `Statement too complex: brackets and calls are nested more than ${NESTING_MAX} deep`,
      );
    }
  }

  /** Bounds what is nested to the left: `a + b + c`, `a.b.c`. */
  checkChain(length: number): void {
    if (length > NESTING_MAX) {
      throw syntaxError(
        `Statement too complex: an expression has more than ${NESTING_MAX} operators`,
      );
    }
  }

  leave(): void {
    this.#depth--;
  }

  /** The nesting level, to restore after swallowing a failure. */
  get depth(): number {
    return this.#depth;
  }

  set depth(depth: number) {
    this.#depth = depth;
  }

  /** The source text of the current token. */
  source(): string {
    return this.text.slice(this.#starts[this.position], this.#ends[this.position]);
  }

  /** The value of the current string token. */
  stringValue(): string {
    return unquoteString(
      this.text,
      this.#starts[this.position] as number,
      this.#ends[this.position] as number,
    );
  }

  /** The identifier the current token spells: lower case, or as quoted. */
  nameValue(): string {
    const start = this.#starts[this.position] as number;
    const end = this.#ends[this.position] as number;
    if (this.kind === T.QUOTED_NAME) {
      const body = this.text.slice(start + 1, end - 1);
      return body.includes('"') ? body.replaceAll('""', '"') : body;
    }
    if (this.kind === T.EMPTY_QUOTED_NAME) return '';
    return this.text.slice(start, end).toLowerCase();
  }

  /** Takes an identifier that is no column (alias, keyspace, argument ...). */
  name(): string {
    return this.#nameIn(NAMES);
  }

  /** Takes a column name; `""` is one. */
  columnName(): string {
    return this.#nameIn(COLUMN_NAMES);
  }

  #nameIn(set: KindSet): string {
    if (set[this.kind] !== 1) throw this.noViable();
    const name = this.nameValue();
    this.next();
    return name;
  }

  /** Takes a string literal. */
  string(): string {
    if (this.kind !== T.STRING_LITERAL) throw this.mismatched(T.STRING_LITERAL);
    const value = this.stringValue();
    this.next();
    return value;
  }

  /** Takes `IF NOT EXISTS`; true when it was there. */
  ifNotExists(): boolean {
    if (!this.take(T.K_IF)) return false;
    this.expect(T.K_NOT);
    this.expect(T.K_EXISTS);
    return true;
  }

  /** Takes `IF EXISTS`; true when it was there. */
  ifExists(): boolean {
    if (!this.take(T.K_IF)) return false;
    this.expect(T.K_EXISTS);
    return true;
  }
}

/**
 * Tries `attempt`; when its syntax does not fit, goes back and gives null. An error of meaning is
 * thrown only when the syntax fits.
 */
export function speculate<R>(reader: TokenReader, attempt: (reader: TokenReader) => R): R | null {
  const { position, depth } = reader;
  const markerCount = reader.markers.length;
  try {
    return attempt(reader);
  } catch (error) {
    reader.rewind(position, markerCount);
    reader.depth = depth;
    if (error instanceof SyntaxFailure) {
      reader.remember(error);
      return null;
    }
    if (reader.lenient || !fits(reader, attempt)) return null;
    throw error;
  }
}

function fits(reader: TokenReader, attempt: (reader: TokenReader) => unknown): boolean {
  const { position, depth } = reader;
  const markerCount = reader.markers.length;
  reader.lenient = true;
  try {
    attempt(reader);
    return true;
  } catch (error) {
    if (error instanceof SyntaxFailure) reader.remember(error);
    return !(error instanceof SyntaxFailure);
  } finally {
    reader.lenient = false;
    reader.rewind(position, markerCount);
    reader.depth = depth;
  }
}
