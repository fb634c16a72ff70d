// exp, ln and log10 of decimals: what DecimalType of Cassandra 5.0.9 answered, scales included.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decimal } from '../../src/data/big-number.ts';
import { decimalText, parseDecimal } from '../../src/data/big-number.ts';
import { expDecimal, log10Decimal, logDecimal } from '../../src/data/decimal-math.ts';

const decimal = (text: string): Decimal => parseDecimal(text) ?? { unscaled: 0n, scale: 0 };

describe('32 digits', () => {
  test.each([
    ['1.0', '0E+33', '0'],
    ['10', '1', '2.3025850929940456840179914546844'],
    ['100', '2', '4.6051701859880913680359829093687'],
    ['1E+3', '3.0000000000000000000000000000000', '6.9077552789821370520539743640531'],
    ['1E-10', '-1E+1', '-23.025850929940456840179914546844'],
    ['0.10', '-1', '-2.3025850929940456840179914546844'],
    ['2', '0.30102999566398119521373889472449', '0.69314718055994530941723212145818'],
    ['1E+100', '1E+2', '230.25850929940456840179914546844'],
    ['1E+40', '40.000000000000000000000000000000', '92.103403719761827360719658187375'],
    ['5', '0.69897000433601880478626110527551', '1.6094379124341003746007593332262'],
  ])('log10 and ln of %s', (text, log10, ln) => {
    expect([
      decimalText(log10Decimal(decimal(text), 32)),
      decimalText(logDecimal(decimal(text), 32)),
    ]).toEqual([log10, ln]);
  });

  test.each([
    ['0.00', '1'],
    ['1', '2.7182818284590452353602874713527'],
    ['1E-10', '1.0000000001000000000050000000002'],
    ['1E-40', '1.0000000000000000000000000000000'],
    ['100', '2.6881171418161354484126255515800E+43'],
    ['-1E+5', '3.5629495653093731210711744187487E-43430'],
  ])('exp of %s', (text, result) => {
    const value = expDecimal(decimal(text), 32);
    expect(value === null ? null : decimalText(value)).toBe(result);
  });

  test('exp beyond every scale is nothing', () => {
    expect(expDecimal(decimal('1E+10'), 32)).toBeNull();
    expect(expDecimal(decimal('1E+2000000000'), 32)).toBeNull();
  });
});

test('they agree with doubles', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 600, noNaN: true }), (x) => {
      const exact = decimal(x.toFixed(20));
      const rounded = Number(decimalText(exact));
      fc.pre(rounded > 0);
      expect(Number(decimalText(logDecimal(exact, 32)))).toBeCloseTo(Math.log(rounded), 12);
      const e = expDecimal(exact, 32);
      expect(Math.log(Number(e === null ? '' : decimalText(e)))).toBeCloseTo(rounded, 9);
    }),
    { numRuns: 60 },
  );
});
