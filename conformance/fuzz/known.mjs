// Differences that docs/differences.md explains. A pair of answers that one of these fits is no finding.

const KNOWN = [
  {
    why: 'errors that print the address of a Java object, or of the node',
    fits: (theirs, ours) => hideAddresses(theirs) === hideAddresses(ours),
  },
  {
    why: 'Cassandra names to_json after whichever of its two names was asked for first since it started',
    fits: (theirs, ours) =>
      theirs.replaceAll('tojson', 'to_json') === ours.replaceAll('tojson', 'to_json'),
  },
  {
    why: 'an exception of Java that nobody meant: here a message, or an answer',
    fits: (theirs) =>
      /SERVER_ERROR 0x0000: (java\.lang|org\.apache)\.[\w.]+|reason: NullPointerException/.test(
        theirs,
      ),
  },
  {
    why: 'a range with a null bound cannot be stored: the replica of a counter then says nothing, others that they failed',
    fits: (theirs, ours) =>
      theirs.startsWith('ERROR WRITE_TIMEOUT') &&
      theirs.includes('writeType: COUNTER') &&
      ours.startsWith('ERROR WRITE_FAILURE'),
  },
  {
    why: 'a constant that is no tuple is refused at once; Cassandra takes it, and may find something else to refuse',
    fits: (theirs, ours) =>
      /^ERROR INVALID 0x2200: (Not enough bytes to read|Unexpected extraneous bytes|Invalid remaining data)/.test(
        ours,
      ) && theirs !== ours,
  },
  {
    why: 'Cassandra cannot go on with what it grouped by whole partitions, or fails on the way',
    fits: (theirs, ours, step) =>
      step.includes(' GROUP BY ') &&
      /(-- page\n|^)(WARNING .*\n)?ERROR (PROTOCOL_ERROR|READ_FAILURE)/.test(theirs),
  },
];

function hideAddresses(text) {
  return text.replace(/@[0-9a-f]{5,8}\b|\b127\.\d+\.\d+\.\d+\b/g, '@');
}

/** The reason, or null. */
export function explained(theirs, ours, step) {
  return KNOWN.find(({ fits }) => fits(theirs, ours, step))?.why ?? null;
}
