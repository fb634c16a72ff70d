// Runs a drill on a running engine and stack: load, phases with their faults, healing, settling,
// repair, final checks. Knows no engine by name. Tells its progress as events; the result is data.

import type { ActiveFault, Injector } from '../fault/injector.ts';
import type { Fault } from '../fault/fault.ts';
import { faultText } from '../fault/fault.ts';
import { formatDuration } from '../topology/units.ts';
import { radiusText } from '../fault/blast-radius.ts';
import type { Engine, RepairReport } from '../engine/engine.ts';
import type { HistoryRow } from '../load/csv.ts';
import { ShopLoad } from '../load/shop-load.ts';
import { SeededRandom } from '../world/random.ts';
import type { Stack } from '../stack/stack.ts';
import { populationShares } from '../stack/stack.ts';
import type { Drill, DrillPhase } from './drill.ts';
import { loadShape, loadTimeMs } from './drill.ts';
import type { DrillResult, ExpectationResult, PhaseResult, TimelineEntry } from './drill-result.ts';
import { detectionMsMax } from './detection.ts';
import { DrillObserver, untouchedPlaces } from './drill-observer.ts';
import { judgePhase, stoppedVerdict, verdictOf } from './expectations.ts';
import type { DetectionWindow } from './failure-windows.ts';
import { failuresOutside } from './failure-windows.ts';
import { hintsBetween, phaseStatistics } from './phase-statistics.ts';
import { verifyDrill } from './verify-drill.ts';
import type { PhaseLoad } from './load-recorder.ts';
import { LoadRecorder } from './load-recorder.ts';
import type { InjectedFault } from './validity-checks.ts';

export type DrillProgress =
  | {
      readonly kind: 'phase-began';
      readonly phase: string;
      readonly faults: readonly string[];
      readonly atSeconds: number;
    }
  | {
      readonly kind: 'second';
      readonly phase: string;
      readonly atSeconds: number;
      readonly totalSeconds: number;
      readonly load: PhaseLoad;
      readonly inFlight: number;
      readonly users: number;
    }
  | { readonly kind: 'settling'; readonly phase: string; readonly atSeconds: number }
  | {
      readonly kind: 'phase-ended';
      readonly result: PhaseResult;
      readonly expectations: readonly ExpectationResult[];
    }
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

/** How long everything may take to be well again once the load has ended. */
const SETTLE_AT_END_MS = 60_000;

class DrillRun {
  private readonly options: DrillRunOptions;
  private readonly recorder = new LoadRecorder();
  private readonly timeline: TimelineEntry[] = [];
  private readonly observer: DrillObserver;
  private readonly load: ShopLoad;
  private readonly active: ActiveFault[] = [];
  private readonly windows: DetectionWindow[] = [];
  private readonly injected: InjectedFault[] = [];
  private originMs = 0;
  private phaseLoad: PhaseLoad;
  private phaseName = '';

