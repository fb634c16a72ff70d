// The parsed form of every CQL statement: plain, immutable data in a union closed over `kind`.
// Nothing here knows a schema: names are resolved for case only, types and functions are names,
// bind markers are numbers. Built by parser/, printed by print.ts, given meaning by statement
// preparation (node/query). Story: test/cql-parser/.

import type { NativeTypeName } from '../data/cql-type.ts';

/** A parsed statement and what its text alone says about its bind markers. */
export interface ParsedStatement {
  readonly statement: Statement;
  /**
   * One entry a bind marker in order of appearance: the name of `:name` (case-folded), null for
   * `?`.
   */
  readonly bindMarkers: readonly (string | null)[];
  /** The statement's source text, as received. */
  readonly text: string;
}

/** A name that may carry its keyspace; quoting is resolved (unquoted names are lower case). */
export interface QualifiedName {
  /** null = not written: the current keyspace. */
  readonly keyspace: string | null;
  readonly name: string;
}

// ------------------------------------------------------------------------------------------- terms

/**
 * The kind of a constant as error texts print it: `Invalid STRING constant (abc) for "k" of type
 * int`.
 */
export type LiteralKind = 'STRING' | 'INTEGER' | 'FLOAT' | 'BOOLEAN' | 'HEX' | 'UUID' | 'DURATION';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';

/**
 * A constant. `text` is the raw text of the token, strings without quotes and with `''` undone; HEX
 * keeps its `0x`; a FLOAT may be `NaN`, `Infinity` or `-Infinity` (normalised).
 */
export interface LiteralTerm {
  readonly kind: 'literal';
  readonly type: LiteralKind;
  readonly text: string;
}
export interface NullTerm {
  readonly kind: 'null';
}
/** `?` or `:name`; `index` counts through the whole statement (also through a batch). */
export interface MarkerTerm {
  readonly kind: 'marker';
  readonly index: number;
  readonly name: string | null;
}
/** `[a, b]`: a list or a vector, by the receiver's type. */
export interface ListTerm {
  readonly kind: 'list';
  readonly elements: readonly Term[];
}
/**
 * `{a, b}`. The empty `{}` is a SetTerm without elements and stands for an empty set, map or UDT.
 */
export interface SetTerm {
  readonly kind: 'set';
  readonly elements: readonly Term[];
}
/** `{k: v}` where k is a term. */
export interface MapTerm {
  readonly kind: 'map';
  readonly entries: readonly { readonly key: Term; readonly value: Term }[];
}
/** `{field: v}` where field is an identifier; a field named twice keeps its last value. */
export interface UdtTerm {
  readonly kind: 'udt';
  readonly fields: readonly { readonly name: string; readonly value: Term }[];
}
/** `(a, b)`; `(a)` is a tuple of one. */
export interface TupleTerm {
  readonly kind: 'tuple';
  readonly elements: readonly Term[];
}
/** `f(a)` or `ks.f(a)`; the name is case-folded unless quoted. */
export interface CallTerm {
  readonly kind: 'call';
  readonly function: QualifiedName;
  readonly args: readonly Term[];
}
export interface OperationTerm {
  readonly kind: 'operation';
  readonly operator: ArithmeticOperator;
  readonly left: Term;
  readonly right: Term;
}
/** `-x` of something that is not a number token (`-1` is an INTEGER literal). */
export interface NegationTerm {
  readonly kind: 'negation';
  readonly operand: Term;
}
/** `(type)term`. */
export interface TypeHintTerm {
  readonly kind: 'type-hint';
  readonly type: RawType;
  readonly term: Term;
}
/** `CAST(term AS type)`. */
export interface CastTerm {
  readonly kind: 'cast';
  readonly term: Term;
  readonly type: NativeTypeName;
}

/** A value where no column may be named (values, right sides of relations, DDL arguments). */
export type Term =
  | LiteralTerm
  | NullTerm
  | MarkerTerm
  | ListTerm
  | SetTerm
  | MapTerm
  | UdtTerm
  | TupleTerm
  | CallTerm
  | OperationTerm
  | NegationTerm
  | TypeHintTerm
  | CastTerm;

