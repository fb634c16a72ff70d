// The control API of a running stack, on one loopback port: what `status`, `fault`, `heal`, `ring`,
// `load`, `nodetool`, `add` and `repair` in a second terminal talk to. Commands are data (JSON);
// answers are {ok, ...} or {ok: false, error}, after a line {progress} for each thing that a long
// command tells. Test: test/cli/add.test.ts.

import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

/** What a long command tells while it runs. */
export interface Progress {
  readonly text: string;
  /** Something is done: told in a log, too. Else it is a count that the next overtakes. */
  readonly isStep: boolean;
}

/**
 * A command: takes the parsed body, answers with data; `tell` hears how far it is. Throws Errors
 * whose message is for people.
 */
export type ControlCommand = (
  body: Readonly<Record<string, unknown>>,
  tell: (progress: Progress) => void,
) => Promise<unknown>;

const BODY_BYTES_MAX = 1_048_576;

export interface ControlServer {
  readonly url: string;
  close(): void;
}

/** POST /<command> with a JSON body. Resolves when it listens (port 0: a free one). */
export async function startControlServer(
  commands: Readonly<Record<string, ControlCommand>>,
  at: { readonly host: string; readonly port: number },
): Promise<ControlServer> {
  const server = http.createServer((request, response) => {
    const tell = (progress: Progress): void => {
      if (!response.headersSent)
        response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.write(`${JSON.stringify({ progress })}\n`);
    };
    void answer(commands, request, tell).then(({ status, body }) => {
      if (!response.headersSent) response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${at.host}:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Answer {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: string;
}

/** Sends a command to a running stack. Throws an Error with the answer's words. */
export async function sendControl(
  url: string,
  command: string,
  body: unknown,
  onProgress: (progress: Progress) => void = () => undefined,
): Promise<unknown> {
  const response = await post(`${url}/${command}`, JSON.stringify(body));
  let answered: Answer = { ok: false, error: `${command} was cut short: the run has ended.` };
  for await (const line of createInterface({ input: response })) {
    const parsed = JSON.parse(line) as Answer | { readonly progress: Progress };
    if ('progress' in parsed) onProgress(parsed.progress);
    else answered = parsed;
  }
  if (!answered.ok) throw new Error(answered.error ?? `${command} failed`);
  return answered.value;
}

/** Without fetch's limits on time: a bootstrap may take as long as it takes. */
function post(url: string, body: string): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'POST' }, (response) => {
      // A run that ends in the middle closes the connection: the lines end, and that is said.
      response.on('error', () => undefined);
      resolve(response);
    });
    request.on('error', (error) => reject(new Error('fetch failed', { cause: error })));
    request.end(body);
  });
}

async function answer(
  commands: Readonly<Record<string, ControlCommand>>,
  request: http.IncomingMessage,
  tell: (progress: Progress) => void,
): Promise<{ status: number; body: unknown }> {
  const name = (request.url ?? '/').slice(1).split('?')[0] ?? '';
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    return {
      status: 404,
      body: {
        ok: false,
        error: `There is no command ${name}. Known: ${Object.keys(commands).join(', ')}.`,
      },
    };
  }
  if (request.method !== 'POST')
    return { status: 405, body: { ok: false, error: 'Commands are sent with POST.' } };
  try {
    return { status: 200, body: { ok: true, value: await command(await readBody(request), tell) } };
  } catch (error) {
    return {
      status: 400,
      body: { ok: false, error: error instanceof Error ? error.message : String(error) },
    };
  }
}

async function readBody(request: http.IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX)
      throw new Error(`the command is larger than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new Error('the body is not a JSON object');
  return parsed as Record<string, unknown>;
}
