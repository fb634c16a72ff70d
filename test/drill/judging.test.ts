// Detection windows, causes, expectations, verdicts, and what makes a drill prove nothing.

import { describe, expect, test } from 'vitest';
import { placeTopology } from '../../src/cluster/placement.ts';
import { CATALOGUE } from '../../src/drill/catalogue/catalogue.ts';
import { detectionMsMax, explain } from '../../src/drill/detection.ts';
import type { CheckId, CheckResult } from '../../src/drill/drill-result.ts';
import { EXIT_CODES } from '../../src/drill/drill-result.ts';
import { parseExpectation } from '../../src/drill/expectation-text.ts';
import { failedPercent, judgePhase, percent, verdictOf } from '../../src/drill/expectations.ts';
import { failuresOutside } from '../../src/drill/failure-windows.ts';
import { toDrill } from '../../src/drill/load-drill.ts';
import { shapeDrill } from '../../src/drill/shape-drill.ts';
import { shortenedSettings } from '../../src/drill/shortened.ts';
import {
  checkEnough,
  checkFaultsTook,
  checkGenerator,
  checkReadRepairSeen,
} from '../../src/drill/validity-checks.ts';
import { blastRadius } from '../../src/fault/blast-radius.ts';
import type { FaultInput } from '../../src/fault/fault.ts';
import { faultSchema } from '../../src/fault/fault.ts';
import { toTopology } from '../../src/topology/load-topology.ts';
import { ALWAYS_ON } from '../../src/topology/topology.ts';
import { phaseResult } from './phase-result.ts';

const topology = toTopology(ALWAYS_ON);
const alwaysOn = toDrill(
  CATALOGUE.flatMap(({ name, drill }) =>
    name === 'always-on' && drill !== 'levels' ? [drill] : [],
  )[0] ?? { name: 'none', topology: ALWAYS_ON, phases: [] },
);

describe('detection', () => {
  test.each([
    [{ kind: 'kill', at: 'us-east-1/a/1' }, 0],
    [{ kind: 'cut', at: 'us-east-1..us-west-2' }, 0],
    [{ kind: 'kill', at: 'us-east-1/a/app-1' }, 12_000],
    [{ kind: 'outage', at: 'us-east-1/b' }, 12_000],
    // The accelerator's propagation, and half a second for its poll.
    [{ kind: 'outage', at: 'us-west-2' }, 14_500],
  ] as const)('%j takes at most %i ms with I = 5 s, U = 2, T = 2 s', (fault, ms) => {
    expect(
      detectionMsMax(
        blastRadius(
          faultSchema.parse(fault satisfies FaultInput),
          topology,
          placeTopology(topology),
        ),
        topology,
      ),
    ).toBe(ms);
  });

  test('failures within a window, or under way when it began, are covered; others are not', () => {
    const windows = [{ fromMs: 1_000, toMs: 2_000 }];
    const at = (dueMs: number, endMs: number): { dueMs: number; endMs: number } => ({
      dueMs,
      endMs,
    });
    expect(failuresOutside([at(1_500, 1_510), at(900, 1_050), at(2_000, 7_000)], windows)).toBe(0);
    expect(failuresOutside([at(900, 950), at(2_001, 2_100)], windows)).toBe(2);
    expect(failuresOutside([at(1, 2)], [])).toBe(1);
  });

  test.each([
    ['502 from the balancer: the target refused the connection', /health check/],
    [
      '502 from the balancer: the target closed the connection with the request outstanding',
      /under way/,
    ],
    ['504 from the balancer: the target did not answer within the idle timeout', /did not answer/],
    [
      '503 from the application: Cannot achieve consistency level LOCAL_QUORUM in DC us-east-1',
      /too few replicas/,
    ],
    [
      '503 from the application: Server timeout during write query at consistency LOCAL_QUORUM (1 peer(s) acknowledged the write over 2 required)',
      /replicas did not answer/,
    ],
    [
      '503 from the application: All host(s) tried for query failed. First host tried, 127.0.1.1:9042',
      /no node of its region/,
    ],
    ['ECONNRESET: read ECONNRESET', /torn/],
    ['ECONNREFUSED: connect ECONNREFUSED 127.0.2.101:8080', /before it left DNS/],
    ['UND_ERR_HEADERS_TIMEOUT: Headers Timeout Error', /did not answer/],
  ])('%s is explained', (error, words) => {
    expect(explain(error)).toMatch(words);
  });
  test('what nothing explains is said to be so', () => {
    expect(explain('503 from the application: TypeError: x is undefined')).toBeNull();
    expect(explain('500 from the application: ?')).toBeNull();
  });
});

const phaseOf = (expected: object): (typeof alwaysOn.phases)[number] => ({
  name: 'hold',
  inject: [],
  heal: false,
  for: 1,
  expect: expected,
});