// --------------------------------------------------------------------------------------- selectors

/** What a SELECT list, a GROUP BY or a function argument inside them may hold. */
export type Selector =
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'term'; readonly term: LiteralTerm | NullTerm | MarkerTerm }
  /** `COUNT(*)`; `COUNT(1)` is an ordinary call. */
  | { readonly kind: 'count-rows' }
  /** WRITETIME, MAXWRITETIME, TTL of a column, or of an element, slice or field of it. */
  | {
      readonly kind: 'cell-attribute';
      readonly attribute: 'writetime' | 'maxwritetime' | 'ttl';
      readonly column: string;
      /** The column itself, or field/element/slice selectors around it. */
      readonly selector: Selector;
    }
  | {
      readonly kind: 'cast';
      readonly selector: Selector;
      readonly type: NativeTypeName;
      /** Where the text says varchar, which no value can be cast to. */
      readonly written?: 'varchar';
    }
  | { readonly kind: 'call'; readonly function: QualifiedName; readonly args: readonly Selector[] }
  | {
      readonly kind: 'operation';
      readonly operator: ArithmeticOperator;
      readonly left: Selector;
      readonly right: Selector;
    }
  | { readonly kind: 'negation'; readonly operand: Selector }
  | { readonly kind: 'field'; readonly receiver: Selector; readonly field: string }
  | { readonly kind: 'element'; readonly receiver: Selector; readonly key: Term }
  | {
      readonly kind: 'slice';
      readonly receiver: Selector;
      readonly from: Term | null;
      readonly to: Term | null;
    }
  | { readonly kind: 'type-hint'; readonly type: RawType; readonly selector: Selector }
  | { readonly kind: 'list'; readonly elements: readonly Selector[] }
  | { readonly kind: 'set'; readonly elements: readonly Selector[] }
  /**
   * `{k: v}`: a map, or a UDT when every key is a column selector (an identifier) and the type
   * hint says so.
   */
  | {
      readonly kind: 'map-or-udt';
      readonly entries: readonly { readonly key: Selector; readonly value: Selector }[];
    }
  /** `(a, b)`: a tuple; `(a)`: a, unless a tuple type is expected. */
  | { readonly kind: 'tuple-or-parentheses'; readonly elements: readonly Selector[] };

export interface SelectorItem {
  readonly selector: Selector;
  /** The name after AS (case-folded unless quoted). */
  readonly alias: string | null;
}

// ------------------------------------------------------------------------------- WHERE, conditions

export type ComparisonOperator = '=' | '<' | '<=' | '>' | '>=' | '!=';
export type ContainsOperator = 'CONTAINS' | 'CONTAINS KEY';

export type Relation =
  /** `c op term`. `IS NOT` has the null term as its value and means IS NOT NULL. */
  | {
      readonly kind: 'single';
      readonly column: string;
      readonly operator: ComparisonOperator | ContainsOperator | 'LIKE' | 'IS NOT';
      readonly value: Term;
    }
  /** `c IN (a, b)`, possibly empty. */
  | { readonly kind: 'in'; readonly column: string; readonly values: readonly Term[] }
  /** `c IN ?`. */
  | { readonly kind: 'in-marker'; readonly column: string; readonly marker: MarkerTerm }
  /** `c[key] op term`. */
  | {
      readonly kind: 'map-entry';
      readonly column: string;
      readonly key: Term;
      readonly operator: ComparisonOperator;
      readonly value: Term;
    }
  /** `token(a, b) op term`. */
  | {
      readonly kind: 'token';
      readonly columns: readonly string[];
      readonly operator: ComparisonOperator;
      readonly value: Term;
    }
  /** `(a, b) op (1, 2)` or `(a, b) op ?`. */
  | {
      readonly kind: 'multi';
      readonly columns: readonly string[];
      readonly operator: ComparisonOperator;
      readonly value: TupleTerm | MarkerTerm;
    }
  /**
   * `(a, b) IN ((1, 2), (3, 4))`, `(a, b) IN (?, ?)` (all tuples or all markers) or `(a, b) IN
   * ()`.
   */
  | {
      readonly kind: 'multi-in';
      readonly columns: readonly string[];
      readonly values: readonly (TupleTerm | MarkerTerm)[];
    }
  /** `(a, b) IN ?`. */
  | {
      readonly kind: 'multi-in-marker';
      readonly columns: readonly string[];
      readonly marker: MarkerTerm;
    };

