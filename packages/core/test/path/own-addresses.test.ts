import { testVms } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOwnAddresses } from '../../src/path/own-addresses.ts';

const OWN_MAC = [0x52, 0x54, 0, 0, 0, 1];
const OTHER_MAC = [0x52, 0x54, 0, 0, 0, 2];
const LINK_LOCAL = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x50, 0x54, 0, 0xff, 0xfe, 0, 0, 1];
const OWN_IP6 = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const OTHER_IP6 = [...OWN_IP6.slice(0, 15), 2];
const UNSPECIFIED = Array<number>(16).fill(0);
const GROUP = [0xff, 2, ...Array<number>(13).fill(0), 1];
const NEIGHBOUR = 135;
const UDP = [0, 1, 0, 2, 0, 8, 0, 0];

function owner(addresses: string[]): (bytes: readonly number[]) => boolean {
  const vms = testVms([{}]);
  vms.macWord0[0] = 0x00005452;
  vms.macWord1[0] = 0x0100;
  const own = createOwnAddresses(vms, [addresses]);
  // Around the frame lies what is another VM's, and must not matter.
  return (bytes) => own(0, Uint8Array.from([...OWN_MAC, ...bytes, ...OWN_MAC, ...OWN_IP6]), 6, bytes.length);
}

const isOwn = owner(['10.0.0.1', '2001:db8::1']);

const header = (type: number, tags: readonly number[] = []): number[] => [
  ...[2, 0, 0, 0, 0, 9],
  ...OWN_MAC,
  ...tags.flatMap((tag) => [tag >>> 8, tag & 0xff, 0, 5]),
  type >>> 8,
  type & 0xff,
];
const arp = (sha: readonly number[], spa: readonly number[], tags?: readonly number[]): number[] => [
  ...header(0x0806, tags),
  ...[0, 1, 8, 0, 6, 4, 0, 1, ...sha, ...spa, ...UNSPECIFIED.slice(7), 9],
];
const ipv4 = (source: readonly number[], tags?: readonly number[]): number[] => [
  ...header(0x0800, tags),
  ...[0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0, ...source, 10, 0, 0, 9],
];
const ipv6 = (
  source: readonly number[],
  next: number,
  payload: readonly number[],
  to: readonly number[] = OTHER_IP6,
) => [...header(0x86dd), ...[0x60, 0, 0, 0, 0, payload.length, next, 255, ...source, ...to, ...payload]];
const solicitation = (linkLayer: readonly number[]): number[] => [
  ...[NEIGHBOUR, 0, 0, 0, 0, 0, 0, 0, ...OTHER_IP6],
  ...[1, 1, ...linkLayer],
];
/** An extension header of eight bytes in front of what follows. */
const extended = (next: number, payload: readonly number[]): number[] => [next, 0, 0, 0, 0, 0, 0, 0, ...payload];

