// The settings of guardrails as a topology gives them: names, units, lists, and what Cassandra would not start with.

import { expect, test } from 'vitest';
import { nodeConfig } from '../../src/cluster/cassandra-settings.ts';
import { DEFAULT_GUARDRAILS } from '../../src/node/guardrails/guardrail-settings.ts';
import { settingRows } from '../../src/node/query/system/settings-view.ts';

type Given = Parameters<typeof nodeConfig>[0];

function shown(given: Given, name: string): unknown {
  const row = settingRows(nodeConfig(given), {}).find((one) => one['name'] === name);
  return row?.['value'];
}

test.each<[Given, string, string | null]>([
  [{}, 'keyspaces_warn_threshold', '-1'],
  [{}, 'keyspace_count_warn_threshold', '4'],
  [{ keyspaces_warn_threshold: 3 }, 'keyspace_count_warn_threshold', '8'],
  [{ tables_warn_threshold: '10' }, 'tables_warn_threshold', '10'],
  [{ tables_warn_threshold: 2 }, 'table_count_warn_threshold', '50'],
  [{}, 'column_value_size_fail_threshold', null],
  [{ column_value_size_fail_threshold: '6B' }, 'column_value_size_fail_threshold', '6B'],
  [{ collection_size_warn_threshold: '12KiB' }, 'collection_size_warn_threshold', '12KiB'],
  [
    { partition_size_warn_threshold: '100MiB' },
    'compaction_large_partition_warning_threshold_mb',
    '100',
  ],
  [{}, 'sai_string_term_size_warn_threshold', '1KiB'],
  [{ sai_string_term_size_fail_threshold: null }, 'sai_string_term_size_fail_threshold', null],
  [{ maximum_timestamp_warn_threshold: '1h' }, 'maximum_timestamp_warn_threshold', '1h'],
  [{ minimum_timestamp_fail_threshold: '500us' }, 'minimum_timestamp_fail_threshold', '500us'],
  [{ table_properties_warned: ['Comment', 'cdc'] }, 'table_properties_warned', '[cdc, comment]'],
  [{ table_properties_warned: 'comment, cdc' }, 'table_properties_warned', '[cdc, comment]'],
  [{ read_consistency_levels_disallowed: ['ALL'] }, 'read_consistency_levels_disallowed', '[ALL]'],
  [{ group_by_enabled: false }, 'group_by_enabled', 'false'],
  [{ read_thresholds_enabled: true }, 'read_thresholds_enabled', 'true'],
])('%j: system_views.settings shows %s = %s', (given, name, value) => {
  expect(shown(given, name)).toBe(value);
});

const INVALID = 'cassandra: Invalid guardrails configuration: ';

test.each<[Given, string]>([
  [
    { keyspaces_warn_threshold: 5, keyspaces_fail_threshold: 3 },
    `${INVALID}The warn threshold 5 for keyspaces_warn_threshold should be lower than the fail threshold 3`,
  ],
  [
    { keyspaces_warn_threshold: 0 },
    `${INVALID}Invalid value for keyspaces_warn_threshold: 0 is not allowed; if attempting to disable use -1`,
  ],
  [
    { page_size_fail_threshold: -2 },
    `${INVALID}Invalid value -2 for page_size_fail_threshold: negative values are not allowed, outside of -1 which disables the guardrail`,
  ],
  [
    { tables_fail_threshold: 2_147_483_648 },
    `${INVALID}Invalid value 2147483648 for tables_fail_threshold: maximum allowed value is 2147483647`,
  ],
  [
    { data_disk_usage_percentage_warn_threshold: 101 },
    `${INVALID}Invalid value 101 for data_disk_usage_percentage_warn_threshold: maximum allowed value is 100`,
  ],
  [
    { collection_size_warn_threshold: '20KiB', collection_size_fail_threshold: '10KiB' },
    `${INVALID}The warn threshold 20KiB for collection_size_warn_threshold should be lower than the fail threshold 10KiB`,
  ],
  [
    { column_value_size_warn_threshold: '0B' },
    `${INVALID}Invalid value for column_value_size_warn_threshold: 0 is not allowed; if attempting to disable use an empty value`,
  ],
  [
    { maximum_timestamp_warn_threshold: '2h', maximum_timestamp_fail_threshold: '1h' },
    `${INVALID}The warn threshold 7200000000 for maximum_timestamp_warn_threshold should be lower than the fail threshold 3600000000`,
  ],
  [
    {
      default_keyspace_rf: 3,
      minimum_replication_factor_warn_threshold: 1,
      minimum_replication_factor_fail_threshold: 2,
    },
    `${INVALID}The warn threshold 1 for minimum_replication_factor_warn_threshold should be greater than the fail threshold 2`,
  ],
  [
    { minimum_replication_factor_fail_threshold: 2 },
    `${INVALID}minimum_replication_factor_fail_threshold to be set (2) cannot be greater than default_keyspace_rf (1)`,
  ],
  [
    { default_keyspace_rf: 3, maximum_replication_factor_fail_threshold: 2 },
    `${INVALID}maximum_replication_factor_fail_threshold to be set (2) cannot be lesser than default_keyspace_rf (3)`,
  ],
  [
    { table_properties_disallowed: ['comment', 'nosuch'] },
    `${INVALID}Invalid value for table_properties_disallowed: '[nosuch]' do not parse as valid table properties`,
  ],
  [
    { local_read_size_warn_threshold: '2MiB', local_read_size_fail_threshold: '1MiB' },
    'cassandra: local_read_size_fail_threshold (1MiB) must be greater than or equal to local_read_size_warn_threshold (2MiB)',
  ],
  [
    { keyspace_warn_threshold: 5 },
    'cassandra.keyspace_warn_threshold: there is no such setting; did you mean keyspaces_warn_threshold or',
  ],
  [
    { group_by_enabled: 'maybe' },
    'cassandra.group_by_enabled: maybe does not fit; write true or false',
  ],
  [
    { column_value_size_warn_threshold: 5 },
    'cassandra.column_value_size_warn_threshold: 5 does not fit; write a size such as 32MiB',
  ],
  [
    { minimum_timestamp_warn_threshold: 5 },
    'cassandra.minimum_timestamp_warn_threshold: 5 does not fit; write a duration such as 1d or 500ms',
  ],
  [
    { write_consistency_levels_warned: ['MOST'] },
    'cassandra.write_consistency_levels_warned: MOST does not fit; write ANY, ONE, TWO, THREE, QUORUM, ALL, ' +
      'LOCAL_QUORUM, EACH_QUORUM, SERIAL, LOCAL_SERIAL, LOCAL_ONE, NODE_LOCAL',
  ],
])('%j is refused', (given, text) => {
  expect(() => nodeConfig(given)).toThrow(new RegExp(`^${escaped(text)}`));
});

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}

test('every setting of guardrails can be given, as its default', () => {
  for (const name of Object.keys(DEFAULT_GUARDRAILS)) {
    const text = shown({}, name);
    if (typeof text !== 'string' || text === '[]') continue;
    const value = text === 'true' || text === 'false' ? text === 'true' : text;
    expect(nodeConfig({ [name]: value })).toEqual(nodeConfig({}));
  }
});
