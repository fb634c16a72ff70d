// Which java runs Cassandra's classes: of JAVA_HOME, else the one on the path.

import { join } from 'node:path';

export function javaCommand(): string {
  const home = process.env['JAVA_HOME'];
  return home === undefined ? 'java' : join(home, 'bin', 'java');
}
