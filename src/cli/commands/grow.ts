// `add` and `replace`: nodes, zones and regions that come into a running cluster, with what streams
// shown while it does. Test: test/cli/add.test.ts.

import type { NodePlacement } from '../../cluster/placement.ts';
import type { Progress } from '../../dashboard/control-server.ts';
import { UsageProblem } from '../exit.ts';
import type { Terminal } from '../terminal.ts';
import { terminalFor } from '../terminal.ts';
import { askRun } from './remote.ts';

type Options = Readonly<Record<string, unknown>>;

export async function add(place: string, options: Options): Promise<number> {
  const { nodes, rf, from, zones } = options;
  const terminal = terminalFor(options);
  const answer = (await askRun(
    options,
    'add',
    {
      place,
      ...(nodes === undefined ? {} : { nodes }),
      ...(typeof zones === 'string' ? { zones: zones.split(',') } : {}),
      ...(rf === undefined ? {} : { factor: rf }),
      ...(from === undefined ? {} : { from }),
    },
    steps(terminal),
  )) as readonly NodePlacement[];
  tell(terminal, options, answer);
  if (place.includes('/'))
    terminal.line('  Others keep what they no longer own until: starfish nodetool <place> cleanup');
  return 0;
}

export async function replace(place: string, options: Options): Promise<number> {
  if (!/^[^/]+\/[^/]+\/\d+$/.test(place))
    throw new UsageProblem(`replace takes a node, such as us-east-1/a/1; not ${place}`);
  const terminal = terminalFor(options);
  const body = { place, sameAddress: options['sameAddress'] === true };
  const answer = (await askRun(options, 'replace', body, steps(terminal))) as NodePlacement;
  tell(terminal, options, [answer]);
  return 0;
}

/** Counts are overwritten in a terminal; in a log one line a step. */
function steps(terminal: Terminal): (progress: Progress) => void {
  return ({ text, isStep }) => {
    if (isStep) terminal.line(`  ${text}`);
    else terminal.redraw([`  ${text}`]);
  };
}

function tell(terminal: Terminal, options: Options, placements: readonly NodePlacement[]): void {
  if (options['json'] === true) process.stdout.write(`${JSON.stringify(placements)}\n`);
  for (const { place, address, nativePort } of placements)
    terminal.line(`added ${place}   cql ${address}:${nativePort}`);
}
