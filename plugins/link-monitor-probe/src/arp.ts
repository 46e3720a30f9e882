import { hasAt } from './address.ts';

export const ARP_TYPE = 0x0806;
const FRAME_BYTES = 60;
const ARP_END = 42;
/** Ethernet, IPv4, addresses of six and four bytes (RFC 826). */
const KIND = Uint8Array.of(0, 1, 8, 0, 6, 4);
const REQUEST = 1;
const REPLY = 2;

/**
 * Asks everybody who has an IPv4 address. Without a source address of the host's own it is 0.0.0.0, so that nobody's table
 * changes (an ARP probe, RFC 5227 §2.1.1); the answer comes to the MAC address all the same.
 */
export function arpRequest(mac: Uint8Array, source: Uint8Array, target: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES);
  frame.fill(0xff, 0, 6);
  frame.set(mac, 6);
  frame.set([ARP_TYPE >>> 8, ARP_TYPE & 0xff], 12);
  frame.set(KIND, 14);
  frame[21] = REQUEST;
  frame.set(mac, 22);
  frame.set(source, 28);
  frame.set(target, 38);
  return frame;
}

/** The IPv4 address that an ARP reply to this MAC address tells of; undefined for anything else. */
export function arpReplySender(frame: Uint8Array, mac: Uint8Array): Uint8Array | undefined {
  if (frame.length < ARP_END || !hasAt(frame, 0, mac) || !hasAt(frame, 14, KIND)) return undefined;
  if (frame[20] !== 0 || frame[21] !== REPLY || !hasAt(frame, 32, mac)) return undefined;
  return frame.subarray(28, 32);
}
