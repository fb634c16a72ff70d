// Hinted handoff: keeps writes that replicas missed and delivers them when they are back. Which write is hinted, for
// how long and how fast is decided here; that it is missing is decided by the coordinator.
// Test: test/hints/hints.test.ts. Cassandra: hints/HintsService, HintsDispatchExecutor, service/StorageProxy.shouldHint.

import { eachInTurn } from '../../base/each-in-turn.ts';
import type { TableResolver } from '../../data/mutation-serializer.ts';
import type { Mutation } from '../../data/partition.ts';
import type { Clock, Disk, Endpoint } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { HintOverload, HintSink } from '../coordinator/write-service.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { Telemetry } from '../telemetry.ts';
import { HintBuffers } from './hint-buffers.ts';
import { HintDelivery } from './hint-delivery.ts';
import { HintFiles } from './hint-files.ts';
import { HostHints, newHint } from './host-hints.ts';

/** Bytes of hints that a node holds at most, all hosts together, as serialized: more are not kept. */
const BYTES_MAX = 512 * 1024 * 1024;
/** Hints in flight beyond which writes to their hosts are refused: 128 a core in Cassandra, of eight cores here. */
const IN_FLIGHT_MAX = 128 * 8;

export interface HintsParts {
  readonly clock: Clock;
  readonly messaging: Messaging;
  readonly cluster: ClusterState;
  readonly config: NodeConfig;
  readonly telemetry: Telemetry;
  readonly disk: Disk | null;
  readonly tableById: TableResolver;
  /** Of each of the three buffers before the disk; 32 MiB when absent. */
  readonly bufferBytes?: number;
  /** Of all hints; 512 MiB when absent. */
  readonly bytesMax?: number;
}

/** nodetool listpendinghints. */
export interface PendingHints {
  readonly hostId: string;
  /** null: the host is not in the ring (any more). */
  readonly node: Endpoint | null;
  readonly count: number;
  readonly bytes: number;
  readonly oldestMs: number;
  readonly newestMs: number;
}

export class Hints implements HintSink {
  private readonly parts: HintsParts;
  private readonly files: HintFiles | null;
  private readonly buffers: HintBuffers;
  private readonly hosts = new Map<string, HostHints>();
  private readonly deliveries = new Map<string, HintDelivery>();
  private readonly disabledDatacenters: Set<string>;
  private isEnabled: boolean;
  private isPaused = false;
  private isStopped = false;
  private windowMs: number;
  private throttleBytes: number;
  private readonly bytesMax: number;

  constructor(parts: HintsParts) {
    this.parts = parts;
    this.files = parts.disk === null ? null : new HintFiles(parts.disk);
    this.buffers = new HintBuffers(parts.bufferBytes);
    this.bytesMax = parts.bytesMax ?? BYTES_MAX;
    const { config } = parts;
    this.isEnabled = config.hinted_handoff_enabled;
    this.windowMs = config.max_hint_window;
    this.throttleBytes = config.hinted_handoff_throttle;
    this.disabledDatacenters = new Set(config.hinted_handoff_disabled_datacenters);
  }

  /** True while `overload` might refuse somebody: the disk is far behind. Never without a disk. */
  get isBusy(): boolean {
    return this.buffers.inFlight > IN_FLIGHT_MAX;
  }

  overload(node: Endpoint): HintOverload | null {
    const { inFlight: total } = this.buffers;
    const hostId = this.parts.cluster.info(node)?.hostId;
    const destination = hostId === undefined ? 0 : this.buffers.inFlightFor(hostId);
    if (total <= IN_FLIGHT_MAX || destination === 0 || this.hintable(node) === null) return null;
    return { total, destination };
  }

  /** Reads what an earlier life left and begins to flush and to deliver. */
  start(): void {
    const { clock, config } = this.parts;
    for (const [hostId, hints] of this.files?.load(this.parts.tableById) ?? []) {
      this.host(hostId).restore(hints);
    }
    this.every(clock, config.hints_flush_period, () => this.flush());
    this.every(clock, config.hints_dispatch_interval, () => this.dispatch());
  }

  stop(): void {
    this.isStopped = true;
    this.flush();
  }

