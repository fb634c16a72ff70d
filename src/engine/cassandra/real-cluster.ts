// Several real Cassandra nodes on loopback, 127.0.<datacenter>.<n>: started side by side with explicit tokens.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveJars } from './jars.ts';
import type { Settings } from './node-config-files.ts';
import { NodeProcess } from './node-process.ts';

export interface RealClusterOptions {
  /** Datacenter names in address order. */
  readonly datacenters: readonly string[];
  readonly racksPerDatacenter: number;
  readonly nodesPerRack: number;
  readonly heapMiB?: number;
  readonly settings?: Settings;
  readonly block?: string;
  readonly jmx?: boolean;
  /** More JVM flags. */
  readonly flags?: readonly string[];
}

const START_LIMIT_MS = 240_000;
const TOKENS_PER_NODE = 16;

export class RealCluster implements AsyncDisposable {
  readonly nodes: readonly NodeProcess[];
  readonly folder: string;

  private constructor(folder: string, nodes: readonly NodeProcess[]) {
    this.folder = folder;
    this.nodes = nodes;
  }

  /** Resolves when every native port answers. Stops what it began when one fails. */
  static async start(options: RealClusterOptions): Promise<RealCluster> {
    const jars = resolveJars();
    const folder = mkdtempSync(join(tmpdir(), 'starfish-cassandra-'));
    const cluster = new RealCluster(folder, layOut(options, folder, jars));
    try {
      const [first, ...rest] = cluster.nodes;
      first?.launch();
      await first?.ready(START_LIMIT_MS);
      for (const node of rest) node.launch();
      await Promise.all(rest.map((node) => node.ready(START_LIMIT_MS)));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Kills every node and removes the data. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function layOut(options: RealClusterOptions, folder: string, jars: string): readonly NodeProcess[] {
  const { datacenters, racksPerDatacenter, nodesPerRack } = options;
  const block = options.block ?? '127.0';
  const perDatacenter = racksPerDatacenter * nodesPerRack;
  const first = `${block}.1.1`;
  return datacenters.flatMap((datacenter, d) =>
    Array.from({ length: perDatacenter }, (_, n) => {
      const address = `${block}.${d + 1}.${n + 1}`;
      // A seed that waits for another, absent seed costs ring_delay: the very first node knows only itself.
      const seeds = address === first ? [first] : datacenters.map((__, s) => `${block}.${s + 1}.1`);
      return new NodeProcess(
        {
          clusterName: 'Test Cluster',
          address,
          datacenter,
          rack: `rack${(n % racksPerDatacenter) + 1}`,
          seeds,
          folder: join(folder, `${datacenter}-${n + 1}`),
          tokens: tokensOf(n, perDatacenter, d),
          numTokens: TOKENS_PER_NODE,
          settings: options.settings ?? {},
        },
        {
          jars,
          heapMiB: options.heapMiB ?? 512,
          ringDelayMs: null,
          jmxPort: options.jmx === true ? 7_100 + 10 * (d + 1) + n + 1 : null,
          flags: options.flags ?? [],
        },
      );
    }),
  );
}

/** Dealt round robin over the datacenter's nodes: no allocation, no collision, no wait. */
function tokensOf(node: number, nodes: number, datacenter: number): readonly string[] {
  const step = 2n ** 64n / BigInt(nodes * TOKENS_PER_NODE);
  return Array.from({ length: TOKENS_PER_NODE }, (_, at) =>
    String(-(2n ** 63n) + 1n + step * BigInt(at * nodes + node) + BigInt(1_000 * (datacenter + 1))),
  );
}
