// IP addresses as text, read and printed as Java does: no compression of zeros, IPv4-mapped
// addresses become IPv4. Names are not resolved, but for localhost. Test: test/types/recorded.test.ts.
// Java: InetAddress, sun.net.util.IPAddressUtil.

/**
 * Null for a text that is no address literal. Accepts `127.1`, `::1`, `[::1]`, `::ffff:1.2.3.4`,
 * `fe80::1%eth0`.
 */
export function parseInet(source: string): Buffer | null {
  if (source === 'localhost') return Buffer.of(127, 0, 0, 1);
  let text = source;
  if (text.startsWith('[')) {
    if (!text.endsWith(']') || !text.includes(':')) return null;
    text = text.slice(1, -1);
  }
  if (!text.includes(':')) return parseV4(text);
  const percent = text.indexOf('%');
  const bytes = parseV6(percent < 0 ? text : text.slice(0, percent));
  return bytes === null ? null : unmapped(bytes);
}

/** `127.0.0.1`, `0:0:0:0:0:0:0:1`. `bytes` has 4 or 16 bytes. */
export function inetText(bytes: Buffer): string {
  const address = bytes.length === 16 ? unmapped(bytes) : bytes;
  if (address.length === 4) return address.join('.');
  const words: string[] = [];
  for (let i = 0; i < 16; i += 2) words.push(address.readUInt16BE(i).toString(16));
  return words.join(':');
}

/** One to four decimal parts; the last one fills the rest. */
function parseV4(text: string): Buffer | null {
  if (text.length === 0 || text.length > 15) return null;
  const parts = text.split('.');
  if (parts.length > 4) return null;
  const bytes = Buffer.alloc(4);
  for (const [i, part] of parts.entries()) {
    if (!/^\d+$/.test(part)) return null;
    const last = i === parts.length - 1;
    const width = last ? 4 - i : 1;
    const value = Number(part);
    if (value >= 256 ** width) return null;
    bytes.writeUIntBE(value, i, width);
  }
  return bytes;
}

function parseV6(text: string): Buffer | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = groups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] ?? '', true) : [];
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return null;
  return Buffer.from([...head, ...Array.from({ length: missing }, () => 0), ...tail]);
}

/** The bytes of colon-separated groups; the last may be a dotted IPv4 address. */
function groups(text: string, mayEndInV4: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (mayEndInV4 && i === parts.length - 1 && part.includes('.')) {
      const v4 = part.split('.').length === 4 ? parseV4(part) : null;
      if (v4 === null) return null;
      bytes.push(...v4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
      const value = Number.parseInt(part, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

function unmapped(bytes: Buffer): Buffer {
  const mapped =
    bytes.readUInt16BE(10) === 0xffff &&
    bytes.readBigUInt64BE(0) === 0n &&
    bytes.readUInt16BE(8) === 0;
  return mapped ? bytes.subarray(12) : bytes;
}
