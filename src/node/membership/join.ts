// How a node comes into the cluster: learn of it, check that its place is free, choose tokens, take over data, own.
// One operation object a start; every wait is a timer or a callback. Test: test/gossip/membership.test.ts.
// Cassandra: service/StorageService.java (prepareToJoin, joinTokenRing, bootstrap), dht/BootStrapper.java.

import { CqlException } from '../../data/cql-error.ts';
import { randomUuid, uuidText } from '../../data/uuid.ts';
import { chooseTokens } from '../../ring/allocation/choose-tokens.ts';
import type { Token } from '../../ring/token.ts';
import { tokenText } from '../../ring/token.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { EndpointState, StateEntry } from '../gossip/endpoint-state.ts';
import { STATUS, tokensValue } from '../gossip/endpoint-state.ts';
import type { Membership } from './membership.ts';
import type { SavedNode } from './membership-store.ts';
import { bootstrapPlan } from './range-streaming.ts';

const NET_VERSION = '12';
const CONSISTENT_RANGE_MOVEMENT = 'cassandra.consistent.rangemovement';
const REPLACE_ADDRESS = 'cassandra.replace_address';

/** null: the node owns its tokens and may serve. Otherwise why it does not, in Cassandra's words. */
export type JoinDone = (error: string | null) => void;

/** A join under way or failed. */
export interface JoinHandle {
  /** nodetool bootstrap resume: streams again what a failed bootstrap could not. */
  resume(done: JoinDone): void;
}

/** Starts gossip and joins the ring. `done` is called once. */
export function join(membership: Membership, done: JoinDone): JoinHandle {
  const operation = new Join(membership, done);
  operation.start();
  return operation;
}

type ShadowStates = ReadonlyMap<Endpoint, EndpointState>;

/** The dead node whose place is taken. */
interface Replacement {
  readonly endpoint: Endpoint;
  readonly tokens: readonly Token[];
  readonly sameAddress: boolean;
}

class Join implements JoinHandle {
  private readonly membership: Membership;
  private done: JoinDone;
  /** Set once they are announced. */
  private tokens: readonly Token[] | null = null;
  private readonly saved: SavedNode | null;
  private hostId: string;
  private replacement: Replacement | null = null;

  constructor(membership: Membership, done: JoinDone) {
    this.membership = membership;
    this.done = done;
    this.saved = membership.ports.store.load();
    this.hostId =
      this.saved?.hostId ?? uuidText(randomUuid(membership.ports.random.fork('host id').bytes(16)));
  }

  start(): void {
    const { membership, saved } = this;
    const refusal = this.refuseSaved();
    if (refusal !== null) {
      this.fail(refusal);
      return;
    }
    if (saved !== null) membership.restore(saved);
    const peers = saved?.peers.map(({ endpoint }) => endpoint) ?? [];
    membership.gossiper.shadowRound(peers, (result) => {
      if (!result.ok) this.fail(result.error);
      else this.onShadow(result.states);
    });
  }

  resume(done: JoinDone): void {
    this.done = done;
    if (this.membership.mode === 'NORMAL') {
      done('Resuming bootstrap is requested, but the node is already bootstrapped.');
    } else if (this.tokens === null) {
      done('The node has not chosen its tokens yet; restart it.');
    } else {
      this.membership.mode = 'JOINING';
      this.stream(this.tokens);
    }
  }

  private get isComplete(): boolean {
    return this.saved?.bootstrapped === 'COMPLETED';
  }

  private get isSeed(): boolean {
    const { membership } = this;
    return membership.settings.identity.seeds.includes(membership.self);
  }

  private get mustBootstrap(): boolean {
    return this.membership.settings.config.auto_bootstrap && !this.isComplete && !this.isSeed;
  }

  private refuseSaved(): string | null {
    const { saved } = this;
    const { datacenter, rack, replaceAddress } = this.membership.settings.identity;
    if (saved === null) return null;
    if (saved.bootstrapped === 'DECOMMISSIONED') {
      return (
        'This node was decommissioned and will not rejoin the ring unless -Dcassandra.override_decommission=true ' +
        'has been set, or all existing data is removed and the node is bootstrapped again'
      );
    }
    if (replaceAddress !== null && saved.bootstrapped === 'COMPLETED') return null;
    if (saved.datacenter !== datacenter) {
      return changedPlace('data center', 'dc', datacenter, saved.datacenter);
    }
    return saved.rack === rack ? null : changedPlace('rack', 'rack', rack, saved.rack);
  }

