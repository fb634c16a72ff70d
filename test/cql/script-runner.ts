// Runs a .cql file against a node and writes down what it answers: the file's own text with the
// answers, indented, behind each statement. The same code records real Cassandra
// (conformance/record.mjs) and checks us (recordings.test.ts). Every file lives in a keyspace of
// its own, which comes and goes with it.

import { basename } from 'node:path';
import { parse } from 'yaml';
import type { Settings } from '../../src/engine/cassandra/node-config-files.ts';
import type { ConsistencyLevel } from '../../src/data/consistency.ts';
import { int64 } from '../../src/base/int64.ts';
import type { BoundValue } from '../../src/protocol/bound-value.ts';
import type { ProtocolVersion } from '../../src/protocol/protocol-version.ts';
import type { QueryParameters } from '../../src/protocol/query-parameters.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import type { BatchEntry, BatchType } from '../../src/protocol/requests/batch.ts';
import type { RequestMessage } from '../../src/protocol/requests/request.ts';
import { PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import type { PreparedResult } from '../../src/protocol/responses/prepared.ts';
import type { DecodedResponse } from '../../src/protocol/responses/response.ts';
import type { ResultColumn } from '../../src/protocol/responses/result-metadata.ts';
import { encodeValue, splitTop } from './bind-values.ts';
import { Connection } from './connection.ts';
import type { Step } from './parse-script.ts';
import { parseScript } from './parse-script.ts';
import { replaceIn, sortRows, sortSignatures } from './arrange-answer.ts';
import { printAnswer, printHeader, printRows, printWarnings } from './print-answer.ts';

export interface Server {
  readonly address: string;
  readonly port: number;
  /** The node's superuser; null: it asks nobody. */
  readonly superuser: { readonly user: string; readonly password: string } | null;
}

interface ScriptCount {
  readonly statements: number;
  readonly errors: number;
}

/** What node a file wants. Files of equal `key` share one. */
export interface ServerWish {
  readonly key: string;
  readonly kind: 'plain' | 'auth';
  /** cassandra.yaml lines of the file's own. */
  readonly settings: Settings;
}

/** `-- @server auth` asks for a node with users, each `-- @setting name: value` for a line of cassandra.yaml. */
export function serverOf(text: string): ServerWish {
  const kind = /^-- @server auth$/m.test(text) ? 'auth' : 'plain';
  const lines = [...text.matchAll(/^-- @setting (.*)$/gm)].map(([, line = '']) => line);
  return {
    key: [kind, ...lines].join('\n'),
    kind,
    settings: (parse(lines.join('\n')) ?? {}) as Settings,
  };
}

/** The recording. Rejects when the node cannot be reached or a directive makes no sense. */
export async function runScript(file: string, text: string, server: Server): Promise<string> {
  const keyspace = `ks_${basename(file, '.cql').replaceAll('-', '_')}`;
  const run = new ScriptRun(server, keyspace);
  try {
    await run.prepareKeyspace();
    const parts: string[] = [];
    for (const step of parseScript(text)) {
      parts.push(step.lead);
      if (step.source !== '') parts.push(step.source, '\n', indent(await run.step(step)));
    }
    await run.dropKeyspaces();
    return parts.join('');
  } finally {
    run.close();
  }
}

/** Counts what a recording holds. */
export function countRecording(recording: string): ScriptCount {
  const steps = parseScript(
    recording
      .split('\n')
      .filter((line) => !line.startsWith('  > '))
      .join('\n'),
  );
  return {
    statements: steps.filter((step) => step.source !== '').length,
    errors: recording.split('\n').filter((line) => line.startsWith('  > ERROR ')).length,
  };
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `  > ${line.replaceAll('\n', '\n  >   ')}\n`).join('');
}

const PAGES_MAX = 1_000;

class ScriptRun {
  private readonly server: Server;
  private readonly keyspace: string;
  private readonly connections = new Map<string, Connection>();
  private readonly users = new Map<string, string>();

  constructor(server: Server, keyspace: string) {
    this.server = server;
    this.keyspace = keyspace;
  }