describe('expectations', () => {
  test.each([
    [{ availability: 0.99 }, { failed: 1 }, true],
    [{ availability: 0.995 }, { failed: 1 }, false],
    [{ availability: 1 }, { failed: 1, requests: 1_000_000 / 100 }, false],
    [{ userAvailability: 1 }, { failed: 0 }, true],
    [{ failuresAfterDetection: 0 }, { failuresAfterDetection: 1 }, false],
    [{ p99: 50 }, { ms: 40 }, true],
    [{ p99: 50 }, { ms: 60 }, false],
    [{ recovery: 5_000 }, { recoveryMs: 4_000 }, true],
    [{ recovery: 5_000 }, { recoveryMs: null }, false],
    // No request at all is no availability.
    [{ availability: 0.5 }, { requests: 0 }, false],
  ] as const)('%j of %j: %s', (expected, result, pass) => {
    expect(judgePhase(phaseOf(expected), phaseResult(result)).map((one) => one.pass)).toEqual([
      pass,
    ]);
  });
  test('a phase that does not settle fails, expected or not', () => {
    expect(
      judgePhase({ ...phaseOf({}), settle: 30_000 }, phaseResult({ settled: false })),
    ).toMatchObject([{ pass: false, text: 'settles within 30 s' }]);
  });
  test.each([
    ['hold.p99<50ms', { phase: 'hold', expect: { p99: 50 } }],
    ['node lost.p50 <= 10ms', { phase: 'node lost', expect: { p50: 10 } }],
    ['availability>=99.9%', { phase: null, expect: { availability: 0.999 } }],
    ['failuresAfterDetection<=3', { phase: null, expect: { failuresAfterDetection: 3 } }],
  ])('--expect %s', (text, parsed) => {
    expect(parseExpectation(text)).toEqual(parsed);
  });
  test.each([
    ['p98<5ms', /there is no measure p98; did you mean p95 or p99/],
    ['p99>5ms', /write it like hold\.p99<50ms/],
    ['availability<99%', /write it like/],
    ['p99<soon', /write it like/],
    ['nonsense', /write \[phase\.\]measure<limit/],
  ])('--expect %s is refused', (text, words) => {
    expect(() => parseExpectation(text)).toThrow(words);
  });
  test('shares never round up to all, nor down to none', () => {
    expect(percent(0.9999999)).toBe('99.9999 %');
    expect(percent(1)).toBe('100 %');
    expect(failedPercent(1, 1_000_000)).toBe('0.0001 %');
    expect(failedPercent(0, 5)).toBe('0 %');
  });
});

describe('verdicts', () => {
  const check = (id: CheckId, verdict: CheckResult['verdict']): CheckResult => ({
    id,
    name: id,
    verdict,
    text: '',
    examples: [],
  });
  const expectation = (pass: boolean, overloaded = false) => ({
    phase: 'hold',
    text: '',
    pass,
    measured: '',
    overloaded,
  });
  test.each([
    [[true], ['passed'], 'passed', 0],
    [[false], ['passed'], 'expectation-failed', 10],
    [[true], ['violated'], 'consistency-violated', 11],
    [[false], ['violated'], 'consistency-violated', 11],
    [[true], ['inconclusive'], 'inconclusive', 12],
    [[false], ['inconclusive'], 'expectation-failed', 10],
    [[true], ['inconclusive', 'violated'], 'consistency-violated', 11],
    [[], [], 'inconclusive', 12],
  ] as const)('expectations %j, checks %j: %s, exit %i', (passes, states, verdict, code) => {
    const found = verdictOf(
      passes.map((pass) => expectation(pass)),
      states.map((state) => check('lost-writes', state)),
    );
    expect(found).toBe(verdict);
    expect(EXIT_CODES[found]).toBe(code);
  });
  test('an overloaded machine makes failed expectations inconclusive, and lost data never', () => {
    const late = check('generator-kept-up', 'inconclusive');
    expect(verdictOf([expectation(false)], [late])).toBe('inconclusive');
    expect(verdictOf([expectation(false, true)], [])).toBe('inconclusive');
    expect(verdictOf([expectation(true, true)], [])).toBe('passed');
    expect(verdictOf([expectation(false, true), expectation(false)], [])).toBe(
      'expectation-failed',
    );
    expect(
      judgePhase(phaseOf({ availability: 1 }), phaseResult({ failed: 1, busy: 0.99 })),
    ).toMatchObject([{ pass: false, overloaded: true }]);
    expect(verdictOf([expectation(false)], [late, check('stale-reads', 'violated')])).toBe(
      'consistency-violated',
    );
  });
  test('a driver in a foreign region fails the drill but is no lost data', () => {
    expect(verdictOf([], [check('local-connections', 'violated')])).toBe('expectation-failed');
  });
});

