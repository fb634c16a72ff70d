// Checks and completes the replication map of CREATE and ALTER KEYSPACE: class names, automatic expansion of
// replication_factor over the datacenters of the moment, and Cassandra's error and warning texts to the letter.
// Test: test/ring/replication-options.test.ts. Cassandra: locator/NetworkTopologyStrategy.java (prepareOptions),
// locator/AbstractReplicationStrategy.java, schema/ReplicationParams.java.

import type { Endpoint } from '../base/endpoint.ts';
import { configError, invalid, serverError } from '../data/cql-error.ts';
import type { ReplicationParams } from '../data/schema.ts';
import {
  LOCAL_STRATEGY,
  NETWORK_TOPOLOGY_STRATEGY,
  REPLICATION_FACTOR,
  replicationOf,
  SIMPLE_STRATEGY,
  STRATEGY_PACKAGE,
} from './replication.ts';

/** What the node knows of the cluster when a keyspace is created or altered. */
export interface ReplicationEnvironment {
  /** Nodes by datacenter, the local one included even when it is empty. Joining nodes count. */
  readonly nodesByDatacenter: ReadonlyMap<string, number>;
  /** cassandra.yaml default_keyspace_rf. */
  readonly defaultKeyspaceRf: number;
}

const SYSTEM_KEYSPACES = new Set([
  'system',
  'system_schema',
  'system_auth',
  'system_distributed',
  'system_traces',
  'system_views',
  'system_virtual_schema',
]);

/**
 * The map as written, class included, made into what is stored: full class name, datacenters filled in, zero entries
 * gone. `previous` is the keyspace's replication on ALTER. Throws CqlException (CONFIG_ERROR; SERVER_ERROR for `{}`).
 */
export function prepareReplication(
  written: ReadonlyMap<string, string>,
  previous: ReplicationParams | null,
  environment: ReplicationEnvironment,
): ReplicationParams {
  const name = written.get('class');
  if (name === undefined) {
    if (written.size > 0) throw configError('Missing replication strategy class');
    throw serverError(
      'java.lang.NullPointerException: Cannot invoke "String.contains(java.lang.CharSequence)" because "cls" is null',
    );
  }
  const className = strategyClass(name);
  const options = new Map([...written].filter(([key]) => key !== 'class'));
  const before = previous?.options ?? new Map<string, string>();
  if (className === SIMPLE_STRATEGY && !options.has(REPLICATION_FACTOR)) {
    const inherited = before.get(REPLICATION_FACTOR) ?? String(environment.defaultKeyspaceRf);
    options.set(REPLICATION_FACTOR, inherited);
  }
  if (className === NETWORK_TOPOLOGY_STRATEGY) expand(options, before, environment);
  return { className, options };
}

/** Refuses options no strategy accepts (CqlException), else gives the warnings the client receives. */
export function validateReplication(
  keyspace: string,
  params: ReplicationParams,
  environment: ReplicationEnvironment,
): readonly string[] {
  if (params.className === LOCAL_STRATEGY) {
    throw invalid(
      'Unable to use given strategy class: LocalStrategy is reserved for internal use.',
    );
  }
  const network = params.className === NETWORK_TOPOLOGY_STRATEGY;
  const { nodesByDatacenter } = environment;
  for (const [key, value] of params.options) {
    if (network && key.toLowerCase() === REPLICATION_FACTOR) {
      throw configError(
        `${REPLICATION_FACTOR} should not appear as an option at construction time for NetworkTopologyStrategy`,
      );
    }
    if (network || key === REPLICATION_FACTOR) parseFactor(value);
  }
  if (network && params.options.size === 0) {
    throw configError('Configuration for at least one datacenter must be present');
  }
  for (const key of params.options.keys()) {
    if (network ? nodesByDatacenter.has(key) : key === REPLICATION_FACTOR) continue;
    const strategy = params.className.slice(STRATEGY_PACKAGE.length);
    throw configError(
      `Unrecognized strategy option {${key}} passed to ${strategy} for keyspace ${keyspace}`,
    );
  }
  if (network && keyspace.toLowerCase() === 'system_auth')
    requireAllDatacenters(params, environment);
  return warnings(keyspace, params, environment);
}

/** ALTER of a replication factor while nodes come or go (CONFIG_ERROR); `moving` lists them as the node sees them. */
export function refuseDuringRangeMovements(moving: readonly Endpoint[]): void {
  if (moving.length === 0) return;
  const list = moving.map((endpoint) => `/${endpoint}`).join(', ');
  throw configError(
    `Cannot alter RF while some endpoints are not in normal state (no range movements): [${list}]`,
  );
}