/** `expr(index, term)`. */
export interface CustomExpression {
  readonly index: QualifiedName;
  readonly value: Term;
}

export interface WhereClause {
  /** In text order; all are ANDed. */
  readonly relations: readonly Relation[];
  readonly expressions: readonly CustomExpression[];
}

/** What stands right of a condition's operator. */
export type ConditionValue =
  | {
      readonly kind: 'term';
      readonly operator: ComparisonOperator | ContainsOperator;
      readonly term: Term;
    }
  | { readonly kind: 'in'; readonly values: readonly Term[] }
  | { readonly kind: 'in-marker'; readonly marker: MarkerTerm };

/** One `IF` condition of an UPDATE or DELETE. */
export interface ColumnCondition {
  readonly column: string;
  /** null = the column itself; else `c[key]` or `c.field`. */
  readonly target:
    | null
    | { readonly kind: 'element'; readonly key: Term }
    | { readonly kind: 'field'; readonly field: string };
  readonly value: ConditionValue;
}

// ----------------------------------------------------------------------------------- raw CQL types

/**
 * A type as written. `frozen` is what the text says (frozen<> reaches inside, as Cassandra's
 * freeze() does).
 */
export type RawType =
  /** `varchar` has the name text; `written` is 'varchar' then. */
  | { readonly kind: 'native'; readonly name: NativeTypeName; readonly written?: 'varchar' }
  | { readonly kind: 'list'; readonly element: RawType; readonly frozen: boolean }
  | { readonly kind: 'set'; readonly element: RawType; readonly frozen: boolean }
  | {
      readonly kind: 'map';
      readonly key: RawType;
      readonly value: RawType;
      readonly frozen: boolean;
    }
  | { readonly kind: 'tuple'; readonly elements: readonly RawType[] }
  | {
      readonly kind: 'vector';
      readonly element: RawType;
      readonly dimension: number;
      readonly frozen: boolean;
    }
  | { readonly kind: 'udt'; readonly name: QualifiedName; readonly frozen: boolean }
  /**
   * `'org.apache.cassandra.db.marshal.Int32Type'`, a class name the parser has checked; read it
   * with parseClassName.
   */
  | { readonly kind: 'custom'; readonly className: string };

// --------------------------------------------------------------------------------------------- DML

/** USING TIMESTAMP / TTL: an INTEGER literal or a marker; null = not written. */
export interface Attributes {
  readonly timestamp: Term | null;
  readonly ttl: Term | null;
}

export interface Ordering {
  readonly column: string;
  /** The vector of `c ANN OF term`, null for ordinary ordering. */
  readonly ann: Term | null;
  readonly descending: boolean;
}

export interface SelectStatement {
  readonly kind: 'select';
  readonly json: boolean;
  readonly distinct: boolean;
  /** Empty = `*`. */
  readonly selectors: readonly SelectorItem[];
  readonly table: QualifiedName;
  readonly where: WhereClause;
  readonly groupBy: readonly Selector[];
  readonly orderBy: readonly Ordering[];
  /** INTEGER literal or marker. */
  readonly perPartitionLimit: Term | null;
  readonly limit: Term | null;
  readonly allowFiltering: boolean;
}

export interface InsertStatement {
  readonly kind: 'insert';
  readonly table: QualifiedName;
  readonly columns: readonly string[];
  readonly values: readonly Term[];
  readonly ifNotExists: boolean;
  readonly attributes: Attributes;
}

