/** What a frame of a scenario is; `noise` is bytes without meaning, behind a header or not. */
export type FrameSort = 'arp' | 'data' | 'syn' | 'udp' | 'noise';

/** A frame, told short: what it is, how long, and from which of many sources. */
export interface FrameSketch {
  readonly sort: FrameSort;
  readonly bytes: number;
  readonly source: number;
}

const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_IPV4 = 0x0800;
const TCP = 6;
const UDP = 17;
const SYN = 0x02;
const ACK = 0x10;

/** Frames but for their source, by sort and length: a scenario has thousands of a few. */
const templates = new Map<string, Uint8Array>();

/**
 * Writes the frame to `memory` from `offset` on: Ethernet, and where it fits IPv4 (RFC 791) with TCP (RFC 9293) or UDP.
 * Addresses and ports follow from the source's number; the checksums are left at 0.
 */
export function writeFrame({ sort, bytes, source }: FrameSketch, memory: Uint8Array, offset: number): void {
  const key = `${sort} ${bytes}`;
  let template = templates.get(key);
  if (template === undefined) {
    template = sort === 'noise' ? noise(bytes) : frameWithoutSource(sort, bytes);
    templates.set(key, template);
  }
  memory.set(template, offset);
  const end = offset + bytes;
  put(memory, offset + 8, source >>> 16, end);
  put(memory, offset + 10, source, end);
  if (sort === 'arp' || bytes < HEADERS_BYTES) return;
  put(memory, offset + 26, 0x0a00 | ((source >>> 16) & 0xff), end);
  put(memory, offset + 28, source, end);
  put(memory, offset + 34, 1024 + (source % 60_000), end);
}

/** Ethernet, IPv4 and TCP without options. */
const HEADERS_BYTES = 54;

function noise(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Math.imul(i + 1, bytes + 0x9e3779b1) >>> 24);
}

function frameWithoutSource(sort: FrameSort, bytes: number): Uint8Array {
  const frame = new Uint8Array(bytes).fill(0x55);
  frame.set([0x52, 0x54, 0, 0, 0, 1, 0x02, 0].slice(0, bytes));
  put(frame, 12, sort === 'arp' ? ETHERTYPE_ARP : ETHERTYPE_IPV4, bytes);
  if (sort === 'arp' || bytes < HEADERS_BYTES) return frame;
  frame.fill(0, 14, HEADERS_BYTES);
  frame[14] = 0x45;
  put(frame, 16, bytes - 14, bytes);
  frame[22] = 64;
  frame[23] = sort === 'udp' ? UDP : TCP;
  frame.set([192, 0, 2, 1], 30);
  put(frame, 36, 443, bytes);
  if (sort === 'udp') put(frame, 38, bytes - 34, bytes);
  else {
    frame[46] = 0x50;
    frame[47] = sort === 'syn' ? SYN : ACK;
  }
  return frame;
}

function put(memory: Uint8Array, at: number, value: number, end: number): void {
  if (at + 1 >= end) return;
  memory[at] = value >>> 8;
  memory[at + 1] = value;
}
