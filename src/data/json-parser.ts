// A JSON reader with Jackson's notions: numbers keep their Java type, the last of two equal keys
// wins, what follows the first value is not looked at, and errors read as Jackson's do (they reach
// clients). Test: test/types/json-parser.test.ts. Jackson 2.19: ReaderBasedJsonParser,
// UntypedObjectDeserializer.

import { doubleText } from './java-number.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { JsonNumber } from './json-value.ts';

const JACKSON = 'com.fasterxml.jackson.';
const SOURCE = '[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); ';

/** What Jackson would have thrown; `message` is its getMessage(), `javaText` its toString(). */
export class JsonParseError extends Error {
  override readonly name = 'JsonParseError';
  readonly javaText: string;
  constructor(javaClass: string, message: string, location: string) {
    const full = `${message}\n at ${SOURCE}${location}]`;
    super(full);
    this.javaText = `${JACKSON}${javaClass}: ${full}`;
  }
}

/** The first value of the text. Throws JsonParseError. */
export function parseJson(text: string): JsonValue {
  return new Parser(text).document();
}

/**
 * The text's first value as an object; null for `null`. Throws JsonParseError, also for any other
 * value.
 */
export function parseJsonObject(text: string): JsonObject | null {
  const parser = new Parser(text);
  const start = parser.startOfValue();
  if (start === '[') throw parser.notAnObject('Array value', 'START_ARRAY');
  const value = parser.document();
  if (value === null || value instanceof Map) return value as JsonObject | null;
  if (value === '') {
    throw parser.mismatch(
      'InvalidFormatException',
      'Cannot coerce empty String ("") to element of `java.util.LinkedHashMap` (but could if coercion was enabled using `CoercionConfig`)',
    );
  }
  if (typeof value === 'string') {
    throw parser.mismatch(
      'MismatchedInputException',
      `Cannot construct instance of \`java.util.LinkedHashMap\` (although at least one Creator exists): no String-argument constructor/factory method to deserialize from String value ('${value}')`,
    );
  }
  if (typeof value === 'boolean')
    throw parser.notAnObject('Boolean value', `VALUE_${String(value).toUpperCase()}`);
  if (value instanceof JsonNumber && value.javaType === 'Double') {
    throw parser.notAnObject('Floating-point value', 'VALUE_NUMBER_FLOAT');
  }
  throw parser.notAnObject('Integer value', 'VALUE_NUMBER_INT');
}

/** Jackson's own limits. */
const DEPTH_MAX = 1000;
const NUMBER_LENGTH_MAX = 1000;

