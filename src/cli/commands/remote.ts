// The verbs of a second terminal: they find the running stack, send a command, and print the answer
// in the manner of nodetool and Locust.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../../dashboard/control-server.ts';
import { sendControl } from '../../dashboard/control-server.ts';
import type { NodeStatus, RepairReport, RingView } from '../../engine/engine.ts';
import { parseFaultKind } from '../../fault/fault.ts';
import type { StatsRow } from '../../load/statistics.ts';
import { UsageProblem } from '../exit.ts';
import { nearest } from '../../topology/place.ts';
import { findRun } from '../run-file.ts';
import { durationOf } from './run-options.ts';
import type { Terminal } from '../terminal.ts';
import { alignTable, openTerminal, styled } from '../terminal.ts';

type Options = Readonly<Record<string, unknown>>;

interface StatusAnswer {
  readonly name: string;
  readonly nodes: readonly NodeStatus[];
  readonly hints: {
    readonly pending: number;
    readonly stored: number;
    readonly delivered: number;
    readonly expired: number;
  };
  readonly instances: readonly {
    readonly place: string;
    readonly address: string;
    readonly port: number;
    readonly running: boolean;
  }[];
  readonly balancers: readonly {
    readonly region: string;
    readonly healthy: boolean;
    readonly nodes: readonly {
      readonly place: string;
      readonly listening: boolean;
      readonly targets: readonly {
        readonly place: string;
        readonly state: string;
        readonly reason: string | null;
      }[];
    }[];
  }[];
  readonly accelerator: readonly {
    readonly region: string;
    readonly healthy: boolean;
    readonly connections: number;
  }[];
  readonly faults: readonly {
    readonly id: string;
    readonly text: string;
    readonly radius: string;
    readonly seconds: number;
  }[];
}

export async function status(options: Options): Promise<number> {
  const url = findRun(options['at'] as string | undefined);
  const terminal = openTerminal({});
  for (;;) {
    const answer = (await send(url, 'status', {})) as StatusAnswer;
    if (options['json'] === true) terminal.line(JSON.stringify(answer, null, 2));
    else {
      const lines = statusLines(answer, terminal);
      if (options['watch'] === true && terminal.interactive) terminal.redraw(lines);
      else for (const line of lines) terminal.line(line);
    }
    if (options['watch'] !== true) return 0;
    await sleep(2_000);
  }
}

function statusLines(answer: StatusAnswer, terminal: Terminal): readonly string[] {
  const lines: string[] = [];
  for (const region of new Set(answer.nodes.map((node) => node.region))) {
    lines.push(
      `Datacenter: ${region}`,
      '='.repeat(12 + region.length),
      'Status=Up/Down',
      '|/ State=Normal/Leaving/Joining/Moving',
    );
    const rows = answer.nodes
      .filter((node) => node.region === region)
      .map((node) => [
        stateLetters(node, terminal),
        node.address,
        sizeText(node.loadBytes),
        String(node.tokens),
        node.hostId,
        node.rack,
        node.place,
        node.believesDown.length > 0 ? `sees down: ${node.believesDown.join(', ')}` : '',
      ]);
    lines.push(
      ...alignTable([['--', 'Address', 'Load', 'Tokens', 'Host ID', 'Rack', 'Place', ''], ...rows]),
      '',
    );
  }
  for (const { region, healthy, nodes } of answer.balancers) {
    lines.push(`Balancer ${region}: ${word(healthy, 'healthy', 'unhealthy', terminal)}`);
    for (const node of nodes) {
      const targets = node.targets.map(
        ({ place, state, reason }) =>
          `${place.split('/').slice(1).join('/')} ${state}${reason === null ? '' : ` (${reason})`}`,
      );
      lines.push(
        `  ${node.place}  ${word(node.listening, 'up', 'down', terminal)}  ${targets.join(', ')}`,
      );
    }
  }
  const accelerated = answer.accelerator.map(
    ({ region, healthy, connections }) =>
      `${region} ${word(healthy, 'healthy', 'unhealthy', terminal)} ${connections} connections`,
  );
  if (accelerated.length > 0) lines.push(`Accelerator: ${accelerated.join(', ')}`);
  const instances = answer.instances.map(
    ({ place, running }) => `${place} ${word(running, 'up', 'down', terminal)}`,
  );
  if (instances.length > 0) lines.push(`Instances: ${instances.join(', ')}`);
  lines.push(
    `Hints: ${answer.hints.pending} pending, ${answer.hints.stored} stored, ${answer.hints.delivered} delivered, ${answer.hints.expired} expired`,
  );
  lines.push(answer.faults.length === 0 ? 'Faults: none' : 'Faults:');
  for (const { id, text, radius, seconds } of answer.faults)
    lines.push(`  ${id}  ${text}  (${radius})  for ${seconds.toFixed(0)} s`);
  return lines;
}

