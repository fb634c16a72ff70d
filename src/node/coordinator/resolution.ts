// What several replicas' full answers to one read amount to: merged, filtered, cut to the limits; which replica must
// be asked for more first (short reads, silently filtered rows); and what each replica lacks. Pure: `next` says what to
// do, `onAnswer` takes what came. Test: test/coordinator/resolution.test.ts.
// Cassandra: service/reads/DataResolver, ShortReadRowsProtection, ReplicaFilteringProtection.

import { required } from '../../base/assert.ts';
import type { ClusteringOrder } from '../../data/clustering-order.ts';
import { clusteringOrder } from '../../data/clustering-order.ts';
import { enforcesStrictLiveness, isLive } from '../../data/deletion.ts';
import { difference } from '../../data/difference.ts';
import {
  countLiveRows,
  LimitCounter,
  limitPartitions,
  liveStaticRow,
} from '../../data/live-view.ts';
import { mergeAllPartitions } from '../../data/merge-partitions.ts';
import type { Clustering, DecoratedKey, PartitionData, Row } from '../../data/partition.ts';
import type { ReadCommand } from '../../data/read-command.ts';
import { goesOnIn, NO_LIMITS } from '../../data/read-command.ts';
import { RowMatcher } from '../../data/row-filter.ts';
import { compareKeys } from '../../ring/token.ts';
import type { Endpoint } from '../../world/ports.ts';
import { addPartition, clusteringsAfter, findPartition, hasRow, rowId } from './partition-lists.ts';

export interface Source {
  readonly node: Endpoint;
  readonly partitions: readonly PartitionData[];
}

/** A further question to one replica. */
export interface Ask {
  readonly source: number;
  readonly node: Endpoint;
  readonly command: ReadCommand;
  readonly reason: 'short-read' | 'filtering';
}

export type ResolutionStep =
  | { readonly kind: 'ask'; readonly asks: readonly Ask[] }
  | { readonly kind: 'resolved'; readonly result: Resolved }
  | { readonly kind: 'too-many-rows'; readonly rows: number };

export interface Resolved {
  readonly partitions: readonly PartitionData[];
  readonly limitReached: boolean;
  /** What each replica lacks of what was returned, by partition. Replicas that lack nothing are absent. */
  readonly repairs: ReadonlyMap<Endpoint, readonly PartitionData[]>;
}

/** Where a replica's answer ends because of a limit: beyond it the replica has not been heard. */
interface Cut {
  readonly key: DecoratedKey;
  /** The last row heard; null: only static content of the partition. */
  readonly clustering: Clustering | null;
  /** The partition itself has been heard to its end; what follows has not. */
  readonly isWhole: boolean;
}

interface Heard {
  readonly node: Endpoint;
  partitions: PartitionData[];
  /** Cut by the limit over all rows. */
  cut: Cut | null;
  /** Cut by the limit per partition, by the key's id. */
  readonly partitionCuts: Map<string, Cut>;
  /** Rows asked for by name already. */
  readonly named: Set<string>;
}

/** cached_replica_rows_fail_threshold */
const FILTERING_ROWS_MAX = 32_000;
/** Fewer rows are not worth a round trip. */
const SHORT_READ_ROWS_MIN = 16;

export class Resolution {
  private readonly command: ReadCommand;
  private readonly order: ClusteringOrder;
  private readonly heard: Heard[];
  private readonly matcher: RowMatcher | null;
  private filteringRows = 0;

  constructor(command: ReadCommand, sources: readonly Source[]) {
    this.command = command;
    this.order = clusteringOrder(command.table);
    const { filter, table, nowSeconds } = command;
    this.matcher = filter === null ? null : new RowMatcher(table, filter, nowSeconds);
    this.heard = sources.map(({ node, partitions }) => ({
      node,
      partitions: [...partitions],
      cut: null,
      partitionCuts: new Map(),
      named: new Set(),
    }));
    for (const one of this.heard) this.findCuts(one, one.partitions, command);
  }

