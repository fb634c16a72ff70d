// The compression option of a table, checked and brought to its stored form; nothing is compressed.
// Test: test/facts-conformance/errors.test.ts. Cassandra: schema/CompressionParams, io/compress/*.

import { configError } from '../../../data/cql-error.ts';
import { doubleText, parseJavaDouble } from '../../../data/java-number.ts';
import { parseJavaInt } from './properties.ts';

const PACKAGE = 'org.apache.cassandra.io.compress.';
type Options = ReadonlyMap<string, string>;

/** Each compressor's own options with what checks a value. */
const COMPRESSORS: Readonly<Record<string, Readonly<Record<string, (value: string) => void>>>> = {
  LZ4Compressor: { lz4_compressor_type: lz4Type, lz4_high_compressor_level: lz4Level },
  SnappyCompressor: {},
  DeflateCompressor: {},
  ZstdCompressor: { compression_level: zstdLevel },
  NoopCompressor: {},
};

/** Throws CONFIG_ERROR. An empty map or `{'enabled': 'false'}` means no compression. */
export function parseCompression(map: Options): Options {
  const enabled = (map.get('enabled') ?? 'true').toLowerCase() === 'true';
  if (map.size > 0 && enabled && !map.has('class')) {
    throw configError("Missing sub-option 'class' for the 'compression' option.");
  }
  const options = new Map(map);
  options.delete('enabled');
  if (!enabled && options.size > 0) {
    throw configError("If the 'enabled' option is set to false no other options must be specified");
  }
  if (options.size === 0) return new Map([['enabled', 'false']]);
  const name = options.get('class') ?? '';
  if (name === '') {
    throw configError(
      "The 'class' option must not be empty. To disable compression use 'enabled' : false",
    );
  }
  options.delete('class');
  const chunkLength = takeChunkLength(options);
  const ratio = takeMinCompressRatio(options);
  const className = name.includes('.') ? name : PACKAGE + name;
  const compressor = className.startsWith(PACKAGE)
    ? COMPRESSORS[className.slice(PACKAGE.length)]
    : undefined;
  if (compressor === undefined) {
    throw configError(`Could not create Compression for type ${className}`);
  }
  for (const [option, value] of options) {
    const check = compressor[option];
    if (check === undefined) throw configError(`Unknown compression options ${option}`);
    check(value);
  }
  validate(chunkLength, ratio);
  options.set('class', className);
  options.set('chunk_length_in_kb', `${chunkLength / 1_024}`);
  if (ratio !== 0) options.set('min_compress_ratio', doubleText(ratio));
  return options;
}

function takeChunkLength(options: Map<string, string>): number {
  const text = options.get('chunk_length_in_kb');
  options.delete('chunk_length_in_kb');
  if (text === undefined) return 16 * 1_024;
  const kilobytes = parseJavaInt(text);
  if (kilobytes === null) throw configError('Invalid value for chunk_length_in_kb');
  if (kilobytes > Math.floor(0x7fff_ffff / 1_024)) {
    throw configError(`Value of chunk_length_in_kb is too large (${kilobytes})`);
  }
  return kilobytes * 1_024;
}

function takeMinCompressRatio(options: Map<string, string>): number {
  const text = options.get('min_compress_ratio');
  options.delete('min_compress_ratio');
  return text === undefined ? 0 : (parseJavaDouble(text) ?? 0);
}

function validate(chunkLength: number, ratio: number): void {
  if (chunkLength <= 0) throw configError('Invalid negative or null chunk_length_in_kb');
  if ((chunkLength & (chunkLength - 1)) !== 0) {
    throw configError('chunk_length_in_kb must be a power of 2');
  }
  const longest = Math.ceil(Math.min(chunkLength / ratio, 0x7fff_ffff));
  if (longest < 0) throw configError('Invalid negative min_compress_ratio');
  if (longest > chunkLength && longest < 0x7fff_ffff) {
    throw configError('min_compress_ratio can either be 0 or greater than or equal to 1');
  }
}

function lz4Type(value: string): void {
  if (value === 'fast' || value === 'high') return;
  throw configError(
    `Invalid compressor type '${value}' specified for LZ4 parameter 'lz4_compressor_type'. Valid options are [fast, high].`,
  );
}

function lz4Level(value: string): void {
  const level = parseJavaInt(value);
  if (level !== null && level >= 1 && level <= 17) return;
  throw configError(
    `Invalid value '${value}' specified for LZ4 parameter 'lz4_high_compressor_level'. Value must be between 1 and 17.`,
  );
}

function zstdLevel(value: string): void {
  const level = parseJavaInt(value);
  if (level !== null && level >= -131_072 && level <= 22) return;
  throw configError(`compression_level=${value} should be between -131072 and 22`);
}
