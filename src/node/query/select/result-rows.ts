// Collects the rows of a result: bare columns or evaluated selectors, JSON objects, sorting after the read, groups and
// aggregates. Cassandra: cql3/selection/ResultSetBuilder, Selection.rowToJson, db/aggregation/GroupMaker.

import type { Aggregate } from '../../../cql/functions/function.ts';
import { codecFor } from '../../../data/codec/codec.ts';
import { jsonKey, nullableToJson } from '../../../data/json.ts';
import type { StatementResponse } from '../../../protocol/responses/response.ts';
import type { ResultRow } from '../../../protocol/responses/rows.ts';
import type { Execution } from '../execution.ts';
import { failed } from '../execution.ts';
import { sizeRefusal } from './answer-size.ts';
import { evaluate } from './evaluate.ts';
import type { Evaluation } from './evaluate.ts';
import { maskValue } from './masks.ts';
import { columnValue } from './row-view.ts';
import type { RowView } from './row-view.ts';
import type { Grouping, SelectPlan } from './select-plan.ts';
import type { Selection } from './selection.ts';

export function evaluationOf(execution: Execution): Evaluation {
  const { bind, unmask } = execution;
  return { bind, unmask, mask: (column, value) => maskValue(column, value, bind) };
}

/** The output of one row (or group). */
export function outputRow(
  selection: Selection,
  view: RowView | null,
  evaluation: Evaluation,
  results: readonly (Buffer | null)[],
): ResultRow {
  const values = valuesOf(selection, view, evaluation, results);
  if (!selection.isJson) return values;
  const fields = selection.items.map(
    (item, i) => `${jsonKey(item.name)}: ${nullableToJson(item.type, values[i] ?? null)}`,
  );
  return [Buffer.from(`{${fields.join(', ')}}`, 'utf8')];
}

function valuesOf(
  selection: Selection,
  view: RowView | null,
  evaluation: Evaluation,
  results: readonly (Buffer | null)[],
): (Buffer | null)[] {
  const { simple } = selection;
  const values: (Buffer | null)[] = [];
  if (simple !== null && view !== null && (!selection.hasMasks || evaluation.unmask)) {
    for (let i = 0; i < simple.length; i++)
      values.push(columnValue(view, simple[i] as (typeof simple)[number]));
    return values;
  }
  for (const selector of selection.selectors)
    values.push(evaluate(selector, view, evaluation, results));
  return values;
}

/** Rows of a statement without aggregates. */
export class PlainRows {
  private readonly plan: SelectPlan;
  private readonly evaluation: Evaluation;
  readonly rows: ResultRow[] = [];
  private readonly sortKeys: (readonly (Buffer | null)[])[] = [];

  constructor(plan: SelectPlan, execution: Execution) {
    this.plan = plan;
    this.evaluation = evaluationOf(execution);
  }

  add(view: RowView): void {
    const { selection, sortColumns } = this.plan;
    this.rows.push(outputRow(selection, view, this.evaluation, NO_RESULTS));
    if (sortColumns.length > 0)
      this.sortKeys.push(sortColumns.map(({ column }) => columnValue(view, column)));
  }

  /** In the order of ORDER BY where reading did not give it. */
  sorted(): readonly ResultRow[] {
    return sortedRows(this.plan, this.rows, this.sortKeys);
  }
}

type SortKey = readonly (Buffer | null)[];

/** Rows whose values of ORDER BY are in `keys`, sorted by them where reading did not do it. */
export function sortedRows(
  { sortColumns }: SelectPlan,
  rows: readonly ResultRow[],
  keys: readonly SortKey[],
): readonly ResultRow[] {
  if (sortColumns.length === 0) return rows;
  const codecs = sortColumns.map(({ column, descending }) => ({
    codec: codecFor(column.type),
    descending,
  }));
  const order = rows.map((_, i) => i);
  order.sort((a, b) => {
    for (const [i, { codec, descending }] of codecs.entries()) {
      const x = keys[a]?.[i] ?? null;
      const y = keys[b]?.[i] ?? null;
      const comparison =
        x === null || y === null ? (x === y ? 0 : x === null ? -1 : 1) : codec.compare(x, y);
      if (comparison !== 0) return descending ? -comparison : comparison;
    }
    return a - b;
  });
  return order.map((i) => rows[i] as ResultRow);
}

