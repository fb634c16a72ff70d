// Places: `us-east-1`, `us-east-1/b`, `us-east-1/b/2`, and pairs of regions `us-east-1..us-west-2`.
// Written the same everywhere: CLI, YAML, API, report. An unknown place answers with the nearest
// known ones.

import type { Topology } from './topology.ts';

export type Place =
  | { readonly kind: 'region'; readonly region: string }
  | { readonly kind: 'zone'; readonly region: string; readonly zone: string }
  | {
      readonly kind: 'node';
      readonly region: string;
      readonly zone: string;
      readonly index: number;
    }
  /** An application instance: `us-east-1/b/app-1`. */
  | {
      readonly kind: 'instance';
      readonly region: string;
      readonly zone: string;
      readonly index: number;
    }
  | { readonly kind: 'link'; readonly from: string; readonly to: string };

export class UnknownPlace extends Error {
  override readonly name = 'UnknownPlace';
}

/** Text -> place, checked against the topology. Throws UnknownPlace with the nearest names. */
export function parsePlace(text: string, topology: Topology): Place {
  if (text.includes('..')) return parseLink(text, topology);
  const [region = '', zone, item, ...rest] = text.split('/');
  const found = topology.regions[region];
  if (found === undefined || rest.length > 0) throw unknown(text, topology);
  if (zone === undefined) return { kind: 'region', region };
  if (!found.zones.includes(zone)) throw unknown(text, topology);
  if (item === undefined) return { kind: 'zone', region, zone };
  const app = /^app-(\d+)$/.exec(item);
  if (app !== null) {
    const index = Number(app[1]);
    if (index < 1 || index > found.appsPerZone) throw unknown(text, topology);
    return { kind: 'instance', region, zone, index };
  }
  const index = Number(item);
  if (!Number.isInteger(index) || index < 1 || index > found.nodesPerZone)
    throw unknown(text, topology);
  return { kind: 'node', region, zone, index };
}

export function placeText(place: Place): string {
  switch (place.kind) {
    case 'region':
      return place.region;
    case 'zone':
      return `${place.region}/${place.zone}`;
    case 'node':
      return `${place.region}/${place.zone}/${place.index}`;
    case 'instance':
      return `${place.region}/${place.zone}/app-${place.index}`;
    case 'link':
      return `${place.from}..${place.to}`;
  }
}

/** Every place of the topology, largest first. */
export function allPlaces(topology: Topology): readonly Place[] {
  const places: Place[] = [];
  const regions = Object.entries(topology.regions);
  for (const [region, { zones, nodesPerZone, appsPerZone }] of regions) {
    places.push({ kind: 'region', region });
    for (const zone of zones) {
      places.push({ kind: 'zone', region, zone });
      for (let index = 1; index <= nodesPerZone; index++)
        places.push({ kind: 'node', region, zone, index });
      for (let index = 1; index <= appsPerZone; index++)
        places.push({ kind: 'instance', region, zone, index });
    }
  }
  for (const [from] of regions) {
    for (const [to] of regions) if (from < to) places.push({ kind: 'link', from, to });
  }
  return places;
}

/** True when `inner` lies within `outer`. */
export function contains(outer: Place, inner: Place): boolean {
  if (outer.kind === 'link' || inner.kind === 'link') return placeText(outer) === placeText(inner);
  if (outer.region !== inner.region) return false;
  if (outer.kind === 'region') return true;
  if (inner.kind === 'region' || outer.zone !== inner.zone) return false;
  if (outer.kind === 'zone') return true;
  return inner.kind === outer.kind && inner.index === outer.index;
}

/** Up to three of `known` that are nearest to `word` by edit distance. */
export function nearest(word: string, known: readonly string[]): readonly string[] {
  return known
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(3, candidate.length / 2))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

function parseLink(text: string, topology: Topology): Place {
  const [from = '', to = ''] = text.split('..');
  if (from === to || !(from in topology.regions) || !(to in topology.regions))
    throw unknown(text, topology);
  return { kind: 'link', from, to };
}

function unknown(text: string, topology: Topology): UnknownPlace {
  const near = nearest(text, allPlaces(topology).map(placeText));
  const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
  return new UnknownPlace(
    `There is no place ${text} in this topology.${hint} \`starfish status\` lists them.`,
  );
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