  /** Stores a hint for a replica that missed the mutation, if the rules allow it. */
  store(node: Endpoint, mutation: Mutation): boolean {
    const hostId = this.hintable(node);
    if (hostId === null) return false;
    this.add(hostId, mutation);
    const { telemetry, cluster } = this.parts;
    if (telemetry.detailed) {
      telemetry.emit({ kind: 'hint-stored', by: cluster.self, node, count: 1 });
    }
    return true;
  }

  /** Keeps a hint for any host: one that another node hands on. */
  storeFor(hostId: string, mutation: Mutation): void {
    if (!this.isFull) this.add(hostId, mutation);
  }

  /** One round of delivery: to every live host with hints, a few at a time. */
  dispatch(): void {
    if (this.isPaused) return;
    for (const hints of this.hosts.values()) {
      if (this.deliveries.size >= this.parts.config.max_hints_delivery_threads) return;
      if (hints.count === 0 || this.deliveries.has(hints.hostId)) continue;
      const node = this.nodeOf(hints.hostId);
      if (node === null || node === this.parts.cluster.self) continue;
      if (this.parts.cluster.isAlive(node)) this.deliver(hints, node, () => undefined);
    }
  }

  /** Gives all hints to another node, which stores them: on decommission. `done` hears whether all were taken. */
  transferAll(to: Endpoint, done: (ok: boolean) => void): void {
    const waiting = [...this.hosts.values()].filter((hints) => hints.count > 0);
    let isOk = true;
    eachInTurn(
      waiting,
      (hints, next) =>
        this.deliver(hints, to, (ok) => {
          isOk &&= ok;
          next(null);
        }),
      () => done(isOk),
    );
  }

  /** Drops the hints of a host that left; null: of all. */
  truncate(hostId: string | null): void {
    for (const id of hostId === null ? [...this.hosts.keys()] : [hostId]) {
      const hints = this.hosts.get(id);
      if (hints === undefined) continue;
      this.forgetUnflushed(hints);
      this.deliveries.get(id)?.stop();
      this.deliveries.delete(id);
      this.hosts.delete(id);
      this.files?.rewrite(id, []);
    }
  }

  pendingHints(): readonly PendingHints[] {
    return [...this.hosts.values()].flatMap((hints) => {
      const { oldest, newest, hostId, count, bytes } = hints;
      if (oldest === undefined || newest === undefined) return [];
      const node = this.nodeOf(hostId);
      const oldestMs = oldest.createdAtMs;
      return [{ hostId, node, count, bytes, oldestMs, newestMs: newest.createdAtMs }];
    });
  }

  get enabled(): boolean {
    return this.isEnabled;
  }

  get paused(): boolean {
    return this.isPaused;
  }

  /** Milliseconds. */
  get maxHintWindowMs(): number {
    return this.windowMs;
  }

  /** Bytes a second. */
  get throttleBytesPerSecond(): number {
    return this.throttleBytes;
  }

  /** Datacenters for which nothing is hinted. */
  datacentersDisabled(): readonly string[] {
    return [...this.disabledDatacenters];
  }

  setEnabled(isEnabled: boolean): void {
    this.isEnabled = isEnabled;
  }

  /** pausehandoff, resumehandoff: hints are still stored. */
  setPaused(isPaused: boolean): void {
    this.isPaused = isPaused;
    if (isPaused) {
      for (const delivery of this.deliveries.values()) delivery.stop();
      this.deliveries.clear();
    }
  }

  setDatacenterEnabled(datacenter: string, isOn: boolean): void {
    if (isOn) this.disabledDatacenters.delete(datacenter);
    else this.disabledDatacenters.add(datacenter);
  }

  /** Milliseconds. */
  setMaxHintWindow(ms: number): void {
    this.windowMs = ms;
  }

  /** Bytes a second, shared by the nodes that may deliver to one at the same time. */
  setThrottle(bytesPerSecond: number): void {
    this.throttleBytes = bytesPerSecond;
  }

  /** Hands what is in memory to the disk. */
  flush(): void {
    if (this.files === null) return;
    for (const hints of this.hosts.values()) {
      if (!this.buffers.canHand) return;
      this.flushHost(hints, this.files);
    }
  }

