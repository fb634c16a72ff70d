// The files a real Cassandra node needs and that Maven's jars lack: cassandra.yaml, cassandra-rackdc.properties, logback.

/** cassandra.yaml's names and values, as the YAML has them. */
export type Settings = Readonly<
  Record<string, string | number | boolean | readonly (string | number)[]>
>;

export interface RealNodeConfig {
  readonly clusterName: string;
  readonly address: string;
  readonly datacenter: string;
  readonly rack: string;
  readonly folder: string;
  readonly seeds: readonly string[];
  /** Explicit tokens (no allocation, no wait); empty: the daemon allocates. */
  readonly tokens: readonly string[];
  readonly numTokens: number;
  /** More cassandra.yaml lines, name -> value. */
  readonly settings: Settings;
}

export function cassandraYaml(node: RealNodeConfig): string {
  const settings: Record<string, Settings[string]> = {
    cluster_name: node.clusterName,
    num_tokens: node.numTokens,
    allocate_tokens_for_local_replication_factor: 3,
    partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
    endpoint_snitch: 'GossipingPropertyFileSnitch',
    listen_address: node.address,
    rpc_address: node.address,
    storage_port: 7000,
    native_transport_port: 9042,
    start_native_transport: true,
    auto_bootstrap: node.tokens.length === 0,
    commitlog_sync: 'periodic',
    commitlog_sync_period: '10000ms',
    commitlog_segment_size: '8MiB',
    commitlog_total_space: '256MiB',
    commitlog_directory: `${node.folder}/commitlog`,
    saved_caches_directory: `${node.folder}/saved_caches`,
    hints_directory: `${node.folder}/hints`,
    cdc_raw_directory: `${node.folder}/cdc_raw`,
    hinted_handoff_enabled: true,
    max_hint_window: '3h',
    memtable_heap_space: '64MiB',
    memtable_offheap_space: '64MiB',
    memtable_allocation_type: 'heap_buffers',
    file_cache_size: '32MiB',
    networking_cache_size: '32MiB',
    key_cache_size: '8MiB',
    counter_cache_size: '4MiB',
    concurrent_reads: 16,
    concurrent_writes: 16,
    concurrent_counter_writes: 8,
    concurrent_compactors: 1,
    authenticator: 'AllowAllAuthenticator',
    authorizer: 'AllowAllAuthorizer',
    disk_failure_policy: 'stop',
    commit_failure_policy: 'stop',
    ...node.settings,
  };
  if (node.tokens.length > 0) settings['initial_token'] = node.tokens.join(',');
  const lines = Object.entries(settings).map(([name, value]) =>
    typeof value === 'object' ? `${name}: [${value.join(', ')}]` : `${name}: ${value}`,
  );
  return [
    ...lines,
    `data_file_directories: ["${node.folder}/data"]`,
    'seed_provider:',
    '  - class_name: org.apache.cassandra.locator.SimpleSeedProvider',
    '    parameters:',
    `      - seeds: "${node.seeds.join(',')}"`,
    '',
  ].join('\n');
}

export function rackProperties(node: RealNodeConfig): string {
  return `dc=${node.datacenter}\nrack=${node.rack}\n`;
}

export function logbackXml(node: RealNodeConfig): string {
  return `<configuration>
  <appender name="FILE" class="ch.qos.logback.core.FileAppender"><file>${node.folder}/system.log</file>
    <encoder><pattern>%d{HH:mm:ss.SSS} %-5level [%thread] %logger{0} - %msg%n</pattern></encoder></appender>
  <root level="INFO"><appender-ref ref="FILE"/></root>
</configuration>
`;
}
