// Up to which ballot Paxos has been repaired, by table and range: what is older has been finished on every replica, so
// it may be forgotten and may not come back. In memory and in system.paxos_repair_history.
// Test: test/coordinator/paxos-cleanup.test.ts. Cassandra: service/paxos/PaxosRepairHistory.

import { required } from '../../base/assert.ts';
import { packTuple, unpackTuple } from '../../data/codec/packing.ts';
import type { TableResolver } from '../../data/mutation-serializer.ts';
import type { DecoratedKey } from '../../data/partition.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { overlay } from '../../ring/range-sections.ts';
import type { RangeSection } from '../../ring/range-sections.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import { rangeContains } from '../../ring/token-range.ts';
import type { Token } from '../../ring/token.ts';
import {
  compareTokens,
  isMinToken,
  MIN_TOKEN,
  tokenBytes,
  tokenFromBytes,
  tokensEqual,
} from '../../ring/token.ts';
import type { Clock } from '../../world/ports.ts';
import type { Ballot } from '../coordinator/paxos-messages.ts';
import { ballotOf, compareBallots, NO_BALLOT } from '../coordinator/paxos-messages.ts';
import { liveRows } from '../schema/row-reader.ts';
import { listValue, readList, textValue } from '../schema/row-values.ts';
import { RowWriter } from '../schema/row-writer.ts';
import { readPartition } from '../schema/stored-rows.ts';
import { SYSTEM_KEYSPACE } from '../schema/system-keyspaces.ts';
import type { LocalStore } from './local-store.ts';

const HISTORY: TableMetadata = required(
  SYSTEM_KEYSPACE.tables.get('paxos_repair_history'),
  'system.paxos_repair_history',
);

type Section = RangeSection<Ballot>;

export class PaxosRepairHistory {
  private readonly store: LocalStore;
  private readonly clock: Clock;
  private readonly tableById: TableResolver;
  /** By table id; read when first asked for. */
  private readonly sections = new Map<string, readonly Section[]>();

  constructor(store: LocalStore, clock: Clock, tableById: TableResolver) {
    this.store = store;
    this.clock = clock;
    this.tableById = tableById;
  }

  /** NO_BALLOT where nothing has been repaired. */
  lowBound(tableId: string, key: DecoratedKey): Ballot {
    const sections = this.sections.get(tableId) ?? this.load(tableId);
    if (sections.length === 0) return NO_BALLOT;
    const found = sections.find(({ ranges }) => ranges.some((range) => rangeContains(range, key)));
    return found?.value ?? NO_BALLOT;
  }

  /** Everything under `ballot` in these ranges has been finished. */
  raise(table: TableMetadata, ranges: readonly TokenRange[], ballot: Ballot): void {
    const known = this.sections.get(table.id) ?? this.load(table.id);
    const sections = overlay(known, { ranges, value: ballot }, compareBallots);
    this.sections.set(table.id, sections);
    const writer = new RowWriter({
      keyspace: 'system',
      key: textValue(table.keyspace),
      timestamp: this.clock.wallMicros(),
      nowMs: this.clock.wallMs(),
    });
    const points = pointsOf(sections).map(({ token, ballot: { uuid } }) =>
      packTuple([tokenBytes(token), uuid]),
    );
    writer.row(HISTORY, [textValue(table.name)]).set('points', listValue(points));
    this.store.apply(writer.build());
  }

  private load(tableId: string): readonly Section[] {
    const table = this.tableById(tableId);
    if (table === undefined) return [];
    const nowSeconds = Math.floor(this.clock.wallMs() / 1000);
    const name = textValue(table.name);
    const row = liveRows(
      readPartition(this.store, HISTORY, textValue(table.keyspace), nowSeconds),
    ).find((one) => one.clustering(0).equals(name));
    const sections = sectionsOf(readList(row?.value('points') ?? listValue([])));
    this.sections.set(table.id, sections);
    return sections;
  }
}

/** `ballot` holds from the point before up to and including `token`; the last goes to the ring's end. */
interface Point {
  readonly token: Token;
  readonly ballot: Ballot;
}

function pointsOf(sections: readonly Section[]): readonly Point[] {
  const parts = sections
    .flatMap(({ ranges, value }) => ranges.map((range) => ({ range, ballot: value })))
    .sort((a, b) => compareTokens(a.range.left, b.range.left));
  const points: Point[] = [];
  let reached = MIN_TOKEN;
  for (const { range, ballot } of parts) {
    if (!tokensEqual(range.left, reached)) points.push({ token: range.left, ballot: NO_BALLOT });
    points.push({ token: range.right, ballot });
    reached = range.right;
  }
  if (parts.length === 0 || !isMinToken(reached))
    points.push({ token: MIN_TOKEN, ballot: NO_BALLOT });
  return points;
}

function sectionsOf(points: readonly Buffer[]): readonly Section[] {
  let sections: readonly Section[] = [];
  let left = MIN_TOKEN;
  for (const point of points) {
    const [token, uuid] = unpackTuple(point, 2);
    if (token === null || token === undefined || uuid === null || uuid === undefined) continue;
    const right = tokenFromBytes(token);
    const value = ballotOf(uuid);
    if (value !== NO_BALLOT)
      sections = overlay(sections, { ranges: [{ left, right }], value }, compareBallots);
    left = right;
  }
  return sections;
}
