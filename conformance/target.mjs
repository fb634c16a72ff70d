// What a driver program is told about the cluster it runs against: STARFISH_TARGET names a JSON file
// {contact, port, local, remote, control, nodes: [{place, address, datacenter, rack}]}. `control` is the control API of
// `starfish up`; faults go there. The programs in other languages read the same file.

import { readFileSync } from 'node:fs';

export function readTarget() {
  const file = process.env.STARFISH_TARGET;
  if (file === undefined)
    throw new Error('STARFISH_TARGET is not set: run me through npm run conformance');
  return JSON.parse(readFileSync(file, 'utf8'));
}

export async function sendCommand(control, command, body) {
  // A connection kept alive would be closed by the other side while this program waits for a child process.
  const headers = { connection: 'close' };
  const response = await fetch(`${control}/${command}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers,
  });
  const { ok, value, error } = await response.json();
  if (!ok) throw new Error(`${command} ${JSON.stringify(body)}: ${error}`);
  return value;
}

export const fault = (target, kind, at) => sendCommand(target.control, 'fault', { kind, at });

/** Heals by place. */
export const heal = (target, at) => sendCommand(target.control, 'heal', { id: at });
