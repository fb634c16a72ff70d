// How deletions, expiration and liveness compare. Pure predicates over the shapes of partition.ts; what they do to
// rows and cells is reconcile.ts and purge.ts. Test: test/storage/reconcile.test.ts.
// Cassandra: db/DeletionTime, db/LivenessInfo, db/rows/Cell.

import type { Int64 } from '../base/int64.ts';
import type { Cell, ComplexData, DeletionTime, Liveness, Row } from './partition.ts';
import { isComplexData, NO_DELETION_TIME, NO_TIMESTAMP, NO_TTL } from './partition.ts';
import type { TableMetadata } from './schema.ts';

/** ttl of a liveness that deletes a view's row without being a row deletion. LivenessInfo.EXPIRED_LIVENESS_TTL. */
export const EXPIRED_LIVENESS_TTL = 0x7fff_ffff;

/** True when there is a deletion at all. */
export function isDeleted(deletion: DeletionTime): boolean {
  return deletion.markedForDeleteAt !== NO_TIMESTAMP;
}

/** Later mark wins, then the later local time. */
export function supersedes(a: DeletionTime, b: DeletionTime): boolean {
  if (a.markedForDeleteAt !== b.markedForDeleteAt) return a.markedForDeleteAt > b.markedForDeleteAt;
  return a.localDeletionTime > b.localDeletionTime;
}

export function deletionsEqual(a: DeletionTime, b: DeletionTime): boolean {
  return (
    a === b ||
    (a.markedForDeleteAt === b.markedForDeleteAt && a.localDeletionTime === b.localDeletionTime)
  );
}

/** Whichever supersedes; `a` on a tie. */
export function laterDeletion(a: DeletionTime, b: DeletionTime): DeletionTime {
  return supersedes(b, a) ? b : a;
}

/** A deletion shadows what is as old as itself: it wins ties. */
export function isShadowed(timestamp: Int64, deletion: DeletionTime): boolean {
  return timestamp <= deletion.markedForDeleteAt;
}

export function hasLiveness(liveness: Liveness): boolean {
  return liveness.timestamp !== NO_TIMESTAMP;
}

export function livenessEqual(a: Liveness, b: Liveness): boolean {
  return (
    a === b ||
    (a.timestamp === b.timestamp &&
      a.ttl === b.ttl &&
      a.localExpirationTime === b.localExpirationTime)
  );
}

/** Later timestamp; then expired over not; expiring over not; later expiration; lower TTL. */
export function livenessSupersedes(a: Liveness, b: Liveness): boolean {
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  const aExpired = a.ttl === EXPIRED_LIVENESS_TTL;
  if (aExpired !== (b.ttl === EXPIRED_LIVENESS_TTL)) return aExpired;
  const aExpiring = a.ttl !== NO_TTL;
  if (aExpiring !== (b.ttl !== NO_TTL)) return aExpiring;
  if (a.localExpirationTime !== b.localExpirationTime) {
    return a.localExpirationTime > b.localExpirationTime;
  }
  return a.ttl < b.ttl;
}

export function isLivenessLive(liveness: Liveness, nowSeconds: number): boolean {
  if (liveness.timestamp === NO_TIMESTAMP) return false;
  if (liveness.ttl === NO_TTL) return true;
  return liveness.ttl !== EXPIRED_LIVENESS_TTL && nowSeconds < liveness.localExpirationTime;
}

/** Deleted by itself, not by expiring. */
export function isTombstone(cell: Cell): boolean {
  return cell.localDeletionTime !== NO_DELETION_TIME && cell.ttl === NO_TTL;
}

export function isCellLive(cell: Cell, nowSeconds: number): boolean {
  if (cell.localDeletionTime === NO_DELETION_TIME) return true;
  return cell.ttl !== NO_TTL && nowSeconds < cell.localDeletionTime;
}

export function hasLiveCell(data: ComplexData, nowSeconds: number): boolean {
  for (const cell of data.cells) if (isCellLive(cell, nowSeconds)) return true;
  return false;
}

/** True for a view whose key holds a regular column of its base: its rows live by their marker alone. */
export function enforcesStrictLiveness(table: TableMetadata): boolean {
  return table.view?.strictLiveness === true;
}

/** A row is live by its marker or by any live cell (by the marker alone when `strict`). Row.hasLiveData. */
export function isLive(row: Row, nowSeconds: number, strict = false): boolean {
  if (isLivenessLive(row.liveness, nowSeconds)) return true;
  if (strict) return false;
  const { data } = row;
  for (let i = 0; i < data.length; i++) {
    const entry = data[i] as Row['data'][number];
    if (isComplexData(entry)) {
      if (hasLiveCell(entry, nowSeconds)) return true;
    } else if (isCellLive(entry, nowSeconds)) return true;
  }
  return false;
}
