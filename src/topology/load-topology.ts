// Reads a topology from YAML text or a plain object; every error says file:line:column, what is
// wrong and what fits. Test: test/topology/load-topology.test.ts.

import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument, isNode } from 'yaml';
import { z } from 'zod';
import { nearest } from './place.ts';
import type { Topology, TopologyInput } from './topology.ts';
import { topologySchema } from './topology.ts';

/** A document that is wrong: exit code 2. `message` has one line a problem. */
export class InvalidDocument extends Error {
  override readonly name = 'InvalidDocument';
}

/** Parses and validates YAML text. `file` is named in the errors. Throws InvalidDocument. */
export function parseTopology(text: string, file: string, edit: DocumentEdit = keep): Topology {
  return checkReferences(parseDocumentAs(topologySchema, text, file, edit), file);
}

/** A change to a document before it is validated (`--set`). */
export type DocumentEdit = (document: unknown) => unknown;
export const keep: DocumentEdit = (document) => document;

/** Validates a plain object (the library's way in). Throws InvalidDocument. */
export function toTopology(input: TopologyInput): Topology {
  return checkReferences(validate(topologySchema, input, 'topology'), 'topology');
}

/** Validates a plain object by a schema; `what` is named in the errors. Throws InvalidDocument. */
export function validate<T>(schema: z.ZodType<T>, input: unknown, what: string): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new InvalidDocument(
    result.error.issues.map((issue) => describe(issue, schema, what)).join('\n'),
  );
}

/** Parses YAML `text` by a zod schema, with positions in the errors. Throws InvalidDocument. */
export function parseDocumentAs<T>(
  schema: z.ZodType<T>,
  text: string,
  file: string,
  edit: DocumentEdit = keep,
): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [first] = document.errors;
  if (first !== undefined) {
    const { line, col } = lines.linePos(first.pos[0]);
    throw new InvalidDocument(`${file}:${line}:${col}: ${first.message}`);
  }
  const result = schema.safeParse(edit(document.toJS() ?? {}));
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const offset = positionOf(document, issue.path);
    const { line, col } = lines.linePos(offset);
    return describe(issue, schema, `${file}:${line}:${col}`);
  });
  throw new InvalidDocument(problems.join('\n'));
}

function positionOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
): number {
  for (let depth = path.length; depth > 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function describe(issue: z.core.$ZodIssue, schema: z.ZodType, where: string): string {
  const at = issue.path.length > 0 ? ` ${issue.path.join('.')}:` : '';
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path);
    const hints = issue.keys.map((key) => {
      const near = nearest(key, known);
      return near.length > 0 ? `${key} (did you mean ${near.join(' or ')}?)` : key;
    });
    return `${where}:${at} unknown ${issue.keys.length > 1 ? 'keys' : 'key'} ${hints.join(', ')}`;
  }
  if (issue.code === 'invalid_union') {
    const nested = issue.errors.flat();
    const best = nested.find(({ code }) => code === 'custom') ?? nested[0];
    if (best !== undefined) return `${where}:${at} ${best.message}`;
  }
  return `${where}:${at} ${issue.message}`;
}

/** The keys that fit at a path of the document, for suggestions. */
function knownKeys(root: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = root;
  for (const step of path) schema = stepInto(schema, String(step));
  const shape = unwrap(schema);
  if (!(shape instanceof z.ZodObject)) return [];
  const fields = Object.entries(shape.shape as Record<string, unknown>);
  return fields.filter(([, field]) => !(unwrap(field) instanceof z.ZodNever)).map(([key]) => key);
}

function stepInto(schema: unknown, key: string): unknown {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return (inner.shape as Record<string, unknown>)[key];
  if (inner instanceof z.ZodRecord) return inner.valueType;
  if (inner instanceof z.ZodArray) return inner.element;
  return undefined;
}

function unwrap(schema: unknown): unknown {
  let current = schema;
  while (
    current instanceof z.ZodDefault ||
    current instanceof z.ZodPrefault ||
    current instanceof z.ZodOptional
  ) {
    current = current.unwrap();
  }
  return current;
}

/** Regions that are named must exist; schema files lie beside `file`. Throws InvalidDocument. */
export function checkReferences(topology: Topology, file: string): Topology {
  const regions = Object.keys(topology.regions);
  const problems: string[] = [];
  const check = (place: string, region: string): void => {
    if (regions.includes(region)) return;
    const near = nearest(region, regions);
    problems.push(
      `${file}: ${place}: there is no region ${region}${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`,
    );
  };
  for (const [keyspace, { replication }] of Object.entries(topology.keyspaces)) {
    for (const region of Object.keys(replication))
      check(`keyspaces.${keyspace}.replication`, region);
  }
  for (const link of Object.keys(topology.links)) {
    if (link === 'within-zone' || link === 'between-zones') continue;
    const ends = link.split('..');
    if (ends.length !== 2) {
      problems.push(
        `${file}: links.${link}: a link is within-zone, between-zones or <region>..<region>`,
      );
      continue;
    }
    for (const end of ends) check(`links.${link}`, end);
  }
  for (const region of Object.keys(topology.balancers.global.clients))
    check('balancers.global.clients', region);
  for (const region of Object.keys(topology.balancers.global.traffic_dial))
    check('balancers.global.traffic_dial', region);
  if (problems.length > 0) throw new InvalidDocument(problems.join('\n'));
  return withSchemaPaths(topology, dirname(file));
}

function withSchemaPaths(topology: Topology, folder: string): Topology {
  const keyspaces = Object.entries(topology.keyspaces).map(([keyspace, { schema, ...rest }]) => [
    keyspace,
    schema === undefined ? rest : { ...rest, schema: resolve(folder, schema) },
  ]);
  return { ...topology, keyspaces: Object.fromEntries(keyspaces) as Topology['keyspaces'] };
}
