// Who owns, is about to own and is about to give up which tokens, as gossip tells this node. A machine that only
// keeps the books; what a status means is status-rules.ts, what readers see is cluster-metadata.ts.
// Test: test/gossip/status-rules.test.ts. Cassandra: locator/TokenMetadata.java.

import type { Token } from '../../data/partition.ts';
import { tokenText } from '../../ring/token.ts';
import type { Endpoint } from '../../world/ports.ts';

export class TokenMetadata {
  /** Grows with every change that readers must see. */
  version = 0;
  private readonly normal = new Map<Endpoint, readonly Token[]>();
  private readonly owners = new Map<string, Endpoint>();
  private readonly joining = new Map<Endpoint, readonly Token[]>();
  /** Replacing node -> the node it replaces. */
  private readonly replacements = new Map<Endpoint, Endpoint>();
  private readonly leavers = new Set<Endpoint>();
  private readonly movers = new Map<Endpoint, Token>();
  private readonly hostIds = new Map<Endpoint, string>();

  isMember(endpoint: Endpoint): boolean {
    return this.normal.has(endpoint);
  }

  isLeaving(endpoint: Endpoint): boolean {
    return this.leavers.has(endpoint);
  }

  isMoving(endpoint: Endpoint): boolean {
    return this.movers.has(endpoint);
  }

  isJoining(endpoint: Endpoint): boolean {
    return this.joining.has(endpoint);
  }

  tokensOf(endpoint: Endpoint): readonly Token[] {
    return this.normal.get(endpoint) ?? [];
  }

  members(): ReadonlyMap<Endpoint, readonly Token[]> {
    return this.normal;
  }

  joiners(): ReadonlyMap<Endpoint, readonly Token[]> {
    return this.joining;
  }

  leaving(): ReadonlySet<Endpoint> {
    return this.leavers;
  }

  moving(): ReadonlyMap<Endpoint, Token> {
    return this.movers;
  }

  ownerOf(token: Token): Endpoint | undefined {
    return this.owners.get(tokenText(token));
  }

  /** The node this one is replacing, if it is. */
  replacedBy(newcomer: Endpoint): Endpoint | undefined {
    return this.replacements.get(newcomer);
  }

  /** The node that is replacing this one, if any. */
  replacementOf(original: Endpoint): Endpoint | undefined {
    for (const [newcomer, old] of this.replacements) if (old === original) return newcomer;
    return undefined;
  }

  hostId(endpoint: Endpoint): string | undefined {
    return this.hostIds.get(endpoint);
  }

  endpointOfHost(hostId: string): Endpoint | undefined {
    for (const [endpoint, id] of this.hostIds) if (id === hostId) return endpoint;
    return undefined;
  }

  setHostId(endpoint: Endpoint, hostId: string): void {
    if (this.hostIds.get(endpoint) === hostId) return;
    this.hostIds.set(endpoint, hostId);
    this.version++;
  }

  /** The node owns these tokens from now on, taking them from whoever had them. Nodes left without any are returned. */
  setNormal(endpoint: Endpoint, tokens: readonly Token[]): readonly Endpoint[] {
    const settled =
      !this.joining.has(endpoint) && !this.leavers.has(endpoint) && !this.movers.has(endpoint);
    if (settled && sameTokens(this.tokensOf(endpoint), tokens)) return [];
    this.version++;
    this.joining.delete(endpoint);
    this.replacements.delete(endpoint);
    this.leavers.delete(endpoint);
    this.movers.delete(endpoint);
    for (const token of this.tokensOf(endpoint)) this.owners.delete(tokenText(token));
    const emptied: Endpoint[] = [];
    for (const token of tokens) {
      const text = tokenText(token);
      const owner = this.owners.get(text);
      if (owner !== undefined && owner !== endpoint && this.giveUp(owner, text))
        emptied.push(owner);
      this.owners.set(text, endpoint);
    }
    this.normal.set(endpoint, tokens);
    return emptied;
  }

  setJoining(endpoint: Endpoint, tokens: readonly Token[], replacing: Endpoint | null): void {
    const known = this.joining.get(endpoint);
    if (known !== undefined && sameTokens(known, tokens)) return;
    this.version++;
    this.joining.set(endpoint, tokens);
    if (replacing !== null) this.replacements.set(endpoint, replacing);
  }

  setLeaving(endpoint: Endpoint): void {
    if (this.leavers.has(endpoint)) return;
    this.leavers.add(endpoint);
    this.version++;
  }

  setMoving(endpoint: Endpoint, token: Token): void {
    this.movers.set(endpoint, token);
    this.version++;
  }

  /** Forgets everything about a node. */
  remove(endpoint: Endpoint): void {
    for (const token of this.tokensOf(endpoint)) this.owners.delete(tokenText(token));
    this.normal.delete(endpoint);
    this.joining.delete(endpoint);
    this.replacements.delete(endpoint);
    this.leavers.delete(endpoint);
    this.movers.delete(endpoint);
    this.hostIds.delete(endpoint);
    this.version++;
  }

  /** Takes one token away; true when none is left. */
  private giveUp(owner: Endpoint, text: string): boolean {
    const left = this.tokensOf(owner).filter((token) => tokenText(token) !== text);
    if (left.length > 0) {
      this.normal.set(owner, left);
      return false;
    }
    this.normal.delete(owner);
    this.leavers.delete(owner);
    this.movers.delete(owner);
    return true;
  }
}

function sameTokens(a: readonly Token[], b: readonly Token[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  const texts = new Set(a.map(tokenText));
  return b.every((token) => texts.has(tokenText(token)));
}
