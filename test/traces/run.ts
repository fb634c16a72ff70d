// Runs a golden trace: commands against a toy cluster in virtual time, and what came of them as text. A trace is a
// list of blocks, each commands, a line of dashes and the expected output. What a command does is in `COMMANDS`.

import type { ConsistencyLevel } from '../../src/data/consistency.ts';
import type { CqlError, FailureReason } from '../../src/data/cql-error.ts';
import type { Mutation, PartitionData } from '../../src/data/partition.ts';
import type { ColumnFilter } from '../../src/data/read-command.ts';
import type { TableMetadata } from '../../src/data/schema.ts';
import { countLiveRows } from '../../src/data/live-view.ts';
import { counterTotal, counterUpdate } from '../../src/data/counter-context.ts';
import type { WriteKind } from '../../src/node/coordinator/coordinator.ts';
import { PlanCache } from '../../src/node/coordinator/plan-cache.ts';
import type { NodeConfig } from '../../src/node/node-config.ts';
import { DEFAULT_REPAIR } from '../../src/node/repair/repair-options.ts';
import type { RepairOptions } from '../../src/node/repair/repair-options.ts';
import type { TelemetryEvent } from '../../src/node/telemetry.ts';
import { FULL_RANGE } from '../../src/ring/token-range.ts';
import { WHOLE_RING } from '../../src/node/storage/table-store.ts';
import type { Place } from '../../src/world/links.ts';
import { ToyCluster, toyNodes } from '../coordinator/toy-cluster.ts';
import type { ToyNode } from '../coordinator/toy-cluster.ts';
import {
  elementsText,
  KEYSPACE,
  key,
  keyspaceOf,
  mapUpdate,
  mutation,
  rangeOf,
  readOf,
  rowDeletion,
  rowsText,
  toyKeyspace,
  toyMaps,
  toySchema,
  toyTable,
  update,
} from '../coordinator/toy-schema.ts';

/** One way: 1 ms within a datacenter, 25 ms between two. */
function latency(from: Place, to: Place, same: boolean) {
  if (same) return { oneWayMs: 0, jitterMs: 0 };
  return { oneWayMs: from.datacenter === to.datacenter ? 1 : 25, jitterMs: 0 };
}

/** A file's text with the outputs as they are now. */
export function runTrace(text: string): string {
  const trace = new Trace();
  const out: string[] = [];
  const lines = text.split('\n');
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    if (line !== '----') {
      out.push(line);
      if (line !== '' && !line.startsWith('#')) trace.command(line);
      at++;
      continue;
    }
    out.push(line, ...trace.takeOutput());
    at++;
    while (at < lines.length && lines[at] !== '') at++;
  }
  return out.join('\n');
}

type Arguments = ReadonlyMap<string, string>;

interface Command {
  readonly line: string;
  readonly words: readonly string[];
  readonly options: Arguments;
}

function parse(line: string): Omit<Command, 'line'> {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (const part of line.split(/\s+/)) {
    const at = part.indexOf('=');
    if (at < 0) words.push(part);
    else options.set(part.slice(0, at), part.slice(at + 1));
  }
  return { words, options };
}

class Trace {
  private cluster: ToyCluster | null = null;
  private table: TableMetadata = toyTable();
  private counters: TableMetadata = toyTable({}, 'counts');
  maps: TableMetadata = toyMaps();
  private output: string[] = [];
  private seen = 0;
  private tracing = false;
  private label = '';

  takeOutput(): string[] {
    this.events();
    const { output } = this;
    this.output = [];
    return output.length === 0 ? ['nothing'] : output;
  }

  command(line: string): void {
    const { words, options } = parse(line);
    const [name = '', ...rest] = words;
    const run = COMMANDS[name];
    if (run === undefined) throw new Error(`unknown command: ${line}`);
    run(this, { words: rest, options, line });
  }

