// The main drill: everything that may be lost is lost once, under load, and comes back. The
// region's outage outlasts the hint window, so that its nodes need repair; hints cover the other
// faults.

import { ALWAYS_ON } from '../../topology/topology.ts';
import type { DrillInput } from '../drill.ts';

/** Settings a drill of two minutes needs; each is said in the report beside its default. */
export const SHORTENED_CASSANDRA = {
  gossip_interval: '250ms',
  max_hint_window: '9s',
  hints_dispatch_interval: '3s',
  hints_flush_period: '500ms',
} as const;

/** No user may see a failure; attempts may fail only until the balancers have noticed. */
const SURVIVES = { userAvailability: 1, failuresAfterDetection: 0 } as const;

export const alwaysOn: DrillInput = {
  name: 'always-on',
  description:
    'Two regions, three zones each. A node, an application instance, a zone, the peering link and a region are lost ' +
    'one after another under load, and come back. No acknowledged write may be lost and no user may see a failure.',
  topology: { ...ALWAYS_ON, cassandra: SHORTENED_CASSANDRA },
  load: { rate: 150, read: 0.55, write: 0.35, retry: true, timeout: '8s', warmup: '3s' },
  phases: [
    {
      name: 'baseline',
      for: '5s',
      expect: { availability: 1, userAvailability: 1, failuresAfterDetection: 0 },
    },
    {
      name: 'node lost',
      inject: [{ kind: 'kill', at: 'us-east-1/a/1' }],
      for: '8s',
      expect: SURVIVES,
    },
    { name: 'node back', heal: true, for: '3s', settle: '30s', expect: SURVIVES },
    {
      name: 'instance lost',
      inject: [{ kind: 'kill', at: 'us-east-1/c/app-1' }],
      for: '12500ms',
      expect: SURVIVES,
    },
    { name: 'instance back', heal: true, for: '3s', settle: '30s', expect: SURVIVES },
    {
      name: 'zone lost',
      inject: [{ kind: 'outage', at: 'us-east-1/b' }],
      for: '13s',
      expect: SURVIVES,
    },
    { name: 'zone back', heal: true, for: '3s', settle: '30s', expect: SURVIVES },
    {
      name: 'peering cut',
      inject: [{ kind: 'cut', at: 'us-east-1..us-west-2' }],
      for: '6s',
      expect: SURVIVES,
    },
    { name: 'peering back', heal: true, for: '3s', settle: '30s', expect: SURVIVES },
    {
      name: 'region lost',
      inject: [{ kind: 'outage', at: 'us-west-2' }],
      for: '17s',
      expect: SURVIVES,
    },
    { name: 'region back', heal: true, for: '3s', settle: '45s', repair: 'shop', expect: SURVIVES },
    {
      name: 'after',
      for: '3s',
      expect: { availability: 1, userAvailability: 1, failuresAfterDetection: 0 },
    },
  ],
  checks: { readRepair: true },
};
