// Guardrails: limits on what ordinary users may do. A Guard holds them against one request. Superusers, this node itself,
// and everybody where no names are asked for, have none. What they say: guardrail-texts.ts.
// Test: test/guardrails/, test/cql/guardrails-*.cql. Cassandra: db/guardrails.

import type { Int64 } from '../../base/int64.ts';
import type { ConsistencyLevel } from '../../data/consistency.ts';
import { CONSISTENCY_LEVELS } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import { invalid } from '../../data/cql-error.ts';
import { javaHashOrder } from '../../data/java-hash-order.ts';
import type { ClientState } from '../../protocol/client-state.ts';
import type { RequestContext } from '../coordinator/coordinator.ts';
import { addWarning } from '../coordinator/coordinator.ts';
import type { GuardrailSettings } from './guardrail-settings.ts';
import type { Flag, FlagName, LimitName, ThresholdName } from './guardrail-texts.ts';
import { FLAGS, THRESHOLDS } from './guardrail-texts.ts';

interface ValueSets {
  readonly what: string;
  readonly warned: readonly string[];
  readonly ignored: readonly string[];
  readonly disallowed: readonly string[];
}

/** Whom guardrails hold for: users who are no superusers. */
export interface GuardrailScope {
  /** `error`: it could not be told. Answers at once when the user is known. */
  holdFor(client: ClientState, done: (holds: boolean, error: CqlError | null) => void): void;
}

/** The guardrails of one request of an ordinary user. Warnings go to its client; failures are thrown as INVALID. */
export class Guard {
  private readonly settings: GuardrailSettings;
  private readonly context: RequestContext;

  constructor(settings: GuardrailSettings, context: RequestContext) {
    this.settings = settings;
    this.context = context;
  }

  /** Holds a value against a maximum. */
  atMost(name: LimitName, value: number, what: string): void {
    const { warn, fail } = this.maxima(name);
    if (value > fail) this.violated(name, false, what, value, fail);
    else if (value > warn) this.violated(name, true, what, value, warn);
  }

  /** A guardrail that would say something of the value. */
  isExceeded(name: LimitName, value: number): boolean {
    const { warn, fail } = this.maxima(name);
    return value > Math.min(warn, fail);
  }

  /** Whether the guardrail has any limit: what must be counted first is counted only then. */
  limits(name: LimitName): boolean {
    const { warn, fail } = this.maxima(name);
    return Math.min(warn, fail) < Infinity;
  }

  private maxima(name: LimitName): { readonly warn: number; readonly fail: number } {
    const maximum = (setting: number | null): number =>
      setting === null || setting <= 0 ? Infinity : setting;
    return {
      warn: maximum(this.settings[`${name}_warn_threshold`]),
      fail: maximum(this.settings[`${name}_fail_threshold`]),
    };
  }

  replicationFactor(factor: number, keyspace: string): void {
    const {
      minimum_replication_factor_warn_threshold: warn,
      minimum_replication_factor_fail_threshold: fail,
    } = this.settings;
    const name = 'minimum_replication_factor';
    if (fail > 0 && factor < fail) this.violated(name, false, keyspace, factor, fail);
    else if (warn > 0 && factor < warn) this.violated(name, true, keyspace, factor, warn);
    this.atMost('maximum_replication_factor', factor, keyspace);
  }

  /** A timestamp of the statement's own, in microseconds, against what this node's clock says. */
  timestamp(timestamp: Int64, nowMicros: number, table: string): void {
    this.timestampEnd('maximum_timestamp', timestamp, nowMicros, table);
    this.timestampEnd('minimum_timestamp', timestamp, nowMicros, table);
  }

  private timestampEnd(
    name: 'maximum_timestamp' | 'minimum_timestamp',
    timestamp: Int64,
    nowMicros: number,
    table: string,
  ): void {
    const sign = name === 'maximum_timestamp' ? 1 : -1;
    for (const end of ['fail', 'warn'] as const) {
      const awayMs = this.settings[`${name}_${end}_threshold`];
      if (awayMs === null) continue;
      const threshold = nowMicros + sign * Math.round(awayMs * 1_000);
      if (sign > 0 ? timestamp <= threshold : timestamp >= threshold) continue;
      this.violated(name, end === 'warn', table, timestamp, threshold);
      return;
    }
  }

  /** A replica whose disk is as full as that. `tells`: the client has not heard of it lately. */
  replicaDisk(state: 'STUFFED' | 'FULL', tells: boolean): void {
    const name = 'replica_disk_usage';
    if (state === 'STUFFED') {
      if (tells) this.warn(name, null, 'Replica disk usage exceeds warning threshold');
      return;
    }
    const message = 'Write request failed because disk usage exceeds failure threshold';
    if (tells) this.fail(name, null, message);
    throw invalid(guardrailText(name, null, message));
  }

