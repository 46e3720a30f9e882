import { OUTSIDE } from '../../requirements/support/frames.ts';

export interface Datagram {
  readonly from: string;
  readonly to?: string;
  /** Tags, the outer one first. */
  readonly vlans?: readonly number[];
  /** Last two bytes of the address 10.0.x.x. */
  readonly destination?: number;
  /** Destination port; the source port is 4000. */
  readonly port?: number;
  /** Length of the frame. */
  readonly bytes?: number;
}

const word = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const address = (mac: string): number[] => mac.split(':').map((byte) => Number.parseInt(byte, 16));

/** A UDP datagram in IPv4 in an Ethernet frame. */
export function datagram(about: Datagram): Uint8Array {
  const { from, to = OUTSIDE, vlans = [], destination = 9, port = 53, bytes = 100 } = about;
  const tags = vlans.flatMap((vlan, i) => [...word(i + 1 < vlans.length ? 0x88a8 : 0x8100), ...word(vlan)]);
  const made = new Uint8Array(bytes);
  const ip = bytes - 14 - tags.length;
  const header = [0x45, 0, ...word(ip), 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, ...word(destination)];
  const udp = [...word(4000), ...word(port), ...word(ip - 20), 0, 0];
  made.set([...address(to), ...address(from), ...tags, 0x08, 0, ...header, ...udp]);
  return made;
}

/** Destination port of an untagged datagram. */
export function portOf(seen: Uint8Array): number {
  return ((seen[36] as number) << 8) | (seen[37] as number);
}