export interface InsertJsonStatement {
  readonly kind: 'insert-json';
  readonly table: QualifiedName;
  /** The JSON text as a STRING literal, or a marker for it. */
  readonly json: LiteralTerm | MarkerTerm;
  /** DEFAULT UNSET was written. */
  readonly defaultUnset: boolean;
  readonly ifNotExists: boolean;
  readonly attributes: Attributes;
}

/** One assignment of an UPDATE's SET. */
export type Assignment =
  /** `c = term` */
  | { readonly kind: 'set'; readonly column: string; readonly value: Term }
  /** `c = c + term`, `c += term`; also `c = c -3`, which is the addition of the INTEGER -3. */
  | { readonly kind: 'add'; readonly column: string; readonly value: Term }
  /** `c = c - term`, `c -= term` */
  | { readonly kind: 'subtract'; readonly column: string; readonly value: Term }
  /** `c = term + c` */
  | { readonly kind: 'prepend'; readonly column: string; readonly value: Term }
  /** `c[key] = term` */
  | {
      readonly kind: 'set-element';
      readonly column: string;
      readonly key: Term;
      readonly value: Term;
    }
  /** `c.field = term` */
  | {
      readonly kind: 'set-field';
      readonly column: string;
      readonly field: string;
      readonly value: Term;
    };

export interface UpdateStatement {
  readonly kind: 'update';
  readonly table: QualifiedName;
  readonly attributes: Attributes;
  readonly assignments: readonly Assignment[];
  readonly where: WhereClause;
  readonly ifExists: boolean;
  readonly conditions: readonly ColumnCondition[];
}

/** What a DELETE removes; no deletions = whole rows. */
export type Deletion =
  | { readonly kind: 'column'; readonly column: string }
  | { readonly kind: 'element'; readonly column: string; readonly key: Term }
  | { readonly kind: 'field'; readonly column: string; readonly field: string };

export interface DeleteStatement {
  readonly kind: 'delete';
  readonly table: QualifiedName;
  readonly deletions: readonly Deletion[];
  /** ttl is always null. */
  readonly attributes: Attributes;
  readonly where: WhereClause;
  readonly ifExists: boolean;
  readonly conditions: readonly ColumnCondition[];
}

export type ModificationStatement =
  | InsertStatement
  | InsertJsonStatement
  | UpdateStatement
  | DeleteStatement;

export interface BatchStatement {
  readonly kind: 'batch';
  readonly type: 'LOGGED' | 'UNLOGGED' | 'COUNTER';
  readonly attributes: Attributes;
  readonly statements: readonly ModificationStatement[];
}

export interface UseStatement {
  readonly kind: 'use';
  readonly keyspace: string;
}

export interface TruncateStatement {
  readonly kind: 'truncate';
  readonly table: QualifiedName;
}

// --------------------------------------------------------------------------------------------- DDL

/**
 * `WITH a = 'x' AND b = {'k': 'v'}`: values as raw text (numbers and booleans too), maps with raw
 * text both sides. Names are case-folded. Names twice are refused by the parser, unknown names by
 * preparation.
 */
export type PropertyMap = ReadonlyMap<string, string | ReadonlyMap<string, string>>;

/** `MASKED WITH f(args)`; `MASKED WITH DEFAULT` is system.mask_default(). */
export interface RawColumnMask {
  readonly function: QualifiedName;
  readonly args: readonly Term[];
}

export interface ColumnDefinition {
  readonly name: string;
  readonly type: RawType;
  readonly static: boolean;
  readonly mask: RawColumnMask | null;
}

export interface PrimaryKeyDefinition {
  readonly partitionKey: readonly string[];
  readonly clustering: readonly string[];
}

export interface ClusteringOrder {
  readonly column: string;
  readonly ascending: boolean;
}

