// What a node's gossip status means for the ring: the rules of joining, owning, leaving, moving, replacing, removal,
// and who wins when two nodes claim one token or one host id. A machine: it changes the token metadata and returns
// what else must happen. Test: test/gossip/status-rules.test.ts.
// Cassandra: service/StorageService.java (onChange, handleState*).

import type { Token } from '../../data/partition.ts';
import { parseToken } from '../../ring/token.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { EndpointState } from '../gossip/endpoint-state.ts';
import { STATUS } from '../gossip/endpoint-state.ts';
import type { TokenMetadata } from './token-metadata.ts';

/** What follows from a status, in order. */
export type StatusEffect =
  | { readonly kind: 'joined' | 'moved'; readonly endpoint: Endpoint }
  /** It left or was removed: forget it, tell drivers, drop its hints. */
  | {
      readonly kind: 'left';
      readonly endpoint: Endpoint;
      readonly hostId: string | null;
      readonly expiresAtMs: number | null;
    }
  /** It lost its place to another node: forget it. */
  | {
      readonly kind: 'displaced';
      readonly endpoint: Endpoint;
      readonly by: Endpoint;
      readonly hostId: string | null;
      readonly replaced: boolean;
    }
  /** It is being removed; this node must fetch what it gains and report to the coordinator. */
  | { readonly kind: 'removing'; readonly endpoint: Endpoint; readonly coordinatorId: string }
  /** A claim that cannot be; Cassandra's words for the log. */
  | { readonly kind: 'refused'; readonly text: string };

/** What the rules ask of gossip. */
export interface GossipView {
  readonly self: Endpoint;
  isAlive(endpoint: Endpoint): boolean;
  state(endpoint: Endpoint): EndpointState | undefined;
  /** This node is taking over this address and this host id (replacement under the same address). */
  isReplacingSame(hostId: string): boolean;
}

const NOTHING: readonly StatusEffect[] = [];

/** Applies the present STATUS_WITH_PORT of a node. */
export function applyStatus(
  metadata: TokenMetadata,
  gossip: GossipView,
  endpoint: Endpoint,
  state: EndpointState,
): readonly StatusEffect[] {
  switch (state.status) {
    case STATUS.BOOT:
      return onBoot(metadata, endpoint, state);
    case STATUS.BOOT_REPLACE:
      return onBootReplace(metadata, gossip, endpoint, state);
    case STATUS.NORMAL:
    case STATUS.SHUTDOWN:
      return onNormal(metadata, gossip, endpoint, state);
    case STATUS.LEAVING:
      return onLeaving(metadata, endpoint, state);
    case STATUS.LEFT:
      return leave(metadata, endpoint, expiryOf(state, 1));
    case STATUS.MOVING:
      return onMoving(metadata, endpoint, state);
    case STATUS.REMOVING:
      return onRemoving(metadata, endpoint, state);
    case STATUS.REMOVED:
      return leave(metadata, endpoint, expiryOf(state, 1));
    default:
      return NOTHING;
  }
}

/** Removes a node from the ring on this node's own account. */
export function leave(
  metadata: TokenMetadata,
  endpoint: Endpoint,
  expiresAtMs: number | null,
): readonly StatusEffect[] {
  const hostId = metadata.hostId(endpoint) ?? null;
  metadata.remove(endpoint);
  return [{ kind: 'left', endpoint, hostId, expiresAtMs }];
}

function onBoot(
  metadata: TokenMetadata,
  endpoint: Endpoint,
  state: EndpointState,
): readonly StatusEffect[] {
  // A member that boots has left without our hearing of it.
  if (metadata.isMember(endpoint)) metadata.remove(endpoint);
  metadata.setJoining(endpoint, state.tokens, null);
  if (state.hostId !== undefined) metadata.setHostId(endpoint, state.hostId);
  return NOTHING;
}

function onBootReplace(
  metadata: TokenMetadata,
  gossip: GossipView,
  endpoint: Endpoint,
  state: EndpointState,
): readonly StatusEffect[] {
  const original = state.statusArguments[0] as Endpoint | undefined;
  if (original === undefined) return NOTHING;
  if (gossip.isAlive(original)) {
    return refused(`Node /${endpoint} is trying to replace alive node /${original}.`);
  }
  const earlier = metadata.replacedBy(endpoint);
  if (earlier !== undefined && earlier !== original) {
    return refused(
      `Node /${endpoint} is already replacing /${earlier} but is trying to replace /${original}.`,
    );
  }
  metadata.setJoining(endpoint, state.tokens, original);
  if (state.hostId !== undefined) metadata.setHostId(endpoint, state.hostId);
  return NOTHING;
}

