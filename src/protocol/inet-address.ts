// Addresses as text and as the 4 or 16 bytes the protocol sends.

import { assert } from '../base/assert.ts';

const IPV6_GROUPS = 8;

/** The bytes of an IPv4 or IPv6 address; a zone (`%eth0`) and brackets are ignored. */
export function addressBytes(text: string): Buffer {
  const bare = text.replace(/^\[|\]$|%.*$/g, '');
  if (!bare.includes(':')) {
    const parts = bare.split('.').map(Number);
    const valid = parts.length === 4 && parts.every((p) => Number.isInteger(p) && p >= 0 && p < 256);
    assert(valid, `an IP address, not ${text}`);
    return Buffer.from(parts);
  }
  const [head = '', tail] = bare.split('::');
  const front = ipv6Groups(head);
  const back = tail === undefined ? [] : ipv6Groups(tail);
  const zeros = IPV6_GROUPS - front.length - back.length;
  assert(tail === undefined ? zeros === 0 : zeros >= 0, `an IP address, not ${text}`);
  const groups = [...front, ...Array.from({ length: zeros }, () => 0), ...back];
  const bytes = Buffer.alloc(16);
  groups.forEach((group, i) => bytes.writeUInt16BE(group, i * 2));
  return bytes;
}

function ipv6Groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const v4 = addressBytes(part);
    return [v4.readUInt16BE(0), v4.readUInt16BE(2)];
  });
}

/** The text Java's InetAddress prints: `127.0.0.1`, `0:0:0:0:0:0:0:1`. */
export function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(bytes.readUInt16BE(at).toString(16));
  return groups.join(':');
}

/** The address part of `ip:port` or `[ip]:port`. */
export function endpointAddress(endpoint: string): string {
  const colon = endpoint.lastIndexOf(':');
  return colon < 0 ? endpoint : endpoint.slice(0, colon);
}
