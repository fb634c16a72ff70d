// Brings Apache Cassandra's jars from Maven Central into a cache, once. Needs Maven and a JDK 17 on the path.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { javaCommand } from './java-command.ts';

const CASSANDRA_VERSION = '5.0.9';

/** What `which` says; false when a tool is missing. */
function hasTool(name: string): boolean {
  return spawnSync(name, ['-version'], { stdio: 'ignore' }).error === undefined;
}

/** Whether real nodes can run here: Java, and the jars or Maven to bring them. */
export function canRunCassandra(): boolean {
  return hasTool(javaCommand()) && (presentJars(CASSANDRA_VERSION) !== null || hasTool('mvn'));
}

/** Where the jars are already; null: nowhere. */
function presentJars(version: string): string | null {
  const given = process.env['STARFISH_CASSANDRA_LIB'];
  if (given !== undefined && existsSync(given)) return given;
  const folder = cacheFolder(version);
  return existsSync(join(folder, `cassandra-all-${version}.jar`)) ? folder : null;
}

function cacheFolder(version: string): string {
  return join(homedir(), '.cache', 'starfish', 'cassandra', version);
}

/** The folder of the jars. Throws an Error with the cure when they cannot be resolved. */
export function resolveJars(version = CASSANDRA_VERSION): string {
  const present = presentJars(version);
  if (present !== null) return present;
  const folder = cacheFolder(version);
  if (!hasTool('mvn'))
    throw new Error(
      'Maven (mvn) is not here: it brings Cassandra from Maven Central. Install Maven and a JDK 17.',
    );
  // Beside its place until it is whole: a download that is broken off leaves no half of the jars there.
  const part = `${folder}.${process.pid}`;
  mkdirSync(part, { recursive: true });
  const pom = join(part, 'pom.xml');
  writeFileSync(pom, pomText(version));
  const result = spawnSync(
    'mvn',
    ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${part}`],
    { encoding: 'utf8' },
  );
  if (result.status !== 0) {
    rmSync(part, { recursive: true, force: true });
    throw new Error(
      `Maven could not bring cassandra-all ${version}: ${result.stdout}${result.stderr}`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(part, folder);
  return folder;
}

function pomText(version: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>starfish</groupId><artifactId>cassandra-lib</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.cassandra</groupId><artifactId>cassandra-all</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`;
}
