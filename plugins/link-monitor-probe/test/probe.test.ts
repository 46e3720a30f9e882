import { conformanceLaws } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBytes, linkLocal } from '../src/address.ts';
import { ARP_TYPE, arpReplySender, arpRequest } from '../src/arp.ts';
import plugin, { ProbeMonitor } from '../src/index.ts';
import { advertisedTarget, IPV6_TYPE, neighbourSolicitation } from '../src/neighbour.ts';
import { advertisement, arpReply, Network } from './network.ts';

const SECOND_US = 1e6;
const ROUTER = '192.0.2.1';
const OTHER = '192.0.2.2';
const ROUTER6 = '2001:db8::1';
const MAC = Uint8Array.of(2, 0xfa, 0x1e, 0xad, 0, 1);

describe('probes', () => {
  it.each([ROUTER, ROUTER6])(
    'find the member over which %s does not answer, and give it back when it does',
    (target) => {
      const network = new Network([0, 1], [target]);
      network.run(SECOND_US);
      expect(network.verdicts).toBe('up up');
      network.cut.add(0);
      network.run(2 * SECOND_US);
      expect(network.verdicts).toBe('up up');
      network.run(2 * SECOND_US);
      expect([network.verdicts, network.monitor.explain(0)]).toEqual(['down up', `no answer from ${target}`]);
      network.cut.clear();
      network.run(2 * SECOND_US);
      expect(network.verdicts).toBe('up up');
    },
  );

  it('do not take a team out of service when the target is gone', () => {
    const network = new Network([0, 1], [ROUTER]);
    network.run(SECOND_US);
    network.present.clear();
    network.run(60 * SECOND_US);
    expect([network.verdicts, network.monitor.explain(0)]).toEqual([
      'ambiguous ambiguous',
      'no answer from 192.0.2.1, and no member is better off',
    ]);
  });

  it.each([
    ['any', 'up up'],
    ['all', 'down up'],
  ] as const)('want %s of the targets to answer', (validate, verdicts) => {
    const network = new Network([0, 1], [ROUTER, OTHER], { validate });
    const { answer } = network;
    network.answer = (nic, frame) => {
      if (nic !== 0 || frame[41] === 1) answer.call(network, nic, frame);
    };
    network.run(5 * SECOND_US);
    expect([network.verdicts, network.monitor.explain(0)]).toEqual([verdicts, 'no answer from 192.0.2.2']);
  });

  it('ask every target over every member once an interval, and again for what there was no room for', () => {
    const network = new Network([0, 1], [ROUTER, ROUTER6]);
    network.port.full.add(1);
    const ask = (nowUs: number): unknown[] => {
      network.monitor.poll(nowUs);
      return network.port.take().map(({ nic, frame }) => [nic, frame.length]);
    };
    expect(ask(0)).toEqual([
      [0, 60],
      [0, 86],
    ]);
    network.port.full.clear();
    expect(ask(10_000)).toEqual([
      [1, 60],
      [1, 86],
    ]);
    expect(ask(999_999)).toEqual([]);
    expect(ask(1_000_000)).toHaveLength(2);
    expect(network.port.listened).toEqual([
      { etherType: ARP_TYPE, group: false },
      { etherType: IPV6_TYPE, group: false },
    ]);
  });

  it('blame nobody for silence while the host stood still, nor before there was time to answer', () => {
    const network = new Network([0, 1], [ROUTER]);
    network.run(SECOND_US);
    network.nowUs += 3600 * SECOND_US;
    network.cut.add(0);
    network.run(2 * SECOND_US);
    expect(network.verdicts).toBe('unknown up');
  });

  it('refuse what is no address', () => {
    expect(() => new Network([0], ['router'])).toThrow(
      expect.objectContaining({ code: 'FAIRLEAD_ERR_PLUGIN_OPTIONS' }),
    );
  });
});

describe('an ARP request', () => {
  it('is a probe as in RFC 5227 unless the host has an address', () => {
    const frame = arpRequest(MAC, Uint8Array.of(0, 0, 0, 0), Uint8Array.of(192, 0, 2, 1));
    expect(Buffer.from(frame.subarray(0, 42)).toString('hex')).toBe(
      'ffffffffffff02fa1ead00010806000108000604000102fa1ead000100000000000000000000c0000201',
    );
  });

  it('is answered by a reply to the very NIC, and by nothing else', () => {
    const reply = arpReply(arpRequest(MAC, Uint8Array.of(0, 0, 0, 0), Uint8Array.of(192, 0, 2, 1)));
    expect(arpReplySender(reply, MAC)).toEqual(Uint8Array.of(192, 0, 2, 1));
    for (const at of [0, 5, 14, 17, 18, 19, 20, 21, 32, 37]) {
      const changed = reply.slice();
      changed[at] = (changed[at] as number) ^ 4;
      expect(arpReplySender(changed, MAC), `byte ${at}`).toBeUndefined();
    }
    expect(arpReplySender(reply.subarray(0, 41), MAC)).toBeUndefined();
  });
});

