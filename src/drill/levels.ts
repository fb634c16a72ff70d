// The levels drill: what each consistency level waits for, costs and survives, measured on the
// running engine. Two regions, three zones, two nodes a zone; keyspaces with RF 3 and RF 5. Nothing
// in the table is computed from a formula: every cell is requests that were sent, with the error
// and its numbers where they failed. Test: test/drill/levels.test.ts.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from './lab.ts';
import type { ConsistencyLevel } from '../data/consistency.ts';
import type { Fault } from '../fault/fault.ts';
import { RawClient } from '../load/raw-client.ts';
import type { TopologyInput } from '../topology/topology.ts';
import { SHORTENED_CASSANDRA } from './catalogue/always-on.ts';

export const LEVELS_TOPOLOGY: TopologyInput = {
  name: 'levels',
  regions: {
    'us-east-1': { zones: ['a', 'b', 'c'], nodesPerZone: 2, appsPerZone: 0 },
    'us-west-2': { zones: ['a', 'b', 'c'], nodesPerZone: 2, appsPerZone: 0 },
  },
  links: { 'within-zone': '0.2ms', 'between-zones': '1ms' },
  keyspaces: {
    rf3: { replication: { 'us-east-1': 3, 'us-west-2': 3 } },
    rf5: { replication: { 'us-east-1': 5, 'us-west-2': 5 } },
  },
  cassandra: SHORTENED_CASSANDRA,
};

export const WRITE_LEVELS: readonly ConsistencyLevel[] = [
  'ANY',
  'ONE',
  'TWO',
  'THREE',
  'QUORUM',
  'ALL',
  'LOCAL_ONE',
  'LOCAL_QUORUM',
  'EACH_QUORUM',
];

/** One kind of request at one level under one loss. */
export interface LevelOutcome {
  readonly succeeded: number;
  readonly failed: number;
  /** `UNAVAILABLE required 2 alive 1`: the first error, with its numbers. */
  readonly error: string | null;
  /** Replicas that had to answer, as the error tells. */
  readonly required: number | null;
  readonly medianMs: number;
}

export type LossName =
  | 'a node'
  | 'a zone'
  | 'two zones'
  | 'the other region'
  | 'the link'
  | 'all other nodes';

export interface LossResult {
  readonly loss: LossName;
  readonly read: LevelOutcome | null;
  readonly write: LevelOutcome;
}

export interface LevelRow {
  readonly keyspace: string;
  readonly level: ConsistencyLevel;
  /**
   * Replicas that had to acknowledge a write, as the errors told; null when nothing ever failed.
   */
  readonly acknowledged: number | null;
  /** Median latency of a healthy cluster, milliseconds. */
  readonly writeMs: number;
  readonly readMs: number | null;
  readonly losses: readonly LossResult[];
}

export interface LevelsResult {
  readonly rows: readonly LevelRow[];
  /** LOCAL_ONE answered after one acknowledgement and went on in the background. */
  readonly background: {
    readonly answeredMs: number;
    readonly replicasAtAnswer: number;
    readonly replicasLater: number;
    readonly replicas: number;
    readonly laterMs: number;
  };
}

const COORDINATOR = 'us-east-1/a/1';
const KEYSPACES = ['rf3', 'rf5'] as const;
const HEALTHY_REQUESTS = 15;
const KEYS_PER_CELL = 4;
const CONVICTION_LIMIT_MS = 30_000;

interface Loss {
  readonly name: LossName;
  readonly faults: readonly Fault[];
  /** Nodes that are down or out of reach, by prefix of their place. */
  readonly lost: readonly string[];
}

const LOSSES: readonly Loss[] = [
  { name: 'a node', faults: [{ kind: 'kill', at: 'us-east-1/b/1' }], lost: ['us-east-1/b/1'] },
  { name: 'a zone', faults: [{ kind: 'outage', at: 'us-east-1/b' }], lost: ['us-east-1/b'] },
  {
    name: 'two zones',
    faults: [
      { kind: 'outage', at: 'us-east-1/b' },
      { kind: 'outage', at: 'us-east-1/c' },
    ],
    lost: ['us-east-1/b', 'us-east-1/c'],
  },
  { name: 'the other region', faults: [{ kind: 'outage', at: 'us-west-2' }], lost: ['us-west-2'] },
  {
    name: 'the link',
    faults: [{ kind: 'cut', at: 'us-east-1..us-west-2', oneWay: false }],
    lost: ['us-west-2'],
  },
  {
    name: 'all other nodes',
    faults: [
      { kind: 'outage', at: 'us-west-2' },
      { kind: 'outage', at: 'us-east-1/b' },
      { kind: 'outage', at: 'us-east-1/c' },
      { kind: 'kill', at: 'us-east-1/a/2' },
    ],
    lost: ['us-west-2', 'us-east-1/b', 'us-east-1/c', 'us-east-1/a/2'],
  },
];

