// The topology document: regions, zones, nodes, instances, links, keyspaces, application,
// balancers, settings. Closed and validated; unknown keys are refused with the nearest known ones.
// Loading and error positions: load-topology.ts.

import { z } from 'zod';
import { parseDurationMs, parseShare } from './units.ts';

const durationMs = z.union([z.string(), z.number()]).transform((value, context) => {
  const ms = typeof value === 'number' ? value * 1_000 : parseDurationMs(value);
  if (ms !== null) return ms;
  context.addIssue({
    code: 'custom',
    message: `not a duration: ${String(value)}; write 200ms, 5s, 3m or 3h`,
  });
  return z.NEVER;
});

const share = z.union([z.string(), z.number()]).transform((value, context) => {
  const parsed = parseShare(value);
  if (parsed !== null) return parsed;
  context.addIssue({ code: 'custom', message: `not a share: ${String(value)}; write 50% or 0.5` });
  return z.NEVER;
});

export const REGION_NAME = /^[a-z][a-z0-9-]{0,47}$/;
export const ZONE_NAME = /^[a-z][a-z0-9]{0,7}$/;

const name = z.string().regex(REGION_NAME, 'use lower-case letters, digits and "-"');

const region = z.strictObject({
  zones: z
    .array(z.string().regex(ZONE_NAME, 'a zone is a short lower-case name such as a'))
    .min(1)
    .max(9)
    .refine((zones) => new Set(zones).size === zones.length, 'zone names repeat'),
  nodesPerZone: z.number().int().min(1).max(48).default(1),
  appsPerZone: z.number().int().min(0).max(8).default(1),
});

const link = z.union([
  durationMs.transform((rttMs) => ({ rttMs, jitterMs: 0, loss: 0 })),
  z.strictObject({
    rttMs: z.number().min(0).max(60_000),
    jitterMs: z.number().min(0).max(60_000).default(0),
    loss: share.default(0),
  }),
]);

const CONSISTENCY = [
  'ANY',
  'ONE',
  'TWO',
  'THREE',
  'QUORUM',
  'ALL',
  'LOCAL_QUORUM',
  'EACH_QUORUM',
  'LOCAL_ONE',
] as const;
const level = z.enum(CONSISTENCY);
const serialLevel = z.enum(['SERIAL', 'LOCAL_SERIAL']);

const keyspace = z.strictObject({
  /** Region -> replication factor. */
  replication: z.record(z.string(), z.number().int().min(0).max(16)),
  schema: z.string().optional(),
});

const app = z.strictObject({
  use: z.literal('shop').default('shop'),
  consistency: z
    .strictObject({
      read: level.default('LOCAL_QUORUM'),
      write: level.default('LOCAL_QUORUM'),
      serial: serialLevel.default('LOCAL_SERIAL'),
    })
    .prefault({}),
  /** A level for single statements; overrides the application's. */
  statements: z
    .strictObject({
      'read-cart': level.optional(),
      'write-cart': level.optional(),
      /** The level at which what was decided is committed. */
      'place-order': level.optional(),
      'read-order': z
        .never('it is read at the level of app.consistency.serial: set that')
        .optional(),
    })
    .prefault({}),
  port: z.number().int().min(1).max(65_535).default(8080),
});

/** The application load balancer's health check; AWS's defaults are 30s, 5s, 2, 5. */
const healthCheck = z.strictObject({
  path: z.string().startsWith('/').default('/healthz'),
  interval: durationMs.prefault('5s'),
  timeout: durationMs.prefault('2s'),
  unhealthy: z.number().int().min(2).max(10).default(2),
  healthy: z.number().int().min(2).max(10).default(2),
});

const balancers = z.strictObject({
  regional: z
    .strictObject({
      algorithm: z.enum(['round_robin', 'least_outstanding_requests']).default('round_robin'),
      health: healthCheck.prefault({}),
      idle_timeout: durationMs.prefault('60s'),
      connect_timeout: durationMs.prefault('10s'),
      deregistration_delay: durationMs.prefault('300s'),
      slow_start: durationMs.prefault('0s'),
      cross_zone: z.boolean().default(true),
    })
    .refine(({ algorithm, slow_start: ms }) => algorithm === 'round_robin' || ms === 0, {
      path: ['slow_start'],
      error:
        'slow start goes with round_robin only (AWS refuses it with least_outstanding_requests); ' +
        'take slow_start away, or: algorithm: round_robin',
    })
    .prefault({}),
  global: z
    .strictObject({
      /** Region -> share of all users who are nearest to it; equal shares when absent. */
      clients: z.record(z.string(), share).default({}),
      traffic_dial: z.record(z.string(), share).default({}),
      propagation: durationMs.prefault('2s'),
    })
    .prefault({}),
});

const setting = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.union([z.string(), z.number()])),
]);

export const topologySchema = z.strictObject({
  version: z.literal(1).default(1),
  name: name.default('starfish'),
  regions: z
    .record(name, region)
    .refine((regions) => Object.keys(regions).length > 0, 'at least one region')
    .refine((regions) => Object.keys(regions).length <= 8, 'at most eight regions'),
  links: z.record(z.string(), link).default({}),
  keyspaces: z.record(z.string(), keyspace).default({}),
  app: app.prefault({}),
  balancers: balancers.prefault({}),
  /** cassandra.yaml's names and values. */
  cassandra: z.record(z.string(), setting).default({}),
  engine: z.string().default('embedded'),
});

export type Topology = z.infer<typeof topologySchema>;
/** What people may leave out. */
export type TopologyInput = z.input<typeof topologySchema>;

/**
 * The built-in default: two regions, three zones each, one node and one application instance a
 * zone.
 */
export const ALWAYS_ON: TopologyInput = {
  version: 1,
  name: 'always-on',
  regions: {
    'us-east-1': { zones: ['a', 'b', 'c'], nodesPerZone: 1, appsPerZone: 1 },
    'us-west-2': { zones: ['a', 'b', 'c'], nodesPerZone: 1, appsPerZone: 1 },
  },
  links: { 'within-zone': '0.2ms', 'between-zones': '1ms' },
  keyspaces: { shop: { replication: { 'us-east-1': 3, 'us-west-2': 3 } } },
};
