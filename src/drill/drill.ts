// A drill as data: topology, load, phases with their faults, expectations. Built-in drills are
// catalogue/*.ts; a user's own is a YAML file of the same shape.

import { z } from 'zod';
import type { LoadShape } from '../load/arrivals.ts';
import { faultSchema } from '../fault/fault.ts';
import { topologySchema } from '../topology/topology.ts';
import { parseDurationMs, parseShare } from '../topology/units.ts';

const durationMs = z.union([z.string(), z.number()]).transform((value, context) => {
  const ms = typeof value === 'number' ? value * 1_000 : parseDurationMs(value);
  if (ms !== null) return ms;
  context.addIssue({
    code: 'custom',
    message: `not a duration: ${String(value)}; write 500ms, 10s or 2m`,
  });
  return z.NEVER;
});
const share = z.union([z.string(), z.number()]).transform((value, context) => {
  const parsed = parseShare(value);
  if (parsed !== null) return parsed;
  context.addIssue({
    code: 'custom',
    message: `not a share: ${String(value)}; write 99.9% or 0.999`,
  });
  return z.NEVER;
});

/** What a phase promises. Absent: not checked. */
const expectations = z.strictObject({
  /** Share of first attempts that succeed, at least. */
  availability: share.optional(),
  /** Share of requests that users saw succeed, at least (after their retry, if they retry). */
  userAvailability: share.optional(),
  /** First attempts that fail later than the detection time after the phase's fault, at most. */
  failuresAfterDetection: z.number().int().min(0).optional(),
  p50: durationMs.optional(),
  p95: durationMs.optional(),
  p99: durationMs.optional(),
  /** Recovery of the phase's settle, at most. */
  recovery: durationMs.optional(),
});

const phase = z.strictObject({
  name: z.string().min(1).max(40),
  /** Faults that begin with the phase. */
  inject: z.array(faultSchema).default([]),
  /** Heal everything at the phase's begin. */
  heal: z.boolean().default(false),
  /** At least this long under load. */
  for: durationMs,
  /**
   * After that: wait until nodes agree, hints are drained and balancers are healthy, at most this
   * long.
   */
  settle: durationMs.optional(),
  /** Then repair this keyspace on all replicas. */
  repair: z.string().optional(),
  expect: expectations.prefault({}),
});

export const drillSchema = z.strictObject({
  version: z.literal(1).default(1),
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'use lower-case letters, digits and "-"'),
  description: z.string().default(''),
  topology: topologySchema,
  load: z
    .strictObject({
      /** Requests per second over all regions (open model). */
      rate: z.number().positive().max(20_000).default(200),
      read: share.default(0.6),
      write: share.default(0.3),
      /** Users retry a failed idempotent request once, at the next nearest region. */
      retry: z.boolean().default(true),
      timeout: durationMs.prefault('5s'),
      /**
       * Load rises to its rate before the first phase; not counted in the statistics, but in the
       * checks.
       */
      warmup: durationMs.prefault('3s'),
    })
    .prefault({}),
  phases: z.array(phase).min(1),
  /** Asserted at the end. */
  checks: z
    .strictObject({
      lostWrites: z.boolean().default(true),
      staleReads: z.boolean().default(true),
      conditionalWrites: z.boolean().default(true),
      convergence: z.boolean().default(true),
      localConnectionsOnly: z.boolean().default(true),
      /**
       * Read repair was seen at work: for drills in which a node returns without what it missed.
       */
      readRepair: z.boolean().default(false),
    })
    .prefault({}),
});

export type Drill = z.infer<typeof drillSchema>;
export type DrillInput = z.input<typeof drillSchema>;
export type DrillPhase = Drill['phases'][number];

/** The drill's whole time under load, warm-up included, settling not, milliseconds. */
export function loadTimeMs(drill: Drill): number {
  return drill.phases.reduce((sum, { for: ms }) => sum + ms, drill.load.warmup);
}

/** Rises to the drill's rate during the warm-up. */
export function loadShape({ load }: Drill): LoadShape {
  if (load.warmup === 0) return { kind: 'constant', rate: load.rate };
  return { kind: 'ramp', from: load.rate / 10, to: load.rate, overMs: load.warmup };
}
