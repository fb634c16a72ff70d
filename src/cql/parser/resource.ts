// JMX object names in GRANT ... ON MBEAN: whether Java would accept one. Source:
// javax.management.ObjectName as Cassandra's grammar uses it.

/**
 * The error text for an object name that is refused, or null. `plural` = MBEANS was written: a
 * pattern is wanted.
 */
export function resourceProblem(name: string, plural: boolean): string | null {
  if (name === '') return 'Empty JMX object name supplied';
  if (name === '*:*') return 'Please use ALL MBEANS instead of wildcard pattern';
  const colon = name.indexOf(':');
  const properties = name.slice(colon + 1);
  if (colon < 0 || name.includes('\n') || !validProperties(properties)) {
    return `${name} is not a valid JMX object name`;
  }
  if (plural && !/[*?]/.test(name)) {
    return `Plural form used, but non-pattern JMX object name specified (${name})`;
  }
  return null;
}

function validProperties(text: string): boolean {
  if (text === '*') return true;
  const keys = new Set<string>();
  for (const part of text.split(',')) {
    if (part === '*') continue;
    const equals = part.indexOf('=');
    const key = part.slice(0, equals);
    if (equals <= 0 || equals === part.length - 1 || /[*?,:=]/.test(key) || keys.has(key))
      return false;
    keys.add(key);
  }
  return true;
}
