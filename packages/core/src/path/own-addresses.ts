import { isIPv4 } from 'node:net';
import type { VmTable } from '@fairlead/sdk';
import { ipv6Bytes } from '../ip-address.ts';

const TYPE_IPV4 = 0x0800;
const TYPE_ARP = 0x0806;
const TYPE_RARP = 0x8035;
const TYPE_IPV6 = 0x86dd;
const TYPE_VLAN = 0x8100; // IEEE 802.1Q C-tag
const TYPE_QINQ = 0x88a8; // IEEE 802.1ad S-tag

const ARP_BYTES = 28;
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const ICMPV6 = 58;
const FRAGMENT = 44;
/** Extension headers that are looked through: hop-by-hop, routing, fragment, destination options (RFC 8200 §4.1). */
const EXTENSIONS: readonly number[] = [0, 43, FRAGMENT, 60];
/** One of each kind, and destination options twice. */
const MOST_EXTENSIONS = 5;
/** Router solicitation to neighbour advertisement: where their options begin (RFC 4861 §4.1 to §4.4). */
const ND_OPTIONS_AT: Readonly<Record<number, number>> = { 133: 8, 134: 16, 135: 24, 136: 24 };
const ADVERTISEMENT = 136;

/**
 * Says of a frame, `memory[start] … memory[start + bytes - 1]`, whether every address by which it names its sender is
 * one of the VM's own.
 */
export type OwnAddresses = (vm: number, memory: Uint8Array, start: number, bytes: number) => boolean;

/**
 * The check of port security `mac+ip`. The Ethernet source is not its business; it looks at
 *
 * - ARP and RARP: sender MAC, and sender IP unless it is 0.0.0.0, as in a probe (RFC 5227 §2.1.1);
 * - IPv4: source, or 0.0.0.0 to the broadcast address, as DHCP begins (RFC 2131 §4.1);
 * - IPv6: source, the link-local address that follows from the MAC (RFC 4291, appendix A), or `::` to a group, as when
 *   an address is tried out (RFC 4862 §5.4);
 * - neighbour discovery: the link-layer addresses in its options, and the address that an advertisement speaks for.
 *
 * Headers of these that are cut short cannot be checked, so they are not the VM's own. A VM without addresses may use
 * any IP address; its MAC is checked. Frames of every other type pass.
 */
export function createOwnAddresses(vms: VmTable, addresses: readonly (readonly string[])[]): OwnAddresses {
  const owned = Array.from({ length: vms.count }, (_, vm) => ownedBy(vms, vm, addresses[vm] ?? []));
  return (vm, memory, start, bytes) => {
    const own = owned[vm] as Owned;
    const end = start + bytes;
    let at = start + 12;
    let type = (memory[at] << 8) | memory[at + 1];
    for (let tags = 0; type === TYPE_VLAN || type === TYPE_QINQ; tags++) {
      if (tags === 2 || at + 6 > end) return false;
      at += 4;
      type = (memory[at] << 8) | memory[at + 1];
    }
    at += 2;
    if (type === TYPE_ARP || type === TYPE_RARP) return isOwnArp(own, memory, at, end);
    if (type === TYPE_IPV4) return isOwnIpv4(own, memory, at, end);
    return type !== TYPE_IPV6 || isOwnIpv6(own, memory, at, end);
  };
}

interface Owned {
  readonly mac: Uint8Array;
  /** No addresses are known: any will do. */
  readonly any: boolean;
  readonly v4: readonly Uint8Array[];
  readonly v6: readonly Uint8Array[];
}

function ownedBy(vms: VmTable, vm: number, addresses: readonly string[]): Owned {
  const mac = new Uint8Array(6);
  const view = new DataView(mac.buffer);
  view.setInt32(0, vms.macWord0[vm], true);
  view.setInt16(4, vms.macWord1[vm], true);
  const linkLocal = Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...mac.subarray(0, 3), 0xff, 0xfe, ...mac.subarray(3));
  linkLocal[8] ^= 2;
  return {
    mac,
    any: addresses.length === 0,
    v4: addresses.filter(isIPv4).map((address) => Uint8Array.from(address.split('.').map(Number))),
    v6: [linkLocal, ...addresses.filter((one) => !isIPv4(one)).map((one) => Uint8Array.from(ipv6Bytes(one)))],
  };
}

function isOwnArp({ mac, any, v4 }: Owned, memory: Uint8Array, at: number, end: number): boolean {
  if (at + ARP_BYTES > end || memory[at + 4] !== 6 || memory[at + 5] !== 4) return false;
  if (!isAt(mac, memory, at + 8)) return false;
  return any || isZero(memory, at + 14, 4) || isOneOf(v4, memory, at + 14);
}

function isOwnIpv4({ any, v4 }: Owned, memory: Uint8Array, at: number, end: number): boolean {
  if (at + IPV4_BYTES > end) return false;
  if (any || isOneOf(v4, memory, at + 12)) return true;
  return isZero(memory, at + 12, 4) && isAt(BROADCAST_IP, memory, at + 16);
}

const BROADCAST_IP = Uint8Array.of(255, 255, 255, 255);

function isOwnIpv6(own: Owned, memory: Uint8Array, at: number, end: number): boolean {
  if (at + IPV6_BYTES > end) return false;
  const source = at + 8;
  const toGroup = memory[at + 24] === 0xff;
  if (!own.any && !isOneOf(own.v6, memory, source) && !(toGroup && isZero(memory, source, 16))) return false;
  end = Math.min(end, at + IPV6_BYTES + ((memory[at + 4] << 8) | memory[at + 5])); // what follows is padding
  let next = memory[at + 6];
  let header = at + IPV6_BYTES;
  let fragment = false;
  for (let i = 0; EXTENSIONS.includes(next); i++) {
    if (i === MOST_EXTENSIONS || header + 8 > end) return false;
    if (next === FRAGMENT) {
      fragment = true;
      if (((memory[header + 2] << 8) | memory[header + 3]) >>> 3 !== 0) return true; // nothing without the first one
    }
    const bytes = next === FRAGMENT ? 8 : (memory[header + 1] + 1) * 8;
    next = memory[header];
    header += bytes;
  }
  if (next !== ICMPV6) return true;
  if (header + 4 > end) return false;
  const optionsAt = ND_OPTIONS_AT[memory[header]];
  if (optionsAt === undefined) return true;
  return !fragment && isOwnDiscovery(own, memory, header, header + optionsAt, end); // RFC 6980 §5
}

function isOwnDiscovery(
  { mac, any, v6 }: Owned,
  memory: Uint8Array,
  at: number,
  options: number,
  end: number,
): boolean {
  if (options > end) return false;
  if (memory[at] === ADVERTISEMENT && !any && !isOneOf(v6, memory, at + 8)) return false;
  for (let option = options; option + 8 <= end; ) {
    const isLinkLayer = memory[option] === 1 || memory[option] === 2;
    if (isLinkLayer && !isAt(mac, memory, option + 2)) return false;
    if (memory[option + 1] === 0) return false; // RFC 4861 §4.6: such a packet is discarded
    option += memory[option + 1] * 8;
  }
  return true;
}

function isOneOf(own: readonly Uint8Array[], memory: Uint8Array, at: number): boolean {
  for (const one of own) if (isAt(one, memory, at)) return true;
  return false;
}

function isAt(bytes: Uint8Array, memory: Uint8Array, at: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (memory[at + i] !== bytes[i]) return false;
  return true;
}

function isZero(memory: Uint8Array, at: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (memory[at + i] !== 0) return false;
  return true;
}
