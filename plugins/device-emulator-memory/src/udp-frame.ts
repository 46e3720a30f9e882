/* Ethernet II, IPv4 without options (RFC 791 §3.1), UDP (RFC 768). */
const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;
const IPV4_AT = ETHERNET_BYTES;
const UDP_AT = ETHERNET_BYTES + IPV4_BYTES;
const SOURCE_PORT_AT = UDP_AT;
const CHECKSUM_AT = UDP_AT + 6;
/** First port of the dynamic range (RFC 6335 §6). */
const FIRST_PORT = 49_152;
/** Discard (RFC 863). */
const DISCARD_PORT = 9;
const UDP_PROTOCOL = 17;

/**
 * A UDP datagram in an Ethernet frame that becomes one of many flows by its source port. The IP addresses are 10.x.y.z
 * with the last three bytes of the MAC of each side.
 */
export class UdpFrame {
  readonly bytes: Uint8Array;
  /** Sum of all that the UDP checksum covers but for the source port. */
  readonly #sumWithoutPort: number;

  constructor(frameBytes: number, source: Uint8Array, destination: Uint8Array) {
    const frame = new Uint8Array(frameBytes);
    const view = new DataView(frame.buffer);
    frame.set(destination, 0);
    frame.set(source, 6);
    view.setUint16(12, 0x0800);
    frame[IPV4_AT] = 0x45;
    view.setUint16(IPV4_AT + 2, frameBytes - ETHERNET_BYTES);
    // Don't fragment: such a datagram may have any identification (RFC 6864 §4.1), so one header serves all.
    view.setUint16(IPV4_AT + 6, 0x4000);
    frame[IPV4_AT + 8] = 64;
    frame[IPV4_AT + 9] = UDP_PROTOCOL;
    frame.set([10, source[3], source[4], source[5]], IPV4_AT + 12);
    frame.set([10, destination[3], destination[4], destination[5]], IPV4_AT + 16);
    view.setUint16(IPV4_AT + 10, ~fold(sumWords(frame, IPV4_AT, UDP_AT)) & 0xffff);
    const udpBytes = frameBytes - UDP_AT;
    view.setUint16(UDP_AT + 2, DISCARD_PORT);
    view.setUint16(UDP_AT + 4, udpBytes);
    for (let at = UDP_AT + 8; at < frameBytes; at++) frame[at] = at & 0xff;
    // The pseudo header: both addresses, the protocol and the length once more.
    this.#sumWithoutPort =
      sumWords(frame, IPV4_AT + 12, UDP_AT) + UDP_PROTOCOL + udpBytes + sumWords(frame, UDP_AT, frameBytes);
    this.bytes = frame;
  }

  /** Makes it a frame of flow `flow`, 0 to 16,383. */
  setFlow(flow: number): void {
    const port = FIRST_PORT + flow;
    this.bytes[SOURCE_PORT_AT] = port >> 8;
    this.bytes[SOURCE_PORT_AT + 1] = port & 0xff;
    // A computed 0 is sent as all ones, since 0 says that there is no checksum.
    const checksum = ~fold(this.#sumWithoutPort + port) & 0xffff || 0xffff;
    this.bytes[CHECKSUM_AT] = checksum >> 8;
    this.bytes[CHECKSUM_AT + 1] = checksum & 0xff;
  }
}

/** Sum of the 16-bit big-endian words from `from` up to `to`, an odd last byte padded with zero. */
function sumWords(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at += 2) sum += (bytes[at] << 8) | (at + 1 < to ? bytes[at + 1] : 0);
  return sum;
}

/** One's complement sum in 16 bits (RFC 1071). */
function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}
