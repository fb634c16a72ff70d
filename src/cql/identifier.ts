// Identifiers as text, for those who deal with CQL statements; the rule itself lives in
// data/identifier.ts.

import { quoteIfNeeded, RESERVED_WORDS } from '../data/identifier.ts';

/** True for a word (in any case) that an unquoted identifier may not be. */
export function isReservedWord(name: string): boolean {
  return RESERVED_WORDS.has(name.toLowerCase());
}

/** The name as CQL text: in double quotes unless it reads back as itself without. */
export function quoteIdentifier(name: string): string {
  return quoteIfNeeded(name);
}
