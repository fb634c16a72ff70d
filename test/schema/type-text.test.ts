import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CqlType, NativeTypeName, UserType } from '../../src/data/cql-type.ts';
import { NATIVE, NATIVE_TYPE_NAMES } from '../../src/data/cql-type.ts';
import {
  customType,
  freeze,
  listOf,
  mapOf,
  setOf,
  tupleOf,
  typeName,
  vectorOf,
} from '../../src/data/type-names.ts';
import { parseTypeText, UnknownUserType } from '../../src/node/schema/type-text.ts';

function userType(name: string): UserType {
  const fieldTypes = [NATIVE.text];
  return { kind: 'udt', keyspace: 'ks', name, fieldNames: ['street'], fieldTypes, frozen: false };
}

const TYPES = new Map(['addr', 'Mixed "Case"', 'text2'].map((name) => [name, userType(name)]));

const NAMES = NATIVE_TYPE_NAMES.filter((name) => name !== 'empty');

/** What is within another type is frozen, as in every table. */
const { type: anyType } = fc.letrec<{ type: CqlType; inner: CqlType; leaf: CqlType }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom<NativeTypeName[]>(...NAMES).map((name): CqlType => NATIVE[name]),
    fc.constantFrom(...TYPES.values()),
    fc.constant(customType('org.apache.cassandra.db.marshal.DynamicCompositeType')),
  ),
  inner: tie('type').map(freeze),
  type: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    tie('inner'),
    tie('inner').map((type) => listOf(type)),
    tie('inner').map((type) => setOf(type)),
    fc.tuple(tie('inner'), tie('inner')).map(([key, value]) => mapOf(key, value)),
    fc.array(tie('inner'), { minLength: 1, maxLength: 3 }).map(tupleOf),
    fc.tuple(tie('inner'), fc.integer({ min: 1, max: 9 })).map(([t, n]) => vectorOf(t, n)),
  ),
}));

describe('type texts', () => {
  it('come back as the type they were written from', () => {
    fc.assert(
      fc.property(anyType, (type) => {
        const text = typeName(type);
        expect(typeName(parseTypeText(text, TYPES))).toBe(text);
      }),
    );
  });

  it.each([
    ['varchar', NATIVE.text],
    ['frozen<list<int>>', listOf(NATIVE.int, true)],
    ['map<text, frozen<set<int>>>', mapOf(NATIVE.text, setOf(NATIVE.int, true))],
    ['vector<float, 3>', vectorOf(NATIVE.float, 3)],
    ['"Mixed ""Case"""', userType('Mixed "Case"')],
    ['frozen<addr>', { ...userType('addr'), frozen: true }],
    ["'org.apache.cassandra.db.marshal.Int32Type'", NATIVE.int],
  ] as const)('%s', (text, type) => {
    expect(parseTypeText(text, TYPES)).toEqual(type);
  });

  it('names a user type that is not there', () => {
    expect(() => parseTypeText('list<frozen<gone>>', TYPES)).toThrow(UnknownUserType);
  });
});