export interface CreateKeyspaceStatement {
  readonly kind: 'create-keyspace';
  readonly name: string;
  readonly ifNotExists: boolean;
  readonly properties: PropertyMap;
}
export interface AlterKeyspaceStatement {
  readonly kind: 'alter-keyspace';
  readonly name: string;
  readonly ifExists: boolean;
  readonly properties: PropertyMap;
}
export interface DropKeyspaceStatement {
  readonly kind: 'drop-keyspace';
  readonly name: string;
  readonly ifExists: boolean;
}

export interface CreateTableStatement {
  readonly kind: 'create-table';
  readonly table: QualifiedName;
  readonly ifNotExists: boolean;
  readonly columns: readonly ColumnDefinition[];
  /** The PRIMARY KEY, inline or as a clause: none or one (the parser refuses a second). */
  readonly primaryKeys: readonly PrimaryKeyDefinition[];
  readonly properties: PropertyMap;
  readonly compactStorage: boolean;
  readonly clusteringOrder: readonly ClusteringOrder[];
}

export type TableAlteration =
  /** Always refused by preparation. */
  | { readonly kind: 'alter-column-type'; readonly column: string; readonly type: RawType }
  /** mask null = DROP MASKED. */
  | {
      readonly kind: 'mask-column';
      readonly column: string;
      readonly ifColumnExists: boolean;
      readonly mask: RawColumnMask | null;
    }
  | {
      readonly kind: 'add-columns';
      readonly ifColumnNotExists: boolean;
      readonly columns: readonly ColumnDefinition[];
    }
  | {
      readonly kind: 'drop-columns';
      readonly ifColumnExists: boolean;
      readonly columns: readonly string[];
      /** USING TIMESTAMP, microseconds as decimal text; null = now. */
      readonly timestamp: string | null;
    }
  | {
      readonly kind: 'rename-columns';
      readonly ifColumnExists: boolean;
      readonly renames: readonly { readonly from: string; readonly to: string }[];
    }
  | { readonly kind: 'drop-compact-storage' }
  | { readonly kind: 'properties'; readonly properties: PropertyMap };

export interface AlterTableStatement {
  readonly kind: 'alter-table';
  readonly table: QualifiedName;
  readonly ifExists: boolean;
  readonly alteration: TableAlteration;
}
export interface DropTableStatement {
  readonly kind: 'drop-table';
  readonly table: QualifiedName;
  readonly ifExists: boolean;
}

export interface TypeField {
  readonly name: string;
  readonly type: RawType;
}
export interface CreateTypeStatement {
  readonly kind: 'create-type';
  readonly type: QualifiedName;
  readonly ifNotExists: boolean;
  readonly fields: readonly TypeField[];
}
export type TypeAlteration =
  /** Always refused by preparation. */
  | { readonly kind: 'alter-field-type'; readonly field: string; readonly type: RawType }
  | { readonly kind: 'add-field'; readonly ifFieldNotExists: boolean; readonly field: TypeField }
  | {
      readonly kind: 'rename-fields';
      readonly ifFieldExists: boolean;
      readonly renames: readonly { readonly from: string; readonly to: string }[];
    };
export interface AlterTypeStatement {
  readonly kind: 'alter-type';
  readonly type: QualifiedName;
  readonly ifExists: boolean;
  readonly alteration: TypeAlteration;
}
export interface DropTypeStatement {
  readonly kind: 'drop-type';
  readonly type: QualifiedName;
  readonly ifExists: boolean;
}

export interface IndexTarget {
  readonly column: string;
  /** 'simple' = the bare column; 'keys-and-values' = ENTRIES(c). */
  readonly kind: 'simple' | 'values' | 'keys' | 'keys-and-values' | 'full';
}
export interface CreateIndexStatement {
  readonly kind: 'create-index';
  readonly table: QualifiedName;
  /** null = not written. */
  readonly name: string | null;
  readonly ifNotExists: boolean;
  readonly targets: readonly IndexTarget[];
  /** CREATE CUSTOM INDEX. */
  readonly custom: boolean;
  /** The text after USING. */
  readonly using: string | null;
  readonly properties: PropertyMap;
}
export interface DropIndexStatement {
  readonly kind: 'drop-index';
  readonly index: QualifiedName;
  readonly ifExists: boolean;
}

