// The sample application's schema and its statements, one table: name, text, which of the
// application's levels it uses.

export const SHOP_KEYSPACE = 'shop';

/** DDL below the keyspace, which the topology creates. */
export const SHOP_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS shop.carts (
    user_id text PRIMARY KEY, version bigint, items text, written_in text, updated_at timestamp)`,
  `CREATE TABLE IF NOT EXISTS shop.orders (
    slot text PRIMARY KEY, order_id text, user_id text, total int, placed_at timestamp)`,
];

export type ShopStatement = 'read-cart' | 'write-cart' | 'place-order' | 'read-order';

/** All are idempotent: a cart write carries its version, an order its id. */
export const SHOP_STATEMENTS: Readonly<
  Record<
    ShopStatement,
    { readonly cql: string; readonly level: 'read' | 'write'; readonly conditional: boolean }
  >
> = {
  'read-cart': {
    cql: 'SELECT version, items, written_in FROM shop.carts WHERE user_id = ?',
    level: 'read',
    conditional: false,
  },
  'write-cart': {
    cql: 'INSERT INTO shop.carts (user_id, version, items, written_in, updated_at) VALUES (?, ?, ?, ?, ?)',
    level: 'write',
    conditional: false,
  },
  'place-order': {
    cql: 'INSERT INTO shop.orders (slot, order_id, user_id, total, placed_at) VALUES (?, ?, ?, ?, ?) IF NOT EXISTS',
    level: 'write',
    conditional: true,
  },
  'read-order': {
    cql: 'SELECT order_id, user_id, total FROM shop.orders WHERE slot = ?',
    level: 'read',
    conditional: false,
  },
};