const BLANKS = ' \t\n\r';
const VALUE_EXPECTED =
  "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const TOKEN_EXPECTED =
  "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Parser {
  private at = 0;
  private depth = 0;
  private valueStart = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  document(): JsonValue {
    this.startOfValue();
    return this.value();
  }

  /** Skips blanks before the first value and looks at it. */
  startOfValue(): string {
    this.skipBlanks();
    const first = this.text[this.at];
    if (first === undefined) {
      const line = `line: ${this.position(this.at).line}`;
      throw new JsonParseError(
        'databind.exc.MismatchedInputException',
        'No content to map due to end-of-input',
        line,
      );
    }
    this.valueStart = this.at;
    return first;
  }

  mismatch(javaClass: string, message: string): JsonParseError {
    return new JsonParseError(`databind.exc.${javaClass}`, message, this.location(this.valueStart));
  }

  notAnObject(kind: string, token: string): JsonParseError {
    return this.mismatch(
      'MismatchedInputException',
      `Cannot deserialize value of type \`java.util.LinkedHashMap<java.lang.Object,java.lang.Object>\` from ${kind} (token \`JsonToken.${token}\`)`,
    );
  }

  private value(): JsonValue {
    const char = this.text[this.at] as string;
    switch (char) {
      case '{':
        return this.object();
      case '[':
        return this.array();
      case '"':
        return this.string();
      case ']':
      case '}':
        if (this.depth === 0) {
          const kind = char === ']' ? 'Array' : 'Object';
          throw this.error(`Unexpected close marker '${char}': no open ${kind} to close`, this.at);
        }
        throw this.unexpected(VALUE_EXPECTED);
      case '/':
        throw this.unexpected(
          "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)",
        );
      case '+':
        throw this.error(
          `Unexpected character ('+' (code 43)) in numeric value: JSON spec does not allow numbers to have plus signs: enable \`JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS\` to allow`,
          this.at + 1,
        );
    }
    if (char === '-' || isDigit(char)) return this.number();
    return this.word();
  }

  private object(): JsonObject {
    const start = this.open();
    const entries = new Map<string, JsonValue>();
    this.skipBlanks();
    if (this.text[this.at] === '}') {
      this.close();
      return entries;
    }
    for (let first = true; ; first = false) {
      this.skipBlanks();
      if (this.ended()) throw first ? this.unclosed('Object', start) : this.within('Object', false);
      if (this.text[this.at] !== '"')
        throw this.unexpected('was expecting double-quote to start field name');
      const key = this.string();
      this.skipBlanks();
      if (this.ended()) throw this.within('Object', true);
      if (this.text[this.at] !== ':')
        throw this.unexpected('was expecting a colon to separate field name and value');
      this.at++;
      this.skipBlanks();
      if (this.ended()) throw this.within('Object', true);
      entries.set(key, this.value());
      if (this.endOrComma('Object', '}', start)) return entries;
    }
  }

  private array(): JsonValue[] {
    const start = this.open();
    const values: JsonValue[] = [];
    this.skipBlanks();
    if (this.text[this.at] === ']') {
      this.close();
      return values;
    }
    for (let first = true; ; first = false) {
      this.skipBlanks();
      if (this.ended()) throw first ? this.unclosed('Array', start) : this.within('Array', false);
      values.push(this.value());
      if (this.endOrComma('Array', ']', start)) return values;
    }
  }

  /** True at the closing mark; false after a comma. */
  private endOrComma(kind: 'Object' | 'Array', mark: string, start: number): boolean {
    this.skipBlanks();
    if (this.ended()) throw this.unclosed(kind, start);
    const char = this.text[this.at];
    if (char === mark) {
      this.close();
      return true;
    }
    if (char !== ',') {
      if (char === ']' || char === '}') {
        const at = this.location(start);
        throw this.error(
          `Unexpected close marker '${char}': expected '${mark}' (for ${kind} starting at ${SOURCE}${at}])`,
          this.at,
        );
      }
      throw this.unexpected(`was expecting comma to separate ${kind} entries`);
    }
    this.at++;
    return false;
  }

  private open(): number {
    this.depth++;
    if (this.depth > DEPTH_MAX) {
      throw new JsonParseError(
        'core.exc.StreamConstraintsException',
        `Document nesting depth (${this.depth}) exceeds the maximum allowed (${DEPTH_MAX}, from \`StreamReadConstraints.getMaxNestingDepth()\`)`,
        this.location(this.at + 1),
      );
    }
    return this.at++;
  }

  private close(): void {
    this.depth--;
    this.at++;
  }

  private string(): string {
    let result = '';
    this.at++;
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined)
        throw this.eof('Unexpected end-of-input: was expecting closing quote for a string value');
      this.at++;
      if (char === '"') return result;
      if (char === '\\') result += this.escape();
      else if (char < ' ') {
        const code = char.charCodeAt(0);
        throw this.error(
          `Illegal unquoted character ((CTRL-CHAR, code ${code})): has to be escaped using backslash to be included in string value`,
          this.at - 1,
        );
      } else result += char;
    }
  }

  private escape(): string {
    const char = this.text[this.at];
    if (char === undefined) throw this.eof('Unexpected end-of-input in character escape sequence');
    this.at++;
    if (char !== 'u') {
      const escaped = ESCAPES[char];
      if (escaped === undefined)
        throw this.error(`Unrecognized character escape ${describe(char)}`, this.at - 1);
      return escaped;
    }
    let code = 0;
    for (let i = 0; i < 4; i++) {
      const digit = this.text[this.at];
      if (digit === undefined)
        throw this.eof('Unexpected end-of-input in character escape sequence');
      if (!/[0-9a-fA-F]/.test(digit))
        throw this.unexpected('expected a hex-digit for character escape sequence');
      code = code * 16 + Number.parseInt(digit, 16);
      this.at++;
    }
    return String.fromCharCode(code);
  }

  private number(): JsonNumber {
    const start = this.at;
    if (this.text[this.at] === '-') this.signedStart();
    if (this.text[this.at] === '0' && isDigit(this.text[this.at + 1])) {
      throw this.error('Invalid numeric value: Leading zeroes not allowed', this.at + 1);
    }
    this.digits();
    let integral = true;
    if (this.text[this.at] === '.') {
      integral = false;
      this.at++;
      if (!isDigit(this.text[this.at])) {
        const shown = this.text[this.at] ?? '.';
        throw this.error(
          `Unexpected character (${describe(shown)}) in numeric value: Decimal point not followed by a digit`,
          this.at - 1,
        );
      }
      this.digits();
    }
    if (this.text[this.at] === 'e' || this.text[this.at] === 'E') {
      integral = false;
      this.exponent();
    }
    const text = this.text.slice(start, this.at);
    if (this.depth === 0 && !this.ended() && !BLANKS.includes(this.text[this.at] as string)) {
      throw this.unexpected('Expected space separating root-level values');
    }
    if (text.length > NUMBER_LENGTH_MAX) {
      throw new JsonParseError(
        'core.exc.StreamConstraintsException',
        `Number value length (${text.length}) exceeds the maximum allowed (${NUMBER_LENGTH_MAX}, from \`StreamReadConstraints.getMaxNumberLength()\`)`,
        this.location(this.at),
      );
    }
    return integral ? integerOf(BigInt(text)) : new JsonNumber('Double', doubleText(Number(text)));
  }

  private signedStart(): void {
    this.at++;
    const next = this.text[this.at];
    if (next === undefined) throw this.eof('Unexpected end-of-inputNo digit following sign');
    if (!isDigit(next)) {
      throw this.error(
        `Unexpected character (${describe(next)}) in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value`,
        this.at,
      );
    }
  }

  private exponent(): void {
    this.at++;
    if (this.text[this.at] === '+' || this.text[this.at] === '-') this.at++;
    const next = this.text[this.at];
    if (next === undefined)
      throw this.eof('Unexpected end-of-inputexpected a digit for number exponent');
    if (!isDigit(next)) {
      throw this.error(
        `Unexpected character (${describe(next)}) in numeric value: Exponent indicator not followed by a digit`,
        this.at,
      );
    }
    this.digits();
  }

  private digits(): void {
    while (isDigit(this.text[this.at])) this.at++;
  }

  /** true, false, null, or an error that names the whole word. */
  private word(): JsonValue {
    const match = /^[\p{L}\p{N}_$]+/u.exec(this.text.slice(this.at, this.at + 256));
    const word = match?.[0] ?? '';
    if (word === '') throw this.unexpected(VALUE_EXPECTED);
    const end = this.at + word.length;
    if (word === 'true' || word === 'false' || word === 'null') {
      this.at = end;
      return word === 'null' ? null : word === 'true';
    }
    const text =
      word === 'NaN' || word === 'Infinity' || word === 'INF'
        ? `Non-standard token '${word}': enable \`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS\` to allow`
        : `Unrecognized token '${word}': ${TOKEN_EXPECTED}`;
    throw this.error(text, end);
  }

  private skipBlanks(): void {
    while (this.at < this.text.length && BLANKS.includes(this.text[this.at] as string)) this.at++;
  }

  private ended(): boolean {
    return this.at >= this.text.length;
  }

  private unexpected(expectation: string): JsonParseError {
    return this.error(
      `Unexpected character (${describe(this.text[this.at] as string)}): ${expectation}`,
      this.at,
    );
  }

  private unclosed(kind: string, start: number): JsonParseError {
    return this.eof(
      `Unexpected end-of-input: expected close marker for ${kind} (start marker at ${SOURCE}${this.location(start)}])`,
    );
  }

  private within(kind: string, eofClass: boolean): JsonParseError {
    const message = `Unexpected end-of-input within/between ${kind} entries`;
    return eofClass ? this.eof(message) : this.error(message, this.at);
  }

  private eof(message: string): JsonParseError {
    return new JsonParseError('core.io.JsonEOFException', message, this.location(this.text.length));
  }

  private error(message: string, index: number): JsonParseError {
    return new JsonParseError('core.JsonParseException', message, this.location(index));
  }

  private location(index: number): string {
    const { line, column } = this.position(index);
    return `line: ${line}, column: ${column}`;
  }

  private position(index: number): { line: number; column: number } {
    const before = this.text.slice(0, index);
    const lines = before.split(/\r\n|\r|\n/);
    return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
  }
}

function integerOf(value: bigint): JsonNumber {
  const text = value.toString();
  if (BigInt.asIntN(32, value) === value) return new JsonNumber('Integer', text);
  return new JsonNumber(BigInt.asIntN(64, value) === value ? 'Long' : 'BigInteger', text);
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9';
}

function describe(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 0x20) return `(CTRL-CHAR, code ${code})`;
  if (code > 255) return `'${char}' (code ${code} / 0x${code.toString(16)})`;
  return `'${char}' (code ${code})`;
}
