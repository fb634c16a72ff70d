// getguardrailsconfig and setguardrailsconfig, as Cassandra 5.0.9's nodetool printed them.

import { beforeEach, expect, test } from 'vitest';
import { ClusterWorld } from '../membership-cluster/world.ts';
import { nodetool, output } from './run.ts';

const PLACE = 'us-east-1/a/1';
let world: ClusterWorld;

beforeEach(() => {
  world = new ClusterWorld({
    seed: 1,
    regions: { 'us-east-1': { zones: ['a'], nodesPerZone: 2 } },
  });
});

test('all of them, by kind', async () => {
  const lines = (await output(world, PLACE, 'getguardrailsconfig')).split('\n');
  expect(lines.length).toBe(50);
  expect(lines[0]).toBe('allow_filtering_enabled                      true          ');
  expect(lines[16]).toBe('zero_ttl_on_twcs_warned                      true          ');
  expect(lines[17]).toBe('collection_size_threshold                    [null, null]  ');
  expect(lines).toContain('sai_sstable_indexes_per_query_threshold      [-1, 32]      ');
  expect(lines).toContain('sai_vector_term_size_threshold               [32KiB, 16KiB]');
  expect(lines[41]).toBe('read_consistency_levels_disallowed           []            ');
  expect(lines[48]).toBe('data_disk_usage_max_disk_size                null          ');
});

test.each([
  ['--expand keyspaces_threshold', 'keyspaces_fail_threshold -1\nkeyspaces_warn_threshold -1\n'],
  ['keyspaces_threshold', '[-1, -1]\n'],
  ['keyspaces_warn_threshold', '-1\n'],
  ['group_by_enabled', 'true\n'],
  ['-c others', 'data_disk_usage_max_disk_size null\n'],
])('getguardrailsconfig %s', async (words, text) => {
  expect(await output(world, PLACE, `getguardrailsconfig ${words}`)).toBe(text);
});

test.each([
  ['keyspaces_threshold 10 5', 'keyspaces_threshold', '[10, 5]'],
  ['keyspaces_threshold null -1', 'keyspaces_threshold', '[-1, -1]'],
  ['collection_size_threshold 20MiB 10MiB', 'collection_size_threshold', '[20MiB, 10MiB]'],
  ['minimum_timestamp_threshold 1d 1h', 'minimum_timestamp_threshold', '[1d, 1h]'],
  [
    'table_properties_warned comment,gc_grace_seconds',
    'table_properties_warned',
    '[comment, gc_grace_seconds]',
  ],
  ['table_properties_warned comment cdc', 'table_properties_warned', '[comment, cdc]'],
  ['read_consistency_levels_warned QUORUM ALL', 'read_consistency_levels_warned', '[QUORUM, ALL]'],
  ['data_disk_usage_max_disk_size 1GiB', 'data_disk_usage_max_disk_size', '1GiB'],
  ['zero_ttl_on_twcs_warned false', 'zero_ttl_on_twcs_warned', 'false'],
])('setguardrailsconfig %s, on this node only', async (words, name, text) => {
  const before = await output(world, 'us-east-1/a/2', `getguardrailsconfig ${name}`);
  expect(await output(world, PLACE, `setguardrailsconfig ${words}`)).toBe('');
  expect(await output(world, PLACE, `getguardrailsconfig ${name}`)).toBe(`${text}\n`);
  expect(await output(world, 'us-east-1/a/2', `getguardrailsconfig ${name}`)).toBe(before);
});

const ERROR = 'Error occured when setting the config for setter';

test.each([
  ['getguardrailsconfig nosuch', 'Guardrail nosuch not found.'],
  [
    'getguardrailsconfig a b',
    'Specify only one guardrail name to get the configuration of or no name to get the configuration of all of them.',
  ],
  [
    'getguardrailsconfig -c flags group_by_enabled',
    'Do not specify additional arguments when --category/-c is set.',
  ],
  ['setguardrailsconfig', 'No arguments.'],
  ['setguardrailsconfig nosuch 1', 'Guardrail nosuch not found.'],
  [
    'setguardrailsconfig keyspaces_threshold 5',
    'keyspaces_threshold is expecting 2 argument values. Getting 1 instead.',
  ],
  [
    'setguardrailsconfig keyspaces_threshold 5 10',
    `${ERROR} keyspaces_threshold with arguments [5, 10]: The warn threshold 10 for keyspaces_warn_threshold ` +
      'should be lower than the fail threshold 5',
  ],
  [
    'setguardrailsconfig keyspaces_threshold x y',
    `${ERROR} keyspaces_threshold with arguments [x, y]: For input string: "x"`,
  ],
  [
    'setguardrailsconfig collection_size_threshold 20 10',
    `${ERROR} collection_size_threshold with arguments [20, 10]: Invalid data storage: 10 Accepted units:[BYTES, ` +
      'KIBIBYTES, MEBIBYTES, GIBIBYTES] where case matters and only non-negative values are accepted',
  ],
  [
    'setguardrailsconfig group_by_enabled maybe',
    `${ERROR} group_by_enabled with arguments [maybe]: Use 'true' or 'false' values for booleans`,
  ],
  [
    'setguardrailsconfig table_properties_warned nosuch',
    `${ERROR} table_properties_warned with arguments [nosuch]: Invalid value for table_properties_warned: ` +
      "'[nosuch]' do not parse as valid table properties",
  ],
  [
    'setguardrailsconfig read_consistency_levels_warned ALL nosuch',
    `${ERROR} read_consistency_levels_warned with arguments [ALL,nosuch]: No enum constant ` +
      'org.apache.cassandra.db.ConsistencyLevel.nosuch',
  ],
  [
    'setguardrailsconfig minimum_replication_factor_threshold 2 3',
    `${ERROR} minimum_replication_factor_threshold with arguments [2, 3]: minimum_replication_factor_fail_threshold ` +
      'to be set (2) cannot be greater than default_keyspace_rf (1)',
  ],
])('%s is refused', async (command, text) => {
  const { text: printed, exitCode } = await nodetool(world, PLACE, command);
  expect(exitCode).toBe(1);
  expect(printed).toBe(`nodetool: ${text}\nSee 'nodetool help' or 'nodetool help <command>'.`);
});

test('an unknown category', async () => {
  const { text, exitCode } = await nodetool(world, PLACE, 'getguardrailsconfig -c nosuch');
  expect(exitCode).toBe(1);
  expect(text).toBe(
    "\nError: Illegal value for -c/--category used: 'nosuch'. Supported values are values,thresholds,flags,others.",
  );
});
