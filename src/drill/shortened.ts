// Which settings a topology changes from the defaults of Cassandra and AWS: said in every report.

import type { Topology } from '../topology/topology.ts';
import { formatDuration } from '../topology/units.ts';
import type { DrillResult } from './drill-result.ts';

const CASSANDRA_DEFAULTS: Readonly<Record<string, string>> = {
  gossip_interval: '1s (fixed)',
  max_hint_window: '3h',
  hints_dispatch_interval: '10s (fixed)',
  hints_flush_period: '10s',
  phi_convict_threshold: '8',
  num_tokens: '16',
  read_request_timeout: '5s',
  write_request_timeout: '2s',
  batchlog_replay_interval: '10s (fixed)',
  ring_delay: '30s',
};

export const AWS_DEFAULTS = {
  interval: 30_000,
  timeout: 5_000,
  unhealthy: 2,
  healthy: 5,
  propagation: 30_000,
} as const;

export function shortenedSettings(topology: Topology): DrillResult['shortened'] {
  const rows: DrillResult['shortened'][number][] = [];
  for (const [setting, value] of Object.entries(topology.cassandra)) {
    rows.push({
      setting: `cassandra ${setting}`,
      value: String(value),
      default: CASSANDRA_DEFAULTS[setting] ?? 'see cassandra.yaml',
    });
  }
  const { health } = topology.balancers.regional;
  for (const name of ['interval', 'timeout'] as const) {
    if (health[name] !== AWS_DEFAULTS[name]) {
      rows.push({
        setting: `health check ${name}`,
        value: formatDuration(health[name]),
        default: formatDuration(AWS_DEFAULTS[name]),
      });
    }
  }
  for (const name of ['unhealthy', 'healthy'] as const) {
    if (health[name] !== AWS_DEFAULTS[name]) {
      rows.push({
        setting: `health check ${name} threshold`,
        value: String(health[name]),
        default: String(AWS_DEFAULTS[name]),
      });
    }
  }
  const { propagation } = topology.balancers.global;
  if (propagation !== AWS_DEFAULTS.propagation) {
    rows.push({
      setting: 'accelerator propagation',
      value: formatDuration(propagation),
      default: `${formatDuration(AWS_DEFAULTS.propagation)} (observed)`,
    });
  }
  return rows;
}
