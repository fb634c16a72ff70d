// Which statement begins: decided by its first words (up to four for CREATE OR REPLACE ...).

import type { Statement } from '../ast.ts';
import { grantOrRevoke, listStatement } from './permissions.ts';
import {
  addIdentity,
  alterRole,
  alterUser,
  createRole,
  createUser,
  dropIdentity,
  dropRole,
  dropUser,
} from './roles.ts';
import { describeStatement } from './describe.ts';
import {
  batchStatement,
  deleteStatement,
  insertStatement,
  updateStatement,
} from './modification.ts';
import { indexName, keyspaceName, tableName, userTypeName } from './names.ts';
import { properties } from './properties.ts';
import {
  alterType,
  alterView,
  createAggregate,
  createFunction,
  createIndex,
  createKeyspace,
  createTrigger,
  createType,
  createView,
  dropFunction,
  dropTrigger,
} from './schema.ts';
import { selectStatement } from './select.ts';
import { alterTable, createTable } from './tables.ts';
import type { TokenReader } from './token-reader.ts';
import { T } from './tokens.ts';

/** Takes one statement, without what may follow it. */
export function statement(reader: TokenReader): Statement {
  switch (reader.kind) {
    case T.K_SELECT:
      return selectStatement(reader);
    case T.K_INSERT:
      return insertStatement(reader);
    case T.K_UPDATE:
      return updateStatement(reader);
    case T.K_DELETE:
      return deleteStatement(reader);
    case T.K_BEGIN:
      return batchStatement(reader);
    case T.K_USE:
      reader.next();
      return { kind: 'use', keyspace: keyspaceName(reader) };
    case T.K_TRUNCATE:
      reader.next();
      reader.take(T.K_COLUMNFAMILY);
      return { kind: 'truncate', table: tableName(reader) };
    case T.K_CREATE:
      return createStatement(reader);
    case T.K_ALTER:
      return alterStatement(reader);
    case T.K_DROP:
      return dropStatement(reader);
    case T.K_GRANT:
    case T.K_REVOKE:
      return grantOrRevoke(reader);
    case T.K_LIST:
      return listStatement(reader);
    case T.K_DESCRIBE:
    case T.K_DESC:
      return describeStatement(reader);
    case T.K_ADD:
      reader.next();
      reader.expect(T.K_IDENTITY);
      return addIdentity(reader);
    default:
      throw reader.noViable();
  }
}

function createStatement(reader: TokenReader): Statement {
  const second = reader.ahead(1);
  switch (second) {
    case T.K_CUSTOM:
    case T.K_INDEX:
      reader.touch(2);
      reader.next();
      return createIndex(reader);
    case T.K_OR:
      return createOrReplace(reader);
    case T.K_MATERIALIZED:
      skip(reader, 2);
      reader.expect(T.K_VIEW);
      return createView(reader);
    default:
  }
  const create = CREATE[second];
  if (create === undefined) throw reader.noViable(1);
  skip(reader, 2);
  return create(reader);
}

const CREATE: Readonly<Record<number, (reader: TokenReader) => Statement>> = {
  [T.K_KEYSPACE]: createKeyspace,
  [T.K_COLUMNFAMILY]: createTable,
  [T.K_TYPE]: createType,
  [T.K_TRIGGER]: createTrigger,
  [T.K_ROLE]: createRole,
  [T.K_USER]: createUser,
  [T.K_FUNCTION]: (reader) => createFunction(reader, false),
  [T.K_AGGREGATE]: (reader) => createAggregate(reader, false),
};

function createOrReplace(reader: TokenReader): Statement {
  if (reader.ahead(2) !== T.K_REPLACE) throw reader.noViable(2);
  const fourth = reader.ahead(3);
  if (fourth !== T.K_FUNCTION && fourth !== T.K_AGGREGATE) throw reader.noViable(3);
  skip(reader, 4);
  return fourth === T.K_FUNCTION ? createFunction(reader, true) : createAggregate(reader, true);
}

function skip(reader: TokenReader, count: number): void {
  reader.touch(count);
  for (let i = 0; i < count; i++) reader.next();
}

function alterStatement(reader: TokenReader): Statement {
  const alter = ALTER[reader.ahead(1)];
  if (alter === undefined) throw reader.noViable(1);
  skip(reader, 2);
  return alter(reader);
}

const ALTER: Readonly<Record<number, (reader: TokenReader) => Statement>> = {
  [T.K_KEYSPACE]: (reader) => {
    const ifExists = reader.ifExists();
    const name = keyspaceName(reader);
    reader.expect(T.K_WITH);
    return { kind: 'alter-keyspace', name, ifExists, properties: properties(reader) };
  },
  [T.K_COLUMNFAMILY]: alterTable,
  [T.K_TYPE]: alterType,
  [T.K_MATERIALIZED]: alterView,
  [T.K_ROLE]: alterRole,
  [T.K_USER]: alterUser,
};

function dropStatement(reader: TokenReader): Statement {
  const drop = DROP[reader.ahead(1)];
  if (drop === undefined) throw reader.noViable(1);
  skip(reader, 2);
  return drop(reader);
}

const DROP: Readonly<Record<number, (reader: TokenReader) => Statement>> = {
  [T.K_KEYSPACE]: (reader) => {
    const ifExists = reader.ifExists();
    return { kind: 'drop-keyspace', name: keyspaceName(reader), ifExists };
  },
  [T.K_COLUMNFAMILY]: (reader) => {
    const ifExists = reader.ifExists();
    return { kind: 'drop-table', table: tableName(reader), ifExists };
  },
  [T.K_TYPE]: (reader) => {
    const ifExists = reader.ifExists();
    return { kind: 'drop-type', type: userTypeName(reader), ifExists };
  },
  [T.K_INDEX]: (reader) => {
    const ifExists = reader.ifExists();
    return { kind: 'drop-index', index: indexName(reader), ifExists };
  },
  [T.K_MATERIALIZED]: (reader) => {
    reader.expect(T.K_VIEW);
    const ifExists = reader.ifExists();
    return { kind: 'drop-view', view: tableName(reader), ifExists };
  },
  [T.K_TRIGGER]: dropTrigger,
  [T.K_FUNCTION]: (reader) => dropFunction(reader, 'drop-function'),
  [T.K_AGGREGATE]: (reader) => dropFunction(reader, 'drop-aggregate'),
  [T.K_ROLE]: dropRole,
  [T.K_USER]: dropUser,
  [T.K_IDENTITY]: dropIdentity,
};