export interface LevelsOptions {
  /** Of these keyspaces only; all when absent. */
  readonly keyspaces?: readonly (typeof KEYSPACES)[number][];
  /** Under these losses only; all when absent. */
  readonly losses?: readonly LossName[];
  readonly onProgress?: (text: string) => void;
}

/**
 * The lab must run LEVELS_TOPOLOGY or more. Rejects when the coordinator does not notice a loss.
 */
export async function measureLevels(lab: Lab, options: LevelsOptions = {}): Promise<LevelsResult> {
  const drill = new LevelsDrill(lab, options);
  return drill.run();
}

interface Draft {
  readonly keyspace: string;
  readonly level: ConsistencyLevel;
  readonly healthyWrite: LevelOutcome;
  readonly healthyRead: LevelOutcome | null;
  readonly losses: LossResult[];
}

class LevelsDrill {
  private readonly lab: Lab;
  private readonly options: LevelsOptions;
  private client: RawClient | null = null;
  private nextKey = 0;

  constructor(lab: Lab, options: LevelsOptions) {
    this.lab = lab;
    this.options = options;
  }

  async run(): Promise<LevelsResult> {
    const { keyspaces = KEYSPACES, losses } = this.options;
    for (const keyspace of KEYSPACES)
      await this.lab.engine.execute(
        `CREATE TABLE IF NOT EXISTS ${keyspace}.kv (k text PRIMARY KEY, v text)`,
      );
    await this.lab.engine.settled(30_000);
    await this.connect();
    const drafts: Draft[] = [];
    for (const keyspace of keyspaces) {
      for (const level of WRITE_LEVELS) {
        this.progress(`healthy: ${keyspace} ${level}`);
        const keys = this.freshKeys(HEALTHY_REQUESTS);
        const healthyWrite = await this.write(keyspace, level, keys);
        const healthyRead = level === 'ANY' ? null : await this.read(keyspace, level, keys);
        drafts.push({ keyspace, level, healthyWrite, healthyRead, losses: [] });
      }
    }
    const background = await this.measureBackground();
    for (const loss of LOSSES)
      if (losses === undefined || losses.includes(loss.name)) await this.underLoss(loss, drafts);
    this.client?.close();
    return { rows: drafts.map(toRow), background };
  }

  private progress(text: string): void {
    this.options.onProgress?.(text);
  }

  private async underLoss(loss: Loss, drafts: readonly Draft[]): Promise<void> {
    this.progress(`lost: ${loss.name}`);
    const active = [];
    for (const fault of loss.faults) active.push(await this.lab.injector.inject(fault));
    await this.untilConvicted(loss);
    for (const { keyspace, level, losses } of drafts) {
      const keys = this.worstKeys(keyspace, loss);
      const write = await this.write(keyspace, level, keys);
      const read = level === 'ANY' ? null : await this.read(keyspace, level, keys);
      losses.push({ loss: loss.name, read, write });
    }
    for (const fault of active) await fault.heal();
    this.progress(`healed: ${loss.name}`);
    await this.lab.engine.settled(60_000);
  }

  /** Keys of which as many replicas as possible are lost. */
  private worstKeys(keyspace: string, loss: Loss): readonly string[] {
    const scored = this.freshKeys(200).map((key) => {
      const replicas = this.lab.engine.replicasOf(keyspace, Buffer.from(key));
      return {
        key,
        lost: replicas.filter((place) =>
          loss.lost.some((prefix) => place === prefix || place.startsWith(`${prefix}/`)),
        ).length,
      };
    });
    return scored
      .sort((a, b) => b.lost - a.lost)
      .slice(0, KEYS_PER_CELL)
      .map(({ key }) => key);
  }

  private async untilConvicted(loss: Loss): Promise<void> {
    const expected = this.lab.engine.nodes
      .map(({ place }) => place)
      .filter((place) =>
        loss.lost.some((prefix) => place === prefix || place.startsWith(`${prefix}/`)),
      );
    const deadline = performance.now() + CONVICTION_LIMIT_MS;
    for (;;) {
      const seen =
        this.lab.engine.status().find(({ place }) => place === COORDINATOR)?.believesDown ?? [];
      if (expected.every((place) => seen.includes(place))) return;
      if (performance.now() > deadline)
        throw new Error(`${COORDINATOR} did not notice within 30 s that ${loss.name} is lost`);
      await sleep(50);
    }
  }

