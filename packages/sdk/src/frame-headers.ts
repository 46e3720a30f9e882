import { type FrameBurst, MAX_BATCH } from './batch.ts';

const TYPE_IPV4 = 0x0800;
const TYPE_IPV6 = 0x86dd;
const TYPE_VLAN = 0x8100; // IEEE 802.1Q C-tag
const TYPE_QINQ = 0x88a8; // IEEE 802.1ad S-tag
const TCP = 6;
const UDP = 17;
/** EtherType, version and length of the header, of a frame that has neither tags nor IP options. */
const PLAIN_IPV4 = 0x0800_4500;
/** With so many bytes all that is read of such a frame is there: Ethernet, IPv4, and TCP up to its flags. */
const PLAIN_BYTES = 48;
/** Of the word that begins with the offset of a fragment and ends with the protocol: the protocol alone when there is no offset. */
const FRAGMENT_AND_PROTOCOL = 0x1fff_00ff;

/** Bits of `FrameHeaders.tcpFlags` (RFC 9293, section 3.1). */
export const TcpFlag = { Fin: 1, Syn: 2, Rst: 4, Psh: 8, Ack: 16, Urg: 32 } as const;

/**
 * What the headers of a burst's frames say, one column per field, read once for all detectors that ask for it
 * (`needs: ['headers']`). Tags are looked through, two at most; whatever is cut short or no IP has 0 in its place.
 *
 * @example
 * ```ts
 * import { type FrameHeaders, TcpFlag } from '@fairlead/sdk';
 *
 * // Connections that somebody asks for.
 * function opened({ tcpFlags }: FrameHeaders, count: number): number {
 *   let opened = 0;
 *   for (let i = 0; i < count; i++) if ((tcpFlags[i] & (TcpFlag.Syn | TcpFlag.Ack)) === TcpFlag.Syn) opened++;
 *   return opened;
 * }
 * ```
 */
export class FrameHeaders {
  /** IP protocol number, of IPv6 the first next-header; 0 for what is no IP. */
  readonly protocol: Uint8Array;
  /** Source address: of IPv4 as a big-endian number, of IPv6 a 32-bit fold. */
  readonly source: Int32Array;
  /** Destination address, as `source`. */
  readonly destination: Int32Array;
  /** Source port in the upper half, destination port in the lower; 0 unless TCP or UDP, and for later fragments. */
  readonly ports: Int32Array;
  /** Flags of TCP, see `TcpFlag`; 0 for anything else. */
  readonly tcpFlags: Uint8Array;
  /** A hash of addresses, protocol and ports: the same for every frame of one direction of a connection. */
  readonly flow: Int32Array;

  #burst: FrameBurst | undefined;
  #read: (count: number) => void = () => undefined;

  constructor(capacity: number = MAX_BATCH) {
    this.protocol = new Uint8Array(capacity);
    this.source = new Int32Array(capacity);
    this.destination = new Int32Array(capacity);
    this.ports = new Int32Array(capacity);
    this.tcpFlags = new Uint8Array(capacity);
    this.flow = new Int32Array(capacity);
  }

  /** Reads the headers of a burst's frames. Called by the host, and by tests that fill a batch by hand. */
  read(burst: FrameBurst): void {
    if (burst !== this.#burst) {
      this.#burst = burst;
      this.#read = createRead(this, burst);
    }
    this.#read(burst.count);
  }
}

/**
 * A hot function: a closure over constants, so that V8 compiles the places of the columns in. Nearly all frames are
 * untagged IPv4 without options: five words and a byte are read of these, through a `DataView`, which turns a word of any
 * place round in one instruction. The others are looked at piece by piece.
 */