  private onShadow(states: ShadowStates): void {
    const { replaceAddress } = this.membership.settings.identity;
    // Replace on first boot: a node that has been through it starts like any other.
    const error =
      replaceAddress !== null && !this.isComplete
        ? this.prepareReplacement(states, replaceAddress)
        : this.findCollision(states);
    if (error === null) this.startGossip(states);
    else this.fail(error);
  }

  private prepareReplacement(states: ShadowStates, address: Endpoint): string | null {
    const { membership } = this;
    const state = states.get(address);
    if (state === undefined) {
      return `Cannot replace_address /${address} because it doesn't exist in gossip`;
    }
    if (state.tokens.length === 0) return `Could not find tokens for /${address} to replace`;
    const sameAddress = address === membership.self;
    this.replacement = { endpoint: address, tokens: state.tokens, sameAddress };
    if (sameAddress && state.hostId !== undefined) {
      this.hostId = state.hostId;
      membership.replacingHostId = state.hostId;
    }
    return null;
  }

  /** Somebody has this address, or somebody else is moving ranges. */
  private findCollision(states: ShadowStates): string | null {
    const { self, settings } = this.membership;
    const state = states.get(self);
    if (state !== undefined && !state.isDeadStatus && !this.isSafe(state)) {
      return (
        `A node with address /${self} already exists, cancelling join. ` +
        `Use ${REPLACE_ADDRESS} if you want to replace this node.`
      );
    }
    if (!this.mustBootstrap || !settings.consistentRangeMovement) return null;
    const moving: string[] = [STATUS.BOOT, STATUS.LEAVING, STATUS.MOVING];
    for (const [endpoint, other] of states) {
      if (endpoint !== self && moving.includes(other.status)) {
        return `Other bootstrapping/leaving/moving nodes detected, cannot bootstrap while ${CONSISTENT_RANGE_MOVEMENT} is true`;
      }
    }
    return null;
  }

  private isSafe(state: EndpointState): boolean {
    if (!this.mustBootstrap) return state.hostId === undefined || state.hostId === this.hostId;
    return ![STATUS.NORMAL as string, STATUS.SHUTDOWN].includes(state.status);
  }

  private startGossip(states: ShadowStates): void {
    const { membership, saved } = this;
    const { identity } = membership.settings;
    const { clock } = membership.ports;
    const generation = Math.max(
      Math.floor(clock.wallMs() / 1000),
      (saved?.generation ?? 0) + 1,
      (states.get(membership.self)?.generation ?? 0) + 1,
    );
    membership.metadata.setHostId(membership.self, this.hostId);
    membership.persist({ hostId: this.hostId, generation });
    const entries: StateEntry[] = [
      ['NET_VERSION', NET_VERSION],
      ['HOST_ID', this.hostId],
      ['NATIVE_ADDRESS_AND_PORT', `${identity.nativeAddress}:${identity.nativePort}`],
      ['RELEASE_VERSION', identity.releaseVersion],
      ['DC', identity.datacenter],
      ['RACK', identity.rack],
      ['SCHEMA', membership.ports.schema.current.version],
      ['RPC_READY', 'false'],
    ];
    const known = this.replacement?.tokens ?? (this.isComplete ? saved?.tokens : undefined);
    if (known !== undefined) entries.push(['TOKENS', tokensValue(known)]);
    if (this.replacement?.sameAddress === true) {
      entries.push(['STATUS_WITH_PORT', `${STATUS.HIBERNATE},true`]);
    }
    membership.gossiper.start(generation, entries);
    if (this.replacement?.sameAddress === true) membership.gossiper.learn(states);
    const hasCompany = states.size > 0 || identity.seeds.some((seed) => seed !== membership.self);
    if (this.isComplete) this.rejoin(saved?.tokens ?? [], hasCompany);
    else if (!this.mustBootstrap) this.settled(hasCompany, () => this.joinAtOnce());
    else this.settled(hasCompany, () => this.awaitSchema());
  }

