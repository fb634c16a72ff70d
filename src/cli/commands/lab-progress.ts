// What streams while a command runs, in words: from the engine's events, for whoever asked. Test: test/cli/add.test.ts.

import type { Progress } from '../../dashboard/control-server.ts';
import type { Engine, EngineEvent } from '../../engine/engine.ts';

/** Runs `work`; `tell` hears what streams meanwhile. */
export async function withProgress<T>(
  engine: Engine,
  tell: (progress: Progress) => void,
  work: () => Promise<T>,
): Promise<T> {
  const joined = new Set(engine.nodes.map(({ place }) => place));
  const stop = engine.on((event) => {
    const progress = progressOf(event, joined);
    if (progress !== null) tell(progress);
  });
  try {
    return await work();
  } finally {
    stop();
  }
}

/** Every node sees every other join: `joined` are those that need not be told of (again). */
function progressOf(event: EngineEvent, joined: Set<string>): Progress | null {
  const { kind, place, details } = event;
  switch (kind) {
    case 'streaming-progressed': {
      const status = String(details['status']);
      const count = `${details['ranges']} of ${details['rangesTotal']} ranges, ${details['rows']} rows`;
      const words = status === 'streaming' ? count : `${status}, ${count}`;
      return { text: `${details['operation']} ${place}: ${words}`, isStep: status !== 'streaming' };
    }
    case 'node-joined': {
      const node = String(details['node']);
      if (joined.has(node)) return null;
      joined.add(node);
      return { text: `${node} is in the ring`, isStep: true };
    }
    case 'merkle-trees-compared':
      return {
        text: `repair of ${details['table']}: ${details['left']} and ${details['right']} differ in ${details['differingRanges']} ranges`,
        isStep: false,
      };
    case 'rows-streamed':
      return {
        text: `repair of ${details['table']}: ${details['rows']} rows from ${details['from']} to ${details['to']}`,
        isStep: false,
      };
    default:
      return null;
  }
}
