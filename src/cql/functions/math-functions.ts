// abs, exp, log, log10 and round: each keeps the type of its argument.
// Test: test/functions/recorded.test.ts. Cassandra: cql3/functions/MathFcts.java.

import type { ScalarFunction } from './function.ts';
import { argument, scalar } from './native-function.ts';
import { NUMERICS, NUMERIC_NAMES } from './numbers.ts';
import { javaErrors } from './operators.ts';

export function mathFunctions(): ScalarFunction[] {
  return (['abs', 'exp', 'log', 'log10', 'round'] as const).flatMap((name) =>
    NUMERIC_NAMES.map((typeName) => {
      const numeric = NUMERICS[typeName];
      return scalar({
        name,
        args: [numeric.type],
        returns: numeric.type,
        run: (args) => {
          const bytes = argument(args, 0, numeric.type);
          return bytes === null ? null : javaErrors(() => numeric.unary[name](numeric.read(bytes)));
        },
      });
    }),
  );
}