export interface CreateViewStatement {
  readonly kind: 'create-view';
  readonly view: QualifiedName;
  readonly baseTable: QualifiedName;
  readonly ifNotExists: boolean;
  /** Empty = `*`. */
  readonly selectors: readonly SelectorItem[];
  /** Stored as `printWhereClause` (print.ts) gives it. */
  readonly where: WhereClause;
  readonly primaryKey: PrimaryKeyDefinition;
  readonly properties: PropertyMap;
  readonly clusteringOrder: readonly ClusteringOrder[];
}
export interface AlterViewStatement {
  readonly kind: 'alter-view';
  readonly view: QualifiedName;
  readonly ifExists: boolean;
  readonly properties: PropertyMap;
}
export interface DropViewStatement {
  readonly kind: 'drop-view';
  readonly view: QualifiedName;
  readonly ifExists: boolean;
}

export interface CreateFunctionStatement {
  readonly kind: 'create-function';
  readonly function: QualifiedName;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly arguments: readonly { readonly name: string; readonly type: RawType }[];
  readonly calledOnNullInput: boolean;
  readonly returns: RawType;
  /** Lower case. */
  readonly language: string;
  readonly body: string;
}
export interface CreateAggregateStatement {
  readonly kind: 'create-aggregate';
  readonly function: QualifiedName;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly argumentTypes: readonly RawType[];
  readonly stateFunction: string;
  readonly stateType: RawType;
  readonly finalFunction: string | null;
  readonly initialCondition: Term | null;
}
export interface DropFunctionStatement {
  /** DROP FUNCTION or DROP AGGREGATE. */
  readonly kind: 'drop-function' | 'drop-aggregate';
  readonly function: QualifiedName;
  readonly ifExists: boolean;
  /** null = no argument list written. */
  readonly argumentTypes: readonly RawType[] | null;
}

export interface CreateTriggerStatement {
  readonly kind: 'create-trigger';
  readonly name: string;
  readonly table: QualifiedName;
  readonly ifNotExists: boolean;
  readonly className: string;
}
export interface DropTriggerStatement {
  readonly kind: 'drop-trigger';
  readonly name: string;
  readonly table: QualifiedName;
  readonly ifExists: boolean;
}

// -------------------------------------------------------------------------------------------- auth

