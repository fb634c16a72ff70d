// Checks of a table's indexes, run whenever the table changes: names, index classes and each class's options.
// Test: test/facts-conformance/errors.test.ts. Cassandra: schema/IndexMetadata.validate, StorageAttachedIndex and
// SASIIndex.validateOptions, sai/disk/v1/IndexWriterConfig, sasi/conf/IndexMode.

import { configError, invalid } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { isMultiCell } from '../../../data/cql-type.ts';
import type { ColumnMetadata, IndexMetadata, TableMetadata } from '../../../data/schema.ts';
import { subTypes, typeName } from '../../../data/type-names.ts';
import type { NodeConfig } from '../../node-config.ts';
import { javaHashOrder } from './java-hash-order.ts';

const SAI_CLASS = 'org.apache.cassandra.index.sai.StorageAttachedIndex';
export const SASI_CLASS = 'org.apache.cassandra.index.sasi.SASIIndex';

/** Short names of index classes, lower case. */
const ALIASES: Readonly<Record<string, string>> = {
  sai: SAI_CLASS,
  storageattachedindex: SAI_CLASS,
};

const VECTOR_USAGE_WARNING = [
  'SAI ANN indexes on vector columns are experimental and are not recommended for production use.',
  "They don't yet support SELECT queries with:",
  ' * Consistency level higher than ONE/LOCAL_ONE.',
  ' * Paging.',
  ' * No LIMIT clauses.',
  ' * PER PARTITION LIMIT clauses.',
  ' * GROUP BY clauses.',
  ' * Aggregation functions.',
  ' * Filters on columns without a SAI index.',
].join('\n');

type Warn = (text: string) => void;

/** What checks of tables may look at. */
export interface ValidationEnvironment {
  readonly config: Pick<NodeConfig, 'sai_vector_allow_custom_parameters'>;
  warn(text: string): void;
}

/** The full class name of a CUSTOM index; null for an ordinary one. */
function indexClassName(index: IndexMetadata): string | null {
  if (index.kind !== 'CUSTOM') return null;
  const name = index.options.get('class_name') ?? '';
  return ALIASES[name.toLowerCase()] ?? name;
}

/** Throws CONFIG_ERROR or INVALID; `environment` hears what indexes of the table are experimental. */
export function validateIndexes(table: TableMetadata, environment: ValidationEnvironment): void {
  for (const index of table.indexes) {
    if (!/^\w+$/.test(index.name)) throw configError(`Illegal index name ${index.name}`);
    const className = indexClassName(index);
    if (className === null) continue;
    if (className === SAI_CLASS) validateAttached(index, table, environment);
    else if (className === SASI_CLASS) validateSasi(index, table);
    else throw configError(`Unable to find custom indexer class '${className}'`);
  }
}

export type TargetType = 'simple' | 'values' | 'keys' | 'entries' | 'full';

interface Target {
  readonly column: ColumnMetadata;
  readonly type: TargetType;
}

/** The column and kind that an index's `target` option names; null when there is no such column. */
export function indexTarget(table: TableMetadata, index: IndexMetadata): Target | null {
  const text = index.options.get('target') ?? '';
  const match = /^(keys|entries|values|full)\((.+)\)$/.exec(text);
  const quoted = match?.[2] ?? text;
  const name = quoted.startsWith('"') ? quoted.slice(1, -1).replaceAll('""', '"') : quoted;
  const column = table.columns.get(name);
  if (column === undefined) return null;
  const written = (match?.[1] ?? 'simple') as TargetType;
  const isCollection = ['list', 'set', 'map'].includes(column.type.kind);
  return { column, type: written === 'simple' && isCollection ? 'values' : written };
}

const ANALYZER_OPTIONS = ['case_sensitive', 'normalize', 'ascii'];
const VECTOR_OPTIONS = [
  'maximum_node_connections',
  'construction_beam_width',
  'similarity_function',
  'optimize_for',
];
const ATTACHED_OPTIONS = ['target', 'class_name', ...VECTOR_OPTIONS, ...ANALYZER_OPTIONS];

