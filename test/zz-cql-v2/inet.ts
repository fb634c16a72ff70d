// Internet addresses to and from text, for recordings: `10.0.0.1`, and IPv6 as eight groups.

/** The address's text. */
export function inspectAddress(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const parts: string[] = [];
  for (let at = 0; at + 1 < bytes.length; at += 2) parts.push(bytes.readUInt16BE(at).toString(16));
  return parts.join(':');
}

/** Four or sixteen bytes. */
export function addressBytes(text: string): Buffer {
  if (!text.includes(':')) return Buffer.from(text.split('.').map(Number));
  const [head = '', tail] = text.split('::');
  const left = groups(head);
  const right = groups(tail ?? '');
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  const bytes = Buffer.alloc(16);
  [...left, ...Array.from({ length: gap }, () => 0), ...right].forEach((word, i) =>
    bytes.writeUInt16BE(word, 2 * i),
  );
  return bytes;
}

function groups(part: string): readonly number[] {
  return part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
}
