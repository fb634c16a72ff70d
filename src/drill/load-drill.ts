// Reads a drill: a built-in one by its name, YAML text, or a plain object. What is wrong is said
// before anything starts: positions for YAML, places that the topology lacks, faults that do not
// fit their place. Test: test/drill/load-drill.test.ts.

import { placeTopology } from '../cluster/placement.ts';
import { blastRadius } from '../fault/blast-radius.ts';
import { SHOP_KEYSPACE } from '../stack/shop-schema.ts';
import type { DocumentEdit } from '../topology/load-topology.ts';
import {
  checkReferences,
  InvalidDocument,
  keep,
  parseDocumentAs,
  validate,
} from '../topology/load-topology.ts';
import { nearest } from '../topology/place.ts';
import { ALWAYS_ON } from '../topology/topology.ts';
import type { CatalogueEntry } from './catalogue/catalogue.ts';
import { CATALOGUE } from './catalogue/catalogue.ts';
import type { Drill, DrillInput } from './drill.ts';
import { drillSchema } from './drill.ts';

/** A built-in drill by its name or its FIS name. Throws InvalidDocument with the nearest names. */
export function findDrill(name: string): CatalogueEntry {
  const entry = CATALOGUE.find((one) => one.name === name || one.alias === name);
  if (entry !== undefined) return entry;
  const near = nearest(
    name,
    CATALOGUE.flatMap((one) => (one.alias === null ? [one.name] : [one.name, one.alias])),
  );
  const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
  throw new InvalidDocument(
    `There is no drill ${name}.${hint} \`starfish drill\` lists them; a file ends in .yaml.`,
  );
}

export interface DrillFile {
  readonly text: string;
  /** Named in the errors. */
  readonly file: string;
  /** Reads the topology file that `topology: <path>` names, as a document. */
  readonly readTopology: (path: string) => unknown;
}

/** Throws InvalidDocument with file:line:col. */
export function parseDrill(
  { text, file, readTopology }: DrillFile,
  edit: DocumentEdit = keep,
): Drill {
  const resolved: DocumentEdit = (document) => {
    const topology =
      typeof document === 'object' && document !== null && 'topology' in document
        ? document.topology
        : undefined;
    if (topology === 'always-on') return edit({ ...(document as object), topology: ALWAYS_ON });
    return edit(
      typeof topology === 'string'
        ? { ...(document as object), topology: readTopology(topology) }
        : document,
    );
  };
  return checkDrill(parseDocumentAs(drillSchema, text, file, resolved), file);
}

/** A plain object as a drill. Throws InvalidDocument. */
export function toDrill(input: DrillInput, edit: DocumentEdit = keep): Drill {
  return checkDrill(validate(drillSchema, edit(input), 'drill'), 'drill');
}

function checkDrill(drill: Drill, file: string): Drill {
  const { topology, phases } = drill;
  const checked = checkReferences(topology, file);
  const placement = placeTopology(topology);
  const problems: string[] = [];
  const names = new Set<string>();
  if (!(SHOP_KEYSPACE in topology.keyspaces))
    problems.push(
      `${file}: topology.keyspaces: a drill needs the shop's keyspace, ${SHOP_KEYSPACE}`,
    );
  phases.forEach((phase, at) => {
    const where = `${file}: phases.${at} (${phase.name})`;
    if (names.has(phase.name)) problems.push(`${where}: an earlier phase has this name`);
    names.add(phase.name);
    if (phase.repair !== undefined && !(phase.repair in topology.keyspaces))
      problems.push(`${where}: repair: there is no keyspace ${phase.repair}`);
    for (const fault of phase.inject) {
      try {
        blastRadius(fault, topology, placement);
      } catch (error) {
        problems.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  });
  if (drill.load.read + drill.load.write > 1)
    problems.push(`${file}: load: read and write add up to more than 100 %`);
  if (problems.length > 0) throw new InvalidDocument(problems.join('\n'));
  return { ...drill, topology: checked };
}