export async function fault(kind: string, place: string, options: Options): Promise<number> {
  const url = findRun(options['at'] as string | undefined);
  let parsed: string;
  try {
    parsed = parseFaultKind(kind);
  } catch (error) {
    throw new UsageProblem(error instanceof Error ? error.message : String(error));
  }
  const body: Record<string, unknown> = { kind: parsed, at: place };
  if (parsed === 'slow') {
    if (options['ms'] === undefined)
      throw new UsageProblem('slow needs --ms, e.g. fault slow us-east-1/b --ms 200');
    Object.assign(body, {
      ms: options['ms'],
      ...(options['jitter'] === undefined ? {} : { jitter: options['jitter'] }),
    });
  }
  if (parsed === 'lose') {
    if (options['rate'] === undefined)
      throw new UsageProblem('lose needs --rate, e.g. fault lose us-east-1..us-west-2 --rate 15%');
    body['rate'] = options['rate'];
  }
  if (options['oneWay'] === true) body['oneWay'] = true;
  const answer = (await send(url, 'fault', body)) as { id: string; text: string; radius: string };
  print(options, answer, [
    `${answer.id}: ${answer.text}: ${answer.radius}. Heal it: starfish heal ${answer.id}`,
  ]);
  return 0;
}

export async function heal(id: string | undefined, options: Options): Promise<number> {
  const url = findRun(options['at'] as string | undefined);
  if (id === undefined && options['all'] !== true)
    throw new UsageProblem('heal needs a fault id, or --all. starfish status lists the faults.');
  const answer = (await send(url, 'heal', { id, all: options['all'] === true })) as readonly {
    id: string;
    text: string;
  }[];
  print(
    options,
    answer,
    answer.length === 0
      ? ['Nothing was broken.']
      : answer.map(({ id: healed, text }) => `healed ${healed}: ${text}`),
  );
  return 0;
}

export async function ring(key: string | undefined, options: Options): Promise<number> {
  if (options['balance'] === true) {
    const { ringBalanceTable } = await import('./ring-balance.ts');
    const lines = ringBalanceTable();
    print(options, lines, lines);
    return 0;
  }
  const url = findRun(options['at'] as string | undefined);
  const answer = (await send(url, 'ring', { keyspace: options['keyspace'], key })) as RingView;
  const rows = answer.nodes.map(({ place, tokens, owns }) => [
    place,
    String(tokens),
    `${(owns * 100).toFixed(1)} %`,
  ]);
  const lines =
    answer.key === null
      ? alignTable([['place', 'tokens', `owns (${answer.keyspace})`], ...rows], [false, true, true])
      : [
          `token ${answer.key.token}`,
          ...answer.key.replicas.map((place, at) => `replica ${at + 1}  ${place}`),
        ];
  print(options, answer, lines);
  return 0;
}