  open({ options }: Command): void {
    this.seen = 0;
    const racks: Record<string, string[]> = {};
    const factors: Record<string, number> = {};
    const config: Record<string, unknown> = {};
    const params: Record<string, string | number> = {};
    let simple: number | null = null;
    for (const [name, value] of options) {
      if (name === 'rf') {
        if (/^\d+$/.test(value)) for (const dc of Object.keys(racks)) factors[dc] = Number(value);
        else
          for (const part of value.split(','))
            factors[part.split(':')[0] ?? ''] = Number(part.split(':')[1]);
      } else if (name === 'simple') simple = Number(value);
      else if (name.startsWith('config.'))
        config[name.slice(7)] = /^\d+$/.test(value) ? Number(value) : value;
      else if (name.startsWith('table.'))
        params[name.slice(6)] = /^\d+$/.test(value) ? Number(value) : value;
      else racks[name] = value.split(',');
    }
    this.table = toyTable({ speculative_retry: 'NEVER', ...params });
    this.counters = toyTable({ speculative_retry: 'NEVER', ...params }, 'counts');
    this.maps = toyMaps({ speculative_retry: 'NEVER', ...params });
    const keyspace = toyKeyspace(simple ?? factors, [this.table, this.counters, this.maps]);
    this.cluster = new ToyCluster({
      nodes: toyNodes(racks),
      schema: toySchema(keyspace),
      config: config as Partial<NodeConfig>,
      latency,
      tokensPerNode: 1,
    });
  }

  get toy(): ToyCluster {
    if (this.cluster === null) throw new Error('no cluster yet');
    return this.cluster;
  }

  via({ options }: Command): ToyNode {
    const name = options.get('via');
    return name === undefined ? (this.toy.nodes[0] as ToyNode) : this.toy.node(name);
  }

  say(text: string): void {
    this.events();
    this.output.push(text);
  }

  /** Telemetry since the last look, as text. */
  events(): void {
    if (this.cluster === null) return;
    const { events } = this.cluster;
    for (; this.seen < events.length; this.seen++) {
      const text = eventText(events[this.seen] as TelemetryEvent, this.cluster);
      if (text !== null) this.output.push(text);
    }
  }

  /**
   * Starts a request and runs until it is answered; prints the answer and how long it took. In the background the
   * answer is printed whenever it comes.
   */
  await(start: (done: (text: string) => void) => void): void {
    const { loop } = this.toy;
    const startedAt = loop.nowMs();
    const { label } = this;
    let isAnswered = false;
    start((text) => {
      isAnswered = true;
      const ms = Math.round((loop.nowMs() - startedAt) * 100) / 100;
      this.say(`${label}${text} after ${ms} ms`);
    });
    if (label === '' && !loop.runUntilTrue(() => isAnswered, 600_000)) this.say('no answer');
  }

  /** Runs a command in so many milliseconds, while others go on. */
  later(ms: number, line: string): void {
    this.toy.loop.after(ms, () => {
      this.label = 'background: ';
      this.command(line);
      this.label = '';
    });
  }

  context() {
    const { toy, tracing } = this;
    const say = (text: string): void => this.say(text);
    const named = (text: string): string => this.named(text);
    const trace = (from: string) => ({
      event: (text: string) => say(`  ${from} | ${named(text)}`),
      at: (node: string) => trace(toy.nameOf(node)),
    });
    return { ...toy.context(), trace: tracing ? trace('coordinator') : null };
  }

  setTracing(on: boolean): void {
    this.tracing = on;
  }

