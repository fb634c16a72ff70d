// What a node does when its disk fails, as values; the node carries it out. Test: test/storage/durability.test.ts.
// Cassandra: utils/JVMStabilityInspector, db/commitlog/CommitLog.handleCommitError, conf/cassandra.yaml.

import type { NodeConfig } from '../node-config.ts';

export type FailureDecision =
  /** Go on; the writes that waited for the disk fail. */
  | 'go-on'
  /** Take no more writes, answer reads. */
  | 'stop-writes'
  /** Leave gossip and close client connections, but keep the process for inspection. */
  | 'stop-node'
  /** End the node. */
  | 'kill-node';

/** commit_failure_policy: the commit log cannot be written or synced. */
export function onCommitFailure(policy: NodeConfig['commit_failure_policy']): FailureDecision {
  switch (policy) {
    case 'die':
      return 'kill-node';
    case 'stop':
      return 'stop-node';
    case 'stop_commit':
      return 'stop-writes';
    case 'ignore':
      return 'go-on';
  }
}

/** disk_failure_policy: data files (here checkpoints) cannot be written or read. */
export function onDiskFailure(policy: NodeConfig['disk_failure_policy']): FailureDecision {
  switch (policy) {
    case 'die':
      return 'kill-node';
    case 'stop_paranoid':
    case 'stop':
      return 'stop-node';
    case 'best_effort':
    case 'ignore':
      return 'go-on';
  }
}
