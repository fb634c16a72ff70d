// Reads a Java type name as CREATE TABLE .. 'class' or a stored schema gives it. A class with a CQL
// name becomes that type, the rest stays custom. Test: test/types/recorded.test.ts. Cassandra:
// db/marshal/TypeParser.java.

import type { CqlType, NativeTypeName } from './cql-type.ts';
import { NATIVE } from './cql-type.ts';
import { syntaxError } from './cql-error.ts';
import {
  NATIVE_CLASS_NAMES,
  customType,
  freeze,
  listOf,
  mapOf,
  setOf,
  tupleOf,
  vectorOf,
} from './type-names.ts';

const MARSHAL = 'org.apache.cassandra.db.marshal.';

const NATIVE_BY_CLASS = new Map<string, CqlType>(
  Object.entries(NATIVE_CLASS_NAMES).map(([name, java]) => [java, NATIVE[name as NativeTypeName]]),
);
const NATIVE_ALIASES = new Map<string, CqlType>([
  ['DateType', NATIVE.timestamp],
  ['LegacyTimeUUIDType', NATIVE.timeuuid],
]);

/** Classes of Cassandra without a CQL name that a column may nevertheless have. */
const CUSTOM_CLASSES: ReadonlySet<string> = new Set([
  'CompositeType',
  'DynamicCompositeType',
  'LexicalUUIDType',
  'PartitionerDefinedOrder',
]);

/**
 * The type of a class name. Throws SYNTAX_ERROR `Unable to find abstract-type class '..'` for an
 * unknown class; ReversedType(..) gives its base type.
 */
export function parseClassName(text: string): CqlType {
  const reader = new Reader(text);
  return reader.type();
}

class Reader {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  type(): CqlType {
    const start = this.at;
    const written = this.word();
    const name = written.startsWith(MARSHAL) ? written.slice(MARSHAL.length) : written;
    const native = NATIVE_BY_CLASS.get(name) ?? NATIVE_ALIASES.get(name);
    if (native !== undefined) {
      if (this.peek() === '(') this.skipParameters();
      return native;
    }
    switch (name) {
      case 'ListType':
        return this.parameters(() => listOf(freeze(this.type())));
      case 'SetType':
        return this.parameters(() => setOf(freeze(this.type())));
      case 'MapType':
        return this.parameters(() => {
          const key = freeze(this.type());
          this.skip(',');
          return mapOf(key, freeze(this.type()));
        });
      case 'FrozenType':
        return this.parameters(() => freeze(this.type()));
      case 'ReversedType':
        return this.parameters(() => this.type());
      case 'TupleType':
        return this.parameters(() => tupleOf(this.types().map(freeze)));
      case 'VectorType':
        return this.parameters(() => {
          const element = freeze(this.type());
          this.skip(',');
          return vectorOf(element, Number(this.word()));
        });
      case 'UserType':
        return this.parameters(() => this.userType());
    }
    if (!CUSTOM_CLASSES.has(name))
      throw syntaxError(`Unable to find abstract-type class '${written}'`);
    if (this.peek() === '(') this.skipParameters();
    return customType(MARSHAL + name + this.text.slice(start + written.length, this.at));
  }

  private userType(): CqlType {
    const keyspace = this.word();
    this.skip(',');
    const name = unhex(this.word());
    const fieldNames: string[] = [];
    const fieldTypes: CqlType[] = [];
    while (this.peek() === ',') {
      this.skip(',');
      fieldNames.push(unhex(this.word()));
      this.skip(':');
      fieldTypes.push(this.type());
    }
    return { kind: 'udt', keyspace, name, fieldNames, fieldTypes, frozen: false };
  }

  private types(): CqlType[] {
    const types = [this.type()];
    while (this.peek() === ',') {
      this.skip(',');
      types.push(this.type());
    }
    return types;
  }

  private parameters(read: () => CqlType): CqlType {
    this.skip('(');
    const type = read();
    this.skip(')');
    return type;
  }

  private skipParameters(): void {
    let depth = 0;
    do {
      if (this.at >= this.text.length) throw this.malformed();
      const char = this.text[this.at++];
      if (char === '(') depth++;
      else if (char === ')') depth--;
    } while (depth > 0);
  }

  private peek(): string {
    while (this.text[this.at] === ' ') this.at++;
    return this.text[this.at] ?? '';
  }

  private skip(char: string): void {
    if (this.peek() !== char) throw this.malformed();
    this.at++;
  }

  private word(): string {
    this.peek();
    const start = this.at;
    while (this.at < this.text.length && /[A-Za-z0-9+._&-]/.test(this.text[this.at] as string))
      this.at++;
    return this.text.slice(start, this.at);
  }

  private malformed(): Error {
    return syntaxError(
      `Syntax error parsing '${this.text}' at char ${this.at}: unexpected character`,
    );
  }
}

function unhex(text: string): string {
  return Buffer.from(text, 'hex').toString('utf8');
}