describe('the addresses by which a frame names its sender', () => {
  it.each([
    ['ARP of its own', arp(OWN_MAC, [10, 0, 0, 1]), true],
    ['an ARP probe', arp(OWN_MAC, [0, 0, 0, 0]), true],
    ["ARP with another's IP", arp(OWN_MAC, [10, 0, 0, 2]), false],
    ["ARP with another's MAC", arp(OTHER_MAC, [10, 0, 0, 1]), false],
    ['ARP behind two tags', arp(OWN_MAC, [10, 0, 0, 2], [0x88a8, 0x8100]), false],
    ['own ARP behind two tags', arp(OWN_MAC, [10, 0, 0, 1], [0x88a8, 0x8100]), true],
    ['anything behind three tags', arp(OWN_MAC, [10, 0, 0, 1], [0x88a8, 0x8100, 0x8100]), false],
    ['own IPv4', ipv4([10, 0, 0, 1]), true],
    ["another's IPv4 behind a tag", ipv4([10, 0, 0, 2], [0x8100]), false],
    ['own IPv6', ipv6(OWN_IP6, 17, UDP), true],
    ['its link-local address', ipv6(LINK_LOCAL, 17, UDP), true],
    ["another's IPv6", ipv6(OTHER_IP6, 17, UDP), false],
    ['no address to a group', ipv6(UNSPECIFIED, 58, [NEIGHBOUR, 0, 0, 0, 0, 0, 0, 0, ...OWN_IP6], GROUP), true],
    ['no address to somebody', ipv6(UNSPECIFIED, 17, UDP), false],
    ['own solicitation', ipv6(OWN_IP6, 58, solicitation(OWN_MAC)), true],
    ["a solicitation with another's MAC", ipv6(OWN_IP6, 58, solicitation(OTHER_MAC)), false],
    ['the same behind options', ipv6(OWN_IP6, 0, extended(60, extended(58, solicitation(OTHER_MAC)))), false],
    ['own behind options', ipv6(OWN_IP6, 0, extended(60, extended(58, solicitation(OWN_MAC)))), true],
    ['a solicitation in a fragment', ipv6(OWN_IP6, 44, extended(58, solicitation(OWN_MAC))), false],
    ['an echo in a fragment', ipv6(OWN_IP6, 44, extended(58, [128, 0, 0, 0])), true],
    [
      'an option of no length',
      ipv6(OWN_IP6, 58, [...solicitation(OWN_MAC).slice(0, 24), 9, 0, 0, 0, 0, 0, 0, 0]),
      false,
    ],
    [
      'a sixth extension header',
      ipv6(
        OWN_IP6,
        0,
        [0, 0, 0, 0, 0, 60].flatMap((next) => extended(next, [])),
      ),
      false,
    ],
    ['another type', header(0x88b5), true],
  ])('%s', (_name, bytes, expected) => {
    expect(isOwn(bytes)).toBe(expected);
  });

  it('are the MAC alone for a VM whose addresses nobody wrote down', () => {
    const known = owner([]);
    expect([known(arp(OWN_MAC, [10, 0, 0, 7])), known(ipv4([10, 0, 0, 7])), known(ipv6(OTHER_IP6, 17, UDP))]).toEqual([
      true,
      true,
      true,
    ]);
    expect([known(arp(OTHER_MAC, [10, 0, 0, 7])), known(ipv6(OTHER_IP6, 58, solicitation(OTHER_MAC)))]).toEqual([
      false,
      false,
    ]);
  });

  it('cannot be told when a header is cut short, wherever that is', () => {
    const whole = [
      arp(OWN_MAC, [10, 0, 0, 1]),
      ipv4([10, 0, 0, 1]),
      ipv6(OWN_IP6, 58, solicitation(OWN_MAC).slice(0, 24)),
    ];
    for (const bytes of whole) {
      expect(isOwn(bytes)).toBe(true);
      const shorter = Array.from({ length: bytes.length - 14 }, (_, cut) => bytes.slice(0, 14 + cut));
      expect(shorter.map(isOwn)).toEqual(shorter.map(() => false));
    }
  });

  it('are read within the frame alone, whatever is in it', () => {
    const types = fc.constantFrom(0x0800, 0x0806, 0x8035, 0x86dd, 0x8100, 0x88a8);
    const payload = fc.uint8Array({ maxLength: 120 });
    const vms = testVms([{}]);
    const own = createOwnAddresses(vms, [['10.0.0.1', '2001:db8::1']]);
    fc.assert(
      fc.property(types, payload, fc.nat(255), (type, rest, around) => {
        const bytes = Uint8Array.from([...header(type), ...rest]);
        const inside = new Uint8Array(bytes.length + 64).fill(around);
        inside.set(bytes, 32);
        expect(own(0, inside, 32, bytes.length)).toBe(own(0, bytes, 0, bytes.length));
      }),
      { numRuns: 1000 },
    );
  });
});