export async function load(action: string, options: Options): Promise<number> {
  if (!LOAD_ACTIONS.includes(action)) {
    const near = nearest(action, LOAD_ACTIONS);
    throw new UsageProblem(
      `There is no load ${action}. ${near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Known: ${LOAD_ACTIONS.join(', ')}.`}`,
    );
  }
  const runTime = options['runTime'];
  const answer = await askRun(options, 'load', {
    action,
    rate: options['rate'] ?? options['users'],
    ...(options['retry'] === false ? { retry: false } : {}),
    ...(typeof runTime === 'string' ? { runTimeMs: durationOf('--run-time', runTime) } : {}),
  });
  if (Array.isArray(answer)) print(options, answer, locustTable(answer as readonly StatsRow[]));
  else
    print(options, answer, [
      `Load runs at ${(answer as { rate: number }).rate} requests/s. starfish load stats, load set --rate, load stop`,
    ]);
  return 0;
}
const LOAD_ACTIONS = ['start', 'set', 'stats', 'stop'];

export async function nodetool(
  place: string,
  verb: string,
  words: readonly string[],
  options: Options,
): Promise<number> {
  const url = findRun(options['at'] as string | undefined);
  const answer = (await send(url, 'nodetool', { place, verb, words }, counts(options))) as string;
  print(options, answer, [answer.trimEnd()]);
  return 0;
}

export async function repair(keyspace: string, options: Options): Promise<number> {
  const url = findRun(options['at'] as string | undefined);
  const body = { keyspace, full: options['full'] === true };
  const answer = (await send(url, 'repair', body, counts(options))) as RepairReport;
  print(options, answer, [
    answer.ok
      ? `repair of ${keyspace}: ${answer.treesCompared} Merkle trees compared, ${answer.rangesThatDiffered} ranges differed, ${answer.rowsStreamed} rows streamed in ${answer.seconds.toFixed(2)} s`
      : `repair of ${keyspace} failed: ${answer.error ?? ''}`,
  ]);
  return answer.ok ? 0 : 1;
}

/** The console table of Locust. */
function locustTable(rows: readonly StatsRow[]): readonly string[] {
  const cells = rows.map((row) => [
    row.method,
    row.name,
    String(row.requests),
    `${row.failures}(${((100 * row.failures) / Math.max(1, row.requests)).toFixed(2)}%)`,
    '|',
    row.average.toFixed(0),
    row.min.toFixed(0),
    row.max.toFixed(0),
    row.median.toFixed(0),
    '|',
    row.requestsPerSecond.toFixed(2),
    row.failuresPerSecond.toFixed(2),
  ]);
  return alignTable(
    [
      [
        'Type',
        'Name',
        '# reqs',
        '# fails',
        '|',
        'Avg',
        'Min',
        'Max',
        'Med',
        '|',
        'req/s',
        'failures/s',
      ],
      ...cells,
    ],
    [false, false, true, true, false, true, true, true, true, false, true, true],
  );
}

/**
 * Sends a command to the run that the options name, or the one that is found. Throws UsageProblem.
 */
export function askRun(
  options: Options,
  command: string,
  body: unknown = {},
  onProgress?: (progress: Progress) => void,
): Promise<unknown> {
  return send(findRun(options['at'] as string | undefined), command, body, onProgress);
}

/** Shows how far a command is, where a terminal can overwrite it. */
function counts(options: Options): (progress: Progress) => void {
  const terminal = openTerminal({});
  return ({ text }) => {
    if (options['json'] !== true) terminal.redraw([`  ${text}`]);
  };
}

async function send(
  url: string,
  command: string,
  body: unknown,
  onProgress?: (progress: Progress) => void,
): Promise<unknown> {
  try {
    return await sendControl(url, command, body, onProgress);
  } catch (error) {
    throw new UsageProblem(
      error instanceof Error
        ? error.cause instanceof Error
          ? `${url} does not answer: ${error.cause.message}`
          : error.message
        : String(error),
    );
  }
}

function print(options: Options, answer: unknown, lines: readonly string[]): void {
  const terminal = openTerminal({});
  if (options['json'] === true) terminal.line(JSON.stringify(answer));
  else for (const line of lines) terminal.line(line);
}

function stateLetters(node: NodeStatus, terminal: Terminal): string {
  const second = { up: 'N', down: 'N', paused: 'N', joining: 'J', leaving: 'L', drained: 'N' }[
    node.state
  ];
  return node.state === 'down' || node.state === 'drained'
    ? styled(terminal, 'red', `D${second}`)
    : styled(terminal, 'green', `U${second}`);
}

function word(good: boolean, yes: string, no: string, terminal: Terminal): string {
  return good ? styled(terminal, 'green', yes) : styled(terminal, 'red', no);
}

function sizeText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} bytes`;
  if (bytes < 1_048_576) return `${(bytes / 1_024).toFixed(2)} KiB`;
  return `${(bytes / 1_048_576).toFixed(2)} MiB`;
}
