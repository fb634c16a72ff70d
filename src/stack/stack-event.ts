// What the stack tells: typed, past-tense, with the place. The drill's timeline and the report read
// it.

export type StackEvent =
  | {
      readonly kind: 'target-healthy' | 'target-unhealthy';
      readonly by: string;
      readonly target: string;
      readonly reason: string;
    }
  | { readonly kind: 'balancer-failed-open'; readonly by: string }
  | {
      readonly kind: 'balancer-answered';
      readonly by: string;
      readonly status: number;
      readonly target: string | null;
      readonly cause: string;
    }
  | { readonly kind: 'endpoint-healthy' | 'endpoint-unhealthy'; readonly region: string }
  | { readonly kind: 'accelerator-failed-open' }
  | { readonly kind: 'accelerator-dropped'; readonly region: string; readonly cause: string }
  | { readonly kind: 'instance-started' | 'instance-killed'; readonly place: string }
  | { readonly kind: 'balancer-node-started' | 'balancer-node-killed'; readonly place: string };

export type StackListener = (event: StackEvent) => void;
