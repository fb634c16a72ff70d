// Arithmetic on tokens as bigints, for choosing tokens and splitting ranges; rounding is the partitioner's.
// Never on the request path. Test: test/ring/token.test.ts. Cassandra: dht/Murmur3Partitioner.java.

export const MAX_BIG = (1n << 63n) - 1n;
export const MIN_BIG = -(1n << 63n);
export const RING_SIZE = 1n << 64n;

/** The share of the ring in (left, right], in (0, 1]; equal tokens mean the whole ring. */
export function shareBetween(left: bigint, right: bigint): number {
  const share = Number(BigInt.asIntN(64, right - left)) * 2 ** -64;
  return share > 0 ? share : share + 1;
}

/** The middle of (left, right], rounded down. */
export function midpoint(left: bigint, right: bigint): bigint {
  if (left < right) return (left + right) >> 1n;
  const middle = (MAX_BIG - MIN_BIG + left + right) >> 1n;
  return middle > MAX_BIG ? MIN_BIG + (middle - MAX_BIG) : middle;
}

/** The token `ratio` of the way through (left, right]; exact decimal arithmetic on the ratio's shortest text. */
export function splitBetween(left: bigint, right: bigint, ratio: number): bigint {
  const { digits, scale } = decimal(ratio);
  const size = left < right ? right - left : MAX_BIG - MIN_BIG + right - left;
  const token = (size * digits + left * scale) / scale;
  return token <= MAX_BIG ? token : MIN_BIG + (token - MAX_BIG);
}

/** A double as digits / scale by its shortest decimal text, as BigDecimal.valueOf reads it. */
function decimal(value: number): { digits: bigint; scale: bigint } {
  const [mantissa = '0', exponent = '0'] = value.toString().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const power = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  if (power >= 0) return { digits, scale: 10n ** BigInt(power) };
  return { digits: digits * 10n ** BigInt(-power), scale: 1n };
}
