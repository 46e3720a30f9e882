import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf } from '../src/frame-hash.ts';
import { LAYERS, type Layer } from '../src/options.ts';
import { ethernet, gre, icmp, ipv4, ipv6, type PacketAbout, udp } from './frames.ts';

const hash = (layer: Layer, frame: Uint8Array, encapsulated = false): number =>
  hashOf(layer, encapsulated)(frame, 0, frame.length);

/** Fields by which two frames may differ, and such a pair for each, inside of something or not. */
const FIELDS: Record<string, (wrap: (packet: number[], type: number) => Uint8Array) => [Uint8Array, Uint8Array]> = {
  'IPv4 source': (wrap) => [wrap(ipv4(), 0x0800), wrap(ipv4({ source: 7 }), 0x0800)],
  'IPv4 destination': (wrap) => [wrap(ipv4(), 0x0800), wrap(ipv4({ destination: 7 }), 0x0800)],
  'IPv6 source': (wrap) => [wrap(ipv6(), 0x86dd), wrap(ipv6({ source: 7 }), 0x86dd)],
  'IPv6 destination': (wrap) => [wrap(ipv6(), 0x86dd), wrap(ipv6({ destination: 7 }), 0x86dd)],
  'source port': (wrap) => [wrap(ipv4(), 0x0800), wrap(ipv4({ payload: udp(7) }), 0x0800)],
  'destination port': (wrap) => [wrap(ipv6(), 0x86dd), wrap(ipv6({ payload: udp(1000, 7) }), 0x86dd)],
  'port behind IPv4 options': (wrap) => [
    wrap(ipv4({ headerWords: 8 }), 0x0800),
    wrap(ipv4({ headerWords: 8, payload: udp(7) }), 0x0800),
  ],
  'port of a first fragment': (wrap) => [
    wrap(ipv4({ fragment: 0x2000 }), 0x0800),
    wrap(ipv4({ fragment: 0x2000, payload: udp(7) }), 0x0800),
  ],
  'payload of a later fragment': (wrap) => [
    wrap(ipv4({ fragment: 100 }), 0x0800),
    wrap(ipv4({ fragment: 100, payload: udp(7) }), 0x0800),
  ],
  'echo identifier': (wrap) => [
    wrap(ipv4({ protocol: 1, payload: icmp(8, 1) }), 0x0800),
    wrap(ipv4({ protocol: 1, payload: icmp(8, 2) }), 0x0800),
  ],
  'SPI of ESP': (wrap) => [
    wrap(ipv4({ protocol: 50, payload: [0, 0, 0, 1] }), 0x0800),
    wrap(ipv4({ protocol: 50, payload: [0, 0, 0, 2] }), 0x0800),
  ],
  'ports behind an IPv6 extension': (wrap) => [
    wrap(ipv6({ protocol: 0, payload: [17, 0, 1, 4, 0, 0, 0, 0, ...udp()] }), 0x86dd),
    wrap(ipv6({ protocol: 0, payload: [17, 0, 1, 4, 0, 0, 0, 0, ...udp(7)] }), 0x86dd),
  ],
  'what is in an unknown protocol': (wrap) => [
    wrap(ipv4({ protocol: 200 }), 0x0800),
    wrap(ipv4({ protocol: 200, payload: udp(7) }), 0x0800),
  ],
};

const ETHERNET: Record<string, [Uint8Array, Uint8Array]> = {
  'source MAC': [ethernet({ packet: ipv4() }), ethernet({ from: 7, packet: ipv4() })],
  'destination MAC': [ethernet({ packet: ipv4() }), ethernet({ to: 7, packet: ipv4() })],
  VLAN: [ethernet({ vlans: [5], packet: ipv4() }), ethernet({ vlans: [6], packet: ipv4() })],
  'second VLAN': [ethernet({ vlans: [5, 1], packet: ipv4() }), ethernet({ vlans: [5, 2], packet: ipv4() })],
  'EtherType, no IP': [ethernet({ type: 0x88b5 }), ethernet({ type: 0x88b6 })],
  'source MAC, no IP': [ethernet({ type: 0x88b5 }), ethernet({ from: 7, type: 0x88b5 })],
};

