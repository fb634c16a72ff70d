// count, sum, avg, and min and max of any type. Sums keep the type and wrap, averages truncate;
// floating sums are compensated. Test: test/functions/recorded.test.ts. Cassandra:
// cql3/functions/AggregateFcts.java.

import { int64, int64Bytes } from '../../base/int64.ts';
import {
  DECIMAL_ZERO,
  addDecimals,
  decimalBytes,
  divideDecimals,
  negateDecimal,
  varintBytes,
} from '../../data/big-number.ts';
import type { Decimal } from '../../data/big-number.ts';
import { codecFor } from '../../data/codec/codec.ts';
import { doubleBytes, floatBytes } from '../../data/codec/native-codecs.ts';
import type { CqlType } from '../../data/cql-type.ts';
import { NATIVE } from '../../data/cql-type.ts';
import type { Aggregate, AggregateFunction } from './function.ts';
import { aggregate, argument, withLegacyName } from './native-function.ts';
import type { JavaNumber, Numeric, NumericName } from './numbers.ts';
import {
  NUMERICS,
  NUMERIC_NAMES,
  decimalOfDouble,
  decimalValue,
  doubleValue,
  longValue,
} from './numbers.ts';

export function aggregateFunctions(): AggregateFunction[] {
  return [
    ...withLegacyName(countRows, 'count_rows', 'countRows'),
    ...NUMERIC_NAMES.map(sumFunction),
    ...NUMERIC_NAMES.map(avgFunction),
    countFunction(),
  ];
}

function countRows(name: string): AggregateFunction {
  return aggregate({
    name,
    args: [],
    returns: NATIVE.bigint,
    columnName: () => 'count',
    start: () => counting(() => true),
  });
}

/** count(x): rows where x is not null, whatever its type. */
function countFunction(): AggregateFunction {
  return aggregate({
    name: 'count',
    args: [NATIVE.blob],
    returns: NATIVE.bigint,
    start: () => counting(([value]) => value !== null && value !== undefined),
  });
}

function counting(counts: (args: readonly (Buffer | null)[]) => boolean): Aggregate {
  let count = 0;
  return {
    add: (args) => {
      if (counts(args)) count++;
    },
    result: () => int64Bytes(count),
    reset: () => {
      count = 0;
    },
  };
}

export function sumFunction(name: NumericName): AggregateFunction {
  const numeric = NUMERICS[name];
  return aggregate({
    name: 'sum',
    args: [numeric.type],
    returns: numeric.type,
    start: () => sumOf(name, numeric),
  });
}

export function avgFunction(name: NumericName): AggregateFunction {
  const numeric = NUMERICS[name];
  return aggregate({
    name: 'avg',
    args: [numeric.type],
    returns: numeric.type,
    start: () => avgOf(name, numeric),
  });
}

function sumOf(name: NumericName, numeric: Numeric): Aggregate {
  switch (name) {
    case 'float':
    case 'double': {
      const sum = new CompensatedSum();
      return numericAggregate(numeric, {
        add: (value) => sum.add(doubleValue(value)),
        result: () => floatingBytes(name, sum.total()),
        reset: () => sum.reset(),
      });
    }
    case 'decimal':
      return decimalSum(numeric);
    default: {
      let sum = 0n;
      const bits = numeric.size * 8;
      return numericAggregate(numeric, {
        add: (value) => {
          sum += name === 'varint' && value.kind === 'varint' ? value.value : longValue(value);
          if (name !== 'varint') sum = BigInt.asIntN(bits, sum);
        },
        result: () => integerBytes(name, numeric, sum),
        reset: () => {
          sum = 0n;
        },
      });
    }
  }
}

function decimalSum(numeric: Numeric): Aggregate {
  let sum: Decimal = DECIMAL_ZERO;
  return numericAggregate(numeric, {
    add: (value) => {
      sum = addDecimals(sum, decimalValue(value));
    },
    result: () => decimalBytes(sum),
    reset: () => {
      sum = DECIMAL_ZERO;
    },
  });
}

function avgOf(name: NumericName, numeric: Numeric): Aggregate {
  switch (name) {
    case 'float':
    case 'double':
      return floatingAvg(name, numeric);
    case 'decimal':
      return decimalAvg(numeric);
    default: {
      // The sum itself never wraps: beyond 64 bits Cassandra goes on with a BigInteger.
      let sum = 0n;
      let count = 0n;
      return numericAggregate(numeric, {
        add: (value) => {
          sum += name === 'varint' && value.kind === 'varint' ? value.value : longValue(value);
          count++;
        },
        result: () => integerBytes(name, numeric, count === 0n ? 0n : sum / count),
        reset: () => {
          sum = 0n;
          count = 0n;
        },
      });
    }
  }
}

