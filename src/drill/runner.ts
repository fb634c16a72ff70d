// Runs a drill on a running engine and stack: load, phases with their faults, healing, settling, repair, final checks.
// Knows no engine by name. Tells its progress as events; the result is data.

import type { ActiveFault, Injector } from '../fault/injector.ts';
import { faultText } from '../fault/fault.ts';
import { radiusText } from '../fault/blast-radius.ts';
import type { Engine, EngineEvent, HintCounts, RepairReport } from '../engine/engine.ts';
import type { HistoryRow } from '../load/csv.ts';
import { ShopLoad } from '../load/shop-load.ts';
import { SeededRandom } from '../world/random.ts';
import type { Stack } from '../stack/stack.ts';
import { populationShares } from '../stack/stack.ts';
import type { StackEvent } from '../stack/stack-event.ts';
import type { Drill, DrillPhase } from './drill.ts';
import { loadTimeMs } from './drill.ts';
import type { DrillResult, ExpectationResult, PhaseResult, TimelineEntry } from './drill-result.ts';
import { detectionMsMax, explain } from './detection.ts';
import { judgePhase, verdictOf } from './expectations.ts';
import { checkConnections, checkHistory, checkReplicas } from './final-checks.ts';
import type { FinalState } from './final-checks.ts';
import { readFinalState } from './final-reads.ts';
import type { PhaseLoad } from './load-recorder.ts';
import { LoadRecorder } from './load-recorder.ts';

export type DrillProgress =
  | { readonly kind: 'phase-began'; readonly phase: string; readonly faults: readonly string[]; readonly atSeconds: number }
  | { readonly kind: 'second'; readonly phase: string; readonly atSeconds: number; readonly totalSeconds: number; readonly load: PhaseLoad; readonly inFlight: number; readonly users: number }
  | { readonly kind: 'settling'; readonly phase: string; readonly atSeconds: number }
  | { readonly kind: 'phase-ended'; readonly result: PhaseResult; readonly expectations: readonly ExpectationResult[] }
  | { readonly kind: 'event'; readonly entry: TimelineEntry }
  | { readonly kind: 'checking'; readonly what: string };

export interface DrillRunOptions {
  readonly drill: Drill;
  readonly engine: Engine;
  readonly stack: Stack;
  readonly injector: Injector;
  readonly seed: number;
  readonly version: string;
  readonly shortened: DrillResult['shortened'];
  readonly onProgress?: (progress: DrillProgress) => void;
  /** Aborting ends the load early; the drill is judged as far as it came, as inconclusive. */
  readonly signal?: AbortSignal;
}

const KEYSPACE = 'shop';
const TABLES = ['carts', 'orders'];

/** The result, and the load's history for Locust's CSV file. */
export interface DrillOutcome {
  readonly result: DrillResult;
  readonly history: readonly HistoryRow[];
}

/** Runs all phases and judges them. Leaves engine and stack running, healed. */
export async function runPhases(options: DrillRunOptions): Promise<DrillOutcome> {
  const run = new DrillRun(options);
  return run.run();
}

interface Counters {
  hints: HintCounts;
  readRepairs: number;
  speculativeRetries: number;
}

class DrillRun {
  private readonly options: DrillRunOptions;
  private readonly recorder = new LoadRecorder();
  private readonly timeline: TimelineEntry[] = [];
  private readonly load: ShopLoad;
  private readonly active: ActiveFault[] = [];
  private readRepairs = 0;
  private speculativeRetries = 0;
  private originMs = 0;
  private phaseLoad: PhaseLoad;
  private phaseName = '';

  constructor(options: DrillRunOptions) {
    this.options = options;
    const { drill, stack, seed } = options;
    const random = new SeededRandom(seed).fork('load');
    this.phaseLoad = this.recorder.nextPhase();
    this.load = new ShopLoad({
      frontDoors: stack.frontDoors(),
      shape: { kind: 'constant', rate: drill.load.rate },
      shares: populationShares(drill.topology),
      mix: { read: drill.load.read, write: drill.load.write },
      retryOnce: drill.load.retry,
      timeoutMs: drill.load.timeout,
      draw: () => random.float(),
      onRequest: (request) => this.recorder.add(request),
    });
  }

