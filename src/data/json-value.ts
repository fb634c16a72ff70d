// Parsed JSON with Jackson's notion of numbers, and how Java names and prints such values in
// messages. Test: test/types/json-parser.test.ts.

/** A number with the Java class Jackson gives it. */
export class JsonNumber {
  readonly javaType: 'Integer' | 'Long' | 'BigInteger' | 'Double';
  /** As Java prints the value. */
  readonly text: string;
  constructor(javaType: JsonNumber['javaType'], text: string) {
    this.javaType = javaType;
    this.text = text;
  }
}

export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** The Java class a message names: `Expected an int value, but got a ArrayList: [1]`. */
export function javaTypeOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'String';
  if (typeof value === 'boolean') return 'Boolean';
  if (value instanceof JsonNumber) return value.javaType;
  return Array.isArray(value) ? 'ArrayList' : 'LinkedHashMap';
}

/** As Java's toString prints it: `[1, a]`, `{a=1}`. */
export function javaTextOf(value: JsonValue): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean')
    return String(value);
  if (value instanceof JsonNumber) return value.text;
  if (isJsonArray(value)) return `[${value.map(javaTextOf).join(', ')}]`;
  const entries = [...value].map(([key, inner]) => `${key}=${javaTextOf(inner)}`);
  return `{${entries.join(', ')}}`;
}

export function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function isJsonObject(value: JsonValue): value is JsonObject {
  return value instanceof Map;
}
