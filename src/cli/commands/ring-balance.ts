// Being written.
export function ringBalanceTable(): readonly string[] {
  return [];
}
