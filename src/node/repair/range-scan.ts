// Walks over all this node holds of a table in some token ranges, page by page, so that the event loop is not held up.
// What could be purged is left out. Used by validation and streaming. Test: test/repair/streaming.test.ts.

import { ALL_SLICES } from '../../data/clustering-order.ts';
import type { Clustering, DecoratedKey, PartitionData } from '../../data/partition.ts';
import type { PartitionRangeRead } from '../../data/read-command.ts';
import { NO_LIMITS } from '../../data/read-command.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import { isMinToken } from '../../ring/token.ts';
import type { LocalStore } from '../replica/local-store.ts';

export class RangeScan {
  private readonly store: LocalStore;
  private readonly table: TableMetadata;
  private readonly ranges: readonly TokenRange[];
  private readonly nowSeconds: number;
  private at = 0;
  private after: { readonly key: DecoratedKey; readonly clustering: Clustering | null } | null =
    null;

  /** `ranges` must not wrap. */
  constructor(
    store: LocalStore,
    table: TableMetadata,
    ranges: readonly TokenRange[],
    nowSeconds: number,
  ) {
    this.store = store;
    this.table = table;
    this.ranges = ranges;
    this.nowSeconds = nowSeconds;
  }

  /**
   * The next partitions, of about `rowsMax` live rows; a large partition may come in several parts, the later ones
   * in later pages. null at the end.
   */
  nextPage(rowsMax: number): readonly PartitionData[] | null {
    while (this.at < this.ranges.length) {
      const range = this.ranges[this.at] as TokenRange;
      const result = this.store.read(this.command(range, rowsMax));
      if (result.kind === 'failure') return null;
      const { partitions, limitReached } = result;
      const last = partitions.at(-1);
      if (limitReached && last !== undefined) {
        const row = last.rows.at(-1);
        this.after = { key: last.key, clustering: row?.clustering ?? null };
      } else {
        this.after = null;
        this.at++;
      }
      if (partitions.length > 0) return partitions;
    }
    return null;
  }

  private command(range: TokenRange, rowsMax: number): PartitionRangeRead {
    const { after } = this;
    const isWithin = after !== null && after.clustering !== null;
    return {
      kind: 'range',
      table: this.table,
      columns: { fetched: null },
      filter: null,
      indexName: null,
      ann: null,
      limits: { ...NO_LIMITS, rows: rowsMax },
      clustering: { kind: 'slices', slices: ALL_SLICES, reversed: false },
      nowSeconds: this.nowSeconds,
      range: {
        left: range.left,
        leftInclusive: false,
        right: isMinToken(range.right) ? null : range.right,
        rightInclusive: true,
        startKey: after === null ? null : after.key,
        startKeyInclusive: isWithin,
        startAfter: isWithin ? after.clustering : null,
      },
    };
  }
}
