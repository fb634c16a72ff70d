// Addresses as text and as the 4 or 16 bytes the protocol sends.

import { required } from '../base/assert.ts';
import { inetText, parseInet } from '../data/codec/inet-text.ts';

/** The bytes of an IPv4 or IPv6 address. */
export function addressBytes(text: string): Buffer {
  return required(parseInet(text), `an IP address, not ${text}`);
}

/** `127.0.0.1`, `0:0:0:0:0:0:0:1`. */
export function addressText(bytes: Buffer): string {
  return inetText(bytes);
}

/** The port of `ip:port` or `[ip]:port`. */
export function endpointPort(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(':') + 1));
}

/** The address part of `ip:port` or `[ip]:port`. */
export function endpointAddress(endpoint: string): string {
  const colon = endpoint.lastIndexOf(':');
  return colon < 0 ? endpoint : endpoint.slice(0, colon);
}
