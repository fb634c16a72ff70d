// The verbs and their options, for commander: words and defaults only. What a verb does is in
// commands/<verb>.ts.

import type { Command } from 'commander';
import { CommanderError, Option } from 'commander';

/** Start: init, up, drill. */
export function addStartVerbs(program: Command, version: string): void {
  program
    .command('init')
    .description('write a starfish.yaml to start from')
    .argument('[template]', 'one-node, three-zones, two-regions (the default) or three-regions')
    .option('-f, --file <file>', 'where to write it', 'starfish.yaml')
    .option('--force', 'write over a file that is there')
    .action(async (template: string | undefined, options: Record<string, unknown>) => {
      const { init } = await import('./commands/init.ts');
      process.exitCode = init(template, options);
    });

  withRunOptions(program.command('up').description('run everything until Ctrl-C'))
    .argument(
      '[topology]',
      'a topology file; ./starfish.yaml when it is there, else the built-in always-on topology',
    )
    .option(
      '-n, --nodes <counts>',
      'nodes per region as ccm has it: 3, or 3:3 for two regions; nodes only, without the HTTP stack',
    )
    .option('--data <folder>', 'keep the data in this folder; the next up reads it again')
    .option(
      '--control-port <port>',
      'port of the control API on 127.0.0.1 (0: a free one)',
      wholeNumber,
      0,
    )
    .action(async (file: string | undefined, options: Record<string, unknown>) => {
      const { up } = await import('./commands/up.ts');
      process.exitCode = await up({ file, options, version });
    });

  withRunOptions(
    program
      .command('drill')
      .description('start, load, break, heal, check, report; the exit code tells'),
  )
    .argument(
      '[name|file]',
      'a built-in drill or a drill file; without one the catalogue is listed',
    )
    .option('--rate <n>', 'requests per second over all regions (open model)', positive)
    .option(
      '-u, --users <n>',
      "Locust's flag: that many users, each of whom does one thing a second; the same as --rate",
      positive,
    )
    .option('-t, --for <duration>', 'time of all phases together; they keep their proportions')
    .option(
      '--expect <expectation>',
      "one more expectation: 'hold.p99<50ms', 'availability>=99.9%'; repeatable",
      collect,
      [],
    )
    .option('--no-retry', 'users do not retry failed requests')
    .option('--aws-defaults', 'health checks and propagation as AWS has them, not the tuned ones')
    .option(
      '--faster <factor>',
      'divide phases, health checks, propagation, the hint window and the pause between hints by this',
      positive,
    )
    .option('--out <folder>', 'where run folders are written', '.starfish/runs')
    .option('--csv <prefix>', "also write Locust's four CSV files with this prefix")
    .option('--html <file>', 'also write the HTML report here')
    .option('--open', 'open the HTML report at the end')
    .action(async (name: string | undefined, options: Record<string, unknown>) => {
      const { drill } = await import('./commands/drill.ts');
      process.exitCode = await drill({ name, options, version });
    });
}

/** While it runs: what breaks and heals it. */
export function addFaultVerbs(program: Command): void {
  remote(
    program
      .command('status')
      .description("nodes in nodetool status's manner, balancers, instances, hints, faults"),
  )
    .option('--watch', 'again every two seconds')
    .action(async (options: Record<string, unknown>) => {
      const { status } = await import('./commands/remote.ts');
      process.exitCode = await status(options);
    });

  remote(
    program
      .command('fault')
      .description('break something: fault outage us-east-1/b; fault cut us-east-1..us-west-2'),
  )
    .argument('<kind>', 'outage, kill, drain, pause, cut, slow or lose')
    .argument('<place>', 'a region, zone, node, instance or link')
    .option('--ms <ms>', 'slow: added one-way latency in milliseconds', positive)
    .option('--jitter <ms>', 'slow: jitter in milliseconds', positive)
    .option('--rate <share>', 'lose: share of messages lost, 15% or 0.15')
    .option('--one-way', 'cut, lose: only from the place outwards')
    .action(async (kind: string, place: string, options: Record<string, unknown>) => {
      const { fault } = await import('./commands/remote.ts');
      process.exitCode = await fault(kind, place, options);
    });

  remote(program.command('heal').description('heal a fault, or all'))
    .argument('[fault]', 'its id as `fault` and `status` print it, or its place')
    .option('--all', 'heal everything')
    .action(async (id: string | undefined, options: Record<string, unknown>) => {
      const { heal } = await import('./commands/remote.ts');
      process.exitCode = await heal(id, options);
    });
}

/** While it runs: what comes to it. What leaves is nodetool's: decommission, removenode. */
export function addGrowthVerbs(program: Command): void {
  remote(
    program
      .command('add')
      .description('nodes into the running cluster: add us-east-1/d; add eu-west-1 --zones a,b,c'),
  )
    .argument('<place>', 'a zone, known or new, of a known region; or a new region')
    .option('-n, --nodes <n>', 'that many nodes; of a region: in each zone', positive, 1)
    .option('--zones <names>', 'of a new region: its zones', 'a,b,c')
    .option(
      '--rf <n>',
      'of a new region: replicas of every keyspace; three where there is room',
      positive,
    )
    .option('--from <region>', 'of a new region: where its data comes from; the first')
    .action(async (place: string, options: Record<string, unknown>, command: Command) => {
      const { add } = await import('./commands/grow.ts');
      const isGiven = command.getOptionValueSource('zones') === 'cli';
      process.exitCode = await add(place, isGiven ? options : { ...options, zones: undefined });
    });

  remote(
    program
      .command('replace')
      .description('a dead node by a new one of its zone, which takes its tokens'),
  )
    .argument('<node>', 'the dead node, us-east-1/a/1')
    .option('--same-address', 'at its own address, as a new machine with its name')
    .action(async (place: string, options: Record<string, unknown>) => {
      const { replace } = await import('./commands/grow.ts');
      process.exitCode = await replace(place, options);
    });
}

