// What one execution of a statement carries through the query layer, and the node's services that it may use.

import type { Int64 } from '../../base/int64.ts';
import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import { CqlException } from '../../data/cql-error.ts';
import type { DecoratedKey } from '../../data/partition.ts';
import type { KeyspaceMetadata, Schema, TableMetadata } from '../../data/schema.ts';
import type { ClientState } from '../../protocol/client-state.ts';
import type { ProtocolVersion } from '../../protocol/protocol-version.ts';
import type { StatementResponse } from '../../protocol/responses/response.ts';
import type { Coordinator, RequestContext } from '../coordinator/coordinator.ts';
import type { Guard } from '../guardrails/guardrails.ts';
import type { NodeConfig } from '../node-config.ts';
import type { SchemaView } from '../schema-view.ts';
import type { LocalAccess } from './local-access.ts';
import type { ListPaths } from './modification/update-parameters.ts';
import type { BindContext } from './terms/term.ts';

/** The guardrail on replicas' disks. */
export interface DiskGuard {
  readonly isOn: boolean;
  /** Throws INVALID when a replica of a key is full. */
  guard(keyspace: KeyspaceMetadata, keys: readonly DecoratedKey[], guard: Guard): void;
}

/** Of one node; shared by all statements. */
export interface QueryServices {
  /** This node, as errors name it: `10.0.0.1:7000`. */
  readonly self: string;
  readonly config: NodeConfig;
  readonly schema: SchemaView;
  readonly coordinator: Coordinator;
  readonly local: LocalAccess;
  readonly listPaths: ListPaths;
  /** Whether the replicas of a write have room; null: not looked at. */
  readonly disks: DiskGuard | null;
  nextTimeUuid(): Buffer;
}

export interface Execution {
  readonly services: QueryServices;
  readonly client: ClientState;
  readonly request: RequestContext;
  readonly version: ProtocolVersion;
  readonly consistency: ConsistencyLevel;
  readonly serialConsistency: ConsistencyLevel;
  /** 0 or less: no paging. */
  readonly pageSize: number;
  readonly pagingState: Buffer | null;
  /** The client knows the columns of the result. */
  readonly skipMetadata: boolean;
  /** The columns differ from those the client prepared: their new id. */
  readonly changedId: Buffer | null;
  /** Microseconds: the client's, or the coordinator's clock. */
  readonly timestamp: Int64;
  readonly nowSeconds: number;
  readonly bind: BindContext;
  /** The client may see masked columns as they are. */
  readonly unmask: boolean;
}

/** Called exactly once. */
export type Done = (response: StatementResponse) => void;

/**
 * The answer to what was thrown: errors of the statement, and bytes that end too early (Cassandra meets them with an
 * exception of Java). Anything else is a fault of the program and goes on.
 */
export function thrownError(thrown: unknown): CqlError {
  if (thrown instanceof CqlException) return thrown.error;
  if (!(thrown instanceof RangeError)) throw thrown;
  return { code: 'SERVER_ERROR', message: 'java.nio.BufferUnderflowException' };
}

export function failed(error: CqlError): StatementResponse {
  return { kind: 'error', error };
}

/** Whether the table lives on each node alone and bypasses the replicas. No ALTER changes that. */
export function isLocal(table: TableMetadata, schema: Schema): boolean {
  const keyspace: KeyspaceMetadata | undefined = schema.keyspaces.get(table.keyspace);
  if (keyspace === undefined) return false;
  return keyspace.kind === 'virtual' || keyspace.replication.className.endsWith('LocalStrategy');
}