/** One line for each pair: which layers tell its frames apart. */
function table(pairs: Record<string, [Uint8Array, Uint8Array]>, encapsulated = false): string {
  const lines = Object.entries(pairs).map(([name, [one, other]]) => {
    const cells = LAYERS.map((layer) =>
      (hash(layer, one, encapsulated) === hash(layer, other, encapsulated) ? '-' : 'splits').padEnd(layer.length),
    );
    return `${name.padEnd(32)}${cells.join('  ')}`.trimEnd();
  });
  return `\n${''.padEnd(32)}${LAYERS.join('  ')}\n${lines.join('\n')}\n`;
}

function pairs(wrap: (packet: number[], type: number) => Uint8Array): Record<string, [Uint8Array, Uint8Array]> {
  return Object.fromEntries(Object.entries(FIELDS).map(([name, make]) => [name, make(wrap)]));
}

const plain = (packet: number[], type: number): Uint8Array => ethernet({ type, packet });

describe('which fields tell two flows apart', () => {
  it('in frames as they are', () => {
    expect(table({ ...ETHERNET, ...pairs(plain) })).toMatchInlineSnapshot(`
      "
                                      src-mac  layer2  layer2+3  layer3+4  vlan+src-mac
      source MAC                      splits   splits  splits    -         splits
      destination MAC                 -        splits  splits    -         -
      VLAN                            -        -       -         -         splits
      second VLAN                     -        -       -         -         splits
      EtherType, no IP                -        splits  splits    splits    -
      source MAC, no IP               splits   splits  splits    splits    splits
      IPv4 source                     -        -       splits    splits    -
      IPv4 destination                -        -       splits    splits    -
      IPv6 source                     -        -       splits    splits    -
      IPv6 destination                -        -       splits    splits    -
      source port                     -        -       -         splits    -
      destination port                -        -       -         splits    -
      port behind IPv4 options        -        -       -         splits    -
      port of a first fragment        -        -       -         -         -
      payload of a later fragment     -        -       -         -         -
      echo identifier                 -        -       -         splits    -
      SPI of ESP                      -        -       -         splits    -
      ports behind an IPv6 extension  -        -       -         -         -
      what is in an unknown protocol  -        -       -         -         -
      "
    `);
  });

  it.each([[[100]], [[100, 200]]])('the same behind the tags %j', (vlans) => {
    expect(table(pairs((packet, type) => ethernet({ vlans, type, packet })))).toBe(table(pairs(plain)));
  });

  const tunnels: Record<string, (packet: number[], type: number) => Uint8Array> = {
    'IP in IPv4': (packet, type) =>
      plain(ipv4({ source: 99, protocol: type === 0x0800 ? 4 : 41, payload: packet }), 0x0800),
    'IP in IPv6': (packet, type) =>
      plain(ipv6({ source: 99, protocol: type === 0x0800 ? 4 : 41, payload: packet }), 0x86dd),
    GRE: (packet, type) => plain(ipv4({ source: 99, protocol: 47, payload: gre(type, packet) }), 0x0800),
    'GRE with key and number': (packet, type) =>
      plain(ipv4({ source: 99, protocol: 47, payload: gre(type, packet, 0xb0) }), 0x0800),
    'Ethernet in GRE': (packet, type) =>
      plain(
        ipv4({ source: 99, protocol: 47, payload: gre(0x6558, [...ethernet({ vlans: [3], type, packet })]) }),
        0x0800,
      ),
  };

  it.each(Object.keys(tunnels))('looking into %s, the same as without', (name) => {
    expect(table(pairs(tunnels[name]), true)).toBe(table(pairs(plain)));
  });

  it.each(Object.keys(tunnels))('not looking into %s, none of what is inside', (name) => {
    expect(table(pairs(tunnels[name]))).not.toContain('splits');
  });
});

