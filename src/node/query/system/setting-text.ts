// Sizes and durations of settings as text: in the largest unit they come out even in. Cassandra prints the unit of
// cassandra.yaml. Cassandra: config/DataStorageSpec, config/DurationSpec.

type Units = readonly (readonly [suffix: string, size: number])[];

const SIZES: Units = [
  ['GiB', 1_073_741_824],
  ['MiB', 1_048_576],
  ['KiB', 1_024],
];
const DURATIONS_MICROS: Units = [
  ['d', 86_400_000_000],
  ['h', 3_600_000_000],
  ['m', 60_000_000],
  ['s', 1_000_000],
  ['ms', 1_000],
];

/** 2048 -> `2KiB`, 5000 -> `5000B`. */
export function sizeText(bytes: number): string {
  return unitText(bytes, SIZES, 'B');
}

/** 3600000 -> `1h`, 0.5 -> `500us`. */
export function durationText(ms: number): string {
  return unitText(Math.round(ms * 1_000), DURATIONS_MICROS, 'us');
}

function unitText(value: number, units: Units, smallest: string): string {
  const [suffix, size] = units.find(([, unit]) => value > 0 && value % unit === 0) ?? [smallest, 1];
  return `${value / size}${suffix}`;
}
