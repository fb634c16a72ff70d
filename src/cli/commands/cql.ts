// `starfish cql [statement]`: a small shell on one node of the running stack, with the unmodified
// driver; tables in cqlsh's manner. Without a statement it reads them from the terminal or from a
// pipe.

import { createInterface } from 'node:readline';
import cassandra from 'cassandra-driver';
import type { NodeStatus } from '../../engine/engine.ts';
import { nearest } from '../../topology/place.ts';
import { splitStatements } from '../../topology/schema-text.ts';
import { UsageProblem } from '../exit.ts';
import { openTerminal } from '../terminal.ts';
import { errorText, resultLines } from './cql-format.ts';
import { askRun } from './remote.ts';

type Options = Readonly<Record<string, unknown>>;

const EXIT_STATEMENT_FAILED = 2;

export async function cql(statement: string | undefined, options: Options): Promise<number> {
  const { nodes } = (await askRun(options, 'status')) as { readonly nodes: readonly NodeStatus[] };
  const shell = new CqlShell(
    chooseNode(nodes, options['node']),
    levelOf(String(options['consistency'] ?? 'ONE')),
  );
  try {
    await shell.connect();
    if (statement !== undefined) return await shell.runAll(statement);
    return process.stdin.isTTY ? await shell.converse() : await shell.runAll(await readAll());
  } finally {
    await shell.close();
  }
}

class CqlShell {
  private readonly node: NodeStatus;
  private readonly client: cassandra.Client;
  private level: Level;

  constructor(node: NodeStatus, level: Level) {
    this.node = node;
    this.level = level;
    const at = `${node.address}:${node.nativePort}`;
    const { loadBalancing, retry } = cassandra.policies;
    this.client = new cassandra.Client({
      contactPoints: [at],
      localDataCenter: node.datacenter,
      protocolOptions: { port: node.nativePort },
      policies: {
        loadBalancing: new loadBalancing.AllowListPolicy(
          new loadBalancing.DCAwareRoundRobinPolicy(node.datacenter),
          [at],
        ),
        retry: new retry.FallthroughRetryPolicy(),
      },
      encoding: { map: Map, set: Set },
    });
    this.client.on('log', () => undefined);
  }

  async connect(): Promise<void> {
    try {
      await this.client.connect();
    } catch (error) {
      throw new UsageProblem(
        `${this.node.place} (${this.node.address}:${this.node.nativePort}) does not answer: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  close(): Promise<void> {
    return this.client.shutdown();
  }

  /** Runs all; stops at the first that fails. Returns the exit code. */
  async runAll(text: string): Promise<number> {
    for (const statement of splitStatements(text))
      if (!(await this.run(statement))) return EXIT_STATEMENT_FAILED;
    return 0;
  }

  async converse(): Promise<number> {
    const terminal = openTerminal({});
    terminal.line(
      `Connected to ${this.node.place} at ${this.node.address}:${this.node.nativePort}. CONSISTENCY [level], exit.`,
    );
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    let text = '';
    const prompt = (): void => {
      const keyspace = this.client.keyspace;
      lines.setPrompt(text.trim() !== '' ? '   ... ' : keyspace ? `cql:${keyspace}> ` : 'cql> ');
      lines.prompt();
    };
    prompt();
    for await (const line of lines) {
      if (text === '' && /^\s*(?:exit|quit)\s*;?\s*$/i.test(line)) break;
      text += `${line}\n`;
      if (/;\s*$/.test(line) || /^\s*CONSISTENCY\b/i.test(text)) {
        const whole = text;
        text = '';
        await this.runAll(whole);
      }
      prompt();
    }
    lines.close();
    return 0;
  }

  private async run(statement: string): Promise<boolean> {
    const terminal = openTerminal({});
    const consistency = /^CONSISTENCY(?:\s+(\w+))?$/i.exec(statement);
    if (consistency !== null) {
      if (consistency[1] !== undefined) this.level = levelOf(consistency[1]);
      terminal.line(
        `Consistency level ${consistency[1] === undefined ? 'is' : 'set to'} ${this.level.name}.`,
      );
      return true;
    }
    try {
      const result = await this.client.execute(statement, [], {
        consistency: this.level.code,
        prepare: false,
      });
      for (const line of resultLines(result)) terminal.line(line);
      return true;
    } catch (error) {
      terminal.problem(errorText(error));
      return false;
    }
  }
}

interface Level {
  readonly name: string;
  readonly code: number;
}

function levelOf(text: string): Level {
  const levels = new Map(
    Object.entries(cassandra.types.consistencies).map(([name, code]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
      code as number,
    ]),
  );
  const name = text.toUpperCase();
  const code = levels.get(name);
  if (code !== undefined) return { name, code };
  const near = nearest(name, [...levels.keys()]);
  throw new UsageProblem(
    `There is no consistency level ${text}. ${near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Known: ${[...levels.keys()].join(', ')}.`}`,
  );
}

/** By place or address; the first that is up when none is named. Throws UsageProblem. */
function chooseNode(nodes: readonly NodeStatus[], wanted: unknown): NodeStatus {
  if (wanted === undefined) {
    const up = nodes.find(({ state }) => state === 'up');
    if (up === undefined) throw new UsageProblem('No node is up.');
    return up;
  }
  const name = String(wanted);
  const found = nodes.find(({ place, address }) => place === name || address === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    nodes.map(({ place }) => place),
  );
  throw new UsageProblem(
    `There is no node ${name}. ${near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Nodes: ${nodes.map(({ place }) => place).join(', ')}.`}`,
  );
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
