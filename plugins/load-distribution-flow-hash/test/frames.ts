/** What a frame of a test says; everything has a value when left out. */
export interface FrameAbout {
  readonly from?: number;
  readonly to?: number;
  readonly vlans?: readonly number[];
  readonly type?: number;
  /** Layer 3 and what is in it. */
  readonly packet?: readonly number[];
}

const bytes16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const mac = (last: number): number[] => [0x52, 0x54, 0, 0, ...bytes16(last)];

export function ethernet({ from = 1, to = 2, vlans = [], type = 0x0800, packet = [] }: FrameAbout): Uint8Array {
  const tags = vlans.flatMap((vlan, i) => [...bytes16(i + 1 < vlans.length ? 0x88a8 : 0x8100), ...bytes16(vlan)]);
  return Uint8Array.from([...mac(to), ...mac(from), ...tags, ...bytes16(type), ...packet]);
}

export interface PacketAbout {
  readonly source?: number;
  readonly destination?: number;
  readonly protocol?: number;
  /** The 16 bits with flags and offset. */
  readonly fragment?: number;
  readonly payload?: readonly number[];
  /** Length of the header in words, as it says. */
  readonly headerWords?: number;
}

export function ipv4(about: PacketAbout = {}): number[] {
  const { source = 1, destination = 2, protocol = 17, fragment = 0, payload = udp(), headerWords = 5 } = about;
  const options = Array<number>(Math.max(0, headerWords - 5) * 4).fill(1);
  const length = 20 + options.length + payload.length;
  const head = [0x40 | headerWords, 0, ...bytes16(length), 0, 0, ...bytes16(fragment), 64, protocol, 0, 0];
  return [...head, 10, 0, ...bytes16(source), 10, 0, ...bytes16(destination), ...options, ...payload];
}

export function ipv6({ source = 1, destination = 2, protocol = 17, payload = udp() }: PacketAbout = {}): number[] {
  const address = (last: number): number[] => [0xfd, ...Array<number>(13).fill(0), ...bytes16(last)];
  return [
    0x60,
    0,
    0,
    0,
    ...bytes16(payload.length),
    protocol,
    64,
    ...address(source),
    ...address(destination),
    ...payload,
  ];
}

export function udp(from = 1000, to = 2000): number[] {
  return [...bytes16(from), ...bytes16(to), 0, 8, 0, 0, 1, 2, 3, 4];
}

export function icmp(type: number, identifier = 0, quoted: readonly number[] = []): number[] {
  return [type, 0, 0, 0, ...bytes16(identifier), 0, 1, ...quoted];
}

export function gre(type: number, inner: readonly number[], flags = 0): number[] {
  const optional = [0x80, 0x20, 0x10].filter((flag) => (flags & flag) !== 0).flatMap(() => [9, 9, 9, 9]);
  return [flags, 0, ...bytes16(type), ...optional, ...inner];
}