  /** A restart: the tokens are those of before. */
  private rejoin(tokens: readonly Token[], hasCompany: boolean): void {
    const { config } = this.membership.settings;
    const single = config.initial_token !== null;
    if (!single && tokens.length !== config.num_tokens) {
      this.fail(`Cannot change the number of tokens from ${tokens.length} to ${config.num_tokens}`);
      return;
    }
    this.own(tokens);
    this.settled(hasCompany, () => this.done(null));
  }

  /** Owns tokens without data: seeds, auto_bootstrap false. */
  private joinAtOnce(): void {
    const tokens = this.chosenTokens();
    if (tokens === null) return;
    this.own(tokens);
    this.done(null);
  }

  private awaitSchema(): void {
    const { membership } = this;
    const { clock, hooks } = membership.ports;
    const { config } = membership.settings;
    const deadline = clock.nowMs() + config.ring_delay;
    membership.mode = 'JOINING';
    const poll = (): void => {
      if (hooks.isSchemaReady() || clock.nowMs() >= deadline) this.bootstrap();
      else clock.after(config.gossip_interval, poll);
    };
    poll();
  }

  private bootstrap(): void {
    const { membership, replacement } = this;
    const { metadata, settings } = membership;
    if (settings.consistentRangeMovement && replacement === null) {
      const error = describeMovements(membership);
      if (error !== null) {
        this.fail(error);
        return;
      }
    }
    if (replacement === null && metadata.isMember(membership.self)) {
      this.fail(
        'This node is already a member of the token ring; bootstrap aborted. ' +
          '(If replacing a dead node, remove the old one from the ring first.)',
      );
      return;
    }
    membership.persist({ bootstrapped: 'IN_PROGRESS' });
    if (replacement === null) {
      const tokens = this.chosenTokens();
      if (tokens !== null) this.announce(tokens, `${STATUS.BOOT},${firstToken(tokens)}`);
      return;
    }
    this.replace(replacement);
  }

  /** Waits long enough to see the old node alive if it is, then takes its tokens. */
  private replace({ endpoint, tokens, sameAddress }: Replacement): void {
    const { membership } = this;
    const { metadata, settings, gossiper, ports } = membership;
    ports.clock.after(settings.config.ring_delay, () => {
      if (sameAddress) {
        metadata.setNormal(membership.self, tokens);
        this.stream(tokens);
        return;
      }
      if (gossiper.isAlive(endpoint)) {
        this.fail('Cannot replace a live node... ');
        return;
      }
      const missing = tokens.find((token) => metadata.ownerOf(token) === undefined);
      if (missing !== undefined) {
        this.fail(`Cannot replace token ${tokenText(missing)} which does not exist!`);
        return;
      }
      this.announce(tokens, `${STATUS.BOOT_REPLACE},${endpoint}`);
    });
  }

  /** Becomes pending for its ranges and waits until everybody knows. */
  private announce(tokens: readonly Token[], status: string): void {
    const { membership } = this;
    const { gossiper, ports, settings } = membership;
    membership.persist({ tokens });
    gossiper.publish([
      ['TOKENS', tokensValue(tokens)],
      ['STATUS_WITH_PORT', status],
    ]);
    ports.clock.after(settings.config.ring_delay, () => {
      if (gossiper.hasSeenSeed()) this.stream(tokens);
      else this.fail(`Unable to contact any seeds: ${nodeList(settings.identity.seeds)}`);
    });
  }

  private stream(tokens: readonly Token[]): void {
    this.tokens = tokens;
    this.membership.ports.hooks.repairPaxos('bootstrap', (error) => {
      if (error === null) this.streamRanges(tokens);
      else this.fail(error);
    });
  }

