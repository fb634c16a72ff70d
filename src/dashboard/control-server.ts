// The control API of a running stack, on one loopback port: what `status`, `fault`, `heal`, `ring`,
// `load`, `nodetool` and `repair` in a second terminal talk to. Commands are data (JSON); answers
// are {ok, ...} or {ok: false, error}.

import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A command: takes the parsed body, answers with data. Throws Errors whose message is for people.
 */
export type ControlCommand = (body: Readonly<Record<string, unknown>>) => Promise<unknown>;

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
    void answer(commands, request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' });
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

/** Sends a command to a running stack. Throws an Error with the answer's words. */
export async function sendControl(url: string, command: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${url}/${command}`, { method: 'POST', body: JSON.stringify(body) });
  const parsed = (await response.json()) as { ok: boolean; value?: unknown; error?: string };
  if (!parsed.ok) throw new Error(parsed.error ?? `${command} failed`);
  return parsed.value;
}

async function answer(
  commands: Readonly<Record<string, ControlCommand>>,
  request: http.IncomingMessage,
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
    return { status: 200, body: { ok: true, value: await command(await readBody(request)) } };
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