  private flushHost(hints: HostHints, files: HintFiles): void {
    const fresh = hints.takeUnflushed();
    if (fresh.length === 0) return;
    const handed = this.buffers.hand(hints.hostId, fresh.length);
    files.append(hints.hostId, fresh, (ok) => {
      if (ok || this.hosts.get(hints.hostId) !== hints) this.buffers.settle(handed);
      else {
        this.buffers.returned(handed);
        hints.returnUnflushed(handed.count);
      }
    });
  }

  /** What was to be flushed is written another way, or dropped. */
  private forgetUnflushed(hints: HostHints): void {
    const { length } = hints.takeUnflushed();
    this.buffers.settle(this.buffers.hand(hints.hostId, length));
  }

  /** The host id when a hint for the node may be stored now, else null. */
  private hintable(node: Endpoint): string | null {
    const { cluster, config, clock } = this.parts;
    if (!this.isEnabled || node === cluster.self) return null;
    const info = cluster.info(node);
    if (info === undefined || this.disabledDatacenters.has(info.datacenter)) return null;
    const { hostId } = info;
    const hints = this.hosts.get(hostId);
    const oldest = config.hint_window_persistent_enabled ? hints?.oldest : undefined;
    const ageMs = oldest === undefined ? 0 : clock.wallMs() - oldest.createdAtMs;
    const downtimeMs = cluster.downtimeMs(node);
    const { max_hints_size_per_host: hostBytesMax } = config;
    const isHostFull = hostBytesMax > 0 && (hints?.bytes ?? 0) > hostBytesMax;
    const isLate = downtimeMs > this.windowMs || ageMs > this.windowMs;
    if (isLate || isHostFull || this.isFull) {
      const { telemetry } = this.parts;
      if (telemetry.detailed)
        telemetry.emit({ kind: 'hint-window-passed', by: cluster.self, node, count: 1 });
      return null;
    }
    return hostId;
  }

  /** Holds all it may: what comes is not kept, as if the window had passed. */
  private get isFull(): boolean {
    let bytes = 0;
    for (const hints of this.hosts.values()) bytes += hints.bytes;
    return bytes >= this.bytesMax;
  }

  private add(hostId: string, mutation: Mutation): void {
    const hint = newHint(mutation, this.parts.clock.wallMs());
    if (hint.gcGraceSeconds === 0) return;
    this.host(hostId).add(hint);
    if (this.files !== null && this.buffers.add(hostId, hint)) this.flush();
  }

  private deliver(hints: HostHints, node: Endpoint, done: (ok: boolean) => void): void {
    const { clock, messaging, config, telemetry, cluster } = this.parts;
    const delivery = new HintDelivery(
      { clock, messaging, config, hints, node, bytesPerSecond: this.rate(), graceOf: this.graceOf },
      (result) => {
        this.deliveries.delete(hints.hostId);
        const { delivered: count, expired, ok } = result;
        const by = cluster.self;
        if (expired > 0) telemetry.emit({ kind: 'hint-expired', by, node, count: expired });
        if (count > 0) {
          telemetry.emit({ kind: 'hints-delivered', by, node, count, remaining: hints.count });
        }
        this.forgetUnflushed(hints);
        this.files?.rewrite(hints.hostId, hints.all());
        if (hints.count === 0) this.hosts.delete(hints.hostId);
        done(ok);
      },
    );
    this.deliveries.set(hints.hostId, delivery);
    delivery.start();
  }

  /** The throttle is shared by all nodes that may deliver to the same one at once. */
  private rate(): number {
    const others = Math.max(1, this.parts.cluster.endpoints().length - 1);
    return this.throttleBytes / others;
  }

  private readonly graceOf = (tableId: string): number | undefined =>
    this.parts.tableById(tableId)?.params.gc_grace_seconds;

  private host(hostId: string): HostHints {
    let hints = this.hosts.get(hostId);
    if (hints === undefined) {
      hints = new HostHints(hostId);
      this.hosts.set(hostId, hints);
    }
    return hints;
  }

  private nodeOf(hostId: string): Endpoint | null {
    const { cluster } = this.parts;
    return cluster.endpoints().find((node) => cluster.info(node)?.hostId === hostId) ?? null;
  }

  private every(clock: Clock, ms: number, work: () => void): void {
    clock.after(ms, () => {
      if (this.isStopped) return;
      work();
      this.every(clock, ms, work);
    });
  }
}