  private streamRanges(tokens: readonly Token[]): void {
    const { membership, replacement } = this;
    const { ports, settings } = membership;
    const { datacenter, rack } = settings.identity;
    const newcomer = { endpoint: membership.self, datacenter, rack, tokens };
    const strict = settings.consistentRangeMovement && replacement === null;
    const result = bootstrapPlan(membership.streamContext(), newcomer, { strict });
    if (!result.ok) {
      this.fail(result.error);
      return;
    }
    const finish = (): void => {
      this.own(tokens);
      this.done(null);
    };
    if (result.plan.tasks.length === 0) {
      finish();
      return;
    }
    ports.streaming.stream(
      result.plan,
      ({ rows, ranges, rangesTotal }) =>
        ports.telemetry.emit({
          kind: 'bootstrap-progressed',
          node: membership.self,
          rows,
          ranges,
          rangesTotal,
        }),
      (error) => {
        if (error === null) finish();
        else this.fail(error);
      },
    );
  }

  private own(tokens: readonly Token[]): void {
    const { membership, replacement } = this;
    membership.persist({ tokens, bootstrapped: 'COMPLETED' });
    membership.gossiper.publish([
      ['TOKENS', tokensValue(tokens)],
      ['STATUS_WITH_PORT', `${STATUS.NORMAL},${firstToken(tokens)}`],
    ]);
    membership.replacingHostId = null;
    if (replacement?.sameAddress === true) membership.metadata.setNormal(membership.self, tokens);
    membership.mode = 'NORMAL';
  }

  /** null when there are none to be had: the join has failed. */
  private chosenTokens(): readonly Token[] | null {
    const { membership } = this;
    const { ports, settings, cluster } = membership;
    const { config, identity } = settings;
    const name = config.allocate_tokens_for_keyspace;
    try {
      const keyspace = name === null ? undefined : ports.schema.current.keyspaces.get(name);
      if (name !== null && keyspace === undefined) {
        this.fail(`Problem opening token allocation keyspace ${name}`);
        return null;
      }
      return chooseTokens({
        ring: cluster.ring,
        joining: cluster.movements.joining,
        newcomer: {
          endpoint: membership.self,
          datacenter: identity.datacenter,
          rack: identity.rack,
        },
        numTokens: config.num_tokens,
        initialTokens: config.initial_token ?? undefined,
        allocateForKeyspace: keyspace?.replication,
        allocateForLocalReplicationFactor:
          config.allocate_tokens_for_local_replication_factor ?? undefined,
        randomIfUnsupported: settings.randomTokensIfUnsupported,
        random: ports.random.fork('tokens'),
      }).tokens;
    } catch (error) {
      if (!(error instanceof CqlException)) throw error;
      this.fail(error.message);
      return null;
    }
  }

  private settled(hasCompany: boolean, next: () => void): void {
    if (hasCompany) this.membership.gossiper.whenSettled(next);
    else next();
  }

  private fail(error: string): void {
    this.membership.mode = this.membership.gossiper.isEnabled ? 'JOINING_FAILED' : 'STARTING';
    this.done(error);
  }
}

function changedPlace(what: string, flag: string, now: string, before: string): string {
  return (
    `Cannot start node if snitch's ${what} (${now}) differs from previous ${what} (${before}). Please fix the snitch ` +
    `configuration, decommission and rebootstrap this node or use the flag -Dcassandra.ignore_${flag}=true.`
  );
}

/** Null while nobody moves; the node itself does not count. */
function describeMovements({ metadata, self }: Membership): string | null {
  const others = (nodes: Iterable<Endpoint>): Endpoint[] =>
    [...nodes].filter((one) => one !== self);
  const joining = others(metadata.joiners().keys());
  const leaving = others(metadata.leaving());
  const moving = others(metadata.moving().keys());
  if (joining.length + leaving.length + moving.length === 0) return null;
  return (
    `Other bootstrapping/leaving/moving nodes detected, cannot bootstrap while ${CONSISTENT_RANGE_MOVEMENT} is true. ` +
    `Nodes detected, bootstrapping: ${nodeList(joining)}; leaving: ${nodeList(leaving)}; moving: ${nodeList(moving)};`
  );
}

export function firstToken(tokens: readonly Token[]): string {
  const [first] = tokens;
  return first === undefined ? '' : tokenText(first);
}

/** `[/127.0.1.1:7000, /127.0.1.2:7000]` */
function nodeList(nodes: readonly Endpoint[]): string {
  return `[${nodes.map((node) => `/${node}`).join(', ')}]`;
}
