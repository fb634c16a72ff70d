// Conditional writes linearizable per key: each order slot is a register that is written once, by
// INSERT ... IF NOT EXISTS. Turns the history of orders into register operations and checks every
// key.

import type { OrderOperation } from '../load/history.ts';
import type { RegisterOperation } from './linearizability.ts';
import { checkRegister } from './linearizability.ts';

export interface OrdersResult {
  readonly keys: number;
  readonly operations: number;
  readonly violations: readonly string[];
  /** Keys whose search ran out of budget. */
  readonly unknown: readonly string[];
}

/** An unknown operation that no region answered counts for its slot in every region. */
export function checkOrders(operations: readonly OrderOperation[]): OrdersResult {
  const regions = new Set<string>();
  for (const { slot } of operations)
    if (slot !== null) regions.add(slot.slice(0, slot.indexOf(':')));
  const byKey = new Map<string, RegisterOperation[]>();
  const add = (key: string, operation: RegisterOperation): void => {
    const list = byKey.get(key);
    if (list === undefined) byKey.set(key, [operation]);
    else list.push(operation);
  };
  for (const operation of operations) {
    // A read without an answer says nothing; a write without one may have happened.
    if (
      operation.outcome === 'failed' ||
      (operation.kind === 'read-order' && operation.outcome !== 'ok')
    )
      continue;
    const register = toRegister(operation);
    if (operation.slot !== null) add(operation.slot, register);
    else for (const region of regions) add(`${region}:${operation.askedSlot}`, register);
  }
  const violations: string[] = [];
  const unknown: string[] = [];
  let count = 0;
  for (const [key, list] of byKey) {
    count += list.length;
    const verdict = checkRegister(list);
    if (verdict === 'violated') violations.push(key);
    else if (verdict === 'unknown') unknown.push(key);
  }
  return { keys: byKey.size, operations: count, violations, unknown };
}

function toRegister(operation: OrderOperation): RegisterOperation {
  const { startMs, endMs, order, winner, outcome, kind } = operation;
  if (kind === 'read-order') return { startMs, endMs, call: { kind: 'read', returned: winner } };
  if (outcome === 'unknown') {
    return {
      startMs,
      endMs: Infinity,
      call: { kind: 'cas', from: null, to: order, applied: null },
    };
  }
  const call =
    winner === order
      ? ({ kind: 'cas', from: null, to: order, applied: true } as const)
      : ({ kind: 'cas', from: null, to: order, applied: false, found: winner } as const);
  return { startMs, endMs, call };
}
