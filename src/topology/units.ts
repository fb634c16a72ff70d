// Durations, percentages and counts as people write them in files and flags.

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * `200ms`, `5s`, `1m30s`, `3h`, `0.2ms` or a plain number of seconds -> milliseconds; null when it
 * is neither.
 */
export function parseDurationMs(text: string): number | null {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1_000;
  if (!/^(\d+(\.\d+)?(us|ms|s|m|h|d))+$/.test(trimmed)) return null;
  let total = 0;
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h|d)/g)) {
    total += Number(amount) * (MS_PER_UNIT[unit ?? 'ms'] ?? 1);
  }
  return total;
}

/** `5%`, `0.5%` -> 0.05, 0.005; a plain number from 0 to 1 stays; null otherwise. */
export function parseShare(text: string | number): number | null {
  if (typeof text === 'number') return text >= 0 && text <= 1 ? text : null;
  const match = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim());
  // 99.9 / 100 is a hair above 0.999, and would fail what exactly meets it.
  const value = match ? Number((Number(match[1]) / 100).toPrecision(12)) : Number(text);
  return Number.isFinite(value) && value >= 0 && value <= 1 ? value : null;
}

/** 1234 -> `1.23 s`; 0.4 -> `0.4 ms`; 61000 -> `1:01 min`; for tables and messages. */
export function formatDuration(ms: number): string {
  if (ms < 1) return `${Number(ms.toFixed(2))} ms`;
  if (ms < 999.5) return `${Number(ms.toFixed(ms < 10 ? 1 : 0))} ms`;
  if (ms < 59_950) return `${Number((ms / 1_000).toFixed(ms < 10_000 ? 2 : 1))} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600)
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
  return `${Number((ms / 3_600_000).toFixed(2))} h`;
}
