// One target's health as one balancer node sees it: a machine fed with check results. AWS: "Health
// checks for your target groups" (a new target needs one success; then `healthy` successes or
// `unhealthy` failures in a row turn it). Test: test/stack/target-health.test.ts.

export type TargetState = 'initial' | 'healthy' | 'unhealthy' | 'draining' | 'unused';

/** AWS's reason codes, as DescribeTargetHealth has them. */
export type HealthReason =
  | 'Elb.RegistrationInProgress'
  | 'Elb.InitialHealthChecking'
  | 'Target.ResponseCodeMismatch'
  | 'Target.Timeout'
  | 'Target.FailedHealthChecks'
  | 'Target.DeregistrationInProgress'
  | 'Target.NotInUse';

export interface HealthCheckSettings {
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failures in a row that make a healthy target unhealthy. */
  readonly unhealthyThreshold: number;
  /** Successes in a row that make an unhealthy target healthy. */
  readonly healthyThreshold: number;
}

/** AWS's defaults for an application load balancer. */
export const AWS_HEALTH_CHECK: HealthCheckSettings = {
  path: '/',
  intervalMs: 30_000,
  timeoutMs: 5_000,
  unhealthyThreshold: 2,
  healthyThreshold: 5,
};

export type CheckResult = 'success' | 'code-mismatch' | 'timeout' | 'failed';

const REASONS: Readonly<Record<Exclude<CheckResult, 'success'>, HealthReason>> = {
  'code-mismatch': 'Target.ResponseCodeMismatch',
  timeout: 'Target.Timeout',
  failed: 'Target.FailedHealthChecks',
};

export class TargetHealth {
  state: TargetState = 'initial';
  reason: HealthReason | null = 'Elb.RegistrationInProgress';
  private successes = 0;
  private failures = 0;
  private readonly settings: HealthCheckSettings;

  constructor(settings: HealthCheckSettings) {
    this.settings = settings;
  }

  /** Feeds one check's result; returns the new state when it changed, else null. */
  onCheck(result: CheckResult): TargetState | null {
    if (this.state === 'draining' || this.state === 'unused') return null;
    if (result === 'success') {
      this.successes++;
      this.failures = 0;
    } else {
      this.failures++;
      this.successes = 0;
    }
    if (this.state === 'initial') {
      if (result === 'success') return this.become('healthy', null);
      this.reason = 'Elb.InitialHealthChecking';
      if (this.failures >= this.settings.unhealthyThreshold)
        return this.become('unhealthy', REASONS[result]);
      return null;
    }
    if (this.state === 'healthy') {
      if (result === 'success' || this.failures < this.settings.unhealthyThreshold) return null;
      return this.become('unhealthy', REASONS[result]);
    }
    if (result !== 'success') {
      this.reason = REASONS[result];
      return null;
    }
    return this.successes < this.settings.healthyThreshold ? null : this.become('healthy', null);
  }

  /** Deregistration: no new requests; ends with `unused`. */
  drain(): void {
    this.become('draining', 'Target.DeregistrationInProgress');
  }

  /** The deregistration delay is over. */
  endDraining(): void {
    if (this.state === 'draining') this.become('unused', 'Target.NotInUse');
  }

  private become(state: TargetState, reason: HealthReason | null): TargetState {
    this.state = state;
    this.reason = reason;
    this.successes = 0;
    this.failures = 0;
    return state;
  }
}

/**
 * The longest time from a crash to "unhealthy", milliseconds: U checks, the first at most one
 * interval away; a black hole adds a timeout.
 */
export function detectionTimeMsMax(settings: HealthCheckSettings, blackHole = false): number {
  return settings.unhealthyThreshold * settings.intervalMs + (blackHole ? settings.timeoutMs : 0);
}
