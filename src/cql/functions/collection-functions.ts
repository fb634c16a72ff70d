// map_keys, map_values and the aggregations over the elements of one collection; min and max of
// rows. Test: test/functions/factories.test.ts. Cassandra: cql3/functions/CollectionFcts.java.

import { assert } from '../../base/assert.ts';
import { codecFor } from '../../data/codec/codec.ts';
import { packList, unpackList, unpackMap } from '../../data/codec/packing.ts';
import type { CqlType } from '../../data/cql-type.ts';
import { NATIVE } from '../../data/cql-type.ts';
import { serverError } from '../../data/cql-error.ts';
import { listOf, setOf } from '../../data/type-names.ts';
import { avgFunction, extremeFunction, sumFunction } from './aggregates.ts';
import type { FunctionFactory } from './function-factory.ts';
import {
  anyCollection,
  anyMap,
  anyType,
  factory,
  numericSetOrList,
  setOrList,
} from './function-factory.ts';
import type { AggregateFunction, ScalarFunction } from './function.ts';
import { scalar } from './native-function.ts';
import type { NumericName } from './numbers.ts';

export function collectionFactories(): FunctionFactory[] {
  return [
    factory('map_keys', [anyMap()], ([type]) => mapKeys(mapType(type))),
    factory('map_values', [anyMap()], ([type]) => mapValues(mapType(type))),
    factory('collection_count', [anyCollection()], ([type]) => collectionCount(present(type))),
    factory('collection_min', [setOrList()], ([type]) =>
      overElements('collection_min', type, minOf),
    ),
    factory('collection_max', [setOrList()], ([type]) =>
      overElements('collection_max', type, maxOf),
    ),
    factory('collection_sum', [numericSetOrList()], ([type]) =>
      overElements('collection_sum', type, sumOf),
    ),
    factory('collection_avg', [numericSetOrList()], ([type]) =>
      overElements('collection_avg', type, avgOf),
    ),
    factory('max', [anyType(true)], ([type]) => extremeFunction('max', present(type))),
    factory('min', [anyType(true)], ([type]) => extremeFunction('min', present(type))),
  ];
}

type MapType = Extract<CqlType, { kind: 'map' }>;

function present(type: CqlType | undefined): CqlType {
  assert(type !== undefined, 'a factory builds with all of its argument types');
  return type;
}

/** A UDT passes the parameter's check in Cassandra too, and fails here. */
function mapType(type: CqlType | undefined): MapType {
  if (type?.kind === 'map') return type;
  throw serverError(
    "java.lang.ClassCastException: class org.apache.cassandra.db.marshal.UserType cannot be cast to class org.apache.cassandra.db.marshal.MapType (org.apache.cassandra.db.marshal.UserType and org.apache.cassandra.db.marshal.MapType are in unnamed module of loader 'app')",
  );
}

function mapKeys(type: MapType): ScalarFunction {
  const { compare } = codecFor(type.key);
  return scalar({
    name: 'map_keys',
    args: [type],
    returns: setOf(type.key, true),
    run: ([map]) => {
      if (map === null || map === undefined) return null;
      const keys = unpackMap(map).filter((_, i) => i % 2 === 0);
      return packList(keys.sort((a, b) => (a === null || b === null ? 0 : compare(a, b))));
    },
  });
}

function mapValues(type: MapType): ScalarFunction {
  return scalar({
    name: 'map_values',
    args: [type],
    returns: listOf(type.value, true),
    run: ([map]) =>
      map === null || map === undefined
        ? null
        : packList(unpackMap(map).filter((_, i) => i % 2 === 1)),
  });
}

function collectionCount(type: CqlType): ScalarFunction {
  return scalar({
    name: 'collection_count',
    args: [type],
    returns: NATIVE.int,
    run: ([collection]) =>
      collection === null || collection === undefined
        ? null
        : Buffer.from(collection.subarray(0, 4)),
  });
}

const minOf = (element: CqlType): AggregateFunction => extremeFunction('min', element);
const maxOf = (element: CqlType): AggregateFunction => extremeFunction('max', element);
const sumOf = (element: CqlType): AggregateFunction => sumFunction(numericName(element));
const avgOf = (element: CqlType): AggregateFunction => avgFunction(numericName(element));

function numericName(type: CqlType): NumericName {
  assert(type.kind === 'native', 'numeric elements are checked before');
  return type.name as NumericName;
}

function overElements(
  name: string,
  type: CqlType | undefined,
  choose: (element: CqlType) => AggregateFunction,
): ScalarFunction {
  assert(type?.kind === 'list' || type?.kind === 'set', 'a set or list is checked before');
  const aggregation = choose(type.element);
  return scalar({
    name,
    args: [type],
    returns: aggregation.returnType,
    run: ([collection], context) => {
      if (collection === null || collection === undefined) return null;
      const state = aggregation.newAggregate(context);
      for (const element of unpackList(collection)) state.add([element]);
      return state.result();
    },
  });
}
