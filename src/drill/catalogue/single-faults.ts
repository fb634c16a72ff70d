// One kind of loss each: before, during, after.

import { ALWAYS_ON } from '../../topology/topology.ts';
import type { DrillInput } from '../drill.ts';
import { SHORTENED_CASSANDRA } from './always-on.ts';

const topology = { ...ALWAYS_ON, cassandra: SHORTENED_CASSANDRA };
const load = { rate: 150, read: 0.55, write: 0.35, retry: true } as const;
const SURVIVES = { userAvailability: 1, failuresAfterDetection: 0 } as const;
const CALM = { availability: 1, userAvailability: 1 } as const;

export const instanceLoss: DrillInput = {
  name: 'instance-loss',
  description: 'A Cassandra node is killed, then an application instance; both come back.',
  topology,
  load,
  phases: [
    { name: 'baseline', for: '8s', expect: CALM },
    {
      name: 'node lost',
      inject: [{ kind: 'kill', at: 'us-east-1/a/1' }],
      for: '10s',
      expect: SURVIVES,
    },
    { name: 'node back', heal: true, for: '4s', settle: '30s', expect: SURVIVES },
    {
      name: 'instance lost',
      inject: [{ kind: 'kill', at: 'us-east-1/c/app-1' }],
      for: '15s',
      expect: SURVIVES,
    },
    { name: 'instance back', heal: true, for: '4s', settle: '30s', expect: SURVIVES },
    { name: 'after', for: '4s', expect: CALM },
  ],
};

export const zoneOutage: DrillInput = {
  name: 'zone-outage',
  description:
    'An availability zone loses power: its node, its application instance and its balancer node at once.',
  topology,
  load,
  phases: [
    { name: 'baseline', for: '10s', expect: CALM },
    { name: 'hold', inject: [{ kind: 'outage', at: 'us-east-1/b' }], for: '30s', expect: SURVIVES },
    { name: 'recover', heal: true, for: '5s', settle: '45s', repair: 'shop', expect: SURVIVES },
    { name: 'after', for: '5s', expect: CALM },
  ],
};

export const regionOutage: DrillInput = {
  name: 'region-outage',
  description:
    'A whole region is lost for longer than the hint window; its users are steered to the other one.',
  topology,
  load,
  phases: [
    { name: 'baseline', for: '10s', expect: CALM },
    { name: 'hold', inject: [{ kind: 'outage', at: 'us-west-2' }], for: '30s', expect: SURVIVES },
    { name: 'recover', heal: true, for: '5s', settle: '45s', repair: 'shop', expect: SURVIVES },
    { name: 'after', for: '5s', expect: CALM },
  ],
};

export const peeringCut: DrillInput = {
  name: 'peering-cut',
  description:
    'The peering link between the regions is cut: both go on alone, and agree again afterwards.',
  topology,
  load,
  phases: [
    { name: 'baseline', for: '8s', expect: CALM },
    {
      name: 'hold',
      inject: [{ kind: 'cut', at: 'us-east-1..us-west-2' }],
      for: '25s',
      expect: SURVIVES,
    },
    { name: 'recover', heal: true, for: '5s', settle: '45s', repair: 'shop', expect: SURVIVES },
    { name: 'after', for: '5s', expect: CALM },
  ],
};

const NODES = [
  'us-east-1/a/1',
  'us-east-1/b/1',
  'us-east-1/c/1',
  'us-west-2/a/1',
  'us-west-2/b/1',
  'us-west-2/c/1',
];

export const rollingRestart: DrillInput = {
  name: 'rolling-restart',
  description:
    'Every node is drained and started again, one after another, each when the one before is well again.',
  topology,
  load,
  phases: [
    { name: 'baseline', for: '6s', expect: CALM },
    ...NODES.flatMap((at): DrillInput['phases'] => [
      { name: `${at} drained`, inject: [{ kind: 'drain', at }], for: '4s', expect: SURVIVES },
      { name: `${at} back`, heal: true, for: '2s', settle: '30s', expect: SURVIVES },
    ]),
    { name: 'after', for: '4s', expect: CALM },
  ],
};
