// What permissions are granted on: data, roles, functions, JMX beans, each a tree whose root grants everything below.
// Names are those stored in system_auth.role_permissions, texts those of error messages.
// Test: test/auth/roles.test.ts. Cassandra: auth/DataResource, RoleResource, FunctionResource, JMXResource.

import type { Permission } from '../../cql/ast.ts';
import { APPLICABLE_PERMISSIONS } from '../../cql/permissions.ts';
import type { CqlType } from '../../data/cql-type.ts';
import { signatureTypeName, typeClassName } from '../../data/type-names.ts';
import { parseClassName } from '../../data/parse-class-name.ts';

export type Resource =
  | { readonly kind: 'data'; readonly level: 'root' }
  | { readonly kind: 'data'; readonly level: 'keyspace'; readonly keyspace: string }
  | { readonly kind: 'data'; readonly level: 'all-tables'; readonly keyspace: string }
  | {
      readonly kind: 'data';
      readonly level: 'table';
      readonly keyspace: string;
      readonly table: string;
    }
  /** role null: all roles. */
  | { readonly kind: 'role'; readonly role: string | null }
  | { readonly kind: 'function'; readonly level: 'root' }
  | { readonly kind: 'function'; readonly level: 'keyspace'; readonly keyspace: string }
  | {
      readonly kind: 'function';
      readonly level: 'function';
      readonly keyspace: string;
      readonly name: string;
      readonly argumentTypes: readonly CqlType[];
    }
  /** bean null: all beans. */
  | { readonly kind: 'mbean'; readonly bean: string | null };

export const ALL_KEYSPACES: Resource = { kind: 'data', level: 'root' };
export const ALL_ROLES: Resource = { kind: 'role', role: null };
export const ALL_FUNCTIONS: Resource = { kind: 'function', level: 'root' };
export const ALL_MBEANS: Resource = { kind: 'mbean', bean: null };

export function keyspaceResource(keyspace: string): Resource {
  return { kind: 'data', level: 'keyspace', keyspace };
}
export function allTablesResource(keyspace: string): Resource {
  return { kind: 'data', level: 'all-tables', keyspace };
}
export function tableResource(keyspace: string, table: string): Resource {
  return { kind: 'data', level: 'table', keyspace, table };
}
export function roleResource(role: string): Resource {
  return { kind: 'role', role };
}
export function keyspaceFunctionsResource(keyspace: string): Resource {
  return { kind: 'function', level: 'keyspace', keyspace };
}
export function functionResource(of: {
  readonly keyspace: string;
  readonly name: string;
  readonly argumentTypes: readonly CqlType[];
}): Resource {
  const { keyspace, name, argumentTypes } = of;
  return { kind: 'function', level: 'function', keyspace, name, argumentTypes };
}

/** In the order of PERMISSIONS. */
export function applicablePermissions(resource: Resource): readonly Permission[] {
  const { data, table, roles, role, functions, mbean } = APPLICABLE_PERMISSIONS;
  switch (resource.kind) {
    case 'data':
      return resource.level === 'table' ? table : data;
    case 'role':
      return resource.role === null ? roles : role;
    case 'function':
      return resource.level === 'function' ? APPLICABLE_PERMISSIONS.function : functions;
    case 'mbean':
      return mbean;
  }
}

/** The resource and those above it, itself first. */
export function resourceChain(resource: Resource): readonly Resource[] {
  switch (resource.kind) {
    case 'data':
      if (resource.level === 'root') return [resource];
      if (resource.level === 'keyspace') return [resource, ALL_KEYSPACES];
      if (resource.level === 'all-tables') {
        return [resource, keyspaceResource(resource.keyspace), ALL_KEYSPACES];
      }
      return [
        resource,
        allTablesResource(resource.keyspace),
        keyspaceResource(resource.keyspace),
        ALL_KEYSPACES,
      ];
    case 'role':
      return resource.role === null ? [resource] : [resource, ALL_ROLES];
    case 'function':
      if (resource.level === 'root') return [resource];
      if (resource.level === 'keyspace') return [resource, ALL_FUNCTIONS];
      return [resource, keyspaceFunctionsResource(resource.keyspace), ALL_FUNCTIONS];
    case 'mbean':
      return resource.bean === null ? [resource] : [resource, ALL_MBEANS];
  }
}

/** As stored: `data/ks/t`, `data/ks/*`, `roles/r`, `functions/ks/f[..Int32Type]`, `mbean/x`. */
export function resourceName(resource: Resource): string {
  switch (resource.kind) {
    case 'data':
      if (resource.level === 'root') return 'data';
      if (resource.level === 'keyspace') return `data/${resource.keyspace}`;
      if (resource.level === 'all-tables') return `data/${resource.keyspace}/*`;
      return `data/${resource.keyspace}/${resource.table}`;
    case 'role':
      return resource.role === null ? 'roles' : `roles/${resource.role}`;
    case 'function': {
      if (resource.level === 'root') return 'functions';
      if (resource.level === 'keyspace') return `functions/${resource.keyspace}`;
      const types = resource.argumentTypes.map(typeClassName).join('^');
      return `functions/${resource.keyspace}/${resource.name}[${types}]`;
    }
    case 'mbean':
      return resource.bean === null ? 'mbean' : `mbean/${resource.bean}`;
  }
}

/** The reverse of `resourceName`; null when it is no such name. */
export function parseResourceName(name: string): Resource | null {
  const [root, first, ...rest] = name.split('/');
  const third = rest.length === 0 ? undefined : rest.join('/');
  switch (root) {
    case 'data':
      if (first === undefined) return ALL_KEYSPACES;
      if (third === undefined) return keyspaceResource(first);
      return third === '*' ? allTablesResource(first) : tableResource(first, third);
    case 'roles':
      return first === undefined ? ALL_ROLES : roleResource(name.slice('roles/'.length));
    case 'functions':
      if (first === undefined) return ALL_FUNCTIONS;
      return third === undefined ? keyspaceFunctionsResource(first) : parseFunction(first, third);
    case 'mbean':
      return { kind: 'mbean', bean: first === undefined ? null : name.slice('mbean/'.length) };
    default:
      return null;
  }
}

function parseFunction(keyspace: string, text: string): Resource | null {
  const open = text.lastIndexOf('[');
  if (open < 0 || !text.endsWith(']')) return null;
  const types = text.slice(open + 1, -1);
  return functionResource({
    keyspace,
    name: text.slice(0, open),
    argumentTypes: types === '' ? [] : types.split('^').map(parseClassName),
  });
}

/** As messages print it: `<table ks.t>`, `<all tables in ks>`, `<role r>`. */
export function resourceText(resource: Resource): string {
  switch (resource.kind) {
    case 'data':
      if (resource.level === 'root') return '<all keyspaces>';
      if (resource.level === 'keyspace') return `<keyspace ${resource.keyspace}>`;
      if (resource.level === 'all-tables') return `<all tables in ${resource.keyspace}>`;
      return `<table ${resource.keyspace}.${resource.table}>`;
    case 'role':
      return resource.role === null ? '<all roles>' : `<role ${resource.role}>`;
    case 'function': {
      if (resource.level === 'root') return '<all functions>';
      if (resource.level === 'keyspace') return `<all functions in ${resource.keyspace}>`;
      const types = resource.argumentTypes.map(signatureTypeName).join(', ');
      return `<function ${resource.keyspace}.${resource.name}(${types})>`;
    }
    case 'mbean':
      return resource.bean === null ? '<all mbeans>' : `<mbean ${resource.bean}>`;
  }
}
