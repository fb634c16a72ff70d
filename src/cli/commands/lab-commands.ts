// What the control API of a running stack can do, as data in and data out.

import type { ControlCommand } from '../../dashboard/control-server.ts';
import { addSchema, growCluster, replaceNode } from '../../drill/growth.ts';
import type { Lab } from '../../drill/lab.ts';
import { radiusText } from '../../fault/blast-radius.ts';
import { faultSchema, faultText } from '../../fault/fault.ts';
import { validate } from '../../topology/load-topology.ts';
import type { LabLoad } from './lab-load.ts';
import { withProgress } from './lab-progress.ts';

export interface LabCommands {
  readonly commands: Readonly<Record<string, ControlCommand>>;
  stop(): Promise<void>;
}

export function labCommands(lab: Lab): LabCommands {
  let load: LabLoad | null = null;
  const commands: Record<string, ControlCommand> = {
    status: async () => statusOf(lab),
    fault: async (body) => {
      const fault = validate(faultSchema, body, 'fault');
      const active = await lab.injector.inject(fault);
      return { id: active.id, text: faultText(fault), radius: radiusText(active.radius) };
    },
    heal: async ({ id, all }) => {
      const wanted = lab.injector
        .active()
        .filter((fault) => all === true || fault.id === id || fault.fault.at === id);
      if (wanted.length === 0 && all !== true) {
        const known = lab.injector.active().map((fault) => fault.id);
        throw new Error(
          `No fault ${String(id)} is active. Active: ${known.length > 0 ? known.join(', ') : 'none'}.`,
        );
      }
      for (const fault of wanted) await fault.heal();
      return wanted.map(({ id: healed, fault }) => ({ id: healed, text: faultText(fault) }));
    },
    ring: async ({ keyspace, key }) =>
      lab.engine.ring(
        String(keyspace ?? ''),
        key === undefined ? null : Buffer.from(String(key), 'utf8'),
      ),
    repair: ({ keyspace, full }, tell) =>
      withProgress(lab.engine, tell, () =>
        lab.engine.repair(String(keyspace), { full: full === true }),
      ),
    nodetool: ({ place, verb, words }, tell) =>
      withProgress(lab.engine, tell, () =>
        lab.engine.nodetool(String(place), String(verb), (words as string[] | undefined) ?? []),
      ),
    add: ({ place, ...options }, tell) =>
      withProgress(lab.engine, tell, () => {
        const growth = growCluster(lab.engine, String(place), validate(addSchema, options, 'add'));
        const { ring_delay: delay = '30s' } = lab.topology.cassandra;
        tell({
          text: `${String(place)}: joining; a node waits ${delay} until all know of it`,
          isStep: false,
        });
        return growth;
      }),
    replace: ({ place, sameAddress }, tell) =>
      withProgress(lab.engine, tell, () =>
        replaceNode(lab.engine, String(place), { sameAddress: sameAddress === true }),
      ),
    load: async (body) => {
      const loaded = await import('./lab-load.ts');
      load ??= new loaded.LabLoad(lab);
      return load.command(body);
    },
  };
  return {
    commands,
    async stop() {
      await load?.stop();
      await lab.injector.healAll();
    },
  };
}

function statusOf(lab: Lab): unknown {
  const { engine, stack, injector } = lab;
  return {
    name: lab.topology.name,
    nodes: engine.status(),
    hints: engine.hints(),
    instances:
      stack?.instances.map((instance) => ({
        place: instance.at.place,
        address: instance.at.address,
        port: instance.at.port,
        running: instance.isRunning(),
      })) ?? [],
    balancers: [...(stack?.balancers.values() ?? [])].map((balancer) => ({
      region: balancer.region,
      healthy: balancer.isHealthy(),
      nodes: balancer.nodes.map((node) => ({
        place: node.at.place,
        listening: node.isListening(),
        targets: node.targetStates(),
        requests: node.requests,
        statuses: Object.fromEntries(node.statuses),
      })),
    })),
    accelerator:
      stack === null
        ? []
        : Object.keys(lab.topology.regions).map((region) => ({
            region,
            healthy: stack.accelerator.healthOf(region),
            connections: stack.accelerator.connections.get(region) ?? 0,
          })),
    faults: injector.active().map(({ id, fault, radius, sinceMs }) => ({
      id,
      text: faultText(fault),
      radius: radiusText(radius),
      seconds: (performance.now() - sinceMs) / 1_000,
    })),
  };
}
