/** Bytes of the shortest Ethernet frame without its checksum. */
const MIN_FRAME_BYTES = 60;
const BROADCAST = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

function ethernet(to: readonly number[], from: Uint8Array, type: number, payloadBytes: number): Uint8Array {
  const frame = new Uint8Array(Math.max(MIN_FRAME_BYTES, 14 + payloadBytes));
  frame.set(to, 0);
  frame.set(from, 6);
  frame[12] = type >>> 8;
  frame[13] = type & 0xff;
  return frame;
}

/** An (R)ARP packet for IPv4 over Ethernet (RFC 826, RFC 903). */
function arp(mac: Uint8Array, type: number, operation: number, address: readonly number[], target: Uint8Array) {
  const frame = ethernet(BROADCAST, mac, type, 28);
  frame.set([0, 1, 0x08, 0, 6, 4, 0, operation], 14);
  frame.set(mac, 22);
  frame.set(address, 28);
  frame.set(target, 32);
  frame.set(address, 38);
  return frame;
}

/** A reverse ARP request: tells switches where a MAC address is, without saying anything of its IP addresses. */
export function rarp(mac: Uint8Array): Uint8Array {
  return arp(mac, 0x8035, 3, [0, 0, 0, 0], mac);
}

/** A gratuitous ARP request (RFC 5227 §3): tells neighbours, too. */
export function gratuitousArp(mac: Uint8Array, address: readonly number[]): Uint8Array {
  return arp(mac, 0x0806, 1, address, new Uint8Array(6));
}

/** An unsolicited neighbour advertisement that overrides what neighbours know (RFC 4861 §7.2.6). */
export function neighbourAdvertisement(mac: Uint8Array, address: readonly number[]): Uint8Array {
  const allNodes = [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  const icmpBytes = 32;
  const frame = ethernet([0x33, 0x33, 0, 0, 0, 1], mac, 0x86dd, 40 + icmpBytes);
  frame.set([0x60, 0, 0, 0, 0, icmpBytes, 58, 255, ...address, ...allNodes], 14);
  const icmp = frame.subarray(54);
  icmp.set([136, 0, 0, 0, 0x20, 0, 0, 0, ...address, 2, 1, ...mac]);
  const sum = checksum([...address, ...allNodes, 0, 0, 0, icmpBytes, 0, 0, 0, 58, ...icmp]);
  icmp[2] = sum >>> 8;
  icmp[3] = sum & 0xff;
  return frame;
}

/** The Internet checksum (RFC 1071) of an even number of bytes. */
function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] as number) << 8) | (bytes[i + 1] as number);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
