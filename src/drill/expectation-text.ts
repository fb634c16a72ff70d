// An expectation as people write it on a command line: `hold.p99<50ms`, `availability>=99.9%`.
// Pure. Test: test/drill/judging.test.ts.

import { InvalidDocument } from '../topology/load-topology.ts';
import { nearest } from '../topology/place.ts';
import { parseDurationMs, parseShare } from '../topology/units.ts';
import type { ExtraExpectation } from './shape-drill.ts';

type Measure =
  | 'availability'
  | 'userAvailability'
  | 'failuresAfterDetection'
  | 'p50'
  | 'p95'
  | 'p99'
  | 'recovery';

/** Measure -> how its limit is read, and on which side of it the good lies. */
const MEASURES: Readonly<
  Record<
    Measure,
    {
      readonly side: 'below' | 'above';
      readonly read: (text: string) => number | null;
      readonly example: string;
    }
  >
> = {
  availability: { side: 'above', read: parseShare, example: 'availability>=99.9%' },
  userAvailability: { side: 'above', read: parseShare, example: 'userAvailability>=100%' },
  failuresAfterDetection: { side: 'below', read: readCount, example: 'failuresAfterDetection<=0' },
  p50: { side: 'below', read: parseDurationMs, example: 'p50<10ms' },
  p95: { side: 'below', read: parseDurationMs, example: 'p95<50ms' },
  p99: { side: 'below', read: parseDurationMs, example: 'hold.p99<50ms' },
  recovery: { side: 'below', read: parseDurationMs, example: 'recover.recovery<20s' },
};

/**
 * `[phase.]measure <op> limit`. A phase's name may hold spaces. Throws InvalidDocument with what
 * fits.
 */
export function parseExpectation(text: string): ExtraExpectation {
  const match = /^(?:(.+)\.)?(\w+)\s*(<=|>=|<|>)\s*(\S+)$/.exec(text.trim());
  if (match === null)
    throw new InvalidDocument(
      `--expect ${text}: write [phase.]measure<limit, such as 'hold.p99<50ms'`,
    );
  const [, phase, name = '', operator = '', limit = ''] = match;
  if (!isMeasure(name)) {
    const near = nearest(name, Object.keys(MEASURES));
    throw new InvalidDocument(
      `--expect ${text}: there is no measure ${name}; ${near.length > 0 ? `did you mean ${near.join(' or ')}?` : `known: ${Object.keys(MEASURES).join(', ')}`}`,
    );
  }
  const { side, read, example } = MEASURES[name];
  const value = read(limit);
  if (value === null || (operator.startsWith('<') ? 'below' : 'above') !== side) {
    throw new InvalidDocument(`--expect ${text}: write it like ${example}`);
  }
  return { phase: phase ?? null, expect: { [name]: value } };
}

function isMeasure(name: string): name is Measure {
  return Object.hasOwn(MEASURES, name);
}

function readCount(text: string): number | null {
  return /^\d+$/.test(text) ? Number(text) : null;
}