  async run(): Promise<DrillOutcome> {
    const { drill, engine, stack } = this.options;
    const startedAt = new Date().toISOString();
    const connections = stack.driverConnections();
    const stopEngineEvents = engine.on((event) => this.onEngineEvent(event));
    const stopStackEvents = stack.on((event) => this.onStackEvent(event));
    this.originMs = performance.now();
    this.recorder.begin(this.originMs);
    this.load.start();
    const ticker = setInterval(() => this.tick(), 1_000);
    const phases: PhaseResult[] = [];
    const expectations: ExpectationResult[] = [];
    try {
      for (const phase of drill.phases) {
        if (this.options.signal?.aborted === true) break;
        const result = await this.runPhase(phase);
        const judged = judgePhase(phase, result);
        phases.push(result);
        expectations.push(...judged);
        this.tell({ kind: 'phase-ended', result, expectations: judged });
      }
    } finally {
      clearInterval(ticker);
      await this.load.stop();
      for (const fault of this.active.splice(0)) await fault.heal();
    }
    const seconds = this.seconds();
    const checks = await this.finalChecks(connections);
    stopEngineEvents();
    stopStackEvents();
    const total = this.recorder.total;
    const result: DrillResult = {
      starfish: this.options.version,
      name: drill.name, description: drill.description, engine: engine.kind, seed: this.options.seed, startedAt, seconds, drill,
      shortened: this.options.shortened,
      phases,
      total: {
        attempts: total.attempts.total.row(seconds), users: total.users.total.row(seconds), byName: total.users.rows(seconds),
      },
      failures: total.attempts.failures(),
      timeline: this.timeline,
      points: this.recorder.points(),
      connections, expectations, checks,
      verdict: this.options.signal?.aborted === true ? 'inconclusive' : verdictOf(expectations, checks),
      memoryMiB: Math.round(process.memoryUsage().rss / 1_048_576),
    };
    return { result, history: this.recorder.history };
  }

  private async runPhase(phase: DrillPhase): Promise<PhaseResult> {
    const { injector, drill } = this.options;
    const before = this.counters();
    const startMs = performance.now();
    this.phaseLoad = this.recorder.nextPhase();
    this.phaseName = phase.name;
    const load = this.phaseLoad;
    if (phase.heal) await this.healAll();
    const healedMs = performance.now();
    const begun: ActiveFault[] = [];
    for (const fault of phase.inject) {
      const active = await injector.inject(fault);
      begun.push(active);
      this.active.push(active);
      this.note('fault', `${faultText(fault)}: ${radiusText(active.radius)}`);
    }
    this.tell({ kind: 'phase-began', phase: phase.name, faults: phase.inject.map(faultText), atSeconds: this.seconds() });
    await this.sleep(phase.for - (performance.now() - startMs));
    const { settled, recoveryMs } = await this.settle(phase, healedMs);
    const repair = phase.repair === undefined ? null : await this.repair(phase.repair);
    const after = this.counters();
    const detection = begun.map(({ radius }) => detectionMsMax(radius, drill.topology));
    const detectionMs = begun.length === 0 ? null : Math.max(...detection);
    const faultAtMs = begun[0]?.sinceMs ?? startMs;
    return {
      name: phase.name,
      startSeconds: (startMs - this.originMs) / 1_000,
      endSeconds: this.seconds(),
      faults: begun.map(({ fault, radius }) => ({ text: faultText(fault), radius: radiusText(radius) })),
      ...this.phaseStatistics(load, (performance.now() - startMs) / 1_000),
      // Between faults there is nothing to detect but the return: failures count from the phase's begin.
      failuresAfterDetection: load.failedAtMs.filter((at) => at > faultAtMs + (detectionMs ?? 0)).length,
      detectionMsMax: detectionMs,
      recoveryMs, settled,
      hints: difference(before.hints, after.hints),
      repair,
      readRepairs: after.readRepairs - before.readRepairs,
      speculativeRetries: after.speculativeRetries - before.speculativeRetries,
    };
  }

  private phaseStatistics(load: PhaseLoad, seconds: number): Pick<PhaseResult, 'attempts' | 'users' | 'byName' | 'failures' | 'causes'> {
    const failures = load.attempts.failures();
    const causes = new Map<string, { cause: string; count: number; explained: string | null }>();
    for (const { error, occurrences } of failures) {
      const cause = causes.get(error) ?? { cause: error, count: 0, explained: explain(error) };
      cause.count += occurrences;
      causes.set(error, cause);
    }
    return {
      attempts: load.attempts.total.row(seconds),
      users: load.users.total.row(seconds),
      byName: load.users.rows(seconds),
      failures,
      causes: [...causes.values()],
    };
  }

  private async healAll(): Promise<void> {
    for (const fault of this.active.splice(0)) {
      await fault.heal();
      this.note('heal', `healed ${faultText(fault.fault)}`);
    }
  }

  private async settle(phase: DrillPhase, healedMs: number): Promise<{ settled: boolean; recoveryMs: number | null }> {
    if (phase.settle === undefined) return { settled: true, recoveryMs: null };
    this.tell({ kind: 'settling', phase: phase.name, atSeconds: this.seconds() });
    try {
      await this.options.engine.settled(phase.settle);
      const deadline = performance.now() + phase.settle;
      while (![...this.options.stack.balancers.values()].every((balancer) => balancer.isReady() && balancer.isHealthy())) {
        if (performance.now() > deadline) return { settled: false, recoveryMs: null };
        await this.sleep(50);
      }
    } catch {
      return { settled: false, recoveryMs: null };
    }
    const recoveryMs = this.lastRecoveryMs(healedMs);
    this.note('recovered', `all well ${(recoveryMs / 1_000).toFixed(1)} s after healing`);
    return { settled: true, recoveryMs };
  }

