// Finds loopback addresses that are free: the block that was asked for, else 127.0, else the next blocks. Says what to
// do when this system lacks the addresses (macOS has only 127.0.0.1 until aliases are made).

import * as net from 'node:net';
import type { AddressPlan } from '../cluster/placement.ts';
import { DEFAULT_ADDRESS_PLAN, placeTopology } from '../cluster/placement.ts';
import type { Topology } from '../topology/topology.ts';
import { EnvironmentProblem, UsageProblem } from './exit.ts';

const OTHER_BLOCKS = ['127.44', '127.45', '127.46', '127.47', '127.48'];

export type BindProblem = { readonly code: string; readonly address: string; readonly port: number };

/** The plan to use. Throws EnvironmentProblem with the cure when there is none. */
export async function chooseAddresses(topology: Topology, asked: string | undefined): Promise<AddressPlan> {
  if (asked === 'none') return { ...DEFAULT_ADDRESS_PLAN, block: null };
  if (asked !== undefined) {
    if (!/^127\.\d{1,3}$/.test(asked) || Number(asked.slice(4)) > 255) {
      throw new UsageProblem(`--address-block ${asked}: write the first two octets, such as 127.44, or none`);
    }
    const plan = { ...DEFAULT_ADDRESS_PLAN, block: asked };
    const problem = await firstProblem(topology, plan);
    if (problem !== null) throw new EnvironmentProblem(explain(problem, topology, plan));
    return plan;
  }
  const problem = await firstProblem(topology, DEFAULT_ADDRESS_PLAN);
  if (problem === null) return DEFAULT_ADDRESS_PLAN;
  if (problem.code === 'EADDRNOTAVAIL') throw new EnvironmentProblem(explain(problem, topology, DEFAULT_ADDRESS_PLAN));
  for (const block of OTHER_BLOCKS) {
    const plan = { ...DEFAULT_ADDRESS_PLAN, block };
    if ((await firstProblem(topology, plan)) === null) return plan;
  }
  throw new EnvironmentProblem(explain(problem, topology, DEFAULT_ADDRESS_PLAN));
}

/** The first address of the plan that cannot be bound; null when all can. */
export async function firstProblem(topology: Topology, plan: AddressPlan): Promise<BindProblem | null> {
  const { nodes, instances, balancerNodes, globalAddress } = placeTopology(topology, plan);
  const wanted = [
    ...nodes.map(({ address, nativePort }) => ({ address, port: nativePort })),
    ...[...instances, ...balancerNodes, globalAddress].map(({ address, port }) => ({ address, port })),
  ];
  for (const { address, port } of wanted) {
    const code = await tryBind(address, port);
    if (code !== null) return { code, address, port };
  }
  return null;
}

function tryBind(address: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, address, () => server.close(() => resolve(null)));
  });
}

function explain(problem: BindProblem, topology: Topology, plan: AddressPlan): string {
  const { code, address, port } = problem;
  if (code === 'EADDRINUSE') {
    return `${address}:${port} is in use by another program. Free it, or: starfish up --address-block 127.44`;
  }
  if (code !== 'EADDRNOTAVAIL') return `${address}:${port} cannot be used: ${code}.`;
  const { nodes, instances, balancerNodes, globalAddress } = placeTopology(topology, plan);
  const addresses = new Set([...nodes, ...instances, ...balancerNodes, globalAddress].map((at) => at.address));
  const commands = [...addresses].map((alias) => `  sudo ifconfig lo0 alias ${alias} up`).slice(0, 40);
  return [
    `This system has no loopback address ${address}. Give it the addresses (macOS, until the next start):`,
    ...commands,
    'or use one address with a port per node: --address-block none',
  ].join('\n');
}
