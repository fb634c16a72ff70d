// Types named by their Java class in a string:
// `'org.apache.cassandra.db.marshal.ListType(Int32Type)'`. Only whether Cassandra would accept the
// text is decided here; data/parse-class-name.ts says which type it is.

const PREFIX = 'org.apache.cassandra.db.marshal.';

/** Classes usable without parameters. */
const PLAIN = new Set([
  'AsciiType',
  'BooleanType',
  'ByteType',
  'BytesType',
  'CompositeType',
  'CounterColumnType',
  'DateType',
  'DecimalType',
  'DoubleType',
  'DurationType',
  'DynamicCompositeType',
  'EmptyType',
  'FloatType',
  'InetAddressType',
  'Int32Type',
  'IntegerType',
  'LegacyTimeUUIDType',
  'LexicalUUIDType',
  'LongType',
  'ShortType',
  'SimpleDateType',
  'TimeType',
  'TimestampType',
  'TimeUUIDType',
  'TupleType',
  'UTF8Type',
  'UUIDType',
]);
/** Classes that need so many types as parameters. */
const TYPED: ReadonlyMap<string, number> = new Map([
  ['ListType', 1],
  ['SetType', 1],
  ['MapType', 2],
  ['FrozenType', 1],
  ['ReversedType', 1],
]);

/**
 * The error text for a class name Cassandra would refuse, or null. Source: db/marshal/TypeParser.
 */
export function checkTypeClass(text: string): string | null {
  const head = /^\s*[\w.+&-]*/.exec(text)?.[0] ?? '';
  const name = head.trim();
  if (name === '') return null;
  const short = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  const full = name.includes('.') ? name : PREFIX + name;
  const rest = text.slice(head.length).trimStart();
  const wanted = TYPED.get(short);
  let accepted: boolean;
  if (PLAIN.has(short)) return null;
  if (wanted !== undefined) accepted = typesFit(rest, wanted);
  else if (short === 'UserType') accepted = rest.startsWith('(');
  else if (short === 'VectorType') accepted = /^\(.*,\s*\d+\s*\)/.test(rest);
  else return `Error setting type ${text}: Unable to find abstract-type class '${full}'`;
  return accepted ? null : `Error setting type ${text}: Invalid definition for comparator ${full}.`;
}

/** `(a, b(c))` with so many types, each acceptable; what follows the bracket does not matter. */
function typesFit(text: string, wanted: number): boolean {
  if (!text.startsWith('(')) return false;
  const args: string[] = [];
  let depth = 0;
  let from = 1;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === '(') depth++;
    else if (char === ')') depth--;
    if ((char === ',' && depth === 1) || depth === 0) {
      args.push(text.slice(from, i));
      from = i + 1;
    }
    if (depth === 0) {
      return (
        args.length === wanted &&
        args.every((arg) => arg.trim() !== '' && checkTypeClass(arg) === null)
      );
    }
  }
  return false;
}