  /** From healing to the last sign of recovery (a node up, a target healthy, hints delivered). */
  private lastRecoveryMs(healedMs: number): number {
    return Math.max(0, this.lastRecoveryAtMs - healedMs);
  }
  private lastRecoveryAtMs = 0;

  private async repair(keyspace: string): Promise<RepairReport> {
    this.note('repair', `repair of ${keyspace} began on all replicas`);
    const report = await this.options.engine.repair(keyspace, { full: true });
    this.note('repair', report.ok
      ? `repair: ${report.treesCompared} Merkle trees compared, ${report.rangesThatDiffered} ranges differed, ${report.rowsStreamed} rows streamed`
      : `repair failed: ${report.error ?? ''}`);
    return report;
  }

  private async finalChecks(connections: DrillResult['connections']): Promise<DrillResult['checks']> {
    const { drill, engine, stack } = this.options;
    const { checks } = drill;
    const results: DrillResult['checks'][number][] = [];
    this.tell({ kind: 'checking', what: 'reading every acknowledged write back in every region' });
    const final: FinalState = await readFinalState(this.load.history, stack, drill.topology);
    const judged = checkHistory(this.load.history, final);
    const [lost, stale, conditional] = judged;
    if (checks.lostWrites && lost) results.push(lost);
    if (checks.staleReads && stale) results.push(stale);
    if (checks.conditionalWrites && conditional) results.push(conditional);
    if (checks.convergence) {
      this.tell({ kind: 'checking', what: 'comparing all replicas' });
      results.push(await checkReplicas(engine, KEYSPACE, TABLES));
    }
    if (checks.localConnectionsOnly) results.push(checkConnections(connections, engine));
    return results;
  }

  private counters(): Counters {
    return { hints: this.options.engine.hints(), readRepairs: this.readRepairs, speculativeRetries: this.speculativeRetries };
  }

  private onEngineEvent(event: EngineEvent): void {
    if (event.kind === 'read-repaired') this.readRepairs++;
    else if (event.kind === 'speculative-retry-sent') this.speculativeRetries++;
    else if (event.kind === 'node-convicted') this.noteOnce('detected', `${String(event.details['node'])} is down, says ${event.place}`, String(event.details['node']));
    else if (event.kind === 'node-marked-up' || event.kind === 'hints-delivered') this.lastRecoveryAtMs = performance.now();
    if (event.kind === 'node-marked-up') this.convicted.delete(String(event.details['node']));
  }
  private readonly convicted = new Set<string>();

  private noteOnce(kind: TimelineEntry['kind'], text: string, key: string): void {
    if (this.convicted.has(key)) return;
    this.convicted.add(key);
    this.note(kind, text);
  }

  private onStackEvent(event: StackEvent): void {
    if (event.kind === 'target-unhealthy') this.note('detected', `${event.by} marks ${event.target} unhealthy (${event.reason})`);
    else if (event.kind === 'endpoint-unhealthy') this.note('detected', `the accelerator steers away from ${event.region}`);
    else if (event.kind === 'endpoint-healthy') this.note('recovered', `the accelerator steers to ${event.region} again`);
    else if (event.kind === 'target-healthy') this.lastRecoveryAtMs = performance.now();
  }

  private note(kind: TimelineEntry['kind'], text: string): void {
    const entry = { atSeconds: this.seconds(), text, kind };
    this.timeline.push(entry);
    this.tell({ kind: 'event', entry });
  }

  private tick(): void {
    this.recorder.tick(performance.now(), Date.now(), this.load.userCount());
    this.tell({
      kind: 'second', phase: this.phaseName, atSeconds: this.seconds(), totalSeconds: loadTimeMs(this.options.drill) / 1_000,
      load: this.phaseLoad, inFlight: this.load.inFlight, users: this.load.userCount(),
    });
  }

  private seconds(): number {
    return (performance.now() - this.originMs) / 1_000;
  }

  private tell(progress: DrillProgress): void {
    this.options.onProgress?.(progress);
  }

  private sleep(ms: number): Promise<void> {
    const { signal } = this.options;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms));
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      }, { once: true });
    });
  }
}

function difference(before: HintCounts, after: HintCounts): HintCounts {
  return {
    stored: after.stored - before.stored,
    delivered: after.delivered - before.delivered,
    expired: after.expired - before.expired,
    windowPassed: after.windowPassed - before.windowPassed,
    pending: after.pending,
  };
}
