// Typed access to what stands after WITH: every value is text or a map of texts, and a wrong shape is a syntax error in
// Cassandra's words. Test: test/facts-conformance/errors.test.ts. Cassandra: cql3/statements/PropertyDefinitions.

import type { PropertyMap } from '../../../cql/ast.ts';
import { syntaxError } from '../../../data/cql-error.ts';
import { parseJavaDouble } from '../../../data/java-number.ts';
import { javaHashOrder } from './java-hash-order.ts';

export class Properties {
  private readonly map: PropertyMap;

  constructor(map: PropertyMap) {
    this.map = map;
  }

  /** Throws SYNTAX_ERROR when a name is not among `known`. */
  validateNames(known: ReadonlySet<string>): void {
    for (const name of javaHashOrder(this.map.keys())) {
      if (!known.has(name)) throw syntaxError(`Unknown property '${name}'`);
    }
  }

  has(name: string): boolean {
    return this.map.has(name);
  }

  string(name: string): string | null {
    const value = this.map.get(name);
    if (value === undefined) return null;
    if (typeof value !== 'string') {
      throw syntaxError(`Invalid value for property '${name}'. It should be a string`);
    }
    return value;
  }

  stringMap(name: string): ReadonlyMap<string, string> | null {
    const value = this.map.get(name);
    if (value === undefined) return null;
    if (typeof value === 'string') {
      throw syntaxError(`Invalid value for property '${name}'. It should be a map.`);
    }
    return value;
  }

  boolean(name: string, other: boolean): boolean {
    const value = this.string(name);
    return value === null ? other : parseBoolean(name, value);
  }

  int(name: string, other: number): number {
    const value = this.string(name);
    if (value === null) return other;
    const parsed = parseJavaInt(value);
    if (parsed === null) throw syntaxError(`Invalid integer value ${value} for '${name}'`);
    return parsed;
  }

  double(name: string, other: number): number {
    const value = this.string(name);
    if (value === null) return other;
    const parsed = parseJavaDouble(value);
    if (parsed === null) throw syntaxError(`Invalid double value ${value} for '${name}'`);
    return parsed;
  }
}

function parseBoolean(name: string, value: string): boolean {
  const lower = value.toLowerCase();
  if (lower === '1' || lower === 'true' || lower === 'yes') return true;
  if (lower === '0' || lower === 'false' || lower === 'no') return false;
  throw syntaxError(
    `Invalid boolean value ${value} for '${name}'. Positive values can be '1', 'true' or 'yes'. ` +
      `Negative values can be '0', 'false' or 'no'.`,
  );
}

/** Integer.parseInt; null where it throws. */
export function parseJavaInt(text: string): number | null {
  if (!/^[+-]?\d+$/.test(text)) return null;
  const value = Number(text);
  return value >= -0x8000_0000 && value <= 0x7fff_ffff ? value : null;
}

/** Long.parseLong as far as doubles are exact; null where it throws. */
export function parseJavaLong(text: string): number | null {
  if (!/^[+-]?\d+$/.test(text)) return null;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? Number(value) : null;
}