  /** Node names in place of addresses. */
  named(text: string): string {
    return text.replaceAll(/\/?127\.\d+\.\d+\.\d+:7000/g, (match) =>
      this.toy.nameOf(match.replace(/^\//, '')),
    );
  }

  error(error: CqlError | null): string {
    if (error === null) return 'applied';
    const parts: string[] = [error.code];
    if ('writeType' in error) parts.push(error.writeType);
    if ('consistency' in error) parts.push(`at ${error.consistency}`);
    if ('blockFor' in error) parts.push(`received ${error.received}/${error.blockFor}`);
    if ('required' in error) parts.push(`required ${error.required} alive ${error.alive}`);
    if ('dataPresent' in error) parts.push(`data ${error.dataPresent ? 1 : 0}`);
    return `${parts.join(' ')}: ${this.named(error.message)}`;
  }

  level({ options }: Command): ConsistencyLevel {
    return (options.get('cl') ?? 'QUORUM') as ConsistencyLevel;
  }

  timestamp({ options }: Command): number {
    const given = options.get('ts');
    return given === undefined ? Math.floor(this.toy.loop.wallMicros()) : Number(given);
  }

  mutationOf(command: Command, k: string, v: string | null): Mutation {
    const timestamp = this.timestamp(command);
    const nowSeconds = Math.floor(this.toy.loop.wallMicros() / 1e6);
    const c = Number(command.options.get('c') ?? 0);
    return mutation(update(this.table, { k, c, v, timestamp, nowSeconds }), this.nowMs());
  }

  nowMs(): number {
    return Math.floor(this.toy.loop.wallMicros() / 1000);
  }

  nowSeconds(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  plan(command: Command, k: string): void {
    const node = this.via(command);
    const plans = new PlanCache(node.cluster);
    const keyspace = this.keyspace();
    const plan = plans.write(keyspace, key(k), this.level(command));
    const names = (nodes: readonly string[]): string =>
      nodes.length === 0
        ? '-'
        : nodes
            .map((one) => this.toy.nameOf(one))
            .sort()
            .join(',');
    if (plan.kind === 'unavailable') return;
    this.say(
      `plan contacts=${names(plan.contacts)} blockFor=${plan.blockFor} dead=${names(plan.dead)}`,
    );
  }

  readPlan(command: Command, k: string): void {
    const node = this.via(command);
    const plan = new PlanCache(node.cluster).read(
      this.keyspace(),
      key(k),
      this.level(command),
      false,
    );
    if (plan.kind === 'unavailable') return;
    const names = (nodes: readonly string[]): string =>
      nodes.length === 0 ? '-' : nodes.map((one) => this.toy.nameOf(one)).join(',');
    this.say(
      `plan contacts=${names(plan.contacts)} blockFor=${plan.blockFor} spares=${names(plan.spares)}`,
    );
  }

  keyspace() {
    return keyspaceOf(this.toy.schema);
  }

  get values(): TableMetadata {
    return this.table;
  }

  get counts(): TableMetadata {
    return this.counters;
  }
}

function eventText(event: TelemetryEvent, toy: ToyCluster): string | null {
  const name = (address: string): string => toy.nameOf(address);
  switch (event.kind) {
    case 'hint-stored':
      return `event hint-stored for ${name(event.node)} by ${name(event.by)}`;
    case 'hints-delivered':
      return `event hints-delivered ${event.count} to ${name(event.node)} by ${name(event.by)}, ${event.remaining} left`;
    case 'hint-expired':
      return `event hint-expired ${event.count} for ${name(event.node)}`;
    case 'hint-window-passed':
      return `event hint-window-passed for ${name(event.node)} at ${name(event.by)}`;
    case 'digest-mismatched':
      return `event digest-mismatched at ${name(event.by)}`;
    case 'read-repaired':
      return `event read-repaired ${event.replicas.map(name).sort().join(',')} by ${name(event.by)}`;
    case 'speculative-retry-sent':
      return `event speculative-retry-sent to ${name(event.to)}`;
    case 'batch-replayed':
      return `event batch-replayed ${event.mutations} mutations by ${name(event.by)}`;
    case 'paxos-contended':
      return `event paxos-contended at ${name(event.by)}`;
    case 'repair-started':
      return `event repair-started ${event.ranges} ranges`;
    case 'merkle-tree-built':
      return `event merkle-tree-built ${event.table} ${event.partitions} partitions at ${name(event.by)}`;
    case 'merkle-trees-compared':
      return `event merkle-trees-compared ${event.table} ${name(event.left)} ${name(event.right)} differing ${event.differingRanges}`;
    case 'rows-streamed':
      return `event rows-streamed ${event.rows} of ${event.table} from ${name(event.from)} to ${name(event.to)}`;
    case 'repair-finished':
      return `event repair-finished ${event.ok ? 'ok' : (event.error ?? '').replaceAll(/\/?127\.\d+\.\d+\.\d+:7000/g, (m) => name(m.replace('/', '')))}`;
    default:
      return null;
  }
}

function seconds(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (found === null) throw new Error(`not a duration: ${text}`);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[found[2] as 'ms' | 's' | 'm' | 'h'];
  return Number(found[1]) * unit;
}

/** All live cells of one node, as `k/c=v`. */
function contents(node: ToyNode, table: TableMetadata): string {
  return rowsText(partitionsOf(node, table));
}

function partitionsOf(node: ToyNode, table: TableMetadata): readonly PartitionData[] {
  const partitions: PartitionData[] = [];
  node.store
    .table(table)
    .forEachPartition(WHOLE_RING, (partition) => void partitions.push(partition));
  return partitions;
}

const COMMANDS: Readonly<Record<string, (trace: Trace, command: Command) => void>> = {
  /** cluster dc1=a,b,c [dc2=a,b,c] rf=3 | rf=dc1:3,dc2:2 | simple=3 [config.<setting>=n] [table.<option>=x] */
  cluster: (trace, command) => trace.open(command),
  /** kill a/1: its process is gone and everybody knows. */
  kill: (trace, { words }) => trace.toy.kill(words[0] ?? ''),
  /** crash a/1: its process is gone; nobody knows yet. */
  crash: (trace, { words }) => trace.toy.crash(words[0] ?? ''),
  convict: (trace, { words }) => trace.toy.convict(words[0] ?? ''),
  revive: (trace, { words }) => trace.toy.revive(words[0] ?? ''),
  /** variant a/1 v2: the paxos_variant of one coordinator. */
  variant: (trace, { words }) => {
    const { config } = trace.toy.node(words[0] ?? '');
    Object.assign(config, { paxos_variant: words[1] });
  },
  /** refuse a/1 UNKNOWN: its storage refuses writes. */
  refuse: (trace, { words }) => {
    trace.toy.node(words[0] ?? '').store.refuse = (words[1] ?? null) as FailureReason | null;
  },
  'refuse-reads': (trace, { words }) => {
    trace.toy.node(words[0] ?? '').store.refuseReads = (words[1] ?? null) as FailureReason | null;
  },
  /** cut dc1/a/1 dc2/a/1: no message passes either way. cut dc1 dc2: between all nodes of two datacenters. */
  cut: (trace, { words }) => {
    const [a = '', b = ''] = words;
    const isIn = (address: string, place: string): boolean => {
      const node = trace.toy.nodes.find((one) => one.address === address);
      return node?.spec.name === place || node?.spec.datacenter === place;
    };
    trace.toy.links.add({
      name: `cut ${a} ${b}`,
      matches: (from, to) => (isIn(from, a) && isIn(to, b)) || (isIn(from, b) && isIn(to, a)),
      effect: { kind: 'cut' },
    });
  },
  heal: (trace) => {
    for (const rule of trace.toy.links.activeRules()) trace.toy.links.remove(rule.name);
  },
  /** slow a/1 50ms: every message to it takes so much longer. */
  slow: (trace, { words }) => {
    const { address } = trace.toy.node(words[0] ?? '');
    trace.toy.links.add({
      name: `slow ${words[0] ?? ''}`,
      matches: (_from, to) => to === address,
      effect: { kind: 'slow', addedMs: seconds(words[1] ?? '0s'), jitterMs: 0 },
    });
  },
  /** later 5ms <command>: while what follows goes on. */
  later: (trace, { words, line }) => {
    const delay = words[0] ?? '0ms';
    trace.later(seconds(delay), line.slice(line.indexOf(delay) + delay.length).trim());
  },
  advance: (trace, { words }) => trace.toy.loop.runFor(seconds(words[0] ?? '0s')),
  trace: (trace, { words }) => trace.setTracing(words[0] === 'on'),
  /** write k=1 v=x [c=0] [ts=n] cl=QUORUM via=a/1 */
  write: (trace, command) => {
    const k = command.options.get('k') ?? '';
    trace.plan(command, k);
    const one = trace.mutationOf(command, k, command.options.get('v') ?? null);
    const consistency = trace.level(command);
    trace.await((done) =>
      trace
        .via(command)
        .coordinator.write([one], { kind: 'simple', consistency }, trace.context(), (error) =>
          done(trace.error(error)),
        ),
    );
  },
  /** delete k=1 [c=0] cl=QUORUM via=a/1 */
  delete: (trace, command) => {
    const k = command.options.get('k') ?? '';
    const c = Number(command.options.get('c') ?? 0);
    const timestamp = trace.timestamp(command);
    const nowSeconds = trace.nowSeconds();
    const deletion = rowDeletion(trace.values, { k, c, timestamp, nowSeconds });
    const consistency = trace.level(command);
    trace.await((done) =>
      trace
        .via(command)
        .coordinator.write(
          [mutation(deletion, trace.nowMs())],
          { kind: 'simple', consistency },
          trace.context(),
          (error) => done(trace.error(error)),
        ),
    );
  },
  /** put a/1 k=1 v=x ts=1: behind everybody's back, into one node's storage. */
  put: (trace, command) => {
    const { words, options } = command;
    const one = trace.mutationOf(command, options.get('k') ?? '', options.get('v') ?? null);
    trace.toy.node(words[0] ?? '').store.apply(one);
  },
  /** put-map a/1 k=1 ts=1 m.x=1 m.y=2: elements, behind everybody's back. */
  'put-map': (trace, command) => {
    const { words, options } = command;
    const elements = new Map<string, string | null>();
    for (const [name, value] of options) {
      if (name.startsWith('m.')) elements.set(name.slice(2), value === '-' ? null : value);
    }
    const timestamp = trace.timestamp(command);
    const nowSeconds = trace.nowSeconds();
    const k = options.get('k') ?? '';
    const partition = mapUpdate(trace.maps, { k, elements, timestamp, nowSeconds });
    trace.toy.node(words[0] ?? '').store.apply(mutation(partition, trace.nowMs()));
  },
  /** read-map k=1 [element=x] [slice=x..y] cl=QUORUM via=a/1: SELECT m[x], m[x..y] or the whole of m. */
  'read-map': (trace, command) => {
    const { options } = command;
    const ranges = ['element', 'slice'].flatMap((name) => {
      const text = options.get(name);
      if (text === undefined) return [];
      const [from = '', to = from] = text.split('..');
      const end = (value: string): Buffer | null => (value === '' ? null : Buffer.from(value));
      return [{ from: end(from), to: end(to) }];
    });
    const k = options.get('k') ?? '';
    const columns: ColumnFilter = {
      fetched: null,
      queried: new Set(['m']),
      ...(ranges.length === 0 ? {} : { parts: new Map([['m', ranges]]) }),
    };
    const read = { ...readOf(trace.maps, { k, nowSeconds: trace.nowSeconds() }), columns };
    trace.await((done) =>
      trace
        .via(command)
        .coordinator.read([read], trace.level(command), trace.context(), (result) =>
          done(result.ok ? 'answered' : trace.error(result.error)),
        ),
    );
  },
  /** maps: every node's live elements. */
  maps: (trace) => {
    for (const node of trace.toy.nodes) {
      trace.say(`${node.spec.name}: ${elementsText(partitionsOf(node, trace.maps))}`);
    }
  },
  /** batch logged|unlogged 1=x 2=y cl=QUORUM via=a/1: one partition a pair. */
  batch: (trace, command) => {
    const { words, options } = command;
    const mutations = [...options]
      .filter(([name]) => /^\d+$/.test(name))
      .map(([k, v]) => trace.mutationOf(command, k, v));
    const kind = `${words[0] ?? 'logged'}-batch` as WriteKind;
    const consistency = trace.level(command);
    trace.await((done) =>
      trace
        .via(command)
        .coordinator.write(mutations, { kind, consistency }, trace.context(), (error) =>
          done(trace.error(error)),
        ),
    );
  },
  /** count k=1 by=5 cl=QUORUM via=a/1 */
  count: (trace, command) => {
    const k = command.options.get('k') ?? '';
    const timestamp = trace.timestamp(command);
    const base = update(trace.counts, { k, v: '', timestamp });
    const delta = counterUpdate(Number(command.options.get('by') ?? 1));
    const rows = base.rows.map((row) => ({
      ...row,
      data: row.data.map((cell) => ({ ...cell, value: delta })),
    }));
    const one = mutation({ ...base, rows } as PartitionData, trace.nowMs());
    const consistency = trace.level(command);
    trace.await((done) =>
      trace
        .via(command)
        .coordinator.write([one], { kind: 'counter', consistency }, trace.context(), (error) =>
          done(trace.error(error)),
        ),
    );
  },
  /** counter k=1 cl=QUORUM via=a/1: its value. */
  counter: (trace, command) => {
    const read = readOf(trace.counts, {
      k: command.options.get('k') ?? '',
      nowSeconds: trace.nowSeconds(),
    });
    trace.await((done) =>
      trace
        .via(command)
        .coordinator.read([read], trace.level(command), trace.context(), (result) => {
          if (!result.ok) return done(trace.error(result.error));
          const cell = result.partitions[0]?.rows[0]?.data[0];
          done(
            cell === undefined || !('value' in cell)
              ? 'no counter'
              : String(counterTotal(cell.value)),
          );
        }),
    );
  },
  /** read k=1 [limit=n] [reversed=1] cl=QUORUM via=a/1 */
  read: (trace, command) => {
    const { options } = command;
    const k = options.get('k') ?? '';
    const level = trace.level(command);
    if (!level.endsWith('SERIAL')) trace.readPlan(command, k);
    const limit = Number(options.get('limit') ?? Infinity);
    const reversed = options.get('reversed') === '1';
    const read = readOf(trace.values, { k, limit, reversed, nowSeconds: trace.nowSeconds() });
    trace.await((done) =>
      trace
        .via(command)
        .coordinator.read([read], level, trace.context(), (result) =>
          done(result.ok ? rowsText(result.partitions) : trace.error(result.error)),
        ),
    );
  },
  /** range [limit=n] cl=QUORUM via=a/1 */
  range: (trace, command) => {
    const limit = Number(command.options.get('limit') ?? Infinity);
    const read = rangeOf(trace.values, { limit, nowSeconds: trace.nowSeconds() });
    trace.await((done) =>
      trace
        .via(command)
        .coordinator.readRange(read, trace.level(command), trace.context(), (result) => {
          if (!result.ok) return done(trace.error(result.error));
          const live = result.partitions.reduce(
            (n, one) => n + countLiveRows(one, trace.nowSeconds()),
            0,
          );
          done(`${live} rows: ${rowsText(result.partitions)}`);
        }),
    );
  },
  /** cas k=1 v=new if=old|- serial=SERIAL cl=QUORUM via=a/1; if=- means IF NOT EXISTS */
  cas: (trace, command) => {
    const { options } = command;
    const k = options.get('k') ?? '';
    const expected = options.get('if') ?? '-';
    trace.await((done) =>
      trace.via(command).coordinator.cas(
        {
          table: trace.values,
          read: readOf(trace.values, { k, nowSeconds: trace.nowSeconds() }),
          serialConsistency: (options.get('serial') ?? 'SERIAL') as 'SERIAL',
          commitConsistency: trace.level(command),
          evaluate: (current, ballotMicros) => {
            const now = rowsText([current]);
            const wanted = expected === '-' ? 'nothing' : `${k}/0=${expected}`;
            if (now !== wanted) return { kind: 'reject' };
            const v = options.get('v') ?? '';
            const next = update(trace.values, { k, v, timestamp: ballotMicros });
            return { kind: 'apply', mutation: mutation(next, trace.nowMs()) };
          },
        },
        trace.context(),
        (result) => {
          if (!result.ok) done(trace.error(result.error));
          else if (result.applied) done('applied');
          else done(`not applied, current ${rowsText([result.current])}`);
        },
      ),
    );
  },
  truncate: (trace, command) => {
    trace.await((done) =>
      trace
        .via(command)
        .coordinator.truncate(trace.values, trace.context(), (error) =>
          done(error === null ? 'truncated' : trace.error(error)),
        ),
    );
  },
  /** repair [full|incremental|preview] [-pr] [-seq] [-dc=x] [-pull] [-force] [-skip-paxos] [-paxos-only] via=a/1 */
  repair: (trace, command) => {
    const { words, options } = command;
    const dc = options.get('-dc');
    const wanted: RepairOptions = {
      ...DEFAULT_REPAIR,
      keyspace: KEYSPACE,
      tables: ['t'],
      kind: words.includes('preview')
        ? 'preview'
        : words.includes('incremental')
          ? 'incremental'
          : 'full',
      parallelism: words.includes('-seq') ? 'sequential' : 'parallel',
      primaryRange: words.includes('-pr'),
      pull: words.includes('-pull'),
      force: words.includes('-force'),
      repairPaxos: !words.includes('-skip-paxos'),
      paxosOnly: words.includes('-paxos-only'),
      datacenters: dc === undefined ? [] : [dc],
    };
    trace.await((done) =>
      trace.via(command).repairs.repair(
        wanted,
        () => undefined,
        (result) =>
          done(
            result.ok
              ? `repaired, ${result.differingRanges} differing ranges, ${result.rowsStreamed} rows streamed`
              : `failed: ${trace.named(result.error ?? '')}`,
          ),
      ),
    );
  },
  /** repaired: what every node believes to be repaired. */
  repaired: (trace) => {
    for (const node of trace.toy.nodes) {
      for (const one of node.repairs.repairedRanges()) {
        trace.say(`repaired at ${node.spec.name}: ${one.table}, ${one.ranges.length} ranges`);
      }
    }
  },
  /** hints: what every node holds for whom. */
  hints: (trace) => {
    for (const node of trace.toy.nodes) {
      for (const one of node.hints.pendingHints()) {
        const target = one.node === null ? one.hostId : trace.toy.nameOf(one.node);
        trace.say(`hints at ${node.spec.name} for ${target}: ${one.count}`);
      }
    }
  },
  /** unfinished: conditional writes that every node knows and nobody has finished. */
  unfinished: (trace) => {
    for (const node of trace.toy.nodes) {
      const { paxosStore } = node.coordinator.paxos.parts;
      const keys = paxosStore.uncommitted(trace.values, [FULL_RANGE]);
      trace.say(`unfinished at ${node.spec.name}: ${keys.length}`);
    }
  },
  'hints-off': (trace, { words }) => trace.toy.node(words[0] ?? '').hints.setEnabled(false),
  'hints-dc-off': (trace, { words }) => {
    trace.toy.node(words[0] ?? '').hints.setDatacenterEnabled(words[1] ?? '', false);
  },
  /** batches: how many batches every node keeps. */
  batches: (trace) => {
    for (const node of trace.toy.nodes) {
      const count = node.coordinator.batchlog.stored.size;
      if (count > 0) trace.say(`batches at ${node.spec.name}: ${count}`);
    }
  },
  'replay-batches': (trace, { words }) =>
    trace.toy.node(words[0] ?? '').coordinator.batchlog.replay(),
  /** data: every node's live content. */
  data: (trace) => {
    for (const node of trace.toy.nodes) {
      trace.say(`${node.spec.name}: ${contents(node, trace.values)}`);
    }
  },
  /** join x/1 rack=x [dc=dc1]: a pending node takes over a part of the ring. */
  join: (trace, { words, options }) => {
    const name = words[0] ?? '';
    trace.toy.addPending(name, Number(options.get('token') ?? 0));
  },
};
