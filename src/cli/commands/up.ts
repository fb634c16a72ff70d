// `starfish up`: brings the stack up, prints where everything is once a CQL session works, keeps it
// until Ctrl-C.

import { startControlServer } from '../../dashboard/control-server.ts';
import { openLab } from '../../drill/lab.ts';
import { chooseAddresses } from '../../drill/addresses.ts';
import type { EngineEvent } from '../../engine/engine.ts';
import { serveThroughFaults } from '../faults.ts';
import { limitHeapGrowth } from '../heap-growth.ts';
import { removeRunFile, writeRunFile } from '../run-file.ts';
import type { Terminal } from '../terminal.ts';
import { terminalFor, styled } from '../terminal.ts';
import { labCommands } from './lab-commands.ts';
import { describeLab } from './describe-lab.ts';
import type { CommandInput } from './drill.ts';
import { seedOf, topologyOf } from './run-options.ts';

/** Returns the exit code after Ctrl-C or SIGTERM. */
export async function up(
  input: CommandInput & { readonly file: string | undefined },
): Promise<number> {
  const { options, version } = input;
  const terminal = terminalFor(options);
  const topology = topologyOf(input.file, options);
  const seed = seedOf(options);
  const dataFolder = typeof options['data'] === 'string' ? options['data'] : null;
  const addresses = await chooseAddresses(
    topology,
    options['addressBlock'] as string | undefined,
    dataFolder,
  );
  terminal.line(
    styled(terminal, 'bold', `STARFISH ${version}   ${topology.engine} engine   seed ${seed}`),
  );
  const started = performance.now();
  // The application's driver knows nodes by address alone: on one address there is no application
  // to run.
  const engineOnly = addresses.block === null;
  const onEvent = readProgress(terminal, dataFolder);
  await using lab = await openLab({
    topology,
    addresses,
    seed,
    dataFolder,
    engineOnly,
    onEvent,
  });
  const commands = labCommands(lab);
  const control = await startControlServer(commands.commands, {
    host: '127.0.0.1',
    port: Number(options['controlPort'] ?? 0),
  });
  writeRunFile({
    url: control.url,
    pid: process.pid,
    name: topology.name,
    startedAt: new Date().toISOString(),
  });
  const stopEvents =
    options['json'] === true
      ? lab.engine.on((event) => process.stdout.write(`${JSON.stringify(event)}\n`))
      : () => undefined;
  limitHeapGrowth();
  try {
    for (const line of describeLab(lab, performance.now() - started)) terminal.line(line);
    for (const problem of lab.engine.startErrors ?? [])
      terminal.line(`  ${styled(terminal, 'red', 'did not start')}  ${problem}`);
    if (engineOnly && topology.app.use in topology.keyspaces) {
      terminal.line(
        '  One address, a port per node: the nodes alone, without application and balancers. Drivers must read peers_v2 (Python, Java, Go).',
      );
    }
    terminal.line(
      `  In a second terminal: starfish status, starfish fault outage ${Object.keys(topology.regions)[0] ?? ''}/a, starfish heal --all. Ctrl-C stops.`,
    );
    const exitCode = serveThroughFaults();
    const signal = await untilSignal();
    terminal.line(`  ${signal}: stopping.`);
    return exitCode(signal === 'SIGINT' ? 130 : 143);
  } finally {
    stopEvents();
    removeRunFile();
    control.close();
    await commands.stop();
  }
}

/** A line every second while the nodes read the data folder, one after another; none when that is quick. */
function readProgress(terminal: Terminal, folder: string | null): (event: EngineEvent) => void {
  let toldAt = performance.now();
  let nodes = 0;
  let writes = 0;
  return ({ kind, place, details }) => {
    if (kind !== 'data-read') return;
    nodes++;
    writes += Number(details['mutations']);
    if (performance.now() - toldAt < 1_000) return;
    toldAt = performance.now();
    const count = `${writes.toLocaleString('en')} writes of ${nodes} nodes`;
    terminal.line(`  reading ${folder ?? ''}: ${count}, the last ${place}`);
  };
}

function untilSignal(): Promise<'SIGINT' | 'SIGTERM'> {
  return new Promise((resolve) => {
    const on = (signal: 'SIGINT' | 'SIGTERM'): void => {
      // The second one ends the process by Node's default.
      process.removeAllListeners('SIGINT');
      process.removeAllListeners('SIGTERM');
      resolve(signal);
    };
    process.once('SIGINT', () => on('SIGINT'));
    process.once('SIGTERM', () => on('SIGTERM'));
  });
}
