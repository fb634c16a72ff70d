// The faults, as data: the same value works in real time, in virtual time, on real Cassandra, from
// a test, the CLI and a drill's document. What a fault takes away is blast-radius.ts; doing it is
// injector.ts.

import { z } from 'zod';
import { parseDurationMs, parseShare } from '../topology/units.ts';
import { nearest } from '../topology/place.ts';

const place = z.string().min(1);
const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const ms = typeof value === 'number' ? value : parseDurationMs(value);
  if (ms !== null && ms >= 0) return ms;
  context.addIssue({
    code: 'custom',
    message: `not a duration: ${String(value)}; write 200ms or 5s`,
  });
  return z.NEVER;
});
const share = z.union([z.string(), z.number()]).transform((value, context) => {
  const parsed = parseShare(value);
  if (parsed !== null) return parsed;
  context.addIssue({ code: 'custom', message: `not a share: ${String(value)}; write 15% or 0.15` });
  return z.NEVER;
});

export const faultSchema = z.discriminatedUnion('kind', [
  /**
   * Everything at the place is gone at once: nodes, instances, balancer nodes. Zone, region, node
   * or instance.
   */
  z.strictObject({ kind: z.literal('outage'), at: place }),
  /** One process is killed without a goodbye: a node or an instance. */
  z.strictObject({ kind: z.literal('kill'), at: place }),
  /** A node leaves in good order: drained (it tells its peers), then stopped. */
  z.strictObject({ kind: z.literal('drain'), at: place }),
  /** A node's process stands still (SIGSTOP, a long GC). */
  z.strictObject({ kind: z.literal('pause'), at: place }),
  /**
   * Nothing passes: a peering link `a..b`, or everything between a zone, region or node and the
   * rest.
   */
  z.strictObject({ kind: z.literal('cut'), at: place, oneWay: z.boolean().default(false) }),
  /** Added one-way latency on a link, or on all traffic of a place. */
  z.strictObject({ kind: z.literal('slow'), at: place, ms: duration, jitter: duration.default(0) }),
  /** A share of messages is lost. */
  z.strictObject({
    kind: z.literal('lose'),
    at: place,
    rate: share,
    oneWay: z.boolean().default(false),
  }),
]);

export type Fault = z.infer<typeof faultSchema>;
/** What people may leave out. */
export type FaultInput = z.input<typeof faultSchema>;
export type FaultKind = Fault['kind'];
export const FAULT_KINDS: readonly FaultKind[] = [
  'outage',
  'kill',
  'drain',
  'pause',
  'cut',
  'slow',
  'lose',
];

/** `outage us-east-1/b`: how a fault is written for people. */
export function faultText(fault: Fault): string {
  switch (fault.kind) {
    case 'slow':
      return `slow ${fault.at} +${fault.ms} ms`;
    case 'lose':
      return `lose ${Math.round(fault.rate * 100)} % of ${fault.at}`;
    default:
      return `${fault.kind} ${fault.at}`;
  }
}

/** Checks a kind given by hand; throws with the nearest kinds. */
export function parseFaultKind(text: string): FaultKind {
  const kind = FAULT_KINDS.find((known) => known === text);
  if (kind !== undefined) return kind;
  const near = nearest(text, FAULT_KINDS);
  const hint = near.length > 0 ? near : FAULT_KINDS;
  throw new Error(`There is no fault ${text}. Did you mean ${hint.join(' or ')}?`);
}