function floatingAvg(name: 'float' | 'double', numeric: Numeric): Aggregate {
  const sum = new CompensatedSum();
  let count = 0;
  let exact: Decimal | null = null;
  return numericAggregate(numeric, {
    add: (javaValue) => {
      const value = doubleValue(javaValue);
      count++;
      if (exact !== null) {
        exact = addDecimals(exact, decimalOfDouble(value));
        return;
      }
      const before = sum.raw();
      sum.add(value);
      const overflow =
        !Number.isFinite(sum.raw()) && !Number.isNaN(sum.raw()) && Number.isFinite(value);
      if (overflow && Number.isFinite(before))
        exact = addDecimals(decimalOfDouble(before), decimalOfDouble(value));
    },
    result: () => {
      if (count === 0) return floatingBytes(name, 0);
      if (exact === null) return floatingBytes(name, sum.total() / count);
      const divided = divideDecimals(
        exact,
        { unscaled: BigInt(count), scale: 0 },
        exact.scale,
        'HALF_EVEN',
      );
      return floatingBytes(name, doubleValue({ kind: 'decimal', value: divided }));
    },
    reset: () => {
      sum.reset();
      count = 0;
      exact = null;
    },
  });
}

/** The running mean, rounded at every step to the scale it has: what Cassandra returns. */
function decimalAvg(numeric: Numeric): Aggregate {
  let avg: Decimal = DECIMAL_ZERO;
  let count = 0n;
  return numericAggregate(numeric, {
    add: (value) => {
      count++;
      const difference = addDecimals(decimalValue(value), negateDecimal(avg));
      const step = divideDecimals(
        difference,
        { unscaled: count, scale: 0 },
        difference.scale,
        'HALF_EVEN',
      );
      avg = addDecimals(avg, step);
    },
    result: () => decimalBytes(avg),
    reset: () => {
      avg = DECIMAL_ZERO;
      count = 0n;
    },
  });
}

/** Kahan's summation as Cassandra has it, with the plain sum for infinities. */
class CompensatedSum {
  private sum = 0;
  private compensation = 0;
  private simple = 0;

  add(value: number): void {
    this.simple += value;
    const corrected = value - this.compensation;
    const rounded = this.sum + corrected;
    this.compensation = rounded - this.sum - corrected;
    this.sum = rounded;
  }

  raw(): number {
    return this.sum;
  }

  total(): number {
    const total = this.sum + this.compensation;
    const infinite = !Number.isFinite(this.simple) && !Number.isNaN(this.simple);
    return Number.isNaN(total) && infinite ? this.simple : total;
  }

  reset(): void {
    this.sum = 0;
    this.compensation = 0;
    this.simple = 0;
  }
}

interface NumericState {
  readonly add: (value: JavaNumber) => void;
  readonly result: () => Buffer;
  readonly reset: () => void;
}

function numericAggregate(numeric: Numeric, state: NumericState): Aggregate {
  return {
    add: (args) => {
      const bytes = argument(args, 0, numeric.type);
      if (bytes !== null && bytes.length > 0) state.add(numeric.read(bytes));
    },
    result: state.result,
    reset: state.reset,
  };
}

function floatingBytes(name: 'float' | 'double', value: number): Buffer {
  return name === 'float' ? floatBytes(Math.fround(value)) : doubleBytes(value);
}

function integerBytes(name: NumericName, numeric: Numeric, value: bigint): Buffer {
  if (name === 'varint') return varintBytes(value);
  const size = numeric.size;
  if (size === 8) return int64Bytes(int64(value));
  const bytes = Buffer.alloc(size);
  bytes.writeIntBE(Number(BigInt.asIntN(8 * size, value)), 0, size);
  return bytes;
}

/** min or max of any type, by the type's order. Null for no rows. */
export function extremeFunction(name: 'min' | 'max', type: CqlType): AggregateFunction {
  const codec = codecFor(type);
  const isCounter = type.kind === 'native' && type.name === 'counter';
  return aggregate({
    name,
    args: [type],
    returns: type,
    start: () => {
      let best: Buffer | null = null;
      return {
        add: (args) => {
          const value = isCounter ? argument(args, 0, type) : (args[0] ?? null);
          if (value === null) return;
          if (best === null) best = value;
          else if (name === 'max' ? codec.compare(best, value) < 0 : codec.compare(best, value) > 0)
            best = value;
        },
        result: () => best,
        reset: () => {
          best = null;
        },
      };
    },
  });
}
