import { formatMac } from '@fairlead/sdk';

/** A MAC beyond the host: whoever it is, a frame for it has to leave by a NIC. */
export const OUTSIDE = '02:00:00:ff:ff:01';

export const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** EtherType for local experiments (IEEE 802, clause 9). */
const EXPERIMENTAL = 0x88b5;
const NUMBER_AT = 14;

export interface FrameParts {
  readonly destination?: string;
  /** Carried in the frame, to know it again. */
  readonly number?: number;
  /** Length from destination MAC to the end of the payload; 1000 when left out. */
  readonly bytes?: number;
}

/** An Ethernet frame from a MAC. */
export function frame(
  source: string,
  { destination = OUTSIDE, number = 0, bytes = 1000 }: FrameParts = {},
): Uint8Array {
  const made = new Uint8Array(bytes);
  made.set(macBytes(destination), 0);
  made.set(macBytes(source), 6);
  const view = new DataView(made.buffer);
  view.setUint16(12, EXPERIMENTAL);
  view.setUint32(NUMBER_AT, number);
  return made;
}

/** Frames numbered `from`, `from + 1` … */
export function frames(count: number, source: string, parts: FrameParts = {}): Uint8Array[] {
  const from = parts.number ?? 0;
  return Array.from({ length: count }, (_, i) => frame(source, { ...parts, number: from + i }));
}

/** Group addresses too, which `parseMac` refuses. */
function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16));
}

export function numberOf(seen: Uint8Array): number {
  return new DataView(seen.buffer, seen.byteOffset).getUint32(NUMBER_AT);
}

export function sourceOf(seen: Uint8Array): string {
  return formatMac(seen, 6);
}

/** 0, 1 … count - 1: the numbers of `frames(count, …)`. */
export function upTo(count: number): number[] {
  return [...Array(count).keys()];
}
