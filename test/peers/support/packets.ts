import { BROADCAST, OUTSIDE } from '../../requirements/support/frames.ts';

const MIN_FRAME_BYTES = 60;
const ETHERNET_BYTES = 14;

const macOf = (mac: string): number[] => mac.split(':').map((byte) => Number.parseInt(byte, 16));
const ipOf = (ip: string): number[] => ip.split('.').map(Number);
/** An IPv6 address without `::`, which keeps this short. */
const ip6Of = (ip: string): number[] =>
  ip.split(':').flatMap((word) => [Number.parseInt(word, 16) >>> 8, Number.parseInt(word, 16) & 0xff]);

/** An Ethernet frame of at least 60 bytes around a payload. */
export function ethernet(from: string, to: string, type: number, payload: readonly number[]): Uint8Array {
  const made = new Uint8Array(Math.max(MIN_FRAME_BYTES, ETHERNET_BYTES + payload.length));
  made.set([...macOf(to), ...macOf(from), type >>> 8, type & 0xff, ...payload]);
  return made;
}

/** An ARP request (RFC 826): `sha` and `spa` are what it says of its sender. */
export function arp(from: string, sha: string, spa: string): Uint8Array {
  const wanted = [...macOf('00:00:00:00:00:00'), ...ipOf('10.0.0.254')];
  return ethernet(from, BROADCAST, 0x0806, [0, 1, 8, 0, 6, 4, 0, 1, ...macOf(sha), ...ipOf(spa), ...wanted]);
}

/** A UDP datagram without payload in IPv4 (RFC 791, RFC 768). */
export function ipv4(from: string, source: string, destination = '10.0.9.9'): Uint8Array {
  const header = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, ...ipOf(source), ...ipOf(destination)];
  return ethernet(from, OUTSIDE, 0x0800, [...header, 0, 68, 0, 67, 0, 8, 0, 0]);
}

/** An IPv6 packet (RFC 8200). */
export function ipv6(from: string, source: string, next: number, payload: readonly number[]): Uint8Array {
  const header = [0x60, 0, 0, 0, payload.length >>> 8, payload.length & 0xff, next, 255];
  return ethernet(from, OUTSIDE, 0x86dd, [...header, ...ip6Of(source), ...ip6Of('2001:db8:0:0:0:0:0:99'), ...payload]);
}

/** A neighbour solicitation, 135, or advertisement, 136, with a link-layer address in its options (RFC 4861 §4.3, §4.4). */
export function discovery(type: 135 | 136, target: string, linkLayer: string): number[] {
  return [type, 0, 0, 0, 0, 0, 0, 0, ...ip6Of(target), type === 135 ? 1 : 2, 1, ...macOf(linkLayer)];
}
