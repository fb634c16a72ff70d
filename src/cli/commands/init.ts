// `starfish init [template]`: writes a starfish.yaml to start from. Never writes over a file unless
// told to.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nearest } from '../../topology/place.ts';
import { UsageProblem } from '../exit.ts';
import { openTerminal } from '../terminal.ts';

const TEMPLATES = ['one-node', 'three-zones', 'two-regions', 'three-regions'] as const;
const FOLDER = new URL('../../../topologies/', import.meta.url);

export function init(
  template: string | undefined,
  options: Readonly<Record<string, unknown>>,
): number {
  const name = template ?? 'two-regions';
  if (!TEMPLATES.some((known) => known === name)) {
    const near = nearest(name, TEMPLATES);
    throw new UsageProblem(
      `There is no template ${name}. ${near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Known: ${TEMPLATES.join(', ')}.`}`,
    );
  }
  const file = String(options['file'] ?? 'starfish.yaml');
  if (existsSync(file) && options['force'] !== true)
    throw new UsageProblem(
      `${file} is there already. Write over it: starfish init ${name} --force`,
    );
  const schema = relative(dirname(file), fileURLToPath(new URL('topology.schema.json', FOLDER)));
  const text = readFileSync(new URL(`${name}.yaml`, FOLDER), 'utf8');
  writeFileSync(file, text.replace('./topology.schema.json', schema.replaceAll('\\', '/')));
  openTerminal({}).line(`${file} written: ${name}. Next: starfish up`);
  return 0;
}