export const PERMISSIONS = [
  'CREATE',
  'ALTER',
  'DROP',
  'SELECT',
  'MODIFY',
  'AUTHORIZE',
  'DESCRIBE',
  'EXECUTE',
  'UNMASK',
  'SELECT_MASKED',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** What GRANT, REVOKE and LIST name; keyspace null = the current one. */
export type RawResource =
  | { readonly kind: 'all-keyspaces' }
  | { readonly kind: 'keyspace'; readonly keyspace: string }
  | { readonly kind: 'table'; readonly table: QualifiedName }
  | { readonly kind: 'all-tables'; readonly keyspace: string }
  | { readonly kind: 'all-roles' }
  | { readonly kind: 'role'; readonly role: string }
  | { readonly kind: 'all-functions' }
  | { readonly kind: 'keyspace-functions'; readonly keyspace: string }
  | {
      readonly kind: 'function';
      readonly function: QualifiedName;
      readonly argumentTypes: readonly RawType[];
    }
  | { readonly kind: 'all-mbeans' }
  /** A JMX object name or pattern. */
  | { readonly kind: 'mbean'; readonly name: string };

export interface PermissionStatement {
  readonly kind: 'grant-permissions' | 'revoke-permissions';
  /** Reduced to those that apply to the resource; in the order of PERMISSIONS. */
  readonly permissions: readonly Permission[];
  readonly resource: RawResource;
  readonly role: string;
}
export interface RoleGrantStatement {
  readonly kind: 'grant-role' | 'revoke-role';
  readonly role: string;
  /** The role that receives or loses it. */
  readonly grantee: string;
}
export interface ListPermissionsStatement {
  readonly kind: 'list-permissions';
  readonly permissions: readonly Permission[];
  readonly resource: RawResource | null;
  readonly grantee: string | null;
  readonly recursive: boolean;
}
export interface ListRolesStatement {
  readonly kind: 'list-roles';
  readonly grantee: string | null;
  readonly recursive: boolean;
}
export interface ListUsersStatement {
  readonly kind: 'list-users';
}

/** Options written for a role; null = not written. */
export interface RoleOptions {
  readonly password: string | null;
  readonly hashedPassword: string | null;
  readonly superuser: boolean | null;
  readonly login: boolean | null;
  readonly options: ReadonlyMap<string, string> | null;
  /** 'all' = ACCESS TO ALL DATACENTERS. */
  readonly datacenters: 'all' | readonly string[] | null;
  readonly cidrs: 'all' | readonly string[] | null;
}
/** CREATE ROLE (login and superuser default to false) and CREATE USER (login true, `user` true). */
export interface CreateRoleStatement {
  readonly kind: 'create-role';
  readonly role: string;
  readonly ifNotExists: boolean;
  readonly options: RoleOptions;
  /** Written as USER. */
  readonly user: boolean;
}
export interface AlterRoleStatement {
  readonly kind: 'alter-role';
  readonly role: string;
  readonly ifExists: boolean;
  readonly options: RoleOptions;
  readonly user: boolean;
}
export interface DropRoleStatement {
  readonly kind: 'drop-role';
  readonly role: string;
  readonly ifExists: boolean;
  readonly user: boolean;
}
export interface AddIdentityStatement {
  readonly kind: 'add-identity';
  readonly identity: string;
  readonly role: string;
  readonly ifNotExists: boolean;
}
export interface DropIdentityStatement {
  readonly kind: 'drop-identity';
  readonly identity: string;
  readonly ifExists: boolean;
}

// ---------------------------------------------------------------------------------------- DESCRIBE

export type DescribeTarget =
  | { readonly kind: 'cluster' }
  | { readonly kind: 'schema'; readonly full: boolean }
  | { readonly kind: 'keyspaces' | 'tables' | 'types' | 'functions' | 'aggregates' }
  /** keyspace null = the current one. */
  | { readonly kind: 'keyspace'; readonly keyspace: string | null; readonly only: boolean }
  | {
      readonly kind: 'table' | 'index' | 'view' | 'type' | 'function' | 'aggregate';
      readonly name: QualifiedName;
    }
  /** `DESCRIBE name`: keyspace, then table, index, view. */
  | { readonly kind: 'generic'; readonly name: QualifiedName };

export interface DescribeStatement {
  readonly kind: 'describe';
  readonly target: DescribeTarget;
  readonly withInternals: boolean;
}

// --------------------------------------------------------------------------------------- the union

export type SchemaStatement =
  | CreateKeyspaceStatement
  | AlterKeyspaceStatement
  | DropKeyspaceStatement
  | CreateTableStatement
  | AlterTableStatement
  | DropTableStatement
  | CreateTypeStatement
  | AlterTypeStatement
  | DropTypeStatement
  | CreateIndexStatement
  | DropIndexStatement
  | CreateViewStatement
  | AlterViewStatement
  | DropViewStatement
  | CreateFunctionStatement
  | CreateAggregateStatement
  | DropFunctionStatement
  | CreateTriggerStatement
  | DropTriggerStatement;

export type AuthStatement =
  | PermissionStatement
  | RoleGrantStatement
  | ListPermissionsStatement
  | ListRolesStatement
  | ListUsersStatement
  | CreateRoleStatement
  | AlterRoleStatement
  | DropRoleStatement
  | AddIdentityStatement
  | DropIdentityStatement;

export type Statement =
  | SelectStatement
  | ModificationStatement
  | BatchStatement
  | UseStatement
  | TruncateStatement
  | SchemaStatement
  | AuthStatement
  | DescribeStatement;

export type StatementKind = Statement['kind'];
