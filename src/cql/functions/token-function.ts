// token(pk..): the position of a partition key on the ring; its arguments follow the table's
// partition key. Test: test/functions/factories.test.ts. Cassandra: cql3/functions/TokenFct.java.

import { murmur3Token, tokenBytes } from '../../base/murmur3.ts';
import { compositeKey } from '../../data/partition-key.ts';
import { NATIVE } from '../../data/cql-type.ts';
import { invalid } from '../../data/cql-error.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { FunctionFactory } from './function-factory.ts';
import type { ScalarFunction } from './function.ts';
import { scalar } from './native-function.ts';

export function tokenFactory(): FunctionFactory {
  return {
    name: 'token',
    text: 'system.token()',
    make: (_, { table }) => {
      if (table === null)
        throw invalid('No receiver keyspace has been specified for function system.token');
      return tokenFunction(table);
    },
  };
}

function tokenFunction(table: TableMetadata): ScalarFunction {
  return scalar({
    name: 'token',
    args: table.partitionKey.map((column) => column.type),
    returns: NATIVE.bigint,
    run: (args) => {
      const components: Buffer[] = [];
      for (const arg of args) {
        if (arg === null) return null;
        components.push(arg);
      }
      return tokenBytes(murmur3Token(compositeKey(components)));
    },
  });
}