function validateAttached(
  index: IndexMetadata,
  table: TableMetadata,
  { config, warn }: ValidationEnvironment,
): void {
  const unknown = [...index.options.keys()].filter((name) => !ATTACHED_OPTIONS.includes(name));
  if (unknown.length > 0) {
    throw configError(
      `Properties specified [${javaHashOrder(unknown).join(', ')}] are not understood by StorageAttachedIndex`,
    );
  }
  const text = index.options.get('target');
  if (text === undefined || text === '') throw invalid('Missing target column');
  if (text.includes(',')) {
    const columns = text.replaceAll(',', ', ');
    throw invalid(`A storage-attached index cannot be created over multiple columns: ${columns}`);
  }
  const target = indexTarget(table, index);
  if (target === null) throw invalid(`Failed to retrieve target column for: ${text}`);
  refuseSecondOnColumn(table, target);
  const type = indexedType(target);
  validateAnalyzer(index.options, target.column, type);
  validateVectorOptions(index, type, config.sai_vector_allow_custom_parameters);
  validateAttachedType(index, type, target.type, warn);
}

function refuseSecondOnColumn(table: TableMetadata, target: Target): void {
  const same = table.indexes.filter((other) => {
    if (indexClassName(other) !== SAI_CLASS) return false;
    const its = indexTarget(table, other);
    return its !== null && its.column === target.column && its.type === target.type;
  });
  if (same.length > 1) {
    throw invalid(
      `Cannot create more than one storage-attached index on the same column: ${target.column.name}`,
    );
  }
}

/** What the index compares: an element of a non-frozen collection, else the column's whole value. */
function indexedType({ column, type: target }: Target): CqlType {
  const { type } = column;
  if (!isMultiCell(type)) return type;
  if (type.kind === 'list' || type.kind === 'set') return type.element;
  if (type.kind !== 'map' || target === 'entries') return type;
  return target === 'keys' ? type.key : type.value;
}

function validateAnalyzer(
  options: ReadonlyMap<string, string>,
  column: ColumnMetadata,
  type: CqlType,
): void {
  const written = ANALYZER_OPTIONS.filter((name) => options.has(name));
  if (written.length === 0) return;
  if (column.kind === 'partition_key' || column.kind === 'clustering') {
    const map = [...written].sort().map((name) => `'${name}': '${options.get(name) ?? ''}'`);
    throw invalid(
      `Analysis options are not supported on primary key columns, but found {${map.join(', ')}}`,
    );
  }
  if (type.kind !== 'native' || (type.name !== 'text' && type.name !== 'ascii')) {
    throw invalid(`CQL type ${typeName(type)} cannot be analyzed.`);
  }
  for (const name of javaHashOrder(written)) {
    const value = options.get(name) ?? '';
    if (value === '') {
      throw invalid(`Empty value for boolean option '${name}'`);
    }
    if (value.toLowerCase() !== 'true' && value.toLowerCase() !== 'false') {
      throw invalid(`Illegal value for boolean option '${name}': ${value}`);
    }
  }
}

const SIMILARITY_FUNCTIONS = ['EUCLIDEAN', 'DOT_PRODUCT', 'COSINE'];
const OPTIMIZATIONS = ['LATENCY', 'RECALL'];

/** The options about the graph, which there is none of here. */
const GRAPH_OPTIONS = [
  {
    name: 'maximum_node_connections',
    text: 'Maximum node connections',
    longText: 'Maximum number of connections',
    max: 512,
  },
  {
    name: 'construction_beam_width',
    text: 'Construction beam width',
    longText: 'Construction beam width',
    max: 3200,
  },
] as const;

function validateGraphOption(
  value: string,
  { text, longText, max }: (typeof GRAPH_OPTIONS)[number],
  isAllowed: boolean,
): void {
  if (!isAllowed)
    throw invalid(`${text} cannot be set without enabling SAI_VECTOR_ALLOW_CUSTOM_PARAMETERS`);
  const number = /^[+-]?\d+$/.test(value) ? Number(value) : NaN;
  if (Number.isNaN(number) || (number | 0) !== number)
    throw invalid(`${longText} ${value} is not a valid integer for index null`);
  if (number <= 0 || number > max)
    throw invalid(`${longText} for index null cannot be <= 0 or > ${max}, was ${number}`);
}

