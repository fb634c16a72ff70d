// The scenarios of conformance/cassandra on our nodes, in virtual time, against what Cassandra 5.0.9 answered: levels with
// replicas away, hints, repair, tombstones, Paxos, membership. `node conformance/cassandra/run.mjs` runs them on both.

import { describe, expect, test } from 'vitest';

interface Scenario {
  readonly id: string;
  readonly name: string;
}

interface Harness {
  readonly SCENARIOS: readonly Scenario[];
  recordScenario(engine: 'starfish', scenario: Scenario): Promise<string>;
  expectedText(scenario: Scenario): string | null;
}

const path = '../../conformance/cassandra/main.mjs';
const harness = (await import(path)) as Harness;

describe('as on Cassandra 5.0.9', () => {
  const recorded = harness.SCENARIOS.filter((scenario) => harness.expectedText(scenario) !== null);
  test.each(recorded)('$id: $name', async (scenario) => {
    expect(await harness.recordScenario('starfish', scenario)).toBe(harness.expectedText(scenario));
  });
});
