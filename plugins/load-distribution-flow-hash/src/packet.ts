import { mix, word } from './mix.ts';

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const VLAN = 0x8100; // IEEE 802.1Q C-tag
const QINQ = 0x88a8; // IEEE 802.1ad S-tag
const BRIDGED = 0x6558; // Ethernet in GRE (RFC 7637 §3.2)
const MAX_TAGS = 2;
/** Headers of layer 3 in one frame that are looked at: tunnels, and the packet that an ICMP error is about. */
const MAX_PACKETS = 4;

const Protocol = { Icmp: 1, IpIp: 4, Tcp: 6, Udp: 17, Dccp: 33, Ipv6: 41, Gre: 47, Esp: 50, Ah: 51 } as const;
const { Icmp, IpIp, Tcp, Udp, Dccp, Ipv6, Gre, Esp, Ah } = Protocol;
const ICMPV6 = 58;
const SCTP = 132;
const UDP_LITE = 136;
/** RFC 792: unreachable 3, quench 4, redirect 5, time exceeded 11, parameter problem 12. Those of RFC 4443 are 1 to 4. */
const ICMP_ERRORS = (1 << 3) | (1 << 4) | (1 << 5) | (1 << 11) | (1 << 12);

/**
 * The headers of one frame, as far as they are whole: what is cut short counts as not being there. Nothing at or behind
 * the frame's end is read. One object is used for every frame.
 *
 * Which fields a flow has is as in the Linux bonding driver (bond_flow_dissect, drivers/net/bonding/bond_main.c):
 * fragments have no ports, since only the first one carries them; an ICMP error belongs to the flow of the packet that it
 * quotes; an ICMP echo has its identifier.
 */
export class Packet {
  /** EtherType behind the tags; -1 when the frame ends before it. */
  type = -1;
  /** The VLANs of up to two tags, as one number; 0 without tags. */
  vlans = 0;
  /** The two addresses of layer 3, mixed alike in both directions. */
  addresses = 0;
  /** The two ports, mixed alike in both directions, or what stands for them; 0 when there are none. */
  ports = 0;
  /** Where the header behind the last tag begins. */
  #at = 0;
  #protocol = -1;
  #icmpError = false;
  /** EtherType of what is in a GRE packet. */
  #innerType = -1;

  /** Reads the type and the tags of a frame of `end - start` bytes. */
  readTags(memory: Uint8Array, start: number, end: number): void {
    this.vlans = 0;
    this.#readType(memory, start, end);
  }

