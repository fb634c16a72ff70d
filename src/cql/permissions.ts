// Which permissions each kind of resource knows: for GRANT and REVOKE as they are parsed, and for what a role is given.
// Test: test/auth/roles.test.ts, test/cql-parser/. Cassandra: auth/*Resource.applicablePermissions.

import type { Permission } from './ast.ts';

const DATA: readonly Permission[] = [
  'CREATE',
  'ALTER',
  'DROP',
  'SELECT',
  'MODIFY',
  'AUTHORIZE',
  'UNMASK',
  'SELECT_MASKED',
];
const ROLES: readonly Permission[] = ['CREATE', 'ALTER', 'DROP', 'AUTHORIZE', 'DESCRIBE'];
const FUNCTIONS: readonly Permission[] = ['CREATE', 'ALTER', 'DROP', 'AUTHORIZE', 'EXECUTE'];

/** Each list in the order of PERMISSIONS. Nothing is created inside a single table, role or function. */
export const APPLICABLE_PERMISSIONS = {
  data: DATA,
  table: withoutCreate(DATA),
  roles: ROLES,
  role: withoutCreate(ROLES),
  functions: FUNCTIONS,
  function: withoutCreate(FUNCTIONS),
  mbean: ['SELECT', 'MODIFY', 'AUTHORIZE', 'DESCRIBE', 'EXECUTE'],
} as const satisfies Readonly<Record<string, readonly Permission[]>>;

function withoutCreate(permissions: readonly Permission[]): readonly Permission[] {
  return permissions.filter((permission) => permission !== 'CREATE');
}
