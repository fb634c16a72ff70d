// What a nodetool verb is made of: its words parsed, its place, its output, its ways to fail. A verb that takes long
// answers with a promise and prints as it goes. Cassandra: tools/NodeTool.NodeToolCmd.

import type { CassandraNode } from '../../node/node.ts';
import type { KeyspaceMetadata, TableMetadata } from '../../data/schema.ts';
import { isDistributed } from '../../ring/replication.ts';
import type { Cluster } from '../cluster.ts';
import type { NodeHost } from '../node-host.ts';

/** nodetool's ways to end badly: `use` (exit code 1: the words are wrong) and `failed` (exit code 2: the node refused). */
export class NodetoolFailure extends Error {
  override readonly name = 'NodetoolFailure';
  readonly exitCode: 1 | 2;

  constructor(text: string, exitCode: 1 | 2) {
    super(text);
    this.exitCode = exitCode;
  }
}

/** Wrong words; as nodetool's badUse. */
export function badUse(message: string): NodetoolFailure {
  return new NodetoolFailure(
    `nodetool: ${message}\nSee 'nodetool help' or 'nodetool help <command>'.`,
    1,
  );
}

/** The operation failed; as nodetool's err, without a Java stack. */
export function failed(message: string): NodetoolFailure {
  return new NodetoolFailure(`error: ${message}`, 2);
}

export class Tool {
  readonly cluster: Cluster;
  readonly host: NodeHost;
  readonly node: CassandraNode;
  private readonly onLine: (line: string) => void;

  constructor(
    cluster: Cluster,
    host: NodeHost,
    node: CassandraNode,
    onLine: (line: string) => void,
  ) {
    this.cluster = cluster;
    this.host = host;
    this.node = node;
    this.onLine = onLine;
  }

  line(text = ''): void {
    this.onLine(text);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  /** Wall clock of the node, milliseconds. */
  get nowMs(): number {
    return this.node.options.world.clock.wallMs();
  }

  keyspaces(): readonly KeyspaceMetadata[] {
    return [...this.node.schema.current.keyspaces.values()].filter(
      ({ kind }) => kind === 'regular',
    );
  }

  keyspace(name: string): KeyspaceMetadata {
    const keyspace = this.node.schema.current.keyspaces.get(name);
    if (keyspace === undefined || keyspace.kind !== 'regular')
      throw badUse(`Keyspace [${name}] does not exist.`);
    return keyspace;
  }

  /** `[<keyspace> <tables>...]`: all that are spread over nodes when there is no word; `local`: the system's own too. */
  tables(words: readonly string[], options: { readonly local: boolean }): readonly TableMetadata[] {
    const [name, ...tables] = words;
    if (name === undefined) {
      return this.keyspaces()
        .filter((keyspace) => options.local || isDistributed(keyspace))
        .flatMap((keyspace) => [...keyspace.tables.values()]);
    }
    const keyspace = this.keyspace(name);
    if (tables.length === 0) return [...keyspace.tables.values()];
    return tables.map((table) => {
      const metadata = keyspace.tables.get(table);
      if (metadata === undefined) throw failed(`Unknown keyspace/cf pair (${name}.${table})`);
      return metadata;
    });
  }

  /** `<keyspace> <table>` or `<keyspace>.<table>`. */
  table(words: readonly string[], usage: string): TableMetadata {
    const [first = '', second] = words.length === 1 ? (words[0] ?? '').split('.') : words;
    if (words.length > 2 || second === undefined) throw badUse(usage);
    const [table] = this.tables([first, second], { local: true });
    if (table === undefined) throw badUse(usage);
    return table;
  }
}

/** Options a verb knows, by every spelling: with a value after it, or alone. */
export type OptionTable = Readonly<
  Record<string, { readonly name: string; readonly hasValue: boolean }>
>;

export interface Words {
  readonly arguments: readonly string[];
  has(name: string): boolean;
  /** The values given, in order; a comma separates too. */
  values(name: string): readonly string[];
  value(name: string): string | undefined;
}

const GLOBAL_OPTIONS: OptionTable = {
  '-pp': { name: 'print-port', hasValue: false },
  '--print-port': { name: 'print-port', hasValue: false },
};

/** Splits options from arguments; `--` ends the options. */
export function parseWords(words: readonly string[], options: OptionTable): Words {
  const plain: string[] = [];
  const found = new Map<string, string[]>();
  let optionsEnded = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (!optionsEnded && word === '--') {
      optionsEnded = true;
      continue;
    }
    const [spelling = '', inline] = word.startsWith('--') ? splitInline(word) : [word];
    const known = optionsEnded ? undefined : (options[spelling] ?? GLOBAL_OPTIONS[spelling]);
    if (known === undefined) {
      if (!optionsEnded && /^-[a-zA-Z-]/.test(word))
        throw badUse(`Found unexpected parameters: [${word}]`);
      plain.push(word);
      continue;
    }
    const values = found.get(known.name) ?? [];
    found.set(known.name, values);
    if (!known.hasValue) continue;
    const value = inline ?? words[++at];
    if (value === undefined)
      throw badUse(`Required values for option '${known.name}' not provided`);
    values.push(value);
  }
  return {
    arguments: plain,
    has: (name) => found.has(name),
    values: (name) =>
      (found.get(name) ?? []).flatMap((value) => value.split(',')).filter((value) => value !== ''),
    value: (name) => found.get(name)?.at(-1),
  };
}

function splitInline(word: string): [string, string?] {
  const equals = word.indexOf('=');
  return equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
}

/** Several spellings of one option. */
export function option(name: string, spellings: readonly string[], hasValue = false): OptionTable {
  return Object.fromEntries(spellings.map((spelling) => [spelling, { name, hasValue }]));
}

export interface Verb {
  /** nodetool's own description. */
  readonly about: string;
  readonly usage?: string;
  readonly options?: OptionTable;
  /** Arguments it takes at most; more are unexpected parameters. */
  readonly argumentsMax: number;
  run(tool: Tool, words: Words): void | Promise<void>;
}

export type VerbTable = Readonly<Record<string, Verb>>;

/** A whole number that must be there. */
export function integer(text: string | undefined, name: string): number {
  if (text === undefined) throw badUse(`Required parameters are missing: ${name}`);
  if (!/^-?\d+$/.test(text)) throw badUse(`${name}: can not convert "${text}" to a Integer`);
  return Number(text);
}

/** An operation with a callback, as a promise that rejects with nodetool's error: `refused`, or failed. */
export function awaiting(
  start: (done: (error: string | null) => void) => void,
  refused: (message: string) => NodetoolFailure = failed,
): Promise<void> {
  return new Promise((resolve, reject) =>
    start((error) => (error === null ? resolve() : reject(refused(error)))),
  );
}