/** The warning of an ALTER that raises the total replication factor, or null. */
export function raisedFactorWarning(
  before: ReplicationParams,
  after: ReplicationParams,
): string | null {
  if (replicationOf(after).total <= replicationOf(before).total) return null;
  return 'When increasing replication factor you need to run a full (-full) repair to distribute the data.';
}

function strategyClass(name: string): string {
  const full = name.includes('.') ? name : STRATEGY_PACKAGE + name;
  if (full === `${STRATEGY_PACKAGE}OldNetworkTopologyStrategy`) {
    throw configError(
      'The support for the OldNetworkTopologyStrategy has been removed in C* version 4.0. ' +
        'The keyspace strategy should be switch to NetworkTopologyStrategy',
    );
  }
  if (full === SIMPLE_STRATEGY || full === NETWORK_TOPOLOGY_STRATEGY || full === LOCAL_STRATEGY) {
    return full;
  }
  throw configError(`Unable to find replication strategy class '${full}'`);
}

/** Turns replication_factor into an entry for each known datacenter; written and existing entries win. */
function expand(
  options: Map<string, string>,
  before: ReadonlyMap<string, string>,
  environment: ReplicationEnvironment,
): void {
  if (options.size === 0) {
    const inherited = before.get(REPLICATION_FACTOR) ?? String(environment.defaultKeyspaceRf);
    options.set(REPLICATION_FACTOR, inherited);
  }
  const factor = options.get(REPLICATION_FACTOR);
  options.delete(REPLICATION_FACTOR);
  if (factor !== undefined) {
    for (const [key, value] of before) {
      if (key !== REPLICATION_FACTOR && !options.has(key)) options.set(key, value);
    }
    // An unreadable factor expands to nothing here; the check for at least one datacenter then refuses the map.
    if (isFactor(factor)) {
      const text = String(Number.parseInt(factor, 10));
      for (const name of environment.nodesByDatacenter.keys()) {
        if (!options.has(name)) options.set(name, text);
      }
    } else {
      return;
    }
  }
  for (const [key, value] of options) if (value === '0') options.delete(key);
}

function isFactor(text: string): boolean {
  return /^\+?\d+$/.test(text) && Number(text) <= 0x7fff_ffff;
}

/** `N` or `N/T`; throws CONFIG_ERROR with Java's and Cassandra's words. */
function parseFactor(text: string): number {
  if (!text.includes('/')) return checkedFactor(parseInteger(text));
  const parts = text.split('/');
  if (parts.length !== 2) {
    throw configError('Replication factor format is <replicas> or <replicas>/<transient>');
  }
  const [all = '', transient = ''] = parts;
  const total = parseInteger(all);
  if (parseInteger(transient) !== 0) {
    throw configError('Transient replication is not enabled on this node');
  }
  return checkedFactor(total);
}

function checkedFactor(factor: number): number {
  if (factor < 0) throw configError(`Replication factor must be non-negative, found ${factor}`);
  return factor;
}

/** Integer.parseInt. */
function parseInteger(text: string): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= -0x8000_0000 && value <= 0x7fff_ffff) return value;
  throw configError(`For input string: "${text}"`);
}

function requireAllDatacenters(
  params: ReplicationParams,
  { nodesByDatacenter }: ReplicationEnvironment,
): void {
  const missing = [...nodesByDatacenter.keys()].filter((name) => !params.options.has(name));
  if (missing.length === 0) return;
  throw configError(
    'Following datacenters have active nodes and must be present in replication options for keyspace system_auth: ' +
      `[${missing.join(', ')}]`,
  );
}

function warnings(
  keyspace: string,
  params: ReplicationParams,
  { nodesByDatacenter }: ReplicationEnvironment,
): readonly string[] {
  if (SYSTEM_KEYSPACES.has(keyspace)) return [];
  const replication = replicationOf(params);
  const text = (factor: number, nodes: number): string =>
    `Your replication factor ${factor} for keyspace ${keyspace} is higher than the number of nodes ${nodes}`;
  if (replication.kind === 'network') {
    return [...replication.factors].flatMap(([name, factor]) => {
      const nodes = nodesByDatacenter.get(name) ?? 0;
      return factor > nodes && nodes > 0 ? [`${text(factor, nodes)} for datacenter ${name}`] : [];
    });
  }
  const nodes = [...nodesByDatacenter.values()].reduce((sum, count) => sum + count, 0);
  return replication.total > nodes && nodes > 0 ? [text(replication.total, nodes)] : [];
}
