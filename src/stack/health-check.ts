// One health check of one target on a new connection, as a balancer node sends it. Ordinary Node
// only.

import * as http from 'node:http';
import type { HttpPlacement } from '../cluster/placement.ts';
import type { CheckResult, HealthCheckSettings } from './target-health.ts';

/**
 * Resolves with what the target's answer says; never rejects. Success is status 200 within the
 * timeout.
 */
export function checkOnce(at: HttpPlacement, settings: HealthCheckSettings): Promise<CheckResult> {
  return new Promise((resolve) => {
    const request = http.get({
      host: at.address,
      port: at.port,
      path: settings.path,
      agent: false,
      headers: { 'user-agent': 'ELB-HealthChecker/2.0' },
    });
    const timer = setTimeout(() => {
      resolve('timeout');
      request.destroy();
    }, settings.timeoutMs);
    request.on('response', (response) => {
      clearTimeout(timer);
      response.resume();
      resolve(response.statusCode === 200 ? 'success' : 'code-mismatch');
    });
    request.on('error', () => {
      clearTimeout(timer);
      resolve('failed');
    });
  });
}
