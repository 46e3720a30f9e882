import { createHost, type Host, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import flowHash from '@fairlead/load-distribution-flow-hash';
import memoryNic from '@fairlead/nic-driver-memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTSIDE } from '../requirements/support/frames.ts';
import { chosenNic, guest, MAC, nic, started, takeSent } from '../requirements/support/hosts.ts';
import { arp, discovery, ethernet, ipv4, ipv6 } from './support/packets.ts';

const TCP = 6;
const IP6 = '2001:db8:0:0:0:0:0:1';
const LLDP_GROUP = '01:80:c2:00:00:0e';

/** TCP in IPv4 from port 1000 to 2000; its header says that it is `words` words long. */
function tcp(words: number): Uint8Array {
  const made = ipv4(MAC.a, '10.0.0.1');
  made[23] = TCP;
  made.set([3, 232, 7, 208, 0, 0, 0, 1, 0, 0, 0, 0, words << 4, 2, 255, 255, 0, 0, 0, 0], 34);
  return made;
}

/** An LLDP frame with its three mandatory elements (IEEE 802.1AB), the lengths of which are as given. */
function lldp(chassisBytes: number, portBytes: number): Uint8Array {
  const chassis = [2, chassisBytes, 4, 82, 84, 0, 0, 0, 10];
  return ethernet(MAC.a, LLDP_GROUP, 0x88cc, [...chassis, 4, portBytes, 7, 49, 6, 2, 0, 120, 0, 0]);
}

const SEEDS = [
  tcp(5),
  tcp(0),
  tcp(4),
  tcp(15),
  lldp(7, 2),
  lldp(255, 2),
  lldp(7, 0),
  arp(MAC.a, MAC.a, '10.0.0.1'),
  ipv4(MAC.a, '10.0.0.1'),
  ipv6(MAC.a, IP6, 58, discovery(135, IP6, MAC.a)),
  ipv6(MAC.a, IP6, 0, [60, 255, 0, 0, 0, 0, 0, 0]),
  ethernet(MAC.a, OUTSIDE, 0x8100, [0, 5, 0x81, 0, 0, 6, 0x81, 0, 0, 7]),
];

/** A frame of one of the kinds above, cut somewhere, and with some of its bytes behind the addresses changed. */
const mutated = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.nat(100),
    fc.array(fc.tuple(fc.integer({ min: 12, max: 99 }), fc.nat(255)), { maxLength: 4 }),
  )
  .map(([seed, length, changes]) => {
    const made = seed.slice(0, length);
    for (const [at, value] of changes) if (at < made.length) made[at] = value;
    return made;
  });
const garbage = fc.uint8Array({ maxLength: 300 });
const anything = fc.array(fc.oneof(mutated, garbage), { minLength: 1, maxLength: 60 });

/** VMs a and b on two NICs; every frame is read for its flow and for the addresses in it. */
async function reading(portSecurity: false | 'mac+ip', faults: string[] = []): Promise<Host> {
  const builder = createHost().inline().announce({ count: 0 }).security({ portSecurity }).distribute(use(flowHash));
  for (const name of ['nic0', 'nic1']) builder.nic(name, use(memoryNic, { keep: true, wireFrames: 4096 }));
  builder.vm('a', MAC.a, use(memoryDevice), { addresses: ['10.0.0.1', '2001:db8::1'] });
  const host = await started(builder.vm('b', MAC.b, use(memoryDevice)));
  for (const event of ['fault', 'device', 'stopped'] as const) host.on(event, () => faults.push(event));
  return host;
}

describe('case 43: Open vSwitch, malformed frames', () => {
  it.each([
    ['by a VM', 'mac+ip', (host: Host, bytes: Uint8Array) => guest(host, 'a').send(bytes)],
    ['by a VM whose addresses nobody checks', false, (host: Host, bytes: Uint8Array) => guest(host, 'a').send(bytes)],
    ['from the network', 'mac+ip', (host: Host, bytes: Uint8Array) => nic(host, 'nic0').deliver(bytes)],
  ] as const)(
    'case 43: whatever is sent %s, no plugin fails, every frame is accounted for, and good ones go on',
    async (from, security, send) => {
      const faults: string[] = [];
      const host = await reading(security, faults);
      let good = 0;
      fc.assert(
        fc.property(anything, (all) => {
          for (const bytes of all) send(host, bytes);
          host.run(2000);
          takeSent(host);
          guest(host, 'a').send(tcp(5));
          host.run(1000);
          good += takeSent(host).flat().length;
          host.assertConserved();
        }),
        { numRuns: 300 },
      );
      expect([faults, good]).toEqual([[], 300]);
      const { acceptedFrames, transmittedFrames } = host.vms.status('a');
      if (from !== 'from the network') expect(acceptedFrames).toBeGreaterThan(transmittedFrames);
      else expect(host.nics.status('nic0').rxFrames).toBeGreaterThan(1000);
    },
  );

  it('case 43: a frame that is sent on is the frame that was sent, to the byte', async () => {
    const host = await reading(false);
    fc.assert(
      fc.property(
        mutated.filter((bytes) => bytes.length >= 14),
        (bytes) => {
          guest(host, 'a').send(bytes);
          host.run(1000);
          expect(takeSent(host).flat()).toEqual([bytes]);
        },
      ),
      { numRuns: 200 },
    );
    host.assertConserved();
  });

  it('case 43: a header that is cut short is not parsed: what lay behind the frame does not choose its NIC', async () => {
    const host = await reading(false);
    const behind = [0x00, 0x55, 0xff].map((value) => new Uint8Array(200).fill(value));
    for (const marks of behind) marks.set(ethernet(MAC.a, OUTSIDE, 0x88b5, []).subarray(0, 14));
    for (const whole of [tcp(5), ipv6(MAC.a, IP6, TCP, [3, 232, 7, 208])]) {
      for (let length = 14; length < whole.length; length++) {
        const chosen = behind.map((marks) => {
          // Every slot that the next frame could be given holds these bytes first.
          guest(host, 'a').sendAll(Array.from({ length: 64 }, () => marks));
          host.run(1000);
          return chosenNic(host, () => guest(host, 'a').send(whole.slice(0, length)));
        });
        expect(new Set(chosen).size, `${length} bytes: ${chosen.join(', ')}`).toBe(1);
      }
    }
    host.assertConserved();
  });

  it('case 43: ports count for the flow only when the frame holds all four bytes of them', async () => {
    const host = await reading(false);
    const nicsFor = (length: number): Set<string> => {
      const chosen = Array.from({ length: 16 }, (_, port) => {
        const made = tcp(5);
        made[35] = port;
        return chosenNic(host, () => guest(host, 'a').send(made.slice(0, length)));
      });
      return new Set(chosen);
    };
    expect([nicsFor(37).size, nicsFor(38).size]).toEqual([1, 2]);
    host.assertConserved();
  });
});