describe('a drill that proves nothing is inconclusive', () => {
  test('a fault without effect', () => {
    const took = { text: 'kill us-east-1/a/1', radius: '1 node', untouched: [] };
    expect(checkFaultsTook([took]).verdict).toBe('passed');
    expect(checkFaultsTook([took, { ...took, untouched: ['us-east-1/a/1'] }])).toMatchObject({
      verdict: 'inconclusive',
      examples: ['kill us-east-1/a/1: us-east-1/a/1 went on'],
    });
    expect(checkFaultsTook([{ ...took, radius: '' }]).verdict).toBe('inconclusive');
  });
  test('too few requests in a phase, or no phase', () => {
    expect(checkEnough([phaseResult()]).verdict).toBe('passed');
    expect(checkEnough([phaseResult(), phaseResult({ requests: 19 })])).toMatchObject({
      verdict: 'inconclusive',
      examples: ['hold: 19 requests'],
    });
    expect(checkEnough([]).verdict).toBe('inconclusive');
  });
  test('a load generator that fell behind', () => {
    expect(checkGenerator({ arrivals: 100, late: 10, maxMs: 2_000 }, [phaseResult()]).verdict).toBe(
      'passed',
    );
    expect(checkGenerator({ arrivals: 100, late: 11, maxMs: 2_000 }, [phaseResult()]).verdict).toBe(
      'inconclusive',
    );
    expect(
      checkGenerator({ arrivals: 100, late: 0, maxMs: 5 }, [phaseResult({ busy: 0.99 })]),
    ).toMatchObject({
      verdict: 'passed',
      examples: ['hold: busy 99 % of the time', expect.any(String)],
    });
    expect(checkGenerator({ arrivals: 0, late: 0, maxMs: 0 }, []).verdict).toBe('inconclusive');
  });
  test('read repair that was never seen', () => {
    expect(checkReadRepairSeen([phaseResult({ readRepairs: 3 }), phaseResult()])).toMatchObject({
      verdict: 'passed',
      text: '3 reads repaired a replica: 3 in hold',
    });
    expect(checkReadRepairSeen([phaseResult()]).verdict).toBe('inconclusive');
  });
});

describe('the shape of a drill', () => {
  test('faster divides phases, checks, propagation and the hint window alike, within what a busy machine can do', () => {
    const fast = shapeDrill(alwaysOn, { faster: 4 });
    expect(fast.phases.map((phase) => phase.for * 4)).toEqual(
      alwaysOn.phases.map((phase) => phase.for),
    );
    expect(fast.topology.balancers.regional.health).toMatchObject({
      interval: 1_250,
      timeout: 1_000,
      unhealthy: 2,
    });
    expect(fast.topology.balancers.global.propagation).toBe(500);
    expect(fast.topology.cassandra['max_hint_window']).toBe('2250ms');
    expect(fast.phases.map((phase) => phase.expect)).toEqual(
      alwaysOn.phases.map((phase) => phase.expect),
    );
  });
  test("rate, retry, time, AWS's own timings, more expectations", () => {
    const shaped = shapeDrill(alwaysOn, {
      rate: 7,
      retry: false,
      forMs: 10_000,
      awsDefaults: true,
      expect: [parseExpectation('node lost.p99<1s'), parseExpectation('availability>=50%')],
    });
    expect(shaped.load).toMatchObject({ rate: 7, retry: false });
    expect(shaped.phases.reduce((sum, phase) => sum + phase.for, 0)).toBeCloseTo(10_000);
    expect(shaped.topology.balancers.regional.health).toMatchObject({
      interval: 30_000,
      timeout: 5_000,
      unhealthy: 2,
      healthy: 5,
    });
    expect(shaped.topology.balancers.global.propagation).toBe(30_000);
    expect(shaped.phases.find(({ name }) => name === 'node lost')?.expect).toMatchObject({
      p99: 1_000,
      availability: 0.5,
      userAvailability: 1,
    });
    expect(() => shapeDrill(alwaysOn, { expect: [parseExpectation('nod lost.p99<1s')] })).toThrow(
      'There is no phase nod lost in this drill. Did you mean node lost',
    );
  });
  test('every setting that differs from a default is told', () => {
    const settings = shortenedSettings(alwaysOn.topology).map(
      ({ setting, value, default: usual }) => `${setting}: ${value}, default ${usual}`,
    );
    expect(settings).toEqual(
      expect.arrayContaining([
        'cassandra gossip_interval: 250ms, default 1s (fixed)',
        'health check interval: 5 s, default 30 s',
        'accelerator propagation: 2 s, default 30 s (observed)',
      ]),
    );
    expect(
      shortenedSettings(shapeDrill({ ...alwaysOn, topology }, { awsDefaults: true }).topology),
    ).toEqual([]);
  });
});
