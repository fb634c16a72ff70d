// The JVM in which real nodetool verbs run (Nodetool.java, compiled in passing by `java <file>`).

import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { javaCommand } from '../../src/engine/cassandra/java-command.ts';
import { JVM_MODULE_FLAGS } from '../../src/engine/cassandra/node-process.ts';

const here = dirname(fileURLToPath(import.meta.url));

export class NodetoolServer {
  #child;
  #waiting = new Map();
  #asked = 0;
  #errors = '';

  /** `folder`: where it may write; it needs the logback.xml of a node's conf/ there. */
  constructor(jars, folder) {
    const words = [
      '-Xmx128M',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      ...JVM_MODULE_FLAGS,
      `-Dcassandra.storagedir=${folder}`,
      '-Dlogback.configurationFile=logback.xml',
      '-Duser.timezone=UTC',
      '-cp',
      `${join(folder, 'conf')}:${join(jars, '*')}`,
      join(here, 'Nodetool.java'),
    ];
    this.#child = spawn(javaCommand(), words, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.on('data', (data) => {
      this.#errors = (this.#errors + data).slice(-2_000);
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const [id, code, text] = line.split('\t');
      this.#waiting
        .get(id)
        ?.resolve({ code: Number(code), text: Buffer.from(text ?? '', 'base64').toString('utf8') });
      this.#waiting.delete(id);
    });
    this.#child.on('exit', () => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`nodetool ended: ${this.#errors}`));
      this.#waiting.clear();
    });
  }

  run(port, words) {
    const id = String(++this.#asked);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(`${[id, port, ...words].join('\t')}\n`);
    });
  }

  stop() {
    this.#child.kill('SIGKILL');
  }
}