  #readType(memory: Uint8Array, start: number, end: number): void {
    let at = start + 12;
    this.type = at + 2 <= end ? (memory[at] << 8) | memory[at + 1] : -1;
    for (let tags = 0; tags < MAX_TAGS && (this.type === VLAN || this.type === QINQ); tags++) {
      if (at + 6 > end) {
        this.type = -1;
        break;
      }
      this.vlans = (this.vlans << 12) | ((memory[at + 2] & 0x0f) << 8) | memory[at + 3];
      at += 4;
      this.type = (memory[at] << 8) | memory[at + 1];
    }
    this.#at = at + 2;
  }

  /** Reads layers 3 and 4, after `readTags`; false when the frame is not IP. */
  readPacket(memory: Uint8Array, end: number, encapsulated: boolean): boolean {
    let { type } = this;
    let at = this.#at;
    let found = false;
    for (let packets = 0; packets < MAX_PACKETS; packets++) {
      const behind = this.#readHeader(memory, at, end, type);
      if (behind < 0) break;
      found = true;
      this.ports = 0;
      const into = this.#readTransport(memory, behind, end, encapsulated);
      if (into < 0) break;
      if (this.#icmpError) encapsulated = false; // what is quoted is looked at once
      if (this.#protocol === Gre) type = this.#innerType;
      else if (this.#protocol === IpIp) type = IPV4;
      else if (this.#protocol === Ipv6) type = IPV6;
      at = into;
      if (type !== IPV4 && type !== IPV6) break;
    }
    return found;
  }

  /** An IP header: its addresses; returns where it ends, -1 when there is none. */
  #readHeader(memory: Uint8Array, at: number, end: number, type: number): number {
    this.#protocol = -1;
    if (type === IPV4 && at + 20 <= end) {
      const headerBytes = (memory[at] & 0x0f) * 4;
      if (memory[at] >>> 4 !== 4 || headerBytes < 20) return -1;
      this.addresses = mix(word(memory, at + 12)) + mix(word(memory, at + 16));
      const fragment = ((memory[at + 6] & 0x3f) | memory[at + 7]) !== 0;
      if (!fragment) this.#protocol = memory[at + 9];
      return at + headerBytes;
    }
    if (type === IPV6 && at + 40 <= end && memory[at] >>> 4 === 6) {
      let source = 0;
      let destination = 0;
      for (let part = at + 8; part < at + 24; part += 4) {
        source = mix(source ^ word(memory, part));
        destination = mix(destination ^ word(memory, part + 16));
      }
      this.addresses = source + destination;
      this.#protocol = memory[at + 6]; // an extension header is no protocol with ports, nor is a fragment's
      return at + 40;
    }
    return -1;
  }

  /** What stands behind an IP header: its ports; returns where another packet is to be looked for, -1 for none. */
  #readTransport(memory: Uint8Array, at: number, end: number, encapsulated: boolean): number {
    const protocol = this.#protocol;
    this.#icmpError = false;
    switch (protocol) {
      case Tcp:
      case Udp:
      case Dccp:
      case SCTP:
      case UDP_LITE:
        if (at + 4 <= end)
          this.ports = mix((memory[at] << 8) | memory[at + 1]) + mix((memory[at + 2] << 8) | memory[at + 3]);
        return -1;
      case Esp:
      case Ah: {
        const spi = protocol === Esp ? at : at + 4;
        if (spi + 4 <= end) this.ports = mix(word(memory, spi));
        return -1;
      }
      case Icmp:
      case ICMPV6:
        return this.#readIcmp(memory, at, end, protocol);
      case IpIp:
      case Ipv6:
        return encapsulated ? at : -1;
      case Gre:
        return encapsulated ? this.#readGre(memory, at, end) : -1;
      default:
        return -1;
    }
  }

  #readIcmp(memory: Uint8Array, at: number, end: number, protocol: number): number {
    if (at + 8 > end) return -1;
    const type = memory[at];
    const isEcho = protocol === Icmp ? type === 0 || type === 8 : type === 128 || type === 129;
    if (isEcho) this.ports = mix((memory[at + 4] << 8) | memory[at + 5]);
    const isError = protocol === Icmp ? type < 32 && ((ICMP_ERRORS >>> type) & 1) === 1 : type >= 1 && type <= 4;
    this.#icmpError = isError;
    return isError ? at + 8 : -1;
  }

  /** RFC 2784, RFC 2890: version 0, with checksum, key and sequence number or without; no source routes (RFC 1701). */
  #readGre(memory: Uint8Array, at: number, end: number): number {
    if (at + 4 > end || (memory[at] & 0x40) !== 0 || (memory[at + 1] & 0x07) !== 0) return -1;
    const flags = memory[at];
    const optional = ((flags >>> 7) & 1) + ((flags >>> 5) & 1) + ((flags >>> 4) & 1);
    this.#innerType = (memory[at + 2] << 8) | memory[at + 3];
    const inner = at + 4 + 4 * optional;
    if (this.#innerType !== BRIDGED) return inner;
    const { type, vlans } = this;
    this.#readType(memory, inner, end);
    this.#innerType = this.type;
    this.type = type; // the frame's own stay those that stand in it first
    this.vlans = vlans;
    return this.#at;
  }
}