describe('a flow', () => {
  const reversed = ({ source = 0, destination = 0 }): PacketAbout => ({ source: destination, destination: source });

  it('has one hash in both directions', () => {
    const there = { source: 3, destination: 9 };
    for (const ip of [ipv4, ipv6]) {
      const type = ip === ipv4 ? 0x0800 : 0x86dd;
      const one = ethernet({ from: 1, to: 2, type, packet: ip({ ...there, payload: udp(5, 6) }) });
      const other = ethernet({ from: 2, to: 1, type, packet: ip({ ...reversed(there), payload: udp(6, 5) }) });
      for (const layer of ['layer2', 'layer2+3', 'layer3+4'] as const)
        expect(hash(layer, one)).toBe(hash(layer, other));
    }
  });

  it('has the ICMP errors about it', () => {
    const sent = ipv4({ source: 3, destination: 9, payload: udp(5, 6) });
    const error = ipv4({ source: 77, destination: 3, protocol: 1, payload: icmp(3, 0, sent) });
    expect(hash('layer3+4', ethernet({ packet: error }))).toBe(hash('layer3+4', ethernet({ packet: sent })));
    const sent6 = ipv6({ source: 3, destination: 9, payload: udp(5, 6) });
    const error6 = ipv6({ source: 77, destination: 3, protocol: 58, payload: icmp(2, 0, sent6) });
    const hash6 = (packet: number[]): number => hash('layer3+4', ethernet({ type: 0x86dd, packet }));
    expect(hash6(error6)).toBe(hash6(sent6));
  });

  it('is of frames alone: not a byte around them counts, however short they are cut', () => {
    const frames = [
      ethernet({ vlans: [1, 2], packet: ipv4() }),
      ethernet({ type: 0x86dd, packet: ipv6() }),
      ethernet({ packet: ipv4({ protocol: 1, payload: icmp(3, 0, ipv4()) }) }),
      ethernet({ packet: ipv4({ protocol: 47, payload: gre(0x6558, [...ethernet({ packet: ipv4() })], 0xb0) }) }),
    ];
    const anyFrame = fc.oneof(fc.constantFrom(...frames), fc.uint8Array({ maxLength: 120 }));
    fc.assert(
      fc.property(
        anyFrame,
        fc.nat(120),
        fc.constantFrom(...LAYERS),
        fc.boolean(),
        (frame, cut, layer, encapsulated) => {
          const length = Math.min(cut, frame.length);
          const within = (around: number): Uint8Array => {
            const memory = new Uint8Array(300).fill(around);
            memory.set(frame.subarray(0, length), 100);
            return memory;
          };
          const of = hashOf(layer, encapsulated);
          expect(of(within(0x45), 100, length)).toBe(of(within(0), 100, length));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('with a header that cannot be is hashed as what is not IP', () => {
    const wrong = [ipv4({ headerWords: 4 }), [0x65, ...ipv4().slice(1)], ipv4().slice(0, 19)];
    for (const packet of wrong) {
      expect(hash('layer3+4', ethernet({ packet }))).toBe(hash('layer2', ethernet({ packet })));
    }
  });
});

describe('the hash', () => {
  it.each([
    ['256 ports', (i: number) => ethernet({ packet: ipv4({ payload: udp(1000, i) }) })],
    ['256 addresses in a row', (i: number) => ethernet({ packet: ipv4({ source: i, destination: i + 1 }) })],
    ['256 stations', (i: number) => ethernet({ from: i, packet: ipv4({ source: i }) })],
  ])('spreads %s over most of the buckets', (_, frame) => {
    const buckets = new Set(Array.from({ length: 256 }, (_, i) => hash('layer3+4', frame(i)) & 255));
    // Of 256 balls in 256 bins 162 bins are hit on average, with a deviation of 5.
    expect(buckets.size).toBeGreaterThan(140);
  });
});
