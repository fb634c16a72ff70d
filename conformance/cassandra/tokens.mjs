// The tokens of the founders, the same on both engines: so that a key has the same replicas in the same order.

export const TOKENS = 16;

/** Dealt round robin over a datacenter's nodes; decimal texts. */
export function tokensOf(node, nodes, datacenter) {
  const step = 2n ** 64n / BigInt(nodes * TOKENS);
  return Array.from({ length: TOKENS }, (_, at) =>
    String(-(2n ** 63n) + 1n + step * BigInt(at * nodes + node) + BigInt(1_000 * (datacenter + 1))),
  );
}
