// Which tokens a text splits into, and the lexer's errors; expectations recorded from Cassandra
// 5.0.9's lexer.

import { expect, test } from 'vitest';
import { tokenize } from '../../src/cql/lexer.ts';
import { T, TOKEN_DISPLAY } from '../../src/cql/parser/tokens.ts';

/** `KIND text` of each token, or `ERROR offset message`. */
function tokens(text: string): string {
  const { kinds, starts, ends, error } = tokenize(text);
  return kinds
    .map((kind, i) => {
      if (kind === T.ERROR) return `ERROR ${error?.offset} ${error?.message}`;
      return kind === T.EOF ? 'EOF' : `${TOKEN_DISPLAY[kind]} ${text.slice(starts[i], ends[i])}`;
    })
    .join(' | ');
}

const TABLE: readonly (readonly [string, string])[] = [
  ['expr(a', "'expr(' expr( | IDENT a | EOF"],
  ['EXPR(a', "IDENT EXPR | '(' ( | IDENT a | EOF"],
  ['!x', "ERROR 1 mismatched character 'x' expecting '='"],
  ['1..2', 'INTEGER 1 | RANGE .. | INTEGER 2 | EOF'],
  ['1...2', 'FLOAT 1. | RANGE .. | INTEGER 2 | EOF'],
  ['1a', "ERROR 2 mismatched character '<EOF>' expecting set null"],
  ['1e', "ERROR 2 no viable alternative at character '<EOF>'"],
  ['1e+', "ERROR 3 required (...)+ loop did not match anything at character '<EOF>'"],
  ['1.5e', "ERROR 4 required (...)+ loop did not match anything at character '<EOF>'"],
  ['1d3', "ERROR 3 no viable alternative at character '<EOF>'"],
  ['1y2x', "ERROR 3 no viable alternative at character 'x'"],
  ['1mo2d', 'DURATION 1mo2d | EOF'],
  ['1µs', 'DURATION 1µs | EOF'],
  ['1h-1', 'DURATION 1h | INTEGER -1 | EOF'],
  ['P1Y2M', 'DURATION P1Y2M | EOF'],
  ['P1Y2', 'IDENT P1Y2 | EOF'],
  ['p1y', 'IDENT p1y | EOF'],
  ['P0001-02-03T04:05:06', 'DURATION P0001-02-03T04:05:06 | EOF'],
  ['P0001-02', "ERROR 8 mismatched character '<EOF>' expecting '-'"],
  ['-P1', "ERROR 3 no viable alternative at character '<EOF>'"],
  ['abcdef01-x', "ERROR 9 mismatched character 'x' expecting set null"],
  ['1234567e-12', 'FLOAT 1234567e-12 | EOF'],
  ['1234567e-1234-1234-1234-123456789abc', 'UUID 1234567e-1234-1234-1234-123456789abc | EOF'],
  ['123456789abc', 'INTEGER 123456789 | IDENT abc | EOF'],
  ['0xabcg', 'HEXNUMBER 0xabc | IDENT g | EOF'],
  ['-nope', "ERROR 2 mismatched character 'o' expecting set null"],
  ['-Infinity', 'K_NEGATIVE_INFINITY -Infinity | EOF'],
  ["'it''s'", "STRING_LITERAL 'it''s' | EOF"],
  ["'a", "ERROR 2 mismatched character '<EOF>' expecting '''"],
  ['""', 'EMPTY_QUOTED_NAME "" | EOF'],
  ['"a""b"', 'QUOTED_NAME "a""b" | EOF'],
  ['"""', "ERROR 3 mismatched character '<EOF>' expecting '\"'"],
  ['$$a$b$$', 'STRING_LITERAL $$a$b$$ | EOF'],
  ['$$a', "ERROR 2 mismatched character 'a' expecting '$'"],
  ['-- c\nx', 'IDENT x | EOF'],
  ['-- c', "ERROR 4 mismatched character '<EOF>' expecting set null"],
  ['/* a */ x // b\n', 'IDENT x | EOF'],
  ['/* a *', "ERROR 6 mismatched character '<EOF>' expecting '/'"],
  ['\u{1f600}', "ERROR 0 no viable alternative at character '?'"],
  [
    'TABLE columnfamilies NaN True',
    'K_COLUMNFAMILY TABLE | K_TABLES columnfamilies | K_POSITIVE_NAN NaN | BOOLEAN True | EOF',
  ],
  ['select_masked', 'K_SELECT_MASKED select_masked | EOF'],
  [
    'a+=b-=c<=d!=e',
    "IDENT a | '+=' += | IDENT b | '-=' -= | IDENT c | '<=' <= | IDENT d | '!=' != | IDENT e | EOF",
  ],
];

test.each(TABLE)('%j', (text, expected) => {
  expect(tokens(text)).toBe(expected);
});

test('hidden tokens are kept on demand', () => {
  const { kinds } = tokenize('a /* b */ -- c\n', true);
  expect(kinds).toEqual([T.IDENT, T.HIDDEN, T.HIDDEN, T.HIDDEN, T.HIDDEN, T.EOF]);
});
