// Round-trip times between AWS regions in milliseconds: averages of a published table of VPC-to-VPC
// pings (2017), with newer values where they were found. Data, dated, overridable by `links` in the
// topology.

const REGIONS = [
  'us-east-1',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'eu-central-1',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'sa-east-1',
] as const;

const UPPER: readonly (readonly number[])[] = [
  [73, 62, 81, 89, 145, 178, 217, 230, 120],
  [19, 153, 167, 103, 132, 174, 158, 193],
  [137, 160, 89, 118, 161, 162, 183],
  [20, 212, 242, 239, 310, 191],
  [237, 266, 326, 324, 195],
  [31, 74, 104, 257],
  [72, 134, 286],
  [175, 328],
  [323],
];

/** For a pair that is not in the table. */
export const UNKNOWN_REGION_RTT_MS = 80;

/**
 * Round-trip milliseconds between two regions; UNKNOWN_REGION_RTT_MS for an unlisted pair, 0 for
 * the same region.
 */
export function regionRttMs(a: string, b: string): number {
  if (a === b) return 0;
  const i = (REGIONS as readonly string[]).indexOf(a);
  const j = (REGIONS as readonly string[]).indexOf(b);
  if (i < 0 || j < 0) return UNKNOWN_REGION_RTT_MS;
  const low = Math.min(i, j);
  return UPPER[low]?.[Math.max(i, j) - low - 1] ?? UNKNOWN_REGION_RTT_MS;
}