  async prepareKeyspace(): Promise<void> {
    await this.dropKeyspaces();
    const replication = `{'class': 'SimpleStrategy', 'replication_factor': 1}`;
    await this.query(`CREATE KEYSPACE ${this.keyspace} WITH replication = ${replication}`);
    await this.query(`USE ${this.keyspace}`);
  }

  /** Drops the file's keyspace and those whose name begins with it and an underscore. */
  async dropKeyspaces(): Promise<void> {
    const { response } = await this.query('SELECT keyspace_name FROM system_schema.keyspaces');
    if (response.kind !== 'rows') return;
    for (const [name] of response.rows) {
      const text = String(name);
      if (text === this.keyspace || text.startsWith(`${this.keyspace}_`))
        await this.query(`DROP KEYSPACE ${text}`);
    }
  }

  close(): void {
    for (const connection of this.connections.values()) connection.close();
  }

  /** Runs one statement as its directives say; returns the lines of its answer. */
  async step(step: Step): Promise<readonly string[]> {
    const { directives } = step;
    const lines = await this.answer(step);
    const inOrder = directives.has('sorted') ? sortRows(lines) : lines;
    const sorted = directives.has('sort-signatures') ? inOrder.map(sortSignatures) : inOrder;
    return (directives.get('replace') ?? []).reduce((all, rule) => replaceIn(all, rule), sorted);
  }

  private async answer(step: Step): Promise<readonly string[]> {
    const { directives, cql } = step;
    const lines: string[] = [];
    for (const login of directives.get('login') ?? []) lines.push(...(await this.logIn(login)));
    const connection = await this.connectionFor(step);
    if (!(connection instanceof Connection)) return [...lines, ...printAnswer(connection)];
    const parameters = readParameters(step);
    const query: RequestMessage = { kind: 'query', ...PLAIN_HEADER, query: cql, parameters };
    if (directives.has('batch'))
      return [...lines, ...(await sendBatch(connection, step, parameters))];
    if (!directives.has('bind') && !directives.has('bind-names') && !directives.has('prepare')) {
      const rowsWanted = Number(directives.get('until-rows')?.[0] ?? '0');
      return [
        ...lines,
        ...(await sendPaged({ connection, request: query, known: null, rowsWanted })),
      ];
    }
    const keyspace = directives.get('keyspace')?.[0] ?? null;
    const prepared = await connection.send({
      kind: 'prepare',
      ...PLAIN_HEADER,
      query: cql,
      keyspace,
    });
    if (prepared.response.kind !== 'prepared') return [...lines, ...printAnswer(prepared)];
    if (directives.has('prepare')) lines.push(...printAnswer(prepared));
    const statement = prepared.response;
    for (const bound of boundValues(step, statement)) {
      if (bound.text !== null) lines.push(`-- ${bound.text}`);
      const withValues = { ...parameters, values: bound.values, names: bound.names };
      const request: RequestMessage = directives.has('by-text')
        ? { ...query, parameters: withValues }
        : {
            kind: 'execute',
            ...PLAIN_HEADER,
            id: statement.id,
            resultMetadataId: statement.resultMetadataId,
            parameters: withValues,
          };
      const known = statement.resultColumns;
      lines.push(...(await sendPaged({ connection, request, known, rowsWanted: 0 })));
    }
    return lines;
  }

  private async logIn(words: string): Promise<readonly string[]> {
    const [user = '', password = ''] = words.split(/\s+/);
    this.users.set(user, password);
    for (const key of this.connections.keys()) {
      if (!key.startsWith(`${user}/`)) continue;
      this.connections.get(key)?.close();
      this.connections.delete(key);
    }
    const connection = await this.connection(user, 5);
    return connection instanceof Connection ? [`LOGGED IN ${user}`] : printAnswer(connection);
  }

  private connectionFor(step: Step): Promise<Connection | DecodedResponse> {
    const user = step.directives.get('as')?.[0] ?? this.server.superuser?.user ?? '';
    return this.connection(user, readVersion(step.directives.get('protocol')?.[0] ?? '5'));
  }

