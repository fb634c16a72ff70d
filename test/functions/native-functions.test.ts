// The native functions are those of Cassandra 5.0.9: the same names, signatures and factory
// descriptions, no more.

import { expect, test } from 'vitest';
import { typeName } from '../../src/data/type-names.ts';
import { NATIVE_FACTORIES, NATIVE_FUNCTIONS } from '../../src/cql/functions/native-functions.ts';
import { facts } from '../read-facts.ts';

interface Signature {
  readonly name: string;
  readonly aggregate: boolean;
  readonly args: readonly string[];
  readonly returns: string;
}
const recorded = facts<{
  factories: string[];
  functions: Signature[];
}>('functions.json');

const text = (s: Signature): string =>
  `${s.aggregate ? 'aggregate ' : ''}${s.name}(${s.args.join(', ')}) -> ${s.returns}`;

test('809 fixed signatures', () => {
  const ours = [...NATIVE_FUNCTIONS.values()].flat().map((f) =>
    text({
      name: f.name,
      aggregate: f.kind === 'aggregate',
      args: f.argumentTypes.map(typeName),
      returns: typeName(f.returnType),
    }),
  );
  expect(recorded.functions.length).toBe(809);
  expect(ours.toSorted()).toEqual(recorded.functions.map(text).toSorted());
});

test('23 factories with their descriptions', () => {
  const ours = [...NATIVE_FACTORIES.values()].flat().map((factory) => factory.text);
  expect(recorded.factories.length).toBe(23);
  expect(ours.toSorted()).toEqual(recorded.factories.toSorted());
});