/** While it runs: data, ring, load, nodetool. */
export function addDataVerbs(program: Command): void {
  remote(
    program.command('load').description("start or stop load on a running stack, in Locust's words"),
  )
    .argument('<action>', 'start, set, stats or stop')
    .option('--rate <n>', 'requests per second over all regions', positive)
    .option(
      '-u, --users <n>',
      'that many users, each of whom does one thing a second; the same as --rate',
      positive,
    )
    .option('-t, --run-time <duration>', 'start: stop by itself after this time')
    .option('--no-retry', 'users do not retry failed requests')
    .action(async (action: string, options: Record<string, unknown>) => {
      const { load } = await import('./commands/remote.ts');
      process.exitCode = await load(action, options);
    });

  ofRun(program.command('cql').description('a shell on one node: tables as cqlsh prints them'))
    .argument('[statement]', 'CQL; read from the terminal or a pipe when absent')
    .option('-n, --node <place>', 'the node, by place or address; the first that is up when absent')
    .option('-c, --consistency <level>', 'consistency level', 'ONE')
    .action(async (statement: string | undefined, options: Record<string, unknown>) => {
      const { cql } = await import('./commands/cql.ts');
      process.exitCode = await cql(statement, options);
    });

  remote(
    program.command('ring').description('tokens and ownership; with a key its token and replicas'),
  )
    .argument('[key]', 'a partition key (text)')
    .option('-k, --keyspace <name>', 'keyspace of the key', 'shop')
    .option('--balance', 'ownership spread by the allocator, for 3 to 48 nodes')
    .action(async (key: string | undefined, options: Record<string, unknown>) => {
      const { ring } = await import('./commands/remote.ts');
      process.exitCode = await ring(key, options);
    });

  remote(
    program
      .command('nodetool')
      .description("nodetool's verbs and words on one node: nodetool us-east-1/a/1 status"),
  )
    .argument('<place>', 'the node')
    .argument('<verb>', 'status, ring, info, getendpoints, repair, drain, ... (help lists them)')
    .argument('[arguments...]', 'as nodetool takes them')
    .allowUnknownOption()
    .action(
      async (place: string, verb: string, words: string[], options: Record<string, unknown>) => {
        const { nodetool } = await import('./commands/remote.ts');
        process.exitCode = await nodetool(place, verb, words, options);
      },
    );

  remote(
    program
      .command('repair')
      .description('repair a keyspace on all replicas, with the differences found'),
  )
    .argument('[keyspace]', 'the keyspace', 'shop')
    .option('--full', 'full repair')
    .action(async (keyspace: string, options: Record<string, unknown>) => {
      const { repair } = await import('./commands/remote.ts');
      process.exitCode = await repair(keyspace, options);
    });
}

/** Look back and set up. */
export function addOtherVerbs(program: Command): void {
  program
    .command('report')
    .description('a past run again, in another format')
    .argument('[run]', 'its folder, its name or how its name begins; the latest when absent')
    .option('--format <format>', 'html, json, junit or md', 'md')
    .option('--out <file>', 'write it here instead of to stdout')
    .option('--open', 'open the HTML report')
    .option('--runs <folder>', 'where run folders are', '.starfish/runs')
    .action(async (run: string | undefined, options: Record<string, unknown>) => {
      const { report } = await import('./commands/report.ts');
      process.exitCode = report(run, options);
    });

  program
    .command('doctor')
    .description('Node, loopback addresses, ports, open files, optional tools: each with its cure')
    .addOption(addressBlock())
    .action(async (options: Record<string, unknown>) => {
      const { doctor } = await import('./commands/doctor.ts');
      process.exitCode = await doctor(options);
    });

  program
    .command('bench')
    .description(
      'the figures: start time, memory, writes, reads and rows per second, parser, a void server',
    )
    .option('--seconds <n>', 'seconds of each load', positive, 5)
    .option('--only <names>', 'comma-separated: parser, start, memory, void, writes, reads, rows')
    .option(
      '--against <host:port>',
      'writes, reads and rows of another running cluster instead, on this machine (real Cassandra, to compare)',
    )
    .option('--json', 'figures as JSON')
    .action(async (options: Record<string, unknown>) => {
      const { bench } = await import('./commands/bench.ts');
      process.exitCode = await bench(options);
    });
}

function withRunOptions(command: Command): Command {
  return command
    .addOption(addressBlock())
    .option('--seed <n>', 'seed of all random choices; drawn and printed when absent', wholeNumber)
    .option(
      '--set <key=value>',
      'override a setting, e.g. cassandra.max_hint_window=1h; repeatable',
      collect,
      [],
    )
    .option('--json', 'events as JSON lines on stdout, text on stderr')
    .option('--quiet', 'only the verdict and problems')
    .option('--no-color', 'no colours (NO_COLOR, CI and pipes are honoured)');
}

function remote(command: Command): Command {
  return ofRun(command).option('--json', 'the answer as JSON');
}

function ofRun(command: Command): Command {
  return command.option(
    '--at <url>',
    'control address of the run; found through .starfish/run.json when absent',
  );
}

function addressBlock(): Option {
  return new Option(
    '--address-block <block>',
    'first two octets of the loopback addresses (127.44), or none (not for drills): one address, a port per node',
  );
}

function collect(value: string, all: string[]): string[] {
  return [...all, value];
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new CommanderError(2, 'starfish.number', `error: ${text} is not a positive number`);
  return value;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new CommanderError(2, 'starfish.number', `error: ${text} is not a whole number`);
  return value;
}
