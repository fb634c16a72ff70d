// The built-in drills by name. `levels` is of another kind: a measured table, levels.ts.

import type { DrillInput } from '../drill.ts';
import { alwaysOn } from './always-on.ts';
import {
  instanceLoss,
  peeringCut,
  regionOutage,
  rollingRestart,
  zoneOutage,
} from './single-faults.ts';

export interface CatalogueEntry {
  readonly name: string;
  /** FIS's name for it where AWS has one; accepted as an alias. */
  readonly alias: string | null;
  readonly summary: string;
  readonly drill: DrillInput | 'levels';
}

export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    name: 'always-on',
    alias: null,
    summary: 'an instance, a zone, a peering link and a region are lost and come back, under load',
    drill: alwaysOn,
  },
  {
    name: 'instance-loss',
    alias: 'ec2-stress-instance-failure',
    summary: 'one Cassandra node, then one application instance',
    drill: instanceLoss,
  },
  {
    name: 'zone-outage',
    alias: 'az-power-interruption',
    summary: 'everything in one availability zone at once',
    drill: zoneOutage,
  },
  {
    name: 'region-outage',
    alias: null,
    summary: 'everything in one region at once',
    drill: regionOutage,
  },
  {
    name: 'peering-cut',
    alias: 'cross-region-connectivity',
    summary: 'the peering link between two regions',
    drill: peeringCut,
  },
  {
    name: 'rolling-restart',
    alias: null,
    summary: 'every node is drained and restarted, one after another',
    drill: rollingRestart,
  },
  {
    name: 'levels',
    alias: null,
    summary: 'what each consistency level survives, waits for and answers, measured',
    drill: 'levels',
  },
];