  private async connection(
    user: string,
    version: ProtocolVersion,
  ): Promise<Connection | DecodedResponse> {
    const key = `${user}/${version}`;
    const known = this.connections.get(key);
    if (known !== undefined) return known;
    const { superuser, address, port } = this.server;
    const password = this.users.get(user) ?? superuser?.password ?? '';
    const credentials = user === '' ? null : { user, password };
    const opened = await Connection.open({ address, port, version, credentials });
    if (!(opened instanceof Connection)) return opened;
    this.connections.set(key, opened);
    const isFirst = this.connections.size === 1;
    const use = `USE ${this.keyspace}`;
    if (!isFirst)
      await opened.send({
        kind: 'query',
        ...PLAIN_HEADER,
        query: use,
        parameters: DEFAULT_PARAMETERS,
      });
    return opened;
  }

  /** A statement of the runner's own, as superuser. Rejects when it fails. */
  private async query(cql: string): Promise<DecodedResponse> {
    const connection = await this.connection(this.server.superuser?.user ?? '', 5);
    if (!(connection instanceof Connection)) throw new Error(printAnswer(connection).join('\n'));
    const answer = await connection.send({
      kind: 'query',
      ...PLAIN_HEADER,
      query: cql,
      parameters: DEFAULT_PARAMETERS,
    });
    if (answer.response.kind === 'error')
      throw new Error(`${cql}: ${answer.response.error.message}`);
    return answer;
  }
}

function readVersion(text: string): ProtocolVersion {
  if (text === '3') return 3;
  return text === '4' ? 4 : 5;
}

function readParameters(step: Step): QueryParameters {
  const word = (name: string): string | null => step.directives.get(name)?.[0] ?? null;
  const page = word('page');
  const timestamp = word('timestamp');
  const now = word('now');
  return {
    ...DEFAULT_PARAMETERS,
    consistency: (word('consistency') ?? 'ONE') as ConsistencyLevel,
    serialConsistency: (word('serial') ?? 'SERIAL') as ConsistencyLevel,
    pageSize: page === null ? DEFAULT_PARAMETERS.pageSize : Number(page),
    timestamp: timestamp === null ? null : int64(BigInt(timestamp)),
    nowInSeconds: now === null ? null : Number(now),
    keyspace: word('keyspace'),
    skipMetadata: step.directives.has('skip-metadata'),
  };
}

interface Bound {
  readonly values: readonly BoundValue[];
  readonly names: readonly string[] | null;
  /** What to show before the answer; null when there is only one. */
  readonly text: string | null;
}

function boundValues(step: Step, statement: PreparedResult): readonly Bound[] {
  const byPlace = step.directives.get('bind') ?? [];
  const byName = step.directives.get('bind-names') ?? [];
  const isOnly = byPlace.length + byName.length === 1;
  const textType = (i: number): ResultColumn['type'] =>
    statement.bindColumns[i]?.type ?? { kind: 'native', name: 'blob' };
  const placed = byPlace.map((text): Bound => {
    const values = splitTop(text).map((value, i) => encodeValue(textType(i), value));
    return { values, names: null, text: isOnly ? null : text };
  });
  const named = byName.map((text): Bound => {
    const pairs = splitTop(text).map((entry) => splitTop(entry, '='));
    const names = pairs.map(([name = '']) => name);
    const values = pairs.map(([name = '', value = '']) =>
      encodeValue(
        textType(statement.bindColumns.findIndex((column) => column.name === name)),
        value,
      ),
    );
    return { values, names, text: isOnly ? null : text };
  });
  return [...placed, ...named];
}