function onNormal(
  metadata: TokenMetadata,
  gossip: GossipView,
  endpoint: Endpoint,
  state: EndpointState,
): readonly StatusEffect[] {
  const { tokens, hostId } = state;
  // A node that stopped before it owned anything says `shutdown` without tokens.
  if (tokens.length === 0) return NOTHING;
  const effects: StatusEffect[] = [];
  const wasMember = metadata.isMember(endpoint);
  const wasMoving = metadata.isMoving(endpoint);
  const original = metadata.replacedBy(endpoint);
  if (original !== undefined && gossip.isAlive(original)) {
    effects.push({
      kind: 'refused',
      text: `Node /${endpoint} cannot complete replacement of alive node /${original}.`,
    });
    return effects;
  }
  if (hostId !== undefined && !settleHostId(metadata, gossip, endpoint, hostId, effects)) {
    return effects;
  }
  const mine = tokens.filter((token) => mayTake(metadata, gossip, endpoint, token, original));
  const displaced = mine.length === 0 ? [] : metadata.setNormal(endpoint, mine);
  for (const other of displaced) displace(metadata, other, endpoint, other === original, effects);
  if (original !== undefined && !displaced.includes(original)) {
    displace(metadata, original, endpoint, true, effects);
  }
  if (wasMoving) effects.push({ kind: 'moved', endpoint });
  else if (!wasMember && mine.length > 0) effects.push({ kind: 'joined', endpoint });
  return effects;
}

/** One host id, one node: the one started later has it. False when this endpoint has lost. */
function settleHostId(
  metadata: TokenMetadata,
  gossip: GossipView,
  endpoint: Endpoint,
  hostId: string,
  effects: StatusEffect[],
): boolean {
  const holder = metadata.endpointOfHost(hostId);
  if (gossip.isReplacingSame(hostId) && endpoint !== gossip.self) return false;
  if (holder !== undefined && holder !== endpoint) {
    const lost = holder === gossip.self || startedAt(gossip, endpoint) <= startedAt(gossip, holder);
    const loser = lost ? endpoint : holder;
    displace(metadata, loser, lost ? holder : endpoint, false, effects);
    if (lost) return false;
  }
  metadata.setHostId(endpoint, hostId);
  return true;
}

/** A token that another node owns goes to the one started later. */
function mayTake(
  metadata: TokenMetadata,
  gossip: GossipView,
  endpoint: Endpoint,
  token: Token,
  original: Endpoint | undefined,
): boolean {
  const owner = metadata.ownerOf(token);
  if (owner === undefined || owner === endpoint || owner === original) return true;
  return startedAt(gossip, endpoint) > startedAt(gossip, owner);
}

function displace(
  metadata: TokenMetadata,
  endpoint: Endpoint,
  by: Endpoint,
  replaced: boolean,
  effects: StatusEffect[],
): void {
  const hostId = metadata.hostId(endpoint) ?? null;
  metadata.remove(endpoint);
  effects.push({ kind: 'displaced', endpoint, by, hostId, replaced });
}

function onLeaving(
  metadata: TokenMetadata,
  endpoint: Endpoint,
  state: EndpointState,
): readonly StatusEffect[] {
  if (!metadata.isMember(endpoint) && state.tokens.length > 0) {
    metadata.setNormal(endpoint, state.tokens);
  }
  if (state.hostId !== undefined) metadata.setHostId(endpoint, state.hostId);
  metadata.setLeaving(endpoint);
  return NOTHING;
}

function onMoving(
  metadata: TokenMetadata,
  endpoint: Endpoint,
  state: EndpointState,
): readonly StatusEffect[] {
  const [text] = state.statusArguments;
  if (text === undefined) return NOTHING;
  if (!metadata.isMember(endpoint) && state.tokens.length > 0) {
    metadata.setNormal(endpoint, state.tokens);
  }
  metadata.setMoving(endpoint, parseToken(text));
  return NOTHING;
}

function onRemoving(
  metadata: TokenMetadata,
  endpoint: Endpoint,
  state: EndpointState,
): readonly StatusEffect[] {
  if (!metadata.isMember(endpoint)) return NOTHING;
  metadata.setLeaving(endpoint);
  // `REMOVER,<host id>` names who wants to hear that this node has restored its share.
  const coordinatorId = (state.get('REMOVAL_COORDINATOR') ?? '').split(',')[1] ?? '';
  return [{ kind: 'removing', endpoint, coordinatorId }];
}

/** `LEFT,<token>,<expire>`, `removed,<host id>,<expire>`: wall clock milliseconds. */
function expiryOf(state: EndpointState, at: number): number | null {
  const value = Number(state.statusArguments[at] ?? '');
  return Number.isFinite(value) && value > 0 ? value : null;
}

function startedAt(gossip: GossipView, endpoint: Endpoint): number {
  return gossip.state(endpoint)?.generation ?? 0;
}

function refused(text: string): readonly StatusEffect[] {
  return [{ kind: 'refused', text }];
}
