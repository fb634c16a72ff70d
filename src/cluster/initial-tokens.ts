// Tokens of a cluster that starts all at once: what its nodes would have chosen had they started one after another, each
// allocating among those before it. Cassandra: dht/tokenallocator.

import { chooseTokens } from '../ring/allocation/choose-tokens.ts';
import { tokenText } from '../ring/token.ts';
import type { RingMember } from '../ring/token-ring.ts';
import { TokenRing } from '../ring/token-ring.ts';
import type { NodeConfig } from '../node/node-config.ts';
import type { Random } from '../world/ports.ts';
import type { NodePlacement } from './placement.ts';

/** Decimal texts, in the order of the nodes. */
export function initialTokens(
  nodes: readonly NodePlacement[],
  config: NodeConfig,
  random: Random,
): readonly (readonly string[])[] {
  const members: RingMember[] = [];
  return nodes.map((node) => {
    const { endpoint, datacenter, rack } = node;
    const { tokens } = chooseTokens({
      ring: new TokenRing(members),
      joining: [],
      newcomer: { endpoint, datacenter, rack },
      numTokens: config.num_tokens,
      allocateForLocalReplicationFactor: allocationFactor(nodes, datacenter, config),
      randomIfUnsupported: true,
      random: random.fork(`tokens ${endpoint}`),
    });
    members.push({ endpoint, datacenter, rack, tokens });
    return tokens.map(tokenText);
  });
}

/** With two racks the allocator refuses a factor of three: it then balances for two. `nodes`: the newcomer too. */
export function allocationFactor(
  nodes: readonly NodePlacement[],
  datacenter: string,
  config: NodeConfig,
): number | undefined {
  const wanted = config.allocate_tokens_for_local_replication_factor;
  if (wanted === null) return undefined;
  const racks = new Set(
    nodes.filter((node) => node.datacenter === datacenter).map((node) => node.rack),
  ).size;
  return racks > 1 && racks < wanted ? racks : wanted;
}
