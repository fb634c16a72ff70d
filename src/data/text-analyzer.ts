// Text analyzers of indexes: what a stored and a searched text become before they are compared. SAI knows three
// options; SASI has a non-tokenizing, a standard (words) and a delimiter analyzer. No stemming, no stop words.
// Test: test/storage/row-filter.test.ts.
// Cassandra: index/sai/analyzer/NonTokenizingAnalyzer, index/sasi/analyzer/*.

import type { CqlType } from './cql-type.ts';
import type { IndexMetadata } from './schema.ts';

/** The terms of a text; one for analyzers that do not tokenize. */
export type TextAnalyzer = (text: string) => readonly string[];

/** null: compared as it is. */
export function analyzerFor(index: IndexMetadata, type: CqlType): TextAnalyzer | null {
  if (!isText(type)) return null;
  const className = index.options.get('class_name') ?? '';
  if (className.endsWith('SASIIndex')) return sasiAnalyzer(index.options);
  return saiAnalyzer(index.options);
}

/** Of collections the elements are text. */
function isText(type: CqlType): boolean {
  switch (type.kind) {
    case 'native':
      return type.name === 'text' || type.name === 'ascii';
    case 'list':
    case 'set':
      return isText(type.element);
    case 'map':
      return isText(type.key) || isText(type.value);
    default:
      return false;
  }
}

function saiAnalyzer(options: ReadonlyMap<string, string>): TextAnalyzer | null {
  const foldsCase = options.get('case_sensitive')?.toLowerCase() === 'false';
  const normalizes = options.get('normalize')?.toLowerCase() === 'true';
  const folds = options.get('ascii')?.toLowerCase() === 'true';
  if (!foldsCase && !normalizes && !folds) return null;
  return (text) => {
    let term = text;
    if (foldsCase) term = term.toLowerCase();
    if (normalizes) term = term.normalize('NFC');
    if (folds) term = foldToAscii(term);
    return [term];
  };
}

function sasiAnalyzer(options: ReadonlyMap<string, string>): TextAnalyzer | null {
  const analyzer = options.get('analyzer_class') ?? '';
  const isOn = (name: string) => options.get(name)?.toLowerCase() === 'true';
  const lowers =
    isOn('normalize_lowercase') ||
    isOn('tokenization_normalize_lowercase') ||
    options.get('case_sensitive')?.toLowerCase() === 'false';
  const uppers = isOn('normalize_uppercase') || isOn('tokenization_normalize_uppercase');
  const normalize = (text: string) =>
    lowers ? text.toLowerCase() : uppers ? text.toUpperCase() : text;
  if (analyzer.endsWith('StandardAnalyzer')) {
    return (text) => (normalize(text).match(/[\p{L}\p{N}]+/gu) ?? []) as readonly string[];
  }
  if (analyzer.endsWith('DelimiterAnalyzer')) {
    const delimiter = options.get('delimiter') ?? ',';
    return (text) => text.split(delimiter);
  }
  return lowers || uppers ? (text) => [normalize(text)] : null;
}

/** Letters without a decomposition that Lucene's ASCII folding replaces. */
const FOLDED: Readonly<Record<string, string>> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  þ: 'th',
  Þ: 'TH',
  ł: 'l',
  Ł: 'L',
  ı: 'i',
  ħ: 'h',
  Ħ: 'H',
  ŋ: 'n',
  Ŋ: 'N',
  ſ: 's',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
};

function foldToAscii(text: string): string {
  let out = '';
  for (const character of text.normalize('NFKD')) {
    if (/\p{M}/u.test(character)) continue;
    out += FOLDED[character] ?? character;
  }
  return out;
}