  next(): ResolutionStep {
    if (this.heard.length > 1) {
      if (this.matcher !== null) {
        const asks = this.filteringAsks();
        if (this.filteringRows > FILTERING_ROWS_MAX) {
          return { kind: 'too-many-rows', rows: FILTERING_ROWS_MAX };
        }
        if (asks.length > 0) return { kind: 'ask', asks };
      }
      const ask = this.shortReadAsk();
      if (ask !== null) return { kind: 'ask', asks: [ask] };
    }
    return { kind: 'resolved', result: this.resolve() };
  }

  onAnswer(ask: Ask, partitions: readonly PartitionData[]): void {
    const one = required(this.heard[ask.source], 'an asked source');
    for (const partition of partitions) addPartition(one.partitions, partition);
    if (ask.reason === 'filtering') {
      for (const partition of partitions) this.filteringRows += partition.rows.length;
      return;
    }
    if (ask.command.kind === 'partition') {
      const { key, limits } = ask.command;
      const got = partitions[0];
      this.setPartitionCut(one, key, got === undefined ? null : this.cutOf(got, limits.rows));
    } else {
      one.cut = null;
      this.findCuts(one, partitions, ask.command);
    }
  }

  /** Where the replica's answer within a partition ends now; null: nowhere, all of it has been heard. */
  private setPartitionCut(one: Heard, key: DecoratedKey, cut: Cut | null): void {
    if (one.cut !== null && one.cut.key.id === key.id) {
      const isRange = this.command.kind === 'range';
      one.cut = cut ?? (isRange ? { ...one.cut, isWhole: true } : null);
    } else if (cut === null) one.partitionCuts.delete(key.id);
    else one.partitionCuts.set(key.id, cut);
  }

  private findCuts(one: Heard, partitions: readonly PartitionData[], command: ReadCommand): void {
    const { limits } = command;
    if (limits.rows === Infinity && limits.perPartition === Infinity) return;
    const counter = new LimitCounter(limits);
    partitions.forEach((partition) => {
      counter.beginPartition(goesOnIn(command, partition.key));
      const { room } = counter;
      const live = countLiveRows(partition, this.command.nowSeconds);
      counter.count(live);
      if (live >= room) {
        const cut = this.lastHeard(partition);
        if (counter.isDone) one.cut = cut;
        else one.partitionCuts.set(partition.key.id, cut);
      } else if (counter.isDone) one.cut = { key: partition.key, clustering: null, isWhole: true };
    });
  }

  private cutOf(partition: PartitionData, limit: number): Cut | null {
    const live = countLiveRows(partition, this.command.nowSeconds);
    return live >= limit ? this.lastHeard(partition) : null;
  }

  private lastHeard(partition: PartitionData): Cut {
    const { rows, key } = partition;
    const last = this.command.clustering.reversed ? rows[0] : rows.at(-1);
    return { key, clustering: last?.clustering ?? null, isWhole: false };
  }

  /** Rows that one replica gave and another did not are asked for by name, without the filter. */
  private filteringAsks(): Ask[] {
    const asks: Ask[] = [];
    for (const key of this.keys()) {
      const versions = this.heard.map((one) => findPartition(one.partitions, key));
      const clusterings = this.unionOfRows(versions);
      this.heard.forEach((one, source) => {
        const missing = clusterings.filter((c) => {
          const id = rowId(key, c);
          if (one.named.has(id)) return false;
          if (hasRow(this.order, versions[source], c)) return false;
          one.named.add(id);
          return true;
        });
        const lacksPartition = versions[source] === undefined && !one.named.has(key.id);
        if (missing.length === 0 && !lacksPartition) return;
        one.named.add(key.id);
        asks.push({
          source,
          node: one.node,
          reason: 'filtering',
          command: this.byName(key, missing),
        });
      });
    }
    return asks;
  }

  private byName(key: DecoratedKey, clusterings: readonly Clustering[]): ReadCommand {
    const { table, columns, nowSeconds } = this.command;
    return {
      kind: 'partition',
      key,
      table,
      columns,
      nowSeconds,
      filter: null,
      indexName: null,
      ann: null,
      limits: NO_LIMITS,
      clustering: { kind: 'names', clusterings, reversed: false },
    };
  }