  constructor(options: DrillRunOptions) {
    this.options = options;
    const { drill, stack, seed } = options;
    this.observer = new DrillObserver((kind, text) => this.note(kind, text));
    const random = new SeededRandom(seed).fork('load');
    this.phaseLoad = this.recorder.nextPhase();
    this.load = new ShopLoad({
      frontDoors: stack.frontDoors(),
      shape: loadShape(drill),
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
    const stopEngineEvents = engine.on((event) => this.observer.onEngineEvent(event));
    const stopStackEvents = stack.on((event) => this.observer.onStackEvent(event));
    const phases: PhaseResult[] = [];
    const expectations: ExpectationResult[] = [];
    let seconds = 0;
    try {
      await this.warmUp();
      seconds = await this.loadThroughPhases(phases, expectations);
      expectations.push(...(await this.settleAtEnd()));
    } finally {
      stopEngineEvents();
      stopStackEvents();
    }
    const checks = await verifyDrill({
      drill,
      engine,
      stack,
      load: this.load,
      phases,
      connections,
      injected: this.injected,
      stopped: this.isAborted(),
      onChecking: (what) => this.tell({ kind: 'checking', what }),
    });
    const { total } = this.recorder;
    const result: DrillResult = {
      starfish: this.options.version,
      name: drill.name,
      description: drill.description,
      engine: engine.kind,
      seed: this.options.seed,
      startedAt,
      seconds,
      drill,
      shortened: this.options.shortened,
      phases,
      total: {
        attempts: total.attempts.total.row(seconds),
        users: total.users.total.row(seconds),
        byName: total.users.rows(seconds),
      },
      failures: total.attempts.failures(),
      timeline: this.timeline,
      points: this.recorder.points().filter(({ second }) => second + 1 <= seconds),
      connections,
      expectations,
      checks,
      verdict: this.isAborted()
        ? stoppedVerdict(verdictOf(expectations, checks))
        : verdictOf(expectations, checks),
      memoryMiB: Math.round(process.memoryUsage().rss / 1_048_576),
    };
    return { result, history: this.recorder.history };
  }

  /** Returns the seconds of load; whatever comes, the load ends and everything is healed. */
  private async loadThroughPhases(
    phases: PhaseResult[],
    expectations: ExpectationResult[],
  ): Promise<number> {
    const ticker = setInterval(() => this.tick(), 1_000);
    let seconds = 0;
    try {
      for (const phase of this.options.drill.phases) {
        if (this.isAborted()) break;
        const result = await this.runPhase(phase);
        const judged = judgePhase(phase, result);
        phases.push(result);
        expectations.push(...judged);
        this.tell({ kind: 'phase-ended', result, expectations: judged });
      }
    } finally {
      clearInterval(ticker);
      seconds = this.seconds();
      await this.load.stop();
      await this.healAll();
    }
    return seconds;
  }

  /**
   * Nothing is compared before hints are drained and everybody is there; that it comes to that is
   * expected.
   */
  private async settleAtEnd(): Promise<readonly ExpectationResult[]> {
    if (this.isAborted()) return [];
    const { settled } = await this.untilWell(SETTLE_AT_END_MS);
    if (settled) return [];
    const text = `settles within ${formatDuration(SETTLE_AT_END_MS)} after the load`;
    return [{ phase: null, text, pass: false, measured: 'did not settle', overloaded: false }];
  }

  /**
   * Connections open, caches fill and the machine's compiler warms up before anything is measured.
   */
  private async warmUp(): Promise<void> {
    this.load.start();
    this.phaseName = 'warm-up';
    await this.sleep(this.options.drill.load.warmup);
    this.originMs = performance.now();
    this.recorder.begin(this.originMs);
  }

  private async runPhase(phase: DrillPhase): Promise<PhaseResult> {
    const { drill, engine } = this.options;
    const before = { hints: engine.hints(), ...this.observer.counts() };
    const busyBefore = performance.eventLoopUtilization();
    const startMs = performance.now();
    this.phaseLoad = this.recorder.nextPhase();
    this.phaseName = phase.name;
    const load = this.phaseLoad;
    if (phase.heal) await this.healAll();
    const healedMs = performance.now();
    const begun: ActiveFault[] = [];
    for (const fault of phase.inject) begun.push(await this.inject(fault));
    this.tell({
      kind: 'phase-began',
      phase: phase.name,
      faults: phase.inject.map(faultText),
      atSeconds: this.seconds(),
    });
    await this.sleep(phase.for - (performance.now() - startMs));
    const { settled, recoveryMs } = await this.settle(phase, healedMs);
    const repair =
      phase.repair === undefined || this.isAborted() ? null : await this.repair(phase.repair);
    const after = { hints: engine.hints(), ...this.observer.counts() };
    return {
      name: phase.name,
      startSeconds: (startMs - this.originMs) / 1_000,
      endSeconds: this.seconds(),
      faults: begun.map(({ fault, radius }) => ({
        text: faultText(fault),
        radius: radiusText(radius),
      })),
      ...phaseStatistics(load, (performance.now() - startMs) / 1_000),
      failuresAfterDetection: failuresOutside(load.failed, this.windows),
      detectionMsMax:
        begun.length === 0
          ? null
          : Math.max(...begun.map(({ radius }) => detectionMsMax(radius, drill.topology))),
      recoveryMs,
      settled,
      hints: hintsBetween(before.hints, after.hints),
      repair,
      readRepairs: after.readRepairs - before.readRepairs,
      speculativeRetries: after.speculativeRetries - before.speculativeRetries,
      busy: performance.eventLoopUtilization(busyBefore).utilization,
    };
  }

  private async inject(fault: Fault): Promise<ActiveFault> {
    const { injector, engine, stack, drill } = this.options;
    const beganMs = performance.now();
    const active = await injector.inject(fault);
    this.active.push(active);
    const detection = detectionMsMax(active.radius, drill.topology);
    if (detection > 0) this.windows.push({ fromMs: beganMs, toMs: active.sinceMs + detection });
    this.injected.push({
      text: faultText(fault),
      radius: radiusText(active.radius),
      untouched: untouchedPlaces(active.radius, engine, stack),
    });
    this.note('fault', `${faultText(fault)}: ${radiusText(active.radius)}`);
    return active;
  }

  private async healAll(): Promise<void> {
    for (const fault of this.active.splice(0)) {
      await fault.heal();
      this.note('heal', `healed ${faultText(fault.fault)}`);
    }
  }

  private async settle(
    phase: DrillPhase,
    healedMs: number,
  ): Promise<{ settled: boolean; recoveryMs: number | null }> {
    if (phase.settle === undefined || this.isAborted()) return { settled: true, recoveryMs: null };
    this.tell({ kind: 'settling', phase: phase.name, atSeconds: this.seconds() });
    const { settled } = await this.untilWell(phase.settle);
    if (!settled) return { settled, recoveryMs: null };
    // From healing to the last sign of recovery: a node up, hints delivered, a target healthy, a
    // region steered to.
    const recoveryMs = Math.max(0, this.observer.lastRecoveryAtMs - healedMs);
    this.note('recovered', `all well ${(recoveryMs / 1_000).toFixed(1)} s after healing`);
    return { settled, recoveryMs };
  }

  /**
   * Until nodes agree, hints are drained and every instance is in service; what is missing at the
   * limit is noted.
   */
  private async untilWell(limitMs: number): Promise<{ readonly settled: boolean }> {
    const { engine, stack, injector } = this.options;
    const deadline = performance.now() + limitMs;
    // What a fault still holds cannot be well: then only the nodes that run must agree.
    const missing = (): readonly string[] => (injector.active().length > 0 ? [] : stack.missing());
    const notWell = (why: string): { settled: false } => {
      this.note('note', `not well after ${formatDuration(limitMs)}: ${why}`);
      return { settled: false };
    };
    try {
      await engine.settled(limitMs);
      while (missing().length > 0) {
        if (performance.now() > deadline || this.isAborted()) return notWell(missing().join(', '));
        await this.sleep(50);
      }
      await engine.settled(Math.max(1_000, deadline - performance.now()));
    } catch (error) {
      return notWell(error instanceof Error ? error.message : String(error));
    }
    return { settled: true };
  }

  private async repair(keyspace: string): Promise<RepairReport> {
    this.note('repair', `repair of ${keyspace} began on all replicas`);
    const report = await this.options.engine.repair(keyspace, { full: true });
    this.note(
      'repair',
      report.ok
        ? `repair: ${report.treesCompared} Merkle trees compared, ${report.rangesThatDiffered} ranges differed, ${report.rowsStreamed} rows streamed`
        : `repair failed: ${report.error ?? ''}`,
    );
    return report;
  }

  private note(kind: TimelineEntry['kind'], text: string): void {
    const entry = { atSeconds: this.seconds(), text, kind };
    this.timeline.push(entry);
    this.tell({ kind: 'event', entry });
  }

  private tick(): void {
    this.recorder.tick(performance.now(), Date.now(), this.load.userCount());
    this.tell({
      kind: 'second',
      phase: this.phaseName,
      atSeconds: this.seconds(),
      totalSeconds: loadTimeMs(this.options.drill) / 1_000,
      load: this.phaseLoad,
      inFlight: this.load.inFlight,
      users: this.load.userCount(),
    });
  }

  private seconds(): number {
    return (performance.now() - this.originMs) / 1_000;
  }

  private tell(progress: DrillProgress): void {
    this.options.onProgress?.(progress);
  }

  private isAborted(): boolean {
    return this.options.signal?.aborted === true;
  }

  private sleep(ms: number): Promise<void> {
    const { signal } = this.options;
    if (this.isAborted()) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(0, ms));
      signal?.addEventListener('abort', wake);
    });
  }
}
