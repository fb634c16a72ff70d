// nodetool's verbs on one node. Being written.
import type { Cluster } from './cluster.ts';
import type { NodeHost } from './node-host.ts';

export async function runNodetool(_cluster: Cluster, _host: NodeHost, verb: string, _words: readonly string[]): Promise<string> {
  throw new Error(`nodetool: Found unexpected parameters: [${verb}]`);
}