describe('a neighbour solicitation', () => {
  const target = addressBytes(ROUTER6) as Uint8Array;

  it('goes to the solicited-node address with the checksum of ICMPv6', () => {
    const frame = neighbourSolicitation(MAC, target);
    expect(Buffer.from(frame).toString('hex')).toBe(
      '3333ff00000102fa1ead000186dd6000000000203afffe8000000000000000fa1efffead0001ff0200000000000000000001ff000001' +
        `8700${Buffer.from(frame.subarray(56, 58)).toString('hex')}0000000020010db8000000000000000000000001010102fa1ead0001`,
    );
    // Over all of it, its own checksum included, the sum is all ones (RFC 1071).
    let sum = 32 + 58;
    for (let at = 22; at < frame.length; at += 2) sum += ((frame[at] as number) << 8) | (frame[at + 1] as number);
    expect((sum & 0xffff) + (sum >>> 16)).toBe(0xffff);
  });

  it('is answered by an advertisement to the very NIC, from the link, with a right checksum', () => {
    const answer = advertisement(neighbourSolicitation(MAC, target));
    expect(advertisedTarget(answer, MAC)).toEqual(target);
    for (const at of [0, 14, 18, 19, 20, 21, 38, 53, 54, 55, 56, 62, 77, 85]) {
      const changed = answer.slice();
      changed[at] = (changed[at] as number) ^ 0x40;
      expect(advertisedTarget(changed, MAC), `byte ${at}`).toBeUndefined();
    }
    for (let bytes = 0; bytes < answer.length; bytes++)
      expect(advertisedTarget(answer.subarray(0, bytes), MAC), `${bytes} bytes`).toBeUndefined();
  });
});

describe('an address', () => {
  it.each([
    ['192.0.2.1', 'c0000201'],
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['::', '0'.repeat(32)],
    ['fe80::', `fe80${'0'.repeat(28)}`],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
  ])('%s is read', (text, hex) => {
    expect(Buffer.from(addressBytes(text) as Uint8Array).toString('hex')).toBe(hex);
  });

  it.each(['', '192.0.2', 'fe80::1%eth0', 'router'])('"%s" is none', (text) => {
    expect(addressBytes(text)).toBeUndefined();
  });

  it('of the link goes with the MAC', () => {
    expect(Buffer.from(linkLocal(MAC)).toString('hex')).toBe('fe8000000000000000fa1efffead0001');
  });
});

describe('what arrives', () => {
  it('may be any bytes: it is no answer unless it is one', () => {
    const options = { source: '0.0.0.0', intervalMs: 1000, missed: 3, validate: 'any' as const };
    const network = new Network([0, 1], [ROUTER, ROUTER6]);
    const monitor = new ProbeMonitor(network.port, { ...options, targets: [ROUTER, ROUTER6] });
    monitor.poll(0);
    const [arp, solicitation] = network.port.take().map(({ frame }) => frame) as [Uint8Array, Uint8Array];
    const spoilt = fc
      .tuple(fc.constantFrom(arpReply(arp), advertisement(solicitation)), fc.nat(53), fc.integer({ min: 1, max: 255 }))
      .map(([real, at, by]) => {
        const bytes = real.slice();
        // The target's own addresses, padding and reserved parts are not looked at.
        const place = bytes.length === 60 ? [0, 13, 15, 21, 28, 31, 32][at % 7] : [0, 13, 20, 21, 40, 62, 70][at % 7];
        bytes[place as number] = (bytes[place as number] as number) ^ by;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 2048 }), spoilt), (bytes) => {
        monitor.receive(0, bytes, 1000);
        monitor.poll(1000);
        expect(monitor.verdict(0)).toBe('unknown');
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

const laws = conformanceLaws(plugin, {
  options: [{ targets: ['192.0.2.1', '2001:db8::1'] }, { targets: ['192.0.2.1'], validate: 'all' }],
  network: (_nic, frame) => [frame[12] === 8 ? arpReply(frame) : advertisement(frame)],
});

describe('probe keeps the laws of its kind', () => {
  it.each(laws)('$name', async ({ check }) => expect(await check()).toBeUndefined());
});
