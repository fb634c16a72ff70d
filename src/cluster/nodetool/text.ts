// How nodetool writes things: padded columns, sizes, shares, times, and its table of aligned columns.
// Cassandra: tools/nodetool/formatter/TableBuilder, io/util/FileUtils.stringifyFileSize.

import type { Endpoint } from '../../world/ports.ts';

/** Left-aligned, as %-ns. */
export function left(text: string | number, width: number): string {
  return String(text).padEnd(width);
}

/** Right-aligned, as %ns. */
export function right(text: string | number, width: number): string {
  return String(text).padStart(width);
}

/** `%.nf`; NaN as Java prints it. */
export function fixed(value: number, digits: number): string {
  return Number.isNaN(value) ? 'NaN' : value.toFixed(digits);
}

/** Java's DecimalFormat("#.##"): up to two digits, no trailing zeros. */
function short(value: number): string {
  return String(Number(value.toFixed(2)));
}

const UNITS = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const;

/** `123.45 KiB`, `12 bytes`. */
export function sizeText(bytes: number): string {
  for (const [unit, size] of UNITS) if (bytes >= size) return `${short(bytes / size)} ${unit}`;
  return `${short(bytes)} bytes`;
}

/** `1.500KiB`, as FBUtilities.prettyPrintMemory. */
export function memoryText(bytes: number): string {
  for (const [unit, size] of UNITS) if (bytes >= size) return `${(bytes / size).toFixed(3)}${unit}`;
  return `${bytes}B`;
}

/** `64.7%`: DecimalFormat ##0.0%. */
export function percentText(share: number, digits: number): string {
  return `${(share * 100).toFixed(digits)}%`;
}

/** `127.0.1.1:7000` -> `127.0.1.1`; with the port when it is asked for. */
export function addressText(endpoint: Endpoint, withPort = false): string {
  return withPort ? endpoint : endpoint.slice(0, endpoint.lastIndexOf(':'));
}

/** `2026-01-01 00:00:00,000`, UTC. */
export function timestampText(wallMs: number): string {
  return isoText(wallMs).replace('T', ' ').replace('.', ',').slice(0, 23);
}

/** `2026-01-01T00:00:00.000Z`. */
export function isoText(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/** Rows of cells padded to the widest of their column, the last one too. */
export function aligned(rows: readonly (readonly string[])[], delimiter = ' '): readonly string[] {
  return alignedTables([rows], delimiter)[0] ?? [];
}

/** Several tables with common widths. */
export function alignedTables(
  tables: readonly (readonly (readonly string[])[])[],
  delimiter: string,
): readonly (readonly string[])[] {
  const widths: number[] = [];
  for (const row of tables.flat())
    row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return tables.map((rows) =>
    rows.map((row) => widths.map((width, at) => left(row[at] ?? '', width)).join(delimiter)),
  );
}
