import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEADROOM_BYTES } from '../../src/memory/frame-pool.ts';
import { flowHash } from '../../src/path/flow-hash.ts';

const MACS = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
const VLAN = [0x81, 0x00, 0x20, 0x05];
const QINQ = [0x88, 0xa8, 0x20, 0x06];
const TCP = 6;
const UDP = 17;
const ICMP = 1;

const ports = (source: number, destination: number): number[] => [
  source >> 8,
  source & 255,
  destination >> 8,
  destination & 255,
  0,
  0,
  0,
  0,
];

interface Ipv4 {
  protocol?: number;
  /** Flags and fragment offset, the header's bytes 6 and 7. */
  fragment?: number;
  options?: number;
  id?: number;
  ttl?: number;
  source?: number;
}

function ipv4(
  { protocol = TCP, fragment = 0x4000, options = 0, id = 1, ttl = 64, source = 1 }: Ipv4,
  payload: number[],
): number[] {
  const header = [0x45 + options, 0, 0, 40, id >> 8, id & 255, fragment >> 8, fragment & 255, ttl, protocol, 0, 0];
  return [
    0x08,
    0x00,
    ...header,
    10,
    0,
    0,
    source,
    10,
    0,
    0,
    9,
    ...Array.from({ length: options * 4 }, () => 1),
    ...payload,
  ];
}

function ipv6(
  { next = TCP, source = 1, hops = 64 }: { next?: number; source?: number; hops?: number },
  payload: number[],
): number[] {
  return [
    0x86,
    0xdd,
    0x60,
    0,
    0,
    0,
    0,
    20,
    next,
    hops,
    ...Array.from({ length: 15 }, () => 0xfd),
    source,
    ...Array.from({ length: 16 }, () => 0xfe),
    ...payload,
  ];
}

/** The hash of a frame in a slot whose other bytes are `around`. */
function hashOf(bytes: readonly number[], around = 0): number {
  const memory = new Uint8Array(256).fill(around);
  memory.set(bytes, HEADROOM_BYTES);
  return flowHash(memory, 0, bytes.length);
}

const frameOf = (...parts: (readonly number[])[]): number[] => [...MACS, ...parts.flat()];
const tcp = frameOf(ipv4({}, ports(1000, 80)));

describe('the hash of a flow', () => {
  it('is the same for all packets of a flow', () => {
    expect(hashOf(frameOf(ipv4({ id: 77, ttl: 3 }, [...ports(1000, 80), 1, 2, 3])))).toBe(hashOf(tcp));
    expect(hashOf(frameOf(ipv6({ hops: 9 }, ports(1, 2))))).toBe(hashOf(frameOf(ipv6({}, ports(1, 2)))));
  });

  it.each<[string, number[]]>([
    ['source port', frameOf(ipv4({}, ports(1001, 80)))],
    ['destination port', frameOf(ipv4({}, ports(1000, 81)))],
    ['protocol', frameOf(ipv4({ protocol: UDP }, ports(1000, 80)))],
    ['address', frameOf(ipv4({ source: 2 }, ports(1000, 80)))],
    ['MAC address', [2, 0, 0, 0, 0, 7, ...tcp.slice(6)]],
  ])('is another one for another %s', (_, other) => {
    expect(hashOf(other)).not.toBe(hashOf(tcp));
  });

  it('finds ports behind IPv4 options', () => {
    const optioned = (port: number): number => hashOf(frameOf(ipv4({ options: 3 }, ports(port, 80))));
    expect(optioned(1)).not.toBe(optioned(2));
  });

  it('finds ports and addresses of IPv6', () => {
    const of = (change: object, port: number): number => hashOf(frameOf(ipv6(change, ports(port, 80))));
    expect(new Set([of({}, 1), of({}, 2), of({ source: 2 }, 1), of({ next: UDP }, 1)]).size).toBe(4);
  });

  it.each([
    ['the first fragment', 0x2000],
    ['a later fragment', 0x00b9],
    ['the last fragment', 0x2001],
  ])('leaves the ports of %s out, so that all fragments of a packet have one hash', (_, fragment) => {
    const other = hashOf(frameOf(ipv4({ fragment }, ports(5, 6))));
    expect(hashOf(frameOf(ipv4({ fragment }, ports(1000, 80))))).toBe(other);
    expect(hashOf(frameOf(ipv4({ fragment: 0x0001 }, ports(9, 9))))).toBe(other);
  });

  it('reads no ports from a protocol that has none', () => {
    expect(hashOf(frameOf(ipv4({ protocol: ICMP }, ports(1, 2))))).toBe(
      hashOf(frameOf(ipv4({ protocol: ICMP }, ports(3, 4)))),
    );
  });

  it.each([
    ['one tag', [VLAN]],
    ['two tags', [QINQ, VLAN]],
  ])('looks through %s', (_, tags) => {
    const tagged = (port: number): number => hashOf(frameOf(...tags, ipv4({}, ports(port, 80))));
    expect(tagged(1000)).toBe(hashOf(tcp));
    expect(tagged(1000)).not.toBe(tagged(1001));
  });

  it('looks no further than two tags', () => {
    const tagged = (port: number): number => hashOf(frameOf(QINQ, VLAN, VLAN, ipv4({}, ports(port, 80))));
    expect(tagged(1000)).toBe(tagged(1001));
  });

  it('does not depend on what lies behind the frame, however it is cut', () => {
    const whole = [
      tcp,
      frameOf(QINQ, VLAN, ipv4({ options: 10 }, ports(1, 2))),
      frameOf(VLAN, ipv6({}, ports(1, 2))),
      frameOf(QINQ, VLAN, VLAN),
    ];
    for (const bytes of whole) {
      for (let length = 14; length <= bytes.length; length++) {
        const cut = bytes.slice(0, length);
        expect(hashOf(cut, 0xff)).toBe(hashOf(cut, 0x00));
      }
    }
  });

  it('does not depend on what lies behind any frame at all', () => {
    const type = fc.constantFrom([0x08, 0x00], [0x86, 0xdd], VLAN, QINQ, [...QINQ, ...VLAN], [1, 2]);
    fc.assert(
      fc.property(type, fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 80 }), (before, rest) => {
        const bytes = frameOf(before, rest);
        expect(hashOf(bytes, 0xff)).toBe(hashOf(bytes, 0x00));
      }),
    );
  });

  it('spreads flows evenly', () => {
    const counts = Array.from({ length: 8 }, () => 0);
    for (let port = 0; port < 8000; port++) counts[hashOf(frameOf(ipv4({}, ports(port, 80)))) & 7]++;
    // 1000 each on average, with a standard deviation of 30 if it were chance.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