function createRead(columns: FrameHeaders, { memory, offset, bytes }: FrameBurst): (count: number) => void {
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  const { protocol, source, destination, ports, tcpFlags, flow } = columns;
  const fixed = { columns, view, memory, offset, bytes, protocol, source, destination, ports, tcpFlags, flow };
  return function read(count) {
    const { columns, view, memory, offset, bytes, protocol, source, destination, ports, tcpFlags, flow } = fixed;
    for (let i = 0; i < count; i = (i + 1) | 0) {
      const start = offset[i];
      const plain = bytes[i] >= PLAIN_BYTES && (view.getInt32((start + 12) | 0) & 0xffff_ff00) === PLAIN_IPV4;
      if (!plain) {
        readPiecemeal(columns, i, memory, start, start + bytes[i]);
        continue;
      }
      const fragmentAndProtocol = view.getInt32((start + 20) | 0);
      const kind = fragmentAndProtocol & 0xff;
      const from = view.getInt32((start + 26) | 0);
      const to = view.getInt32((start + 30) | 0);
      let both = 0;
      let flags = 0;
      const whole = fragmentAndProtocol & FRAGMENT_AND_PROTOCOL;
      if (whole === TCP) {
        both = view.getInt32((start + 34) | 0);
        flags = view.getUint8((start + 47) | 0);
      } else if (whole === UDP) both = view.getInt32((start + 34) | 0);
      protocol[i] = kind;
      source[i] = from;
      destination[i] = to;
      ports[i] = both;
      tcpFlags[i] = flags;
      let hash = Math.imul(from ^ ((to << 15) | (to >>> 17)), 0x9e37_79b1);
      hash = Math.imul(hash ^ (hash >>> 15) ^ both ^ kind, 0x85eb_ca6b);
      flow[i] = hash ^ (hash >>> 16);
    }
  };
}

function readPiecemeal(columns: FrameHeaders, i: number, memory: Uint8Array, start: number, end: number): void {
  let at = start + 12;
  let type = at + 2 <= end ? half(memory, at) : 0;
  for (let tags = 0; tags < 2 && (type === TYPE_VLAN || type === TYPE_QINQ) && at + 6 <= end; tags++) {
    at += 4;
    type = half(memory, at);
  }
  at += 2;
  let protocol = 0;
  let source = 0;
  let destination = 0;
  let payload = 0;
  if (type === TYPE_IPV4 && at + 20 <= end) {
    protocol = memory[at + 9];
    source = word(memory, at + 12);
    destination = word(memory, at + 16);
    const laterFragment = ((memory[at + 6] & 0x1f) | memory[at + 7]) !== 0;
    payload = laterFragment ? 0 : at + (memory[at] & 0x0f) * 4;
  } else if (type === TYPE_IPV6 && at + 40 <= end) {
    protocol = memory[at + 6];
    source = fold(memory, at + 8);
    destination = fold(memory, at + 24);
    payload = at + 40;
  }
  const hasPorts = (protocol === TCP || protocol === UDP) && payload !== 0 && payload + 4 <= end;
  const ports = hasPorts ? word(memory, payload) : 0;
  columns.protocol[i] = protocol;
  columns.source[i] = source;
  columns.destination[i] = destination;
  columns.ports[i] = ports;
  columns.tcpFlags[i] = hasPorts && protocol === TCP && payload + 14 <= end ? memory[payload + 13] : 0;
  columns.flow[i] = flowOf(protocol, source, destination, ports);
}

/** As it is written out in `createRead`: in one direction, of the same two addresses, no two pairs of ports share one. */
function flowOf(protocol: number, source: number, destination: number, ports: number): number {
  let hash = Math.imul(source ^ ((destination << 15) | (destination >>> 17)), 0x9e37_79b1);
  hash = Math.imul(hash ^ (hash >>> 15) ^ ports ^ protocol, 0x85eb_ca6b);
  return hash ^ (hash >>> 16);
}

function half(memory: Uint8Array, at: number): number {
  return (memory[at] << 8) | memory[at + 1];
}

function word(memory: Uint8Array, at: number): number {
  return (memory[at] << 24) | (memory[at + 1] << 16) | (memory[at + 2] << 8) | memory[at + 3];
}

function fold(memory: Uint8Array, at: number): number {
  return mix(mix(mix(word(memory, at), word(memory, at + 4)), word(memory, at + 8)), word(memory, at + 12));
}

function mix(hash: number, value: number): number {
  const mixed = hash ^ Math.imul(value, 0xcc9e2d51);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}
