/** Addresses of the VMs of a test: VM n has `02:00:00:00:00:<n>`. */
export function macOf(vm: number): string {
  return `02:00:00:00:${((vm >>> 8) & 0xff).toString(16).padStart(2, '0')}:${(vm & 0xff).toString(16).padStart(2, '0')}`;
}

/** Somebody beyond the host. */
export const BEYOND = '06:00:00:00:00:99';
export const BROADCAST = 'ff:ff:ff:ff:ff:ff';
export const MULTICAST = '01:00:5e:00:00:01';

export interface GivenFrame {
  readonly from: string;
  readonly to?: string;
  /** Length in bytes; 64 unless said otherwise. */
  readonly bytes?: number;
  /** A number that tells it apart, read again by `markOf`. */
  readonly mark?: number;
  /** EtherType. */
  readonly type?: number;
}

const MARK_AT = 14;

/** A frame of any length, also one that is cut off in its header. */
export function frame({ from, to = BEYOND, bytes = 64, mark = 0, type = 0x88b5 }: GivenFrame): Uint8Array {
  const whole = new Uint8Array(Math.max(bytes, MARK_AT + 4));
  whole.set(addressBytes(to), 0);
  whole.set(addressBytes(from), 6);
  const view = new DataView(whole.buffer);
  view.setUint16(12, type);
  view.setUint32(MARK_AT, mark);
  return whole.slice(0, bytes);
}

export function markOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(MARK_AT);
}

export function sourceOf(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(6, 12), (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function addressBytes(address: string): number[] {
  return address.split(':').map((byte) => Number.parseInt(byte, 16));
}
