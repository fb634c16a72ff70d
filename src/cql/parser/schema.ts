// Keyspaces, types, indexes, views, triggers, functions and aggregates: CREATE, ALTER, DROP.

import { syntaxError } from '../../data/cql-error.ts';
import type {
  AlterTypeStatement,
  AlterViewStatement,
  ClusteringOrder,
  CreateAggregateStatement,
  CreateFunctionStatement,
  CreateIndexStatement,
  CreateKeyspaceStatement,
  CreateTriggerStatement,
  CreateTypeStatement,
  CreateViewStatement,
  DropFunctionStatement,
  DropTriggerStatement,
  IndexTarget,
  RawType,
  TypeAlteration,
  TypeField,
} from '../ast.ts';
import {
  functionName,
  keyspaceName,
  plainFunctionName,
  plainIndexName,
  tableName,
  userTypeName,
} from './names.ts';
import { properties, property } from './properties.ts';
import type { Properties } from './properties.ts';
import { selectorItems } from './selectors.ts';
import { clusteringOrders, primaryKeyClause, renames, tableOption } from './tables.ts';
import { term } from './terms.ts';
import type { TokenReader } from './token-reader.ts';
import { COLUMN_NAMES, kindSet, NAMES, T } from './tokens.ts';
import type { Kind } from './tokens.ts';
import { type } from './types.ts';
import { NO_WHERE, whereClause } from './where.ts';

/** Takes what follows CREATE KEYSPACE. */
export function createKeyspace(reader: TokenReader): CreateKeyspaceStatement {
  const ifNotExists = reader.ifNotExists();
  const name = keyspaceName(reader);
  reader.expect(T.K_WITH);
  return { kind: 'create-keyspace', name, ifNotExists, properties: properties(reader) };
}

/** Takes what follows CREATE TYPE. */
export function createType(reader: TokenReader): CreateTypeStatement {
  const ifNotExists = reader.ifNotExists();
  const name = userTypeName(reader);
  reader.expect(T.LEFT_PAREN);
  const fields = [typeField(reader)];
  while (reader.take(T.COMMA)) {
    if (NAMES[reader.kind] === 1) fields.push(typeField(reader));
  }
  reader.expect(T.RIGHT_PAREN);
  return { kind: 'create-type', type: name, ifNotExists, fields };
}

function typeField(reader: TokenReader): TypeField {
  const name = reader.name();
  return { name, type: type(reader) };
}

/** Takes what follows ALTER TYPE. */
export function alterType(reader: TokenReader): AlterTypeStatement {
  const ifExists = reader.ifExists();
  const name = userTypeName(reader);
  return { kind: 'alter-type', type: name, ifExists, alteration: typeAlteration(reader) };
}

function typeAlteration(reader: TokenReader): TypeAlteration {
  if (reader.take(T.K_ALTER)) {
    const field = reader.name();
    reader.expect(T.K_TYPE);
    return { kind: 'alter-field-type', field, type: type(reader) };
  }
  if (reader.take(T.K_ADD)) {
    const ifFieldNotExists = reader.ifNotExists();
    return { kind: 'add-field', ifFieldNotExists, field: typeField(reader) };
  }
  if (reader.take(T.K_RENAME)) {
    const ifFieldExists = reader.ifExists();
    return { kind: 'rename-fields', ifFieldExists, renames: renames(reader) };
  }
  throw reader.noViable();
}

/** Takes what follows CREATE, from CUSTOM or INDEX on. */
export function createIndex(reader: TokenReader): CreateIndexStatement {
  const custom = reader.take(T.K_CUSTOM);
  reader.expect(T.K_INDEX);
  const ifNotExists = reader.ifNotExists();
  const named = NAMES[reader.kind] === 1 || reader.kind === T.QMARK;
  const name = named ? plainIndexName(reader) : null;
  reader.expect(T.K_ON);
  const table = tableName(reader);
  const targets: IndexTarget[] = [];
  reader.expect(T.LEFT_PAREN);
  if (COLUMN_NAMES[reader.kind] === 1 || reader.kind === T.K_ENTRIES || reader.kind === T.K_FULL) {
    do targets.push(indexTarget(reader));
    while (reader.take(T.COMMA));
  }
  reader.expect(T.RIGHT_PAREN);
  const using = reader.take(T.K_USING) ? reader.string() : null;
  const props = reader.take(T.K_WITH) ? properties(reader) : new Map<string, string>();
  return {
    kind: 'create-index',
    table,
    name,
    ifNotExists,
    targets,
    custom,
    using,
    properties: props,
  };
}

const TARGET_WORDS: ReadonlyMap<Kind, IndexTarget['kind']> = new Map([
  [T.K_VALUES, 'values'],
  [T.K_KEYS, 'keys'],
  [T.K_ENTRIES, 'keys-and-values'],
  [T.K_FULL, 'full'],
]);
const AFTER_TARGET = kindSet([T.RIGHT_PAREN, T.COMMA]);

/** VALUES and KEYS may be columns too, ENTRIES and FULL may not. */
function indexTarget(reader: TokenReader): IndexTarget {
  const kind = TARGET_WORDS.get(reader.kind);
  if (kind !== undefined) {
    const mayBeColumn = COLUMN_NAMES[reader.kind] === 1;
    const second = reader.ahead(1);
    if (second === T.LEFT_PAREN || !mayBeColumn) {
      reader.next();
      reader.expect(T.LEFT_PAREN);
      const column = reader.columnName();
      reader.expect(T.RIGHT_PAREN);
      return { column, kind };
    }
    if (AFTER_TARGET[second] !== 1) throw reader.noViable(1);
  }
  return { column: reader.columnName(), kind: 'simple' };
}

