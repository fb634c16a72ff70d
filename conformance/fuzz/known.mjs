// Differences that docs/differences.md explains. A pair of answers that one of these fits is no finding.

const KNOWN = [
  {
    why: 'errors that print the address of a Java object',
    fits: (theirs, ours) => hideAddresses(theirs) === hideAddresses(ours),
  },
  {
    why: 'Cassandra names to_json after whichever of its two names was asked for first since it started',
    fits: (theirs, ours) => theirs.replaceAll('tojson', 'to_json') === ours.replaceAll('tojson', 'to_json'),
  },
];

function hideAddresses(text) {
  return text.replace(/@[0-9a-f]{5,8}\b/g, '@');
}

/** The reason, or null. */
export function explained(theirs, ours) {
  return KNOWN.find(({ fits }) => fits(theirs, ours))?.why ?? null;
}
