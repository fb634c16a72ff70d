// Finds loopback addresses that are free: the block that was asked for, else 127.0, else the next
// blocks. Says what to do when this system lacks the addresses (macOS has only 127.0.0.1 until
// aliases are made). Test: test/drill/levels.test.ts.

import * as net from 'node:net';
import { readDataFolder } from '../cluster/data-folder.ts';
import type { AddressPlan } from '../cluster/placement.ts';
import { DEFAULT_ADDRESS_PLAN, placeTopology } from '../cluster/placement.ts';
import { SHOP_KEYSPACE } from '../stack/shop-schema.ts';
import { InvalidDocument } from '../topology/load-topology.ts';
import type { Topology } from '../topology/topology.ts';

const OTHER_BLOCKS = ['127.44', '127.45', '127.46', '127.47', '127.48'];

/** The addresses cannot be had; the message says what to do. */
export class AddressProblem extends Error {
  override readonly name = 'AddressProblem';
}

export type BindProblem = {
  readonly code: string;
  readonly address: string;
  readonly port: number;
};

/**
 * The plan to use: data that was kept stays at its addresses. Throws AddressProblem with the cure
 * when there is none, InvalidDocument for a block that is none.
 */
export async function chooseAddresses(
  topology: Topology,
  wanted: string | undefined,
  dataFolder: string | null = null,
): Promise<AddressPlan> {
  const kept = dataFolder === null || wanted !== undefined ? null : readDataFolder(dataFolder);
  const asked = kept === null ? wanted : (kept.block ?? 'none');
  if (asked === 'none') return { ...DEFAULT_ADDRESS_PLAN, block: null };
  if (asked !== undefined) {
    if (!/^127\.\d{1,3}$/.test(asked) || Number(asked.slice(4)) > 255) {
      throw new InvalidDocument(
        `--address-block ${asked}: write the first two octets, such as 127.44, or none`,
      );
    }
    const plan = { ...DEFAULT_ADDRESS_PLAN, block: asked };
    const problem = await firstProblem(topology, plan);
    if (problem !== null) throw new AddressProblem(explain(problem, topology, plan));
    return plan;
  }
  const problem = await firstProblem(topology, DEFAULT_ADDRESS_PLAN);
  if (problem === null) return DEFAULT_ADDRESS_PLAN;
  if (problem.code === 'EADDRNOTAVAIL')
    throw new AddressProblem(explain(problem, topology, DEFAULT_ADDRESS_PLAN));
  for (const block of OTHER_BLOCKS) {
    const plan = { ...DEFAULT_ADDRESS_PLAN, block };
    if ((await firstProblem(topology, plan)) === null) return plan;
  }
  throw new AddressProblem(explain(problem, topology, DEFAULT_ADDRESS_PLAN));
}

/** The first address of the plan that cannot be bound; null when all can. */
export async function firstProblem(
  topology: Topology,
  plan: AddressPlan,
): Promise<BindProblem | null> {
  for (const { address, port } of listeners(topology, plan)) {
    const code = await tryBind(address, port);
    if (code !== null) return { code, address, port };
  }
  return null;
}

/** Everything that will listen: CQL ports, and the HTTP stack's where the topology has one. */
function listeners(
  topology: Topology,
  plan: AddressPlan,
): readonly { readonly address: string; readonly port: number }[] {
  const { nodes, instances, balancerNodes, globalAddress, edges } = placeTopology(topology, plan);
  const http =
    SHOP_KEYSPACE in topology.keyspaces
      ? [...instances, ...balancerNodes, globalAddress, ...edges]
      : [];
  return [
    ...nodes.map(({ address, nativePort }) => ({ address, port: nativePort })),
    ...http.map(({ address, port }) => ({ address, port })),
  ];
}

function tryBind(address: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, address, () => server.close(() => resolve(null)));
  });
}

/** What to do about a taken `address:port`. */
export function inUseText(at: string): string {
  const free = at.startsWith('127.44.') ? '127.45' : '127.44';
  return `${at} is in use by another program. Free it, or: starfish up --address-block ${free}`;
}

function explain(problem: BindProblem, topology: Topology, plan: AddressPlan): string {
  const { code, address, port } = problem;
  if (code === 'EADDRINUSE') {
    return inUseText(`${address}:${port}`);
  }
  if (code !== 'EADDRNOTAVAIL') return `${address}:${port} cannot be used: ${code}.`;
  const addresses = new Set(listeners(topology, plan).map((at) => at.address));
  const commands = [...addresses]
    .map((alias) => `  sudo ifconfig lo0 alias ${alias} up`)
    .slice(0, 40);
  return [
    `This system has no loopback address ${address}. Give it the addresses (macOS, until the next start):`,
    ...commands,
    'or use one address with a port per node: --address-block none',
  ].join('\n');
}