/** Sends a request and asks for the rest of its pages. */
async function sendPaged(ask: {
  readonly connection: Connection;
  readonly request: RequestMessage;
  /** The columns, when they may be left out. */
  readonly known: readonly ResultColumn[] | null;
  /** Ask again until the answer has so many. */
  readonly rowsWanted: number;
}): Promise<readonly string[]> {
  const { connection, request, known } = ask;
  const first = await send(connection, request, ask.rowsWanted);
  if (typeof first === 'string') return [first];
  if (first.response.kind !== 'rows') return printAnswer(first);
  const { metadata } = first.response;
  const columns = metadata.noMetadata === true && known !== null ? known : metadata.columns;
  const isSkipped = metadata.noMetadata === true;
  const header = isSkipped
    ? `ROWS of ${metadata.columns.length} columns, metadata skipped`
    : printHeader(columns);
  const lines = [...printWarnings(first), header, ...printRows(first.response, columns)];
  let pagingState = metadata.pagingState ?? null;
  for (let page = 0; pagingState !== null; page++) {
    if (page > PAGES_MAX) throw new Error('the pages never end');
    lines.push('-- page');
    const next = await send(connection, withPagingState(request, pagingState));
    if (typeof next === 'string') return [...lines, next];
    if (next.response.kind !== 'rows') return [...lines, ...printAnswer(next)];
    lines.push(...printWarnings(next), ...printRows(next.response, columns));
    pagingState = next.response.metadata.pagingState ?? null;
  }
  return lines;
}

function withPagingState(request: RequestMessage, pagingState: Buffer): RequestMessage {
  if (request.kind !== 'query' && request.kind !== 'execute') return request;
  return { ...request, parameters: { ...request.parameters, pagingState } };
}

const BUILD_LIMIT_MS = 20_000;
const BUILD_PAUSE_MS = 50;

/**
 * A text when the connection broke. What is still being built behind a CREATE INDEX or a CREATE
 * MATERIALIZED VIEW is asked for again: how long it takes is nobody's promise.
 */
async function send(
  connection: Connection,
  request: RequestMessage,
  rowsWanted = 0,
): Promise<DecodedResponse | string> {
  const deadline = performance.now() + BUILD_LIMIT_MS;
  try {
    for (;;) {
      const answer = await connection.send(request);
      if (!isBeingBuilt(answer, rowsWanted) || performance.now() > deadline) return answer;
      await new Promise((resolve) => setTimeout(resolve, BUILD_PAUSE_MS));
    }
  } catch (error) {
    return `BROKEN ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** A BATCH message of the statements between BEGIN and APPLY, each prepared when `@bind` has values for it. */
async function sendBatch(
  connection: Connection,
  step: Step,
  parameters: QueryParameters,
): Promise<readonly string[]> {
  const [words = ''] = step.directives.get('batch') ?? [];
  const type = (words === '' ? 'LOGGED' : words.toUpperCase()) as BatchType;
  const inner = step.cql.replace(/^begin\s+batch/i, '').replace(/apply\s+batch$/i, '');
  const queries = splitTop(inner, ';').filter((query) => query !== '');
  const binds = step.directives.get('bind') ?? [];
  const statements: BatchEntry[] = [];
  for (const [i, query] of queries.entries()) {
    const bind = binds[i];
    if (bind === undefined || bind === '-') {
      statements.push({ kind: 'query', query, values: [] });
      continue;
    }
    const prepared = await connection.send({
      kind: 'prepare',
      ...PLAIN_HEADER,
      query,
      keyspace: null,
    });
    if (prepared.response.kind !== 'prepared') return printAnswer(prepared);
    const { id, bindColumns } = prepared.response;
    const blob = { kind: 'native', name: 'blob' } as const;
    const values = splitTop(bind).map((value, at) =>
      encodeValue(bindColumns[at]?.type ?? blob, value),
    );
    statements.push({ kind: 'prepared', id, values });
  }
  const answer = await send(connection, {
    kind: 'batch',
    ...PLAIN_HEADER,
    type,
    statements,
    parameters,
  });
  return typeof answer === 'string' ? [answer] : printAnswer(answer);
}

function isBeingBuilt({ response }: DecodedResponse, rowsWanted: number): boolean {
  if (response.kind === 'rows') return response.rows.length < rowsWanted;
  if (response.kind !== 'error' || response.error.code !== 'READ_FAILURE') return false;
  return [...response.error.failures.values()].includes('INDEX_NOT_AVAILABLE');
}
