// The network between the nodes of one process, over either event loop: finds the receiver, asks the link how long,
// keeps the order of a pair, and counts what was lost. Messages travel by reference and are never changed by anyone.

import type { EventLoop, Inbox } from './event-loop.ts';
import type { Gate } from './gate.ts';
import type { Link, LinkTable } from './links.ts';
import { transitMs } from './links.ts';
import type { Endpoint, Network, NetworkMessage, Random } from './ports.ts';

/** Seen by telemetry and by the simulator's trace hash. */
export type MessageObserver = (from: Endpoint, to: Endpoint, verb: string, lost: boolean) => void;

/** All nodes' ends, by address. */
export class Fabric {
  readonly loop: EventLoop;
  readonly links: LinkTable;
  observer: MessageObserver | null = null;
  /** Grows when an end comes or goes: senders keep the end they found last. */
  changes = 0;
  private readonly ends = new Map<Endpoint, NetworkEnd>();

  constructor(loop: EventLoop, links: LinkTable) {
    this.loop = loop;
    this.links = links;
  }

  /** Opens the end of a node that starts. An earlier end of the address is replaced. */
  open(self: Endpoint, gate: Gate): NetworkEnd {
    const end = new NetworkEnd(this, self, gate);
    this.ends.set(self, end);
    this.changes++;
    return end;
  }

  find(node: Endpoint): NetworkEnd | undefined {
    return this.ends.get(node);
  }

  forget(end: NetworkEnd): void {
    if (this.ends.get(end.self) !== end) return;
    this.ends.delete(end.self);
    this.changes++;
  }
}

interface Peer {
  link: Link;
  jammed: NetworkMessage[] | null;
  readonly stream: () => Random;
  /** As found at `foundAt` of the fabric's changes. */
  end: NetworkEnd | undefined;
  foundAt: number;
}

class NetworkEnd implements Network, Inbox {
  readonly self: Endpoint;
  private readonly fabric: Fabric;
  private readonly gate: Gate;
  private readonly peers = new Map<Endpoint, Peer>();
  private receive: ((from: Endpoint, message: NetworkMessage) => void) | null = null;
  private stopWatching: (() => void) | null = null;

  constructor(fabric: Fabric, self: Endpoint, gate: Gate) {
    this.fabric = fabric;
    this.self = self;
    this.gate = gate;
  }

  listen(receive: (from: Endpoint, message: NetworkMessage) => void): void {
    this.receive = receive;
  }

  send(to: Endpoint, message: NetworkMessage): void {
    if (this.gate.state === 'closed') return;
    const { fabric } = this;
    let peer = this.peers.get(to);
    if (peer === undefined) {
      peer = this.meet(to);
    } else if (peer.link.generation !== fabric.links.generation) {
      const { lastArrivalMs } = peer.link;
      peer.link = fabric.links.link(this.self, to);
      peer.link.lastArrivalMs = lastArrivalMs;
    }
    const { link } = peer;
    if (link.jammed && !link.cut) {
      this.jam(peer, message);
      return;
    }
    const ms = transitMs(link, peer.stream);
    if (fabric.observer !== null) fabric.observer(this.self, to, message.verb, ms < 0);
    if (ms < 0) return;
    if (peer.foundAt !== fabric.changes) {
      peer.end = fabric.find(to);
      peer.foundAt = fabric.changes;
    }
    const { end } = peer;
    if (end === undefined) return;
    if (ms === 0 && link.lastArrivalMs === 0) {
      fabric.loop.post(end, this.self, message);
      return;
    }
    const now = fabric.loop.nowMs();
    const arrival = Math.max(now + ms, link.lastArrivalMs);
    link.lastArrivalMs = arrival;
    fabric.loop.after(arrival - now, () => end.deliver(this.self, message));
  }

  deliver(from: Endpoint, message: NetworkMessage): void {
    const { gate, receive } = this;
    if (receive === null) return;
    if (gate.state === 'open') receive(from, message);
    else {
      const nowMs = this.fabric.loop.wallMicros() / 1000;
      gate.passMessage(() => receive(from, message), message.expiresAtMs ?? Infinity, nowMs);
    }
  }

  close(): void {
    this.receive = null;
    this.peers.clear();
    this.stopWatching?.();
    this.fabric.forget(this);
  }

  private meet(to: Endpoint): Peer {
    const { links } = this.fabric;
    let random: Random | null = null;
    const stream = (): Random => (random ??= links.stream(this.self, to));
    const peer: Peer = {
      link: links.link(this.self, to),
      jammed: null,
      stream,
      end: undefined,
      foundAt: -1,
    };
    this.peers.set(to, peer);
    return peer;
  }

  /** Bounded: what a jammed link holds beyond 10,000 messages is lost, as in a full send queue. */
  private jam(peer: Peer, message: NetworkMessage): void {
    peer.jammed ??= [];
    if (peer.jammed.length < 10_000) peer.jammed.push(message);
    this.stopWatching ??= this.fabric.links.onChange(() => this.release());
  }

  private release(): void {
    for (const [to, peer] of this.peers) {
      if (peer.jammed === null) continue;
      if (this.fabric.links.link(this.self, to).jammed) continue;
      const messages = peer.jammed;
      peer.jammed = null;
      for (const message of messages) this.send(to, message);
    }
  }
}