/** Takes what follows CREATE MATERIALIZED VIEW. */
export function createView(reader: TokenReader): CreateViewStatement {
  const ifNotExists = reader.ifNotExists();
  const view = tableName(reader);
  reader.expect(T.K_AS);
  reader.expect(T.K_SELECT);
  const selectors = selectorItems(reader);
  reader.expect(T.K_FROM);
  const baseTable = tableName(reader);
  const where = reader.take(T.K_WHERE) ? whereClause(reader) : NO_WHERE;
  const primaryKey = primaryKeyClause(reader);
  const found: Properties = new Map();
  const clusteringOrder = new Map<string, ClusteringOrder>();
  if (reader.take(T.K_WITH)) {
    do {
      const option = tableOption(reader);
      if (option === 'compact') {
        throw syntaxError('COMPACT STORAGE tables are not allowed starting with version 4.0');
      }
      if (option === 'property') property(reader, found);
      else clusteringOrders(reader, clusteringOrder, `view '${view.name}'`);
    } while (reader.take(T.K_AND));
  }
  return {
    kind: 'create-view',
    view,
    baseTable,
    ifNotExists,
    selectors,
    where,
    primaryKey,
    properties: found,
    clusteringOrder: [...clusteringOrder.values()],
  };
}

/** Takes what follows ALTER MATERIALIZED. */
export function alterView(reader: TokenReader): AlterViewStatement {
  reader.expect(T.K_VIEW);
  const ifExists = reader.ifExists();
  const view = tableName(reader);
  reader.expect(T.K_WITH);
  return { kind: 'alter-view', view, ifExists, properties: properties(reader) };
}

/** Takes what follows CREATE TRIGGER. */
export function createTrigger(reader: TokenReader): CreateTriggerStatement {
  const ifNotExists = reader.ifNotExists();
  const name = reader.name();
  reader.expect(T.K_ON);
  const table = tableName(reader);
  reader.expect(T.K_USING);
  return { kind: 'create-trigger', name, table, ifNotExists, className: reader.string() };
}

/** Takes what follows DROP TRIGGER. */
export function dropTrigger(reader: TokenReader): DropTriggerStatement {
  const ifExists = reader.ifExists();
  const name = reader.name();
  reader.expect(T.K_ON);
  return { kind: 'drop-trigger', name, table: tableName(reader), ifExists };
}

/** Takes what follows CREATE [OR REPLACE] FUNCTION. */
export function createFunction(reader: TokenReader, orReplace: boolean): CreateFunctionStatement {
  const ifNotExists = reader.ifNotExists();
  const name = functionName(reader);
  reader.expect(T.LEFT_PAREN);
  const args: { name: string; type: RawType }[] = [];
  if (NAMES[reader.kind] === 1) {
    do args.push(typeField(reader));
    while (reader.take(T.COMMA));
  }
  reader.expect(T.RIGHT_PAREN);
  let calledOnNullInput = false;
  if (reader.take(T.K_RETURNS)) reader.expect(T.K_NULL);
  else if (reader.take(T.K_CALLED)) calledOnNullInput = true;
  else throw reader.noViable();
  reader.expect(T.K_ON);
  reader.expect(T.K_NULL);
  reader.expect(T.K_INPUT);
  reader.expect(T.K_RETURNS);
  const returns = type(reader);
  reader.expect(T.K_LANGUAGE);
  if (reader.kind !== T.IDENT) throw reader.mismatched(T.IDENT);
  const language = reader.name();
  reader.expect(T.K_AS);
  return {
    kind: 'create-function',
    function: name,
    orReplace,
    ifNotExists,
    arguments: args,
    calledOnNullInput,
    returns,
    language,
    body: reader.string(),
  };
}

/** Takes what follows CREATE [OR REPLACE] AGGREGATE. */
export function createAggregate(reader: TokenReader, orReplace: boolean): CreateAggregateStatement {
  const ifNotExists = reader.ifNotExists();
  const name = functionName(reader);
  const types = argumentTypes(reader);
  reader.expect(T.K_SFUNC);
  const stateFunction = plainFunctionName(reader);
  reader.expect(T.K_STYPE);
  const stateType = type(reader);
  const finalFunction = reader.take(T.K_FINALFUNC) ? plainFunctionName(reader) : null;
  const initialCondition = reader.take(T.K_INITCOND) ? term(reader) : null;
  return {
    kind: 'create-aggregate',
    function: name,
    orReplace,
    ifNotExists,
    argumentTypes: types,
    stateFunction,
    stateType,
    finalFunction,
    initialCondition,
  };
}

const TYPE_STARTS = kindSet(NAMES, [T.K_SET, T.STRING_LITERAL]);

/** Takes `(type, type)`, possibly empty. */
export function argumentTypes(reader: TokenReader): readonly RawType[] {
  const types: RawType[] = [];
  reader.expect(T.LEFT_PAREN);
  if (TYPE_STARTS[reader.kind] === 1) {
    do types.push(type(reader));
    while (reader.take(T.COMMA));
  }
  reader.expect(T.RIGHT_PAREN);
  return types;
}

/** Takes what follows DROP FUNCTION or DROP AGGREGATE. */
export function dropFunction(
  reader: TokenReader,
  kind: DropFunctionStatement['kind'],
): DropFunctionStatement {
  const ifExists = reader.ifExists();
  const name = functionName(reader);
  const types = reader.kind === T.LEFT_PAREN ? argumentTypes(reader) : null;
  return { kind, function: name, ifExists, argumentTypes: types };
}