/** Of a statement without aggregates. */
export const NO_RESULTS: readonly (Buffer | null)[] = [];

/** One group: its first row, and its aggregates so far. */
export class GroupState {
  private readonly plan: SelectPlan;
  private readonly evaluation: Evaluation;
  private readonly aggregates: readonly Aggregate[];
  private first: RowView | null = null;
  /** What the function of GROUP BY gave for the group's rows. */
  private value: Buffer | null = null;

  constructor(plan: SelectPlan, execution: Execution) {
    this.plan = plan;
    this.evaluation = evaluationOf(execution);
    this.aggregates = plan.selection.aggregates.map(({ function: fn }) =>
      fn.newAggregate(execution.bind.functions),
    );
  }

  get isEmpty(): boolean {
    return this.first === null;
  }

  /** What the function of GROUP BY gives for a row; null without one. */
  valueOf(view: RowView, { selector }: Grouping): Buffer | null {
    return selector === null || view.row === null
      ? null
      : evaluate(selector, view, this.evaluation);
  }

  /** Whether the row, whose function gave `value`, belongs to this group; true for the first row. */
  accepts(view: RowView, grouping: Grouping, value: Buffer | null): boolean {
    const { first } = this;
    if (first === null) return true;
    if (first.key.some((component, i) => !component.equals(view.key[i] as Buffer))) return false;
    if ((first.row === null) !== (view.row === null)) return false;
    if (first.row === null || view.row === null) return true;
    const { clusteringPrefix, selector } = grouping;
    const plain = selector === null ? clusteringPrefix : clusteringPrefix - 1;
    const { clustering } = this.plan.table;
    for (let i = 0; i < plain; i++) {
      const a = first.row.clustering[i] ?? null;
      const b = view.row.clustering[i] ?? null;
      const type = clustering[i]?.type;
      if (a === null || b === null || type === undefined) {
        if (a !== b) return false;
      } else if (codecFor(type).compare(a, b) !== 0) return false;
    }
    if (selector === null) return true;
    return this.value === null || value === null ? this.value === value : this.value.equals(value);
  }

  add(view: RowView, value: Buffer | null): void {
    if (this.first === null) {
      this.first = view;
      this.value = value;
    }
    this.plan.selection.aggregates.forEach(({ args }, i) => {
      this.aggregates[i]?.add(args.map((arg) => evaluate(arg, view, this.evaluation)));
    });
  }

  /** The group's row; of an empty group the row of an aggregation over nothing. */
  output(): ResultRow {
    const results = this.aggregates.map((aggregate) => aggregate.result());
    return outputRow(this.plan.selection, this.first, this.evaluation, results);
  }

  /** What the group's row is sorted by. */
  sortKey(): SortKey {
    const { first } = this;
    return this.plan.sortColumns.map(({ column }) =>
      first === null ? null : columnValue(first, column),
    );
  }

  reset(): void {
    this.first = null;
    for (const aggregate of this.aggregates) aggregate.reset();
  }
}

/** The answer, or why it is too large. The array of columns is the plan's, so that its encoding is remembered. */
export function rowsResponse(
  plan: SelectPlan,
  execution: Execution,
  rows: readonly ResultRow[],
  pagingState: Buffer | null,
): StatementResponse {
  const { changedId, skipMetadata, services } = execution;
  if (services.config.read_thresholds_enabled) {
    const refusal = sizeRefusal(plan, execution, rows);
    if (refusal !== null) return failed(refusal);
  }
  const { selection } = plan;
  if (pagingState === null && changedId === null) {
    return {
      kind: 'rows',
      metadata: skipMetadata ? selection.skippedMetadata : selection.metadata,
      rows,
    };
  }
  const noMetadata = skipMetadata && changedId === null;
  return {
    kind: 'rows',
    metadata: { columns: selection.resultColumns, pagingState, noMetadata, changedId },
    rows,
  };
}
