// Whether bytes are ascii or UTF-8, by Cassandra's own rules: its UTF-8 check lets surrogates and
// some overlong forms through, and so does this one. Runs on every text value written. Test:
// test/types/recorded.test.ts. Cassandra: serializers/AsciiSerializer.java,
// serializers/UTF8Serializer.java.

/** The index of the first byte above 0x7f; -1 when there is none. */
export function isValidAscii(bytes: Buffer): number {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) > 0x7f) return i;
  return -1;
}

export function isValidUtf8(bytes: Buffer): boolean {
  const { length } = bytes;
  let i = 0;
  while (i < length) {
    const lead = bytes[i++] as number;
    if (lead < 0x80) continue;
    let more: number;
    if (lead >> 5 === 6) {
      if (lead === 0xc0) {
        // Modified UTF-8's NUL.
        if (bytes[i++] !== 0x80) return false;
        continue;
      }
      if (lead === 0xc1) return false;
      more = 1;
    } else if (lead >> 4 === 14) {
      if (lead === 0xe0) {
        if (i >= length || ((bytes[i++] as number) & 0xe0) === 0x80) return false;
        more = 1;
      } else {
        more = 2;
      }
    } else if (lead >> 3 === 30) {
      if (lead === 0xf0) {
        if (i >= length || ((bytes[i++] as number) & 0x30) === 0) return false;
        more = 2;
      } else {
        more = 3;
      }
    } else {
      return false;
    }
    for (; more > 0; more--, i++) {
      if (i >= length || ((bytes[i] as number) & 0xc0) !== 0x80) return false;
    }
  }
  return true;
}
