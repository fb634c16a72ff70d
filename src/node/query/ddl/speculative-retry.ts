// The words of speculative_retry and additional_write_policy, brought to the form in which they are stored and printed.
// What they mean: node/coordinator. Test: test/facts-conformance/errors.test.ts.
// Cassandra: service/reads/*SpeculativeRetryPolicy.

import { configError } from '../../../data/cql-error.ts';
import { parseJavaDouble } from '../../../data/java-number.ts';

const PERCENTILE = /^([0-9.]+)p(ercentile)?$/i;
const FIXED = /^([0-9.]+)ms$/i;
const HYBRID = /^(MIN|MAX)\(([0-9.]+[a-z]+)\s*,\s*([0-9.]+[a-z]+)\)$/i;

interface Policy {
  readonly kind: 'ALWAYS' | 'NEVER' | 'PERCENTILE' | 'FIXED' | 'HYBRID';
  readonly text: string;
}

/** The canonical text (`99p`, `50ms`, `MIN(99p,50ms)`, `ALWAYS`, `NEVER`); throws CONFIG_ERROR. */
export function speculativeRetryText(text: string): string {
  return parsePolicy(text).text;
}

function parsePolicy(text: string): Policy {
  const upper = text.toUpperCase();
  if (upper === 'ALWAYS') return { kind: 'ALWAYS', text: upper };
  if (upper === 'NEVER' || upper === 'NONE') return { kind: 'NEVER', text: 'NEVER' };
  const percentile = PERCENTILE.exec(text);
  if (percentile !== null) return { kind: 'PERCENTILE', text: percentileText(text, percentile[1]) };
  const fixed = FIXED.exec(text);
  if (fixed !== null) {
    const ms = parseJavaDouble(fixed[1] ?? '');
    if (ms === null) throw invalidPolicy(text);
    return { kind: 'FIXED', text: `${Math.min(Math.trunc(ms), 0x7fff_ffff)}ms` };
  }
  const hybrid = HYBRID.exec(text);
  if (hybrid !== null) return hybridPolicy(text, hybrid);
  throw invalidPolicy(text);
}

function percentileText(text: string, digits: string | undefined): string {
  const value = parseJavaDouble(digits ?? '');
  if (value === null) throw invalidPolicy(text);
  if (value <= 0 || value >= 100) {
    throw configError(
      `Invalid value ${text} for PERCENTILE option 'speculative_retry': must be between (0.0 and 100.0)`,
    );
  }
  return `${Number(value.toFixed(4))}p`;
}

function hybridPolicy(text: string, match: RegExpExecArray): Policy {
  const [, name = '', left = '', right = ''] = match;
  const policies = [left, right].map((part) => {
    const policy = PERCENTILE.test(part) || FIXED.test(part) ? parsePolicy(part) : null;
    if (policy === null) throw invalidPolicy(text);
    return policy;
  });
  const [first, second] = policies;
  if (first?.kind === second?.kind) {
    throw configError(
      `Invalid value ${text} for option 'speculative_retry': MIN()/MAX() arguments should be of different ` +
        `types, but both are of type ${first?.kind ?? ''}`,
    );
  }
  const percentile = policies.find(({ kind }) => kind === 'PERCENTILE')?.text ?? '';
  const fixed = policies.find(({ kind }) => kind === 'FIXED')?.text ?? '';
  return { kind: 'HYBRID', text: `${name.toUpperCase()}(${percentile},${fixed})` };
}

/** Always named after speculative_retry, also for additional_write_policy. */
function invalidPolicy(text: string): Error {
  return configError(`Invalid value ${text} for option 'speculative_retry'`);
}
