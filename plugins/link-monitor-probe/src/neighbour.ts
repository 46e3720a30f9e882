import { hasAt, linkLocal } from './address.ts';

export const IPV6_TYPE = 0x86dd;
const IPV6_AT = 14;
const ICMP_AT = 54;
const TARGET_AT = 62;
const OPTION_AT = 78;
const SOLICITATION = 135;
const ADVERTISEMENT = 136;
const ICMPV6 = 58;
/** Nobody beyond the link can have sent a message that arrives with this hop limit (RFC 4861 §11.2). */
const HOP_LIMIT = 255;
const SOLICITED_NODE = [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff];

/** Asks for the neighbour with an IPv6 address, from the link-local address that goes with the MAC (RFC 4861 §4.3). */
export function neighbourSolicitation(mac: Uint8Array, target: Uint8Array): Uint8Array {
  const frame = new Uint8Array(OPTION_AT + 8);
  frame.set([0x33, 0x33, 0xff, ...target.subarray(13)], 0);
  frame.set(mac, 6);
  frame.set([IPV6_TYPE >>> 8, IPV6_TYPE & 0xff, 0x60, 0, 0, 0, 0, frame.length - ICMP_AT, ICMPV6, HOP_LIMIT], 12);
  frame.set(linkLocal(mac), 22);
  frame.set([...SOLICITED_NODE, ...target.subarray(13)], 38);
  frame[ICMP_AT] = SOLICITATION;
  frame.set(target, TARGET_AT);
  frame.set([1, 1, ...mac], OPTION_AT);
  const sum = checksum(frame, frame.length - ICMP_AT);
  frame.set([sum >>> 8, sum & 0xff], ICMP_AT + 2);
  return frame;
}

/** The target of a neighbour advertisement that was sent to this MAC address; undefined for anything else. */
export function advertisedTarget(frame: Uint8Array, mac: Uint8Array): Uint8Array | undefined {
  if (frame.length < OPTION_AT || !hasAt(frame, 0, mac) || (frame[IPV6_AT] as number) >>> 4 !== 6) return undefined;
  if (frame[20] !== ICMPV6 || frame[21] !== HOP_LIMIT || !hasAt(frame, 38, linkLocal(mac))) return undefined;
  const bytes = ((frame[18] as number) << 8) | (frame[19] as number);
  if (bytes < OPTION_AT - ICMP_AT || ICMP_AT + bytes > frame.length) return undefined;
  if (frame[ICMP_AT] !== ADVERTISEMENT || frame[ICMP_AT + 1] !== 0 || checksum(frame, bytes) !== 0) return undefined;
  return frame.subarray(TARGET_AT, OPTION_AT);
}

/** Of an ICMPv6 message of `bytes` bytes and its pseudo header (RFC 8200 §8.1); 0 over one that has the right one. */
export function checksum(frame: Uint8Array, bytes: number): number {
  let sum = bytes + ICMPV6;
  for (let at = 22; at < ICMP_AT + bytes; at += 2) {
    sum += ((frame[at] as number) << 8) | (at + 1 < ICMP_AT + bytes ? (frame[at + 1] as number) : 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
