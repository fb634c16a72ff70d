// Types named by their Java class in a string: `'org.apache.cassandra.db.marshal.ListType(Int32Type)'`. Only whether
// the class exists and has the parameters it needs is decided here; what it means is decided by data/type-names.

const PREFIX = 'org.apache.cassandra.db.marshal.';

/** Classes usable without parameters. */
const PLAIN = new Set([
  'AsciiType', 'BooleanType', 'ByteType', 'BytesType', 'CounterColumnType', 'DateType', 'DecimalType', 'DoubleType',
  'DurationType', 'EmptyType', 'FloatType', 'InetAddressType', 'Int32Type', 'IntegerType', 'LexicalUUIDType',
  'LongType', 'ShortType', 'SimpleDateType', 'TimeType', 'TimestampType', 'TimeUUIDType', 'UTF8Type', 'UUIDType',
]);
/** Classes that need parameters, and how many (Infinity: at least one). */
const PARAMETRISED: ReadonlyMap<string, number> = new Map([
  ['ListType', 1], ['SetType', 1], ['MapType', 2], ['FrozenType', 1], ['ReversedType', 1], ['TupleType', Infinity],
  ['CompositeType', Infinity], ['DynamicCompositeType', Infinity], ['UserType', Infinity], ['VectorType', 2],
]);

/** The error text for a class name Cassandra would refuse, or null. Source: db/marshal/TypeParser. */
export function checkTypeClass(name: string): string | null {
  const head = name.split('(', 1)[0]?.trim() ?? '';
  if (head === '' && name.trim() === '') return null;
  const short = head.startsWith(PREFIX) ? head.slice(PREFIX.length) : head;
  const full = head.includes('.') ? head : PREFIX + head;
  if (PLAIN.has(short)) return null;
  const wanted = PARAMETRISED.get(short);
  if (wanted === undefined) return `Error setting type ${name}: Unable to find abstract-type class '${full}'`;
  if (head === name) return refused(name, full);
  const args = splitArguments(name.slice(head.length));
  if (args === null || (wanted !== Infinity && args.length !== wanted)) return refused(name, full);
  const typed = short === 'UserType' || short === 'VectorType' ? [] : args;
  const bad = typed.some((arg) => checkTypeClass(arg) !== null);
  return bad ? refused(name, full) : null;
}

function refused(name: string, full: string): string {
  return `Error setting type ${name}: Invalid definition for comparator ${full}.`;
}

/** `(a, b(c))` -> [a, b(c)]; null when the brackets do not match. */
function splitArguments(text: string): string[] | null {
  if (!text.endsWith(')')) return null;
  const args: string[] = [];
  let depth = 0;
  let from = 1;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === '(') depth++;
    else if (char === ')') depth--;
    if ((char === ',' && depth === 1) || (char === ')' && depth === 0)) {
      args.push(text.slice(from, i).trim());
      from = i + 1;
    }
    if (depth === 0 && i < text.length - 1) return null;
  }
  return depth === 0 ? args : null;
}