function validateVectorOptions(
  { options }: IndexMetadata,
  type: CqlType,
  allowsGraph: boolean,
): void {
  if (!VECTOR_OPTIONS.some((name) => options.has(name))) return;
  if (type.kind !== 'vector') {
    throw invalid(`CQL type ${typeName(type)} cannot have vector options`);
  }
  for (const option of GRAPH_OPTIONS) {
    const value = options.get(option.name);
    if (value !== undefined) validateGraphOption(value, option, allowsGraph);
  }
  const similarity = options.get('similarity_function')?.toUpperCase();
  if (similarity !== undefined && !SIMILARITY_FUNCTIONS.includes(similarity)) {
    throw invalid(
      `Similarity function ${similarity} was not recognized for index null. ` +
        `Valid values are: ${SIMILARITY_FUNCTIONS.join(', ')}`,
    );
  }
  const optimizeFor = options.get('optimize_for')?.toUpperCase();
  if (optimizeFor !== undefined && !OPTIMIZATIONS.includes(optimizeFor)) {
    throw invalid(
      `optimize_for '${optimizeFor}' was not recognized for index null. ` +
        `Valid values are: ${OPTIMIZATIONS.join(', ')}`,
    );
  }
}

const UNSUPPORTED_NATIVES: ReadonlySet<string> = new Set(['blob', 'counter', 'duration', 'empty']);

function validateAttachedType(
  index: IndexMetadata,
  type: CqlType,
  target: TargetType,
  warn: Warn,
): void {
  if (target === 'entries') {
    for (const inner of subTypes(type)) refuseUnsupported(inner);
    return;
  }
  refuseUnsupported(type);
  if (type.kind !== 'vector') return;
  if (type.element.kind !== 'native' || type.element.name !== 'float') {
    throw invalid('SAI ANN indexes are only allowed on vector columns with float elements');
  }
  const similarity = index.options.get('similarity_function')?.toUpperCase() ?? 'COSINE';
  if (type.dimension === 1 && similarity === 'COSINE') {
    throw invalid('Cosine similarity is not supported for single-dimension vectors');
  }
  warn(VECTOR_USAGE_WARNING);
}

function refuseUnsupported(type: CqlType): void {
  const isSupported =
    type.kind === 'native' ? !UNSUPPORTED_NATIVES.has(type.name) : !isMultiCell(type);
  if (!isSupported || type.kind === 'custom') throw invalid(`Unsupported type: ${typeName(type)}`);
}

function validateSasi(index: IndexMetadata, table: TableMetadata): void {
  const { options } = index;
  const target = indexTarget(table, index);
  if (target === null) {
    throw configError(`failed to retrieve target column for: ${options.get('target') ?? ''}`);
  }
  const { column } = target;
  if (column.isComplex) throw configError('complex columns are not yet supported by SASI');
  if (column.kind === 'partition_key') {
    throw configError('partition key columns are not yet supported by SASI');
  }
  const analyzer = options.get('analyzer_class');
  if (analyzer !== undefined) validateSasiAnalyzer(analyzer, column);
  const written = options.get('mode');
  const mode = written?.toUpperCase() ?? 'PREFIX';
  if (!['PREFIX', 'CONTAINS', 'SPARSE'].includes(mode)) {
    throw configError(`Incorrect index mode: ${written ?? ''}`);
  }
  if (mode !== 'SPARSE') return;
  const isText = isTextType(column.type);
  const literal = options.get('is_literal');
  if (literal === undefined ? isText : literal.toLowerCase() === 'true') {
    throw configError('SPARSE mode is only supported on non-literal columns.');
  }
  if (analyzer !== undefined || options.get('analyzed')?.toLowerCase() === 'true') {
    throw configError("SPARSE mode doesn't support analyzers.");
  }
}

const SASI_ANALYZERS = [
  'StandardAnalyzer',
  'NonTokenizingAnalyzer',
  'DelimiterAnalyzer',
  'NoOpAnalyzer',
];

function validateSasiAnalyzer(className: string, column: ColumnMetadata): void {
  const simple = SASI_ANALYZERS.find(
    (name) => className === `org.apache.cassandra.index.sasi.analyzer.${name}`,
  );
  if (simple === undefined) throw configError(`Unable to find analyzer class '${className}'`);
  if (simple !== 'NoOpAnalyzer' && !isTextType(column.type)) {
    throw configError(`Only text types supported, got ${typeName(column.type)}`);
  }
}

function isTextType(type: CqlType): boolean {
  return type.kind === 'native' && (type.name === 'text' || type.name === 'ascii');
}
