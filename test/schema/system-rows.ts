// The rows of a running Cassandra's system tables: facts/system-rows.json.

import { factText } from '../read-facts.ts';

/** Python wrote the file: NaN stands bare in it, outside of what is read here. */
export function systemRows<T>(): T {
  return JSON.parse(factText('system-rows.json').replaceAll(/\bNaN\b/g, 'null')) as T;
}
