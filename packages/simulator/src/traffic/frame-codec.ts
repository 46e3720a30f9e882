import { parseMac } from '@fairlead/sdk';
import { MAX_SACKS, type Packet, PacketKind } from './packet.ts';

/** One end of a flow as the headers name it. */
export interface Address {
  readonly mac: Uint8Array;
  /** IPv4 address as a number. */
  readonly ip: number;
  readonly port: number;
  /** For many behind one MAC address, as behind a router: address and port of the packet with a number. */
  readonly ipOf?: (number: number) => number;
  readonly portOf?: (number: number) => number;
}

const MAGIC = 0x46_4c_53_00; // 'FLS', and the kind in the last byte
const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;
const TCP = 6;
const UDP = 17;
const TCP_BYTES = 20;
const FLAGS_AT = ETHERNET_BYTES + IPV4_BYTES + 13;
const UDP_BYTES = 8;
/** Words behind the headers: magic and kind, flow, number, stamp (two). Selective acknowledgements follow. */
const BODY_WORDS = 5;
/** Frames start two bytes past a word, in the pool as here, so that what follows the headers lies on words. */
const LEAD_BYTES = 2;

/** Payload of a frame of TCP begins here; that of UDP at `UDP_PAYLOAD_AT`. */
export const TCP_PAYLOAD_AT = ETHERNET_BYTES + IPV4_BYTES + TCP_BYTES;
const UDP_PAYLOAD_AT = ETHERNET_BYTES + IPV4_BYTES + UDP_BYTES;
/** An acknowledgement without selective ones: as long as a bare one with timestamps, but for 8 bytes. Data is no shorter. */
export const ACK_BYTES = TCP_PAYLOAD_AT + 4 * BODY_WORDS;

const stamp = new Float64Array(1);
const stampWords = new Int32Array(stamp.buffer);

/** Writes the packets of one direction of a flow as frames: Ethernet, IPv4, TCP or UDP, and behind it the packet. */
export class FrameWriter {
  /** The frame is `memory[start] … memory[start + bytes - 1]`. */
  readonly memory: Uint8Array;
  readonly start = LEAD_BYTES;
  readonly #words: Int32Array;
  readonly #body: number;

  constructor(from: Address, to: Address, reliable: boolean, maxBytes: number) {
    const buffer = new ArrayBuffer((LEAD_BYTES + maxBytes + 7) & ~7);
    this.memory = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    const view = new DataView(buffer, LEAD_BYTES);
    this.memory.set(to.mac, LEAD_BYTES);
    this.memory.set(from.mac, LEAD_BYTES + 6);
    view.setUint16(12, 0x0800);
    view.setUint8(14, 0x45); // IPv4, header of five words (RFC 791 §3.1)
    view.setUint8(20, 0x40); // do not fragment
    view.setUint8(22, 64);
    view.setUint8(23, reliable ? TCP : UDP);
    view.setUint32(26, from.ip);
    view.setUint32(30, to.ip);
    view.setUint16(34, from.port);
    view.setUint16(36, to.port);
    if (reliable) view.setUint8(46, 0x50); // header of five words (RFC 9293 §3.1); flags follow with each packet
    this.#body = (LEAD_BYTES + (reliable ? TCP_PAYLOAD_AT : UDP_PAYLOAD_AT)) >> 2;
    this.#setLength = (bytes) => {
      view.setUint16(16, bytes - ETHERNET_BYTES);
      if (!reliable) view.setUint16(38, bytes - ETHERNET_BYTES - IPV4_BYTES);
    };
    this.#reliable = reliable;
    const varying = [from.ipOf, from.portOf, to.ipOf, to.portOf].some((of) => of !== undefined);
    if (!varying) return;
    this.#vary = (number) => {
      if (from.ipOf !== undefined) view.setUint32(26, from.ipOf(number));
      if (to.ipOf !== undefined) view.setUint32(30, to.ipOf(number));
      if (from.portOf !== undefined) view.setUint16(34, from.portOf(number));
      if (to.portOf !== undefined) view.setUint16(36, to.portOf(number));
    };
  }

  readonly #setLength: (bytes: number) => void;
  readonly #reliable: boolean;
  #vary: ((number: number) => void) | undefined;
  #bytes = 0;

  write(packet: Packet): void {
    if (packet.bytes !== this.#bytes) {
      this.#bytes = packet.bytes;
      this.#setLength(packet.bytes);
    }
    if (this.#reliable) this.memory[LEAD_BYTES + FLAGS_AT] = packet.flags;
    this.#vary?.(packet.number);
    const words = this.#words;
    const at = this.#body;
    words[at] = MAGIC | packet.kind;
    words[at + 1] = packet.flow;
    words[at + 2] = packet.number;
    stamp[0] = packet.stampUs;
    words[at + 3] = stampWords[0];
    words[at + 4] = stampWords[1];
    for (let i = 0; i < 2 * packet.sackCount; i++) words[at + BODY_WORDS + i] = packet.sacks[i];
  }
}

/** Reads frames of the simulated traffic out of the frame pool. */
export class FrameReader {
  readonly #memory: Uint8Array;
  readonly #words: Int32Array;

  constructor(memory: Uint8Array) {
    this.#memory = memory;
    this.#words = new Int32Array(memory.buffer, memory.byteOffset, memory.length >> 2);
  }

  /** Reads the frame at `at` into `packet`. False: it is none of the simulated traffic. */
  read(at: number, bytes: number, packet: Packet): boolean {
    packet.bytes = bytes;
    const payload = this.#memory[at + 23] === TCP ? TCP_PAYLOAD_AT : UDP_PAYLOAD_AT;
    if (bytes < payload + 4 * BODY_WORDS || ((at + payload) & 3) !== 0) return false;
    const words = this.#words;
    const body = (at + payload) >> 2;
    if ((words[body] & ~0xff) !== MAGIC) return false;
    packet.kind = (words[body] & 3) as PacketKind;
    packet.flags = this.#memory[at + FLAGS_AT];
    packet.flow = words[body + 1];
    packet.number = words[body + 2];
    stampWords[0] = words[body + 3];
    stampWords[1] = words[body + 4];
    packet.stampUs = stamp[0];
    packet.sackCount = 0;
    if (packet.kind !== PacketKind.Ack) return true;
    const pairs = (bytes - payload - 4 * BODY_WORDS) >> 3;
    packet.sackCount = pairs < MAX_SACKS ? pairs : MAX_SACKS;
    for (let i = 0; i < 2 * packet.sackCount; i++) packet.sacks[i] = words[body + BODY_WORDS + i];
    return true;
  }
}

/** Writes a packet that arrives from the network where the host wants it: `memory[at]` onwards. */
export function copyFrame(writer: FrameWriter, memory: Uint8Array, at: number, bytes: number): void {
  memory.set(writer.memory.subarray(writer.start, writer.start + bytes), at);
}

/** Address of what is beyond the NICs, by its number: locally administered (IEEE 802 §8.4), in 10.128.0.0/9. */
export function remoteAddress(number: number, port: number): Address {
  const low = (number & 0xff).toString(16).padStart(2, '0');
  const high = ((number >> 8) & 0xff).toString(16).padStart(2, '0');
  return { mac: parseMac(`02:00:5e:10:${high}:${low}`), ip: 0x0a_80_00_01 + number, port };
}

/** Address of a VM, by its number, in 10.0.0.0/9. */
export function vmAddress(mac: string, number: number, port: number): Address {
  return { mac: parseMac(mac), ip: 0x0a_00_00_01 + number, port };
}