  /**
   * Everything but the coordinator's own replica is 300 ms away: the answer must not wait for it.
   */
  private async measureBackground(): Promise<LevelsResult['background']> {
    this.progress('LOCAL_ONE in the background');
    const { engine } = this.lab;
    const key = this.freshKeys(500).find((candidate) =>
      engine.replicasOf('rf3', Buffer.from(candidate)).includes(COORDINATOR),
    );
    if (key === undefined) throw new Error(`no key of 500 has a replica on ${COORDINATOR}`);
    const others = engine.nodes.map(({ place }) => place).filter((place) => place !== COORDINATOR);
    const lift = await engine.linkFault({
      from: [COORDINATOR],
      to: others,
      oneWay: false,
      effect: { kind: 'slow', addedMs: 300, jitterMs: 0 },
    });
    const started = performance.now();
    await this.write('rf3', 'LOCAL_ONE', [key]);
    const answeredMs = performance.now() - started;
    const replicasAtAnswer = await this.holders(key);
    const replicas = engine.replicasOf('rf3', Buffer.from(key)).length;
    let replicasLater = replicasAtAnswer;
    const later = performance.now();
    while (replicasLater < replicas && performance.now() - later < 5_000) {
      await sleep(20);
      replicasLater = await this.holders(key);
    }
    await lift();
    return {
      answeredMs,
      replicasAtAnswer,
      replicasLater,
      replicas,
      laterMs: performance.now() - started,
    };
  }

  private async holders(key: string): Promise<number> {
    const id = Buffer.from(key).toString('latin1');
    return (await this.lab.engine.contents('rf3', 'kv')).filter(({ partitions }) =>
      partitions.has(id),
    ).length;
  }

  private async write(
    keyspace: string,
    level: ConsistencyLevel,
    keys: readonly string[],
  ): Promise<LevelOutcome> {
    return this.each(
      keys,
      level,
      (key) => `INSERT INTO ${keyspace}.kv (k, v) VALUES ('${key}', '${level}')`,
    );
  }

  private async read(
    keyspace: string,
    level: ConsistencyLevel,
    keys: readonly string[],
  ): Promise<LevelOutcome> {
    return this.each(keys, level, (key) => `SELECT v FROM ${keyspace}.kv WHERE k = '${key}'`);
  }

  private async each(
    keys: readonly string[],
    level: ConsistencyLevel,
    cql: (key: string) => string,
  ): Promise<LevelOutcome> {
    const times: number[] = [];
    let failed = 0;
    let error: string | null = null;
    let required: number | null = null;
    for (const key of keys) {
      const started = performance.now();
      const response = await this.connected().queryAt(cql(key), level);
      times.push(performance.now() - started);
      if (response.kind !== 'error') continue;
      failed++;
      const { error: found } = response;
      error ??=
        'required' in found
          ? `UNAVAILABLE required ${found.required} alive ${found.alive}`
          : 'blockFor' in found
            ? `${found.code} received ${found.received} of ${found.blockFor}`
            : `${found.code}: ${found.message}`;
      required ??=
        'required' in found ? found.required : 'blockFor' in found ? found.blockFor : null;
    }
    const medianMs = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
    return { succeeded: keys.length - failed, failed, error, required, medianMs };
  }

  private async connect(): Promise<void> {
    const node = this.lab.placement.nodes.find(({ place }) => place === COORDINATOR);
    if (node === undefined)
      throw new Error(`the levels drill coordinates on ${COORDINATOR}, which this topology lacks`);
    this.client = await RawClient.connect({ address: node.address, port: node.nativePort });
  }

  private connected(): RawClient {
    if (this.client === null) throw new Error('not connected');
    return this.client;
  }

  private freshKeys(count: number): readonly string[] {
    return Array.from({ length: count }, () => `key-${this.nextKey++}`);
  }
}

function toRow({ keyspace, level, healthyWrite, healthyRead, losses }: Draft): LevelRow {
  const asked = losses.flatMap(({ write }) => (write.required === null ? [] : [write.required]));
  return {
    keyspace,
    level,
    losses,
    acknowledged: asked.length === 0 ? null : Math.max(...asked),
    writeMs: healthyWrite.medianMs,
    readMs: healthyRead?.medianMs ?? null,
  };
}
