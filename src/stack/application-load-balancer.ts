// An application load balancer of one region: a balancer node in each zone and what DNS answers for
// it. A lost node leaves DNS after as many missed checks as an unhealthy target (Route 53 does that
// for the ALB); a zone without a healthy target leaves too, unless no zone has one (then all are
// answered).

import type { HttpPlacement } from '../cluster/placement.ts';
import type { BalancerSettings } from './balancer-node.ts';
import { BalancerNode } from './balancer-node.ts';
import type { StackListener } from './stack-event.ts';

export class ApplicationLoadBalancer {
  readonly region: string;
  readonly nodes: readonly BalancerNode[];
  private readonly settings: BalancerSettings;
  private readonly missed = new Map<BalancerNode, number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    region: string,
    at: { readonly nodes: readonly HttpPlacement[]; readonly targets: readonly HttpPlacement[] },
    settings: BalancerSettings,
    tell: StackListener,
  ) {
    this.region = region;
    this.settings = settings;
    this.nodes = at.nodes.map((node) => new BalancerNode(node, at.targets, settings, tell));
  }

  async start(): Promise<void> {
    for (const node of this.nodes) await node.start();
    this.timer = setInterval(() => this.watchNodes(), this.settings.health.intervalMs);
  }

  /** Addresses that DNS answers with now. */
  addresses(): readonly (readonly [string, number])[] {
    const alive = this.nodes.filter((node) => !this.isOutOfDns(node));
    const serving = alive.filter((node) => node.hasHealthyTarget());
    return (serving.length > 0 ? serving : alive.length > 0 ? alive : this.nodes).map(
      (node) => [node.at.address, node.at.port] as const,
    );
  }

  /** Healthy while at least one zone's node is in DNS and has a healthy target. */
  isHealthy(): boolean {
    return this.nodes.some((node) => !this.isOutOfDns(node) && node.hasHealthyTarget());
  }

  /** True once every node has seen a healthy target, or has none to see. */
  isReady(): boolean {
    return this.nodes.every((node) => node.targetStates().length === 0 || node.hasHealthyTarget());
  }

  /** What is not as it should be, in words: nodes that are away, targets that are not healthy. */
  missing(): readonly string[] {
    return this.nodes.flatMap((node) => {
      const { place } = node.at;
      if (!node.isListening()) return [`${place} does not run`];
      if (this.isOutOfDns(node)) return [`${place} is not in DNS`];
      return node
        .targetStates()
        .filter(({ state }) => state !== 'healthy')
        .map((target) => `${place} sees ${target.place} ${target.state}`);
    });
  }

  killNode(place: string): void {
    for (const node of this.nodes) if (node.at.place === place) node.kill();
  }

  async restartNode(place: string): Promise<void> {
    for (const node of this.nodes)
      if (node.at.place === place && !node.isListening()) await node.start();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    for (const node of this.nodes) node.kill();
  }

  private isOutOfDns(node: BalancerNode): boolean {
    return (this.missed.get(node) ?? 0) >= this.settings.health.unhealthyThreshold;
  }

  private watchNodes(): void {
    for (const node of this.nodes) {
      this.missed.set(node, node.isListening() ? 0 : (this.missed.get(node) ?? 0) + 1);
    }
  }
}
