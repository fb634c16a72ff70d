// A drill with what flags or the library's options change: rate, retry, time, AWS's own timings.
// Expectations stay as they are: a drill that is made harder may fail. Pure. Test:
// test/drill/shape-drill.test.ts.

import { InvalidDocument } from '../topology/load-topology.ts';
import { nearest } from '../topology/place.ts';
import type { Topology } from '../topology/topology.ts';
import { parseDurationMs } from '../topology/units.ts';
import type { Drill, DrillPhase } from './drill.ts';
import { AWS_DEFAULTS } from './shortened.ts';

export interface DrillShape {
  /** Requests per second over all regions. */
  readonly rate?: number;
  /** False: users do not retry. */
  readonly retry?: boolean;
  /** Health checks and propagation as AWS has them. */
  readonly awsDefaults?: boolean;
  /** See `faster`. */
  readonly faster?: number;
  /** Milliseconds of all phases together; they keep their proportions. */
  readonly forMs?: number;
  readonly expect?: readonly ExtraExpectation[];
}

/** An expectation from outside the document; `phase` null: of every phase. */
export interface ExtraExpectation {
  readonly phase: string | null;
  readonly expect: Partial<DrillPhase['expect']>;
}

export function shapeDrill(drill: Drill, shape: DrillShape): Drill {
  const { load, phases } = drill;
  const changed: Drill = {
    ...drill,
    topology: shape.awsDefaults === true ? withAwsDefaults(drill.topology) : drill.topology,
    load: {
      ...load,
      ...(shape.rate === undefined ? {} : { rate: shape.rate }),
      ...(shape.retry === undefined ? {} : { retry: shape.retry }),
    },
    phases: withExpectations(stretched(phases, shape.forMs), shape.expect ?? []),
  };
  return shape.faster === undefined ? changed : faster(changed, shape.faster);
}

function stretched(phases: readonly DrillPhase[], forMs: number | undefined): DrillPhase[] {
  const total = phases.reduce((sum, phase) => sum + phase.for, 0);
  return phases.map((phase) => ({
    ...phase,
    for: forMs === undefined ? phase.for : (phase.for / total) * forMs,
  }));
}

function withExpectations(
  phases: readonly DrillPhase[],
  extra: readonly ExtraExpectation[],
): DrillPhase[] {
  for (const { phase } of extra) {
    if (phase === null || phases.some(({ name }) => name === phase)) continue;
    const near = nearest(
      phase,
      phases.map(({ name }) => name),
    );
    throw new InvalidDocument(
      `There is no phase ${phase} in this drill.${near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ''}`,
    );
  }
  return phases.map((phase) => {
    const own = extra.filter((one) => one.phase === null || one.phase === phase.name);
    return {
      ...phase,
      expect: Object.assign(
        { ...phase.expect },
        ...own.map(({ expect }) => expect),
      ) as DrillPhase['expect'],
    };
  });
}

/** The same topology with AWS's own health check settings and propagation (`--aws-defaults`). */
function withAwsDefaults(topology: Topology): Topology {
  const { regional, global } = topology.balancers;
  const { interval, timeout, unhealthy, healthy, propagation } = AWS_DEFAULTS;
  return {
    ...topology,
    balancers: {
      regional: {
        ...regional,
        health: { ...regional.health, interval, timeout, unhealthy, healthy },
      },
      global: { ...global, propagation },
    },
  };
}

/** Below these a busy machine alone would fail health checks. */
const INTERVAL_MS_MIN = 1_000;
const TIMEOUT_MS_MIN = 1_000;
const SETTING_MS_MIN = 1_000;

/**
 * The same drill in a fraction of its time (`--faster`): phases, warm-up, health checks,
 * propagation, the hint window and the pause between hints are divided alike, so that what is
 * detected, and what outlasts the window, stays as it was. Gossip is not: a node is convicted as
 * fast as before.
 */
export function faster(drill: Drill, factor: number): Drill {
  const { topology, load, phases } = drill;
  const { regional, global } = topology.balancers;
  return {
    ...drill,
    topology: {
      ...topology,
      cassandra: {
        ...topology.cassandra,
        ...divided(topology, 'max_hint_window', factor),
        ...divided(topology, 'hints_dispatch_interval', factor),
      },
      balancers: {
        regional: {
          ...regional,
          health: {
            ...regional.health,
            interval: Math.min(
              regional.health.interval,
              Math.max(INTERVAL_MS_MIN, regional.health.interval / factor),
            ),
            timeout: Math.min(
              regional.health.timeout,
              Math.max(TIMEOUT_MS_MIN, regional.health.timeout / factor),
            ),
          },
        },
        global: { ...global, propagation: global.propagation / factor },
      },
    },
    load: { ...load, warmup: load.warmup / factor },
    phases: phases.map((phase) => ({ ...phase, for: phase.for / factor })),
  };
}

/**
 * A setting of Cassandra as a fraction of what the topology sets; nothing when it does not, or
 * below a second anyway.
 */
function divided(
  topology: Topology,
  setting: string,
  factor: number,
): Readonly<Record<string, string>> {
  const value = topology.cassandra[setting];
  const ms = typeof value === 'string' ? parseDurationMs(value) : null;
  return ms === null || ms <= SETTING_MS_MIN
    ? {}
    : { [setting]: `${Math.ceil(Math.max(SETTING_MS_MIN, ms / factor))}ms` };
}