  private unionOfRows(versions: readonly (PartitionData | undefined)[]): Clustering[] {
    const all = versions.flatMap((version) => version?.rows.map((row) => row.clustering) ?? []);
    all.sort((a, b) => this.order.compare(a, b));
    return all.filter(
      (c, at) => at === 0 || this.order.compare(c, all[at - 1] as Clustering) !== 0,
    );
  }

  /** Distinct keys of all answers, in ring order. */
  private keys(): DecoratedKey[] {
    const byId = new Map<string, DecoratedKey>();
    for (const { partitions } of this.heard) {
      for (const { key } of partitions) if (!byId.has(key.id)) byId.set(key.id, key);
    }
    return [...byId.values()].sort(compareKeys);
  }

  private mergedPartitions(): PartitionData[] {
    return this.keys().map((key) => {
      const versions = this.heard.flatMap((one) => findPartition(one.partitions, key) ?? []);
      return mergeAllPartitions(versions);
    });
  }

  /** The first place where what was heard does not suffice, and whom to ask there. */
  private shortReadAsk(): Ask | null {
    const { limits } = this.command;
    if (limits.rows === Infinity && limits.perPartition === Infinity) return null;
    if (this.command.ann !== null) return null;
    const counter = new LimitCounter(limits);
    for (const merged of this.mergedPartitions()) {
      if (counter.isDone) return null;
      counter.beginPartition(goesOnIn(this.command, merged.key));
      const beyond = this.heard.findIndex(
        ({ cut }) => cut !== null && compareKeys(cut.key, merged.key) < 0,
      );
      if (beyond >= 0) return this.askRange(beyond, counter);
      const short = this.shortPartitionAsk(merged, counter);
      if (short !== null) return short;
    }
    if (counter.isDone) return null;
    const cut = this.heard.findIndex((one) => one.cut !== null);
    return cut < 0 ? null : this.askRange(cut, counter);
  }

  private shortPartitionAsk(merged: PartitionData, counter: LimitCounter): Ask | null {
    const { room } = counter;
    const visible = this.visible(merged);
    const nearest = this.nearestCut(merged.key);
    if (nearest !== null) {
      const heardRows = visible.rows.filter((row) => !this.isBeyond(row, nearest.cut));
      const lacking = room - heardRows.length;
      if (lacking > 0) return this.askPartition(nearest.source, merged.key, nearest.cut, lacking);
    }
    const count = visible.rows.length;
    counter.count(Math.min(room, count === 0 && visible.hasStatic ? 1 : count));
    return null;
  }

  private isBeyond(row: Row, cut: Cut): boolean {
    if (cut.clustering === null) return true;
    const order = this.order.compare(row.clustering, cut.clustering);
    return this.command.clustering.reversed ? order < 0 : order > 0;
  }

  /** The replica whose answer within this partition ends first. */
  private nearestCut(key: DecoratedKey): { readonly source: number; readonly cut: Cut } | null {
    let nearest: { source: number; cut: Cut } | null = null;
    this.heard.forEach((one, source) => {
      const isHere = one.cut !== null && one.cut.key.id === key.id && !one.cut.isWhole;
      const cut = one.partitionCuts.get(key.id) ?? (isHere ? one.cut : null);
      if (cut === null) return;
      if (nearest === null || this.isNearer(cut, nearest.cut)) nearest = { source, cut };
    });
    return nearest;
  }

  private isNearer(a: Cut, b: Cut): boolean {
    if (a.clustering === null || b.clustering === null) return a.clustering === null;
    const order = this.order.compare(a.clustering, b.clustering);
    return this.command.clustering.reversed ? order > 0 : order < 0;
  }

