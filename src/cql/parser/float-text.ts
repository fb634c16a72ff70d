// Which floating-point constants Cassandra's parser cannot read: it compares every one with the
// nearest double by way of java.math.BigDecimal, which fails on infinite doubles and on exponents
// beyond 32 bits.

const LONGEST_EXPONENT = 10;
const INT32_MAX = 2147483647;
/** Digits that may make a double overflow without any exponent. */
const OVERFLOW_DIGITS = 300;

/** The message of the failure, or null for a constant that can be read. `text` is a FLOAT token. */
export function floatProblem(text: string): string | null {
  const mark = exponentMark(text);
  if (mark < 0) return text.length > OVERFLOW_DIGITS ? infinite(text) : null;
  const digits = text.slice(mark + 1).replace(/^([+-]?)0+(?=\d)/, '$1');
  if (digits.replace(/^[+-]/, '').length > LONGEST_EXPONENT) {
    return 'NumberFormatException Too many nonzero exponent digits.';
  }
  const exponent = Number(digits);
  if (exponent > INT32_MAX || exponent < -INT32_MAX - 1)
    return 'NumberFormatException Exponent overflow.';
  const dot = text.indexOf('.');
  const scale = (dot < 0 ? 0 : mark - dot - 1) - exponent;
  if (scale > INT32_MAX || scale < -INT32_MAX - 1)
    return 'NumberFormatException Scale out of range.';
  return infinite(text);
}

function exponentMark(text: string): number {
  const lower = text.indexOf('e');
  return lower >= 0 ? lower : text.indexOf('E');
}

function infinite(text: string): string | null {
  if (Number.isFinite(Number(text))) return null;
  const allowed = 'a decimal digit number, decimal point, nor "e" notation exponential mark.';
  return `NumberFormatException Character I is neither ${allowed}`;
}
