// One real Cassandra node as a child process: start, wait for its native port, kill -9, SIGTERM, SIGSTOP. Processes are
// ended by their id only.

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import * as net from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { javaCommand } from './java-command.ts';
import type { RealNodeConfig } from './node-config-files.ts';
import { cassandraYaml, logbackXml, rackProperties } from './node-config-files.ts';

export interface NodeProcessOptions {
  readonly jars: string;
  readonly heapMiB: number;
  readonly ringDelayMs: number | null;
  /** JMX on loopback at this port; null: off. nodetool needs it. */
  readonly jmxPort: number | null;
  /** More JVM flags. */
  readonly flags?: readonly string[];
}

/** What Cassandra 5.0 must reach inside a modular JDK. */
const EXPORTS = [
  'java.base/jdk.internal.misc',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.perf',
  'java.base/sun.nio.ch',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.rmi/sun.rmi.transport.tcp',
  'java.sql/java.sql',
  'java.base/java.lang.ref',
  'jdk.unsupported/sun.misc',
  'jdk.compiler/com.sun.tools.javac.file',
];
const OPENS = [
  'java.base/java.lang',
  'java.base/java.lang.module',
  'java.base/java.lang.reflect',
  'java.base/java.io',
  'java.base/java.net',
  'java.base/java.nio',
  'java.base/java.nio.charset',
  'java.base/java.nio.file.spi',
  'java.base/java.time',
  'java.base/java.util',
  'java.base/java.util.concurrent',
  'java.base/java.util.concurrent.atomic',
  'java.base/java.util.concurrent.locks',
  'java.base/java.util.jar',
  'java.base/java.math',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.util',
  'java.base/jdk.internal.util.jar',
  'java.base/jdk.internal.vm',
  'java.base/jdk.internal.perf',
  'java.base/sun.nio.ch',
  'java.management/java.lang.management',
  'java.management/com.sun.jmx.mbeanserver',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/java.rmi',
  'java.rmi/sun.rmi.transport.tcp',
  'jdk.management/com.sun.management',
  'jdk.management/com.sun.management.internal',
  'jdk.compiler/com.sun.tools.javac.file',
];

/** Of every JVM that runs Cassandra's classes, nodetool too. */
export const JVM_MODULE_FLAGS: readonly string[] = [
  ...EXPORTS.map((name) => `--add-exports=${name}=ALL-UNNAMED`),
  ...OPENS.map((name) => `--add-opens=${name}=ALL-UNNAMED`),
];

export class NodeProcess {
  readonly config: RealNodeConfig;
  private readonly options: NodeProcessOptions;
  private child: ChildProcess | null = null;

  constructor(config: RealNodeConfig, options: NodeProcessOptions) {
    this.config = config;
    this.options = options;
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  /** Starts the JVM; returns at once. */
  launch(): void {
    const { folder } = this.config;
    const conf = join(folder, 'conf');
    mkdirSync(conf, { recursive: true });
    writeFileSync(join(conf, 'cassandra.yaml'), cassandraYaml(this.config));
    writeFileSync(join(conf, 'cassandra-rackdc.properties'), rackProperties(this.config));
    writeFileSync(join(conf, 'logback.xml'), logbackXml(this.config));
    const out = openSync(join(folder, 'stdout.log'), 'a');
    const child = spawn(
      javaCommand(),
      [
        ...this.flags(),
        '-cp',
        `${conf}:${join(this.options.jars, '*')}`,
        'org.apache.cassandra.service.CassandraDaemon',
      ],
      {
        cwd: folder,
        stdio: ['ignore', out, out],
      },
    );
    child.on('exit', () => {
      if (this.child === child) this.child = null;
    });
    this.child = child;
  }

  /** Resolves when the native port answers. Rejects when the process ends or the limit passes. */
  async ready(limitMs: number): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (Date.now() < deadline) {
      if (this.child === null)
        throw new Error(`Cassandra on ${this.config.address} ended: ${this.lastLog()}`);
      if (await answersOptions(this.config.address, 9042)) return;
      await sleep(100);
    }
    throw new Error(
      `Cassandra on ${this.config.address} was not ready within ${limitMs / 1_000} s: ${this.lastLog()}`,
    );
  }

  /** kill -9; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** SIGTERM: Cassandra drains and says goodbye. */
  async terminate(): Promise<void> {
    await this.end('SIGTERM');
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(signal);
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await gone;
  }

  private flags(): readonly string[] {
    const { heapMiB, ringDelayMs, jmxPort, flags } = this.options;
    const { folder } = this.config;
    return [
      `-Xms${heapMiB}M`,
      `-Xmx${heapMiB}M`,
      '-Xss256k',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:+PerfDisableSharedMem',
      '-XX:+ExitOnOutOfMemoryError',
      '-XX:MaxDirectMemorySize=128M',
      '-Djdk.attach.allowAttachSelf=true',
      '-Djava.net.preferIPv4Stack=true',
      '-Dio.netty.tryReflectionSetAccessible=true',
      '-Djna.nosys=true',
      `-Dcassandra.storagedir=${folder}`,
      `-Dcassandra.logdir=${folder}`,
      `-Dcassandra.config=file://${folder}/conf/cassandra.yaml`,
      '-Dlogback.configurationFile=logback.xml',
      '-Dcassandra.skip_wait_for_gossip_to_settle=0',
      '-Djava.security.manager=allow',
      ...(ringDelayMs === null ? [] : [`-Dcassandra.ring_delay_ms=${ringDelayMs}`]),
      ...(jmxPort === null ? [] : [`-Dcassandra.jmx.local.port=${jmxPort}`]),
      ...JVM_MODULE_FLAGS,
      ...(flags ?? []),
    ];
  }

  private lastLog(): string {
    const log = join(this.config.folder, 'system.log');
    const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
    return text.trimEnd().split('\n').slice(-3).join(' | ') || `see ${this.config.folder}`;
  }
}

/** Sends OPTIONS (protocol v4) and waits for SUPPORTED. */
function answersOptions(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const end = (answer: boolean): void => {
      resolve(answer);
      socket.destroy();
    };
    socket.setTimeout(2_000, () => end(false));
    socket.on('error', () => end(false));
    socket.on('connect', () => socket.write(Buffer.from([4, 0, 0, 1, 5, 0, 0, 0, 0])));
    socket.on('data', (data) => end(data[4] === 6));
  });
}