  isEnabled(name: FlagName): boolean {
    return this.settings[FLAGS[name].enabled] === true;
  }

  /** `feature`: what is done, where the guardrail has no one name for it. */
  ensureEnabled(name: FlagName, feature?: string): void {
    const flag: Flag = FLAGS[name];
    if (!this.isEnabled(name)) {
      this.fail(name, flag.reason, `${feature ?? flag.feature} is not allowed`);
    }
    if (flag.warned !== undefined && this.settings[flag.warned] === true) {
      this.warn(name, flag.reason, `${feature ?? flag.feature} is not recommended`);
    }
  }

  readLevel(level: ConsistencyLevel): void {
    const {
      read_consistency_levels_warned: warned,
      read_consistency_levels_disallowed: disallowed,
    } = this.settings;
    if (warned.length + disallowed.length === 0) return;
    this.levels('read', [level], warned, disallowed);
  }

  /** Both levels of the request, whether the write is conditional or not. */
  writeLevels(level: ConsistencyLevel, serial: ConsistencyLevel): void {
    const {
      write_consistency_levels_warned: warned,
      write_consistency_levels_disallowed: disallowed,
    } = this.settings;
    if (warned.length + disallowed.length === 0) return;
    this.levels('write', [level, serial], warned, disallowed);
  }

  private levels(
    kind: 'read' | 'write',
    levels: readonly ConsistencyLevel[],
    warned: readonly ConsistencyLevel[],
    disallowed: readonly ConsistencyLevel[],
  ): void {
    const inOrder = (some: readonly ConsistencyLevel[]): readonly string[] =>
      CONSISTENCY_LEVELS.filter((level) => some.includes(level));
    this.values(`${kind}_consistency_levels`, inOrder(levels), {
      what: `${kind} consistency levels`,
      warned: inOrder(warned),
      ignored: [],
      disallowed: inOrder(disallowed),
    });
  }

  /** Holds the properties written after WITH; gives those to be left out. */
  tableProperties(names: Iterable<string>): readonly string[] {
    const { settings } = this;
    return this.values('table_properties', [...names].sort(), {
      what: 'Table Properties',
      warned: javaHashOrder(settings.table_properties_warned),
      ignored: javaHashOrder(settings.table_properties_ignored),
      disallowed: javaHashOrder(settings.table_properties_disallowed),
    });
  }

  /** `values` in the order they are told; gives those that are ignored. */
  private values(name: string, values: readonly string[], sets: ValueSets): readonly string[] {
    const { what, warned, ignored, disallowed } = sets;
    const among = (set: readonly string[]): readonly string[] =>
      values.filter((value) => set.includes(value));
    const list = (some: readonly string[]): string => `[${some.join(', ')}]`;
    const refused = among(disallowed);
    if (refused.length > 0) {
      const text = `Provided values ${list(refused)} are not allowed for ${what} `;
      this.fail(name, null, `${text}(disallowed values are: ${list(disallowed)})`);
    }
    const left = among(ignored);
    if (left.length > 0) {
      const text = `Ignoring provided values ${list(left)} as they are not supported for ${what} `;
      this.warn(name, null, `${text}(ignored values are: ${list(ignored)})`);
    }
    const doubtful = among(warned);
    if (doubtful.length > 0) {
      const text = `Provided values ${list(doubtful)} are not recommended for ${what} `;
      this.warn(name, null, `${text}(warned values are: ${list(warned)})`);
    }
    return left;
  }

  private violated(
    name: ThresholdName,
    isWarning: boolean,
    what: string,
    value: Int64,
    threshold: Int64,
  ): void {
    const { reason, text } = THRESHOLDS[name];
    const message = text({ isWarning, what, value, threshold });
    if (isWarning) this.warn(name, reason, message);
    else this.fail(name, reason, message);
  }

  private warn(name: string, reason: string | null, message: string): string {
    const text = guardrailText(name, reason, message);
    addWarning(this.context, text);
    this.context.trace?.event(text);
    return text;
  }

  /** What fails is told as a warning, too. */
  private fail(name: string, reason: string | null, message: string): never {
    throw invalid(this.warn(name, reason, message));
  }
}

function guardrailText(name: string, reason: string | null, message: string): string {
  const end = message.endsWith('.') ? ' ' : '. ';
  return `Guardrail ${name} violated: ${message}${reason === null ? '' : end + reason}`;
}