  private askPartition(source: number, key: DecoratedKey, cut: Cut, lacking: number): Ask {
    const { command } = this;
    const { limits, table, columns, filter, indexName, ann, nowSeconds } = command;
    const page = Math.min(limits.rows, limits.perPartition);
    const rows = Math.max(SHORT_READ_ROWS_MIN, page === Infinity ? 0 : page, lacking);
    return {
      source,
      node: required(this.heard[source], 'a cut source').node,
      reason: 'short-read',
      command: {
        kind: 'partition',
        key,
        table,
        columns,
        filter,
        indexName,
        ann,
        nowSeconds,
        limits: { ...NO_LIMITS, rows },
        clustering: clusteringsAfter(this.order, command.clustering, cut.clustering),
      },
    };
  }

  private askRange(source: number, counter: LimitCounter): Ask {
    const one = required(this.heard[source], 'a cut source');
    const cut = required(one.cut, 'a cut');
    const { command } = this;
    if (command.kind === 'partition') {
      return this.askPartition(source, command.key, cut, Math.max(1, counter.room));
    }
    const rows = Math.max(1, command.limits.rows - counter.counted);
    const partition = findPartition(one.partitions, cut.key);
    const counted = partition === undefined ? 0 : countLiveRows(partition, command.nowSeconds);
    const isWithin = !cut.isWhole && cut.clustering !== null && !command.limits.distinct;
    return {
      source,
      node: one.node,
      reason: 'short-read',
      command: {
        ...command,
        range: {
          ...command.range,
          startKey: cut.key,
          startKeyInclusive: isWithin,
          startAfter: isWithin ? cut.clustering : null,
        },
        limits: {
          ...command.limits,
          rows,
          countedInFirstPartition: isWithin ? counted : 0,
        },
      },
    };
  }

  /** Live rows that pass the filter, in reading order. */
  private visible(partition: PartitionData): {
    readonly rows: readonly Row[];
    readonly hasStatic: boolean;
  } {
    const { nowSeconds, table, clustering } = this.command;
    const strict = enforcesStrictLiveness(table);
    const staticRow = liveStaticRow(partition, nowSeconds);
    const { matcher } = this;
    if (matcher !== null && !matcher.matchesPartition(partition.key, staticRow)) {
      return { rows: [], hasStatic: false };
    }
    const rows = partition.rows.filter(
      (row) =>
        isLive(row, nowSeconds, strict) &&
        (matcher === null || matcher.matchesRow(partition.key, row, staticRow)),
    );
    if (clustering.reversed) rows.reverse();
    const hasStatic = staticRow !== null && (matcher === null || !matcher.hasRowConditions);
    return { rows, hasStatic };
  }

  private resolve(): Resolved {
    const only = this.heard.length === 1 ? this.heard[0] : undefined;
    if (only !== undefined) {
      const { partitions } = only;
      const limited =
        this.command.ann === null
          ? limitPartitions(partitions, this.command)
          : { partitions, limitReached: false };
      return { ...limited, repairs: new Map() };
    }
    const merged = this.mergedPartitions();
    const filtered =
      this.matcher === null ? merged : merged.flatMap((one) => this.filter(one) ?? []);
    const { command } = this;
    const limited =
      command.ann === null
        ? limitPartitions(filtered, command)
        : { partitions: filtered, limitReached: false };
    return { ...limited, repairs: this.repairs(limited.partitions, merged) };
  }

  private filter(partition: PartitionData): PartitionData | null {
    const { rows, hasStatic } = this.visible(partition);
    if (rows.length === 0 && !hasStatic) return null;
    const kept = new Set(rows);
    return { ...partition, rows: partition.rows.filter((row) => kept.has(row)) };
  }

  /** Only what was returned is repaired, except under a filter: there everything that was read is. */
  private repairs(
    returned: readonly PartitionData[],
    merged: readonly PartitionData[],
  ): Map<Endpoint, readonly PartitionData[]> {
    const repairs = new Map<Endpoint, readonly PartitionData[]>();
    if (this.heard.length === 1) return repairs;
    const wanted = this.matcher === null ? returned : merged;
    for (const one of this.heard) {
      const lacking = wanted.flatMap((partition) => {
        const own = findPartition(one.partitions, partition.key) ?? null;
        return difference(partition, own, this.command.columns) ?? [];
      });
      if (lacking.length > 0) repairs.set(one.node, lacking);
    }
    return repairs;
  }
}
