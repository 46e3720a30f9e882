import { createHost, type Host, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import memoryNic from '@fairlead/nic-driver-memory';
import { DropReason } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { BROADCAST, frame, frames, numberOf, OUTSIDE } from '../requirements/support/frames.ts';
import { guest, MAC, nic, settle, simulatedHost, started, takeSent } from '../requirements/support/hosts.ts';
import { droppedAs } from './support/drops.ts';
import { arp, discovery, ipv4, ipv6 } from './support/packets.ts';

const IP = '10.0.0.1';
const IP6 = '2001:db8:0:0:0:0:0:1';
const OTHERS_IP = '10.0.0.2';
const OTHERS_IP6 = '2001:db8:0:0:0:0:0:2';
const FORGED = '02:00:00:00:66:66';
const ICMPV6 = 58;
const UDP = 17;

/** VM a, that has two addresses, on one NIC. */
async function secured(portSecurity: boolean | 'mac' | 'mac+ip'): Promise<Host> {
  const builder = createHost().inline().announce({ count: 0 }).security({ portSecurity });
  builder.nic('nic0', use(memoryNic, { keep: true }));
  return started(builder.vm('a', MAC.a, use(memoryDevice), { addresses: [IP, IP6] }));
}

/** What a VM may try; the first is honest. Each is asked of every port. */
const FRAMES: Readonly<Record<string, readonly Uint8Array[]>> = {
  honest: [
    arp(MAC.a, MAC.a, IP),
    arp(MAC.a, MAC.a, '0.0.0.0'),
    ipv4(MAC.a, IP),
    ipv4(MAC.a, '0.0.0.0', '255.255.255.255'),
    ipv6(MAC.a, IP6, UDP, [0, 1, 0, 2, 0, 8, 0, 0]),
    ipv6(MAC.a, IP6, ICMPV6, discovery(135, OTHERS_IP6, MAC.a)),
    ipv6(MAC.a, IP6, ICMPV6, discovery(136, IP6, MAC.a)),
    frame(MAC.a),
  ],
  'source MAC': [frame(FORGED), arp(FORGED, MAC.a, IP), ipv4(FORGED, IP)],
  'ARP sender MAC': [arp(MAC.a, FORGED, IP)],
  'ARP sender IP': [arp(MAC.a, MAC.a, OTHERS_IP)],
  'source IP': [ipv4(MAC.a, OTHERS_IP), ipv4(MAC.a, '0.0.0.0')],
  'source IPv6': [ipv6(MAC.a, OTHERS_IP6, UDP, [0, 1, 0, 2, 0, 8, 0, 0])],
  'IPv6 neighbour discovery': [
    ipv6(MAC.a, IP6, ICMPV6, discovery(135, OTHERS_IP6, FORGED)),
    ipv6(MAC.a, IP6, ICMPV6, discovery(136, OTHERS_IP6, MAC.a)),
    ipv6(MAC.a, IP6, ICMPV6, discovery(136, IP6, FORGED)),
  ],
};

describe('case 40: OVN, what a port lets a VM say of itself', () => {
  const L2 = ['source MAC'];
  const L3 = Object.keys(FRAMES).slice(1);
  it.each([
    ['no port security', false, []],
    ['port security of layer 2', 'mac', L2],
    ['port security of layers 2 and 3', 'mac+ip', L3],
  ] as const)('case 40: %s', async (_name, portSecurity, refused) => {
    const host = await secured(portSecurity);
    const outcome: Record<string, number> = {};
    for (const [name, tried] of Object.entries(FRAMES)) {
      const before = droppedAs(host, 'a', DropReason.Spoofed);
      expect(guest(host, 'a').sendAll(tried)).toBe(tried.length);
      settle(host);
      host.run(1000);
      outcome[name] = droppedAs(host, 'a', DropReason.Spoofed) - before;
      expect(takeSent(host)[0]?.length).toBe(tried.length - outcome[name]);
    }
    const expected = Object.entries(FRAMES).map(([name, tried]) => [
      name,
      (refused as readonly string[]).includes(name) ? tried.length : 0,
    ]);
    expect(outcome).toEqual(Object.fromEntries(expected));
    host.assertConserved();
  });
});

describe('case 41: ESXi, the layer 2 policy that refuses all three', () => {
  it('case 41: a forged transmit is dropped, and nobody is told but the counters', async () => {
    const host = await started(simulatedHost([1e9], { a: {}, b: {} }));
    const heard: string[] = [];
    for (const event of ['fault', 'device', 'nic', 'vm', 'log'] as const) host.on(event, () => heard.push(event));
    guest(host, 'a').sendAll([
      frame(FORGED),
      frame(FORGED, { destination: MAC.b }),
      frame(MAC.b),
      frame(FORGED, { destination: BROADCAST }),
    ]);
    settle(host);
    host.run(1000);
    expect([takeSent(host), guest(host, 'b').receive(), heard]).toEqual([[[]], undefined, []]);
    expect(droppedAs(host, 'a', DropReason.Spoofed)).toBe(4);
    host.assertConserved();
  });

  it('case 41: a VM that changes its MAC sends nothing and is not found under the new one, until the MAC is restored', async () => {
    const host = await started(simulatedHost([1e9], { a: {} }));
    const tryAs = (mac: string): [number, number] => {
      guest(host, 'a').sendAll(frames(5, mac));
      for (const answer of frames(3, OUTSIDE, { destination: mac })) nic(host, 'nic0').deliver(answer);
      host.run(1000);
      let received = 0;
      while (guest(host, 'a').receive() !== undefined) received++;
      return [takeSent(host)[0]?.length ?? 0, received];
    };
    expect([tryAs(MAC.a), tryAs(FORGED), tryAs(MAC.a)]).toEqual([
      [5, 3],
      [0, 0],
      [5, 3],
    ]);
    host.assertConserved();
  });

  it('case 41: a promiscuous VM is given no frame that is not for it', async () => {
    const host = await started(simulatedHost([1e9], { a: {}, b: {} }));
    const arriving = [MAC.a, MAC.b, FORGED, BROADCAST, MAC.b].map((destination, number) =>
      frame(OUTSIDE, { destination, number }),
    );
    for (const one of arriving) nic(host, 'nic0').deliver(one);
    guest(host, 'b').sendAll(frames(2, MAC.b, { number: 10 })); // what others send is not for it either
    host.run(1000);
    const seen: number[] = [];
    for (let one = guest(host, 'a').receive(); one !== undefined; one = guest(host, 'a').receive())
      seen.push(numberOf(one));
    expect(seen).toEqual([0, 3]);
    expect(host.arena.nics.rxDropped[DropReason.NoDestination]).toBe(1);
    host.assertConserved();
  });
});

describe('case 42: Open vSwitch, a table of MAC addresses that overflows', () => {
  it.each([
    [true, 16],
    [false, 0],
  ])(
    'case 42: nothing is learned from frames, so 16 new sources push nobody out; port security %s',
    async (portSecurity, spoofed) => {
      const builder = createHost().inline().announce({ count: 0 }).security({ portSecurity });
      builder.nic('nic0', use(memoryNic, { keep: true }));
      const victims = ['a', 'b', 'c', 'd', 'e'].map((name, i) => [name, `52:54:00:00:01:0${i}`] as const);
      for (const [name, mac] of victims) builder.vm(name, mac, use(memoryDevice));
      const host = await started(builder.vm('attacker', '52:54:00:00:02:00', use(memoryDevice)));
      const strange = Array.from({ length: 16 }, (_, i) => `02:00:00:00:07:${i.toString(16).padStart(2, '0')}`);
      // One of them is a victim's own: what would move it to the attacker's port if anything were learned.
      for (const mac of [...strange.slice(1), victims[0]?.[1] as string]) guest(host, 'attacker').send(frame(mac));
      settle(host);
      for (const [, destination] of victims) nic(host, 'nic0').deliver(frame(OUTSIDE, { destination }));
      for (const destination of strange) nic(host, 'nic0').deliver(frame(OUTSIDE, { destination }));
      host.run(1000);
      expect(victims.map(([name]) => host.vms.status(name).rxFrames)).toEqual([1, 1, 1, 1, 1]);
      expect(host.vms.status('attacker').rxFrames).toBe(0);
      expect(droppedAs(host, 'attacker', DropReason.Spoofed)).toBe(spoofed);
      expect(host.arena.nics.rxDropped[DropReason.NoDestination]).toBe(16);
      host.assertConserved();
    },
  );
});
