// The native functions (functions.json): every signature is called for what it takes and gives what it returns; what an
// error lists as known is what is recorded, no more. Values are in test/functions and test/cql.

import { describe, expect, test } from 'vitest';
import { facts } from '../read-facts.ts';
import { wireTypeName } from '../wire-type-name.ts';
import { plainNode, SETUP } from './fact-node.ts';

interface Signature {
  readonly name: string;
  readonly aggregate: boolean;
  readonly args: readonly string[];
  readonly returns: string;
}

const { functions, factories } = facts<{
  readonly factories: readonly string[];
  readonly functions: readonly Signature[];
}>('functions.json');

const NAMES = [...new Set(functions.map(({ name }) => name))];

const here = plainNode(...SETUP);

/** A marker of a type; `empty` cannot be written. */
const argument = (type: string): string =>
  type === 'empty' ? 'system.blob_as_empty((blob)?)' : `(${type})?`;

/** As the wire says it: the functions of timeuuids that come from blobs have a class of their own in Cassandra. */
function wireName({ name, returns }: Signature): string {
  if (returns === 'text') return 'varchar';
  if (returns === 'empty') return 'custom:org.apache.cassandra.db.marshal.EmptyType';
  if (/^blob_?as_?timeuuid$/.test(name))
    return 'custom:org.apache.cassandra.db.marshal.LegacyTimeUUIDType';
  return returns;
}

describe.each(NAMES)('%s', (name) => {
  test.each(functions.filter((f) => f.name === name))('($args) -> $returns', async (signature) => {
    const { args } = signature;
    const cql = `SELECT system."${name}"(${args.map(argument).join(', ')}) FROM kv WHERE k=1`;
    const statement = await here.client.prepare(cql);
    const types = statement.resultColumns?.map(({ type }) => wireTypeName(type));
    expect(types).toEqual([wireName(signature)]);
    const { response } = await here.client.execute(statement, { values: args.map(() => null) });
    expect(response.kind).toBe('rows');
  });
});

/** What a call with too many arguments is told. */
async function refusal(name: string): Promise<string> {
  const { response } = await here.client.query(`SELECT system."${name}"(k, k, k, k, k, k) FROM kv`);
  return response.kind === 'error' ? response.error.message : response.kind;
}

const quoted = (name: string): string => (/^[a-z][a-z0-9_]*$/.test(name) ? name : `"${name}"`);

test.each(NAMES.filter((name) => functions.filter((f) => f.name === name).length > 1))(
  '%s is known with its recorded signatures only',
  async (name) => {
    const message = await refusal(name);
    // An operator's error names no signatures.
    if (/^the '.' operation is not supported between k and k$/.test(message)) return;
    const list = /\(known type signatures: (.*)\)$/.exec(message)?.[1] ?? message;
    const recorded = functions
      .filter((f) => f.name === name)
      .map(({ args, returns }) => `system.${quoted(name)} : (${args.join(', ')}) -> ${returns}`);
    expect(list.split(/, (?=system\.)/).sort()).toEqual(recorded.sort());
  },
);

test.each(factories)('%s', async (described) => {
  const name = /^system\.(\w+)\(/.exec(described)?.[1] ?? '';
  const message = await refusal(name);
  // The arguments of token() are those of the table at hand.
  const expected =
    name === 'token'
      ? 'Invalid number of arguments in call to function system.token: 1 required but 6 provided'
      : `Invalid number of arguments for function ${described}`;
  expect(message).toBe(expected);
});

test('the file is whole', () => {
  expect([functions.length, factories.length]).toEqual([809, 23]);
});
