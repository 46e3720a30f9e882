import { createHost, type Host, type HostBuilder, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import activeBackup from '@fairlead/load-distribution-active-backup';
import flowHash from '@fairlead/load-distribution-flow-hash';
import loadRebalance from '@fairlead/load-distribution-load-rebalance';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import roundRobin from '@fairlead/load-distribution-round-robin';
import memoryNic from '@fairlead/nic-driver-memory';
import { describe, expect, it } from 'vitest';
import { frame, frames, numberOf, sourceOf, upTo } from '../requirements/support/frames.ts';
import { BYTE_PER_US, guest, MAC, nic, simulatedHost, started, takeSent } from '../requirements/support/hosts.ts';
import { datagram, portOf } from './support/datagrams.ts';

/*
 * What other systems' test suites ask of the ways to spread frames over NICs, in this host's words. The number of a case
 * is that of the list of cases; its title says where it comes from.
 */
const SECOND_US = 1_000_000;
const LINK_POLL_US = 10_000;

/** VMs on NICs A, B, C … of 10 Gbit/s. */
function hostOf(nicCount: number, macs: readonly string[]): HostBuilder {
  const builder = createHost().inline().announce({ count: 0 });
  for (const name of ['A', 'B', 'C', 'D'].slice(0, nicCount)) {
    builder.nic(name, use(memoryNic, { speedBps: '10Gbps', keep: true, wireFrames: 16_384 }));
  }
  for (const [i, mac] of macs.entries()) builder.vm(`vm${i}`, mac, use(memoryDevice));
  return builder;
}

const macOf = (vm: number): string => `52:54:00:00:01:${vm.toString(16).padStart(2, '0')}`;

/** Sends in bites that fit the VM's ring. */
function sendAll(host: Host, vm: string, all: readonly Uint8Array[]): void {
  for (let i = 0; i < all.length; i += 64) {
    expect(guest(host, vm).sendAll(all.slice(i, i + 64))).toBe(Math.min(64, all.length - i));
    host.run(1000);
  }
}

describe('Open vSwitch', () => {
  it('case 3: Open vSwitch, set primary: once it has changed, no flow goes over the old NIC any more', async () => {
    const host = await started(
      hostOf(2, [macOf(1)])
        .team('bond', { active: ['A', 'B'], primary: 'A' })
        .distribute(use(activeBackup)),
    );
    const flows = upTo(200).map((port) => datagram({ from: macOf(1), port }));
    sendAll(host, 'vm0', flows);
    // Both ways, as a cache of flows would have it.
    for (const answer of flows.slice(0, 20)) nic(host, 'A').deliver(answered(answer));
    host.run(1000);
    expect(takeSent(host).map((sent) => sent.length)).toEqual([200, 0]);
    host.teams.edit('bond', { primary: 'B' }, host.nowUs);
    sendAll(host, 'vm0', flows);
    expect(takeSent(host).map((sent) => sent.length)).toEqual([0, 200]);
    host.assertConserved();
  });

  it('case 16: Open vSwitch, balance-slb: 101 sources, more than 3 on each of 3 NICs, none on two', async () => {
    const macs = upTo(101).map((vm) => macOf(vm));
    const host = await started(hostOf(3, macs).distribute('balance-slb'));
    for (let round = 0; round < 30; round++) {
      for (const [vm, mac] of macs.entries()) guest(host, `vm${vm}`).send(frame(mac, { bytes: 60 + vm }));
      host.run(SECOND_US);
      const sources = takeSent(host).map((sent) => new Set(sent.map(sourceOf)));
      expect(sources.every(({ size }) => size > 3)).toBe(true);
      expect(sources.reduce((sum, { size }) => sum + size, 0)).toBe(101);
    }
    host.assertConserved();
  });

  it('case 17: Open vSwitch, balance-tcp: 256 ports, more than 24 on each of 3 NICs, of 256 buckets', async () => {
    const host = await started(hostOf(3, [macOf(1)]).distribute('balance-tcp'));
    sendAll(
      host,
      'vm0',
      upTo(256).map((port) => datagram({ from: macOf(1), port })),
    );
    const sent = takeSent(host);
    expect(sent.every((ofNic) => ofNic.length > 24)).toBe(true);
    expect(new Set(sent.flat().map(portOf)).size).toBe(256);
    // Each NIC's buckets move when it goes: together they are all there are.
    let moved = 0;
    host.on('log', ({ message }) => {
      moved += Number(/^moved (\d+) buckets/.exec(message)?.[1] ?? 0);
    });
    for (const name of ['A', 'B', 'C']) {
      for (const up of [false, true]) {
        nic(host, name).setLink(up);
        host.run(LINK_POLL_US);
        sendAll(host, 'vm0', [datagram({ from: macOf(1), port: 1 })]);
      }
      // Buckets return one by one, each when it has a frame to send.
      sendAll(
        host,
        'vm0',
        upTo(4096).map((port) => datagram({ from: macOf(1), port })),
      );
    }
    expect(moved).toBe(256);
    host.assertConserved();
  });

  it('case 18: Open vSwitch, rebalance after a link change: B has load, none while it is down, and load again', async () => {
    const everySecond = { granularity: 'bucket', intervalMs: '1s', thresholdPercent: 0 } as const;
    const host = await started(hostOf(2, [macOf(1)]).distribute(use(loadRebalance, everySecond)));
    const loads: number[] = [];
    host.on('log', ({ fields }) => loads.push(Number((fields as { loadBps?: number } | undefined)?.loadBps ?? 0)));
    // 256 flows of 65,500 bytes: 50 frames each.
    const flows = upTo(256).map((port) => datagram({ from: macOf(1), port, bytes: 1310 }));
    const load = (): [number, number] => {
      for (let i = 0; i < 50; i++) sendAll(host, 'vm0', flows);
      host.run(SECOND_US - 200_000);
      const [a = [], b = []] = takeSent(host);
      expect(a.length + b.length).toBe(256 * 50);
      return [a.length, b.length];
    };
    expect(Math.min(...load())).toBeGreaterThan(0);
    nic(host, 'B').setLink(false);
    host.run(LINK_POLL_US);
    takeSent(host);
    expect(load()[1]).toBe(0);
    nic(host, 'B').setLink(true);
    host.run(LINK_POLL_US);
    expect(load()[1]).toBeGreaterThan(0);
    for (const up of [false, true]) {
      for (const name of ['A', 'B']) nic(host, name).setLink(up);
      host.run(LINK_POLL_US);
    }
    expect(Math.min(...load())).toBeGreaterThan(0);
    // No bucket was ever taken to send more than all of them did.
    expect(Math.max(0, ...loads)).toBeLessThanOrEqual(256 * 50 * 1310 * 8);
    host.assertConserved();
  });
});

describe('DPDK', () => {
  it('case 23: DPDK, round robin, a NIC takes 10 of its 32 frames: the other 22 are had back, in order, each once', async () => {
    const host = await started(simulatedHost([1e9, BYTE_PER_US], { a: {} }).distribute(use(roundRobin)));
    guest(host, 'a').sendAll(frames(64, MAC.a, { bytes: 1000 }));
    host.run(9500);
    const [first = [], second = []] = takeSent(host).map((sent) => sent.map(numberOf));
    expect([first, second]).toEqual([upTo(32).map((i) => 2 * i), upTo(10).map((i) => 2 * i + 1)]);
    expect(host.nics.status('nic1').pendingBytes).toBe(22_000);
    host.nics.setAdmin('nic1', false);
    host.run(LINK_POLL_US);
    const [back = [], none = []] = takeSent(host).map((sent) => sent.map(numberOf));
    expect([back, none]).toEqual([upTo(22).map((i) => 2 * (10 + i) + 1), []]);
    host.assertConserved(); // every frame is in one place, and every slot is given back once
  });

  it('case 24: DPDK, balance: what one NIC does not take keeps nothing from the other', async () => {
    const host = await started(simulatedHost([BYTE_PER_US, 1e9], { a: {}, b: {} }).distribute(use(flowHash)));
    // One port whose frames go over the NIC that is slow, and one whose frames do not.
    const portAt = [0, 1].map((wanted) => {
      for (let port = 1; port < 100; port++) {
        guest(host, 'a').send(datagram({ from: MAC.a, port, bytes: 60 }));
        host.run(LINK_POLL_US);
        if ((takeSent(host)[wanted]?.length ?? 0) > 0) return port;
      }
      return expect.fail(`no port goes over nic${wanted}`);
    });
    const [slow, fast] = portAt.map((port) => (from: string) => datagram({ from, port, bytes: 1000 }));
    for (let i = 0; i < 40; i++) guest(host, 'a').send(slow(MAC.a));
    for (let i = 0; i < 20; i++) guest(host, 'b').send(fast(MAC.b));
    host.run(14_500);
    expect(takeSent(host).map((sent) => sent.length)).toEqual([15, 20]);
    expect(host.nics.status('nic0').pendingBytes).toBe(25_000);
    host.assertConserved();
  });

  it('case 25: DPDK, round robin, NICs 1 and 3 of four are down: 10, 0, 10, 0 go out, and 40 come in', async () => {
    const host = await started(simulatedHost([1e9, 1e9, 1e9, 1e9], { a: {} }).distribute(use(roundRobin)));
    for (const name of ['nic1', 'nic3']) nic(host, name).setLink(false);
    host.run(LINK_POLL_US);
    guest(host, 'a').sendAll(frames(20, MAC.a));
    host.run(LINK_POLL_US);
    expect(takeSent(host).map((sent) => sent.length)).toEqual([10, 0, 10, 0]);
    for (const index of [0, 1, 2, 3]) {
      for (let i = 0; i < 20; i++) nic(host, `nic${index}`).deliver(frame('02:00:00:ff:ff:01', { destination: MAC.a }));
    }
    host.run(LINK_POLL_US);
    expect(host.vms.status('a').rxFrames).toBe(40);
    host.assertConserved();
  });

  it('case 26: DPDK, transmit load balancing: what the NICs send is what was sent, a part by each, and none with all down', async () => {
    const host = await started(simulatedHost([1e9, 1e9, 1e9], { a: {} }).distribute(use(pendingLoad)));
    for (let burst = 0; burst < 400; burst++) {
      expect(guest(host, 'a').sendAll(frames(60, MAC.a, { bytes: 64 + (burst % 1000) }))).toBe(60);
      host.run(300);
    }
    host.run(LINK_POLL_US);
    const bytes = host.nics.list().map(({ txBytes }) => txBytes);
    const total = bytes.reduce((sum, one) => sum + one, 0);
    expect(total).toBe(host.vms.status('a').transmittedBytes);
    for (const one of bytes) expect(one > 0 && one < total).toBe(true);
    for (const name of ['nic0', 'nic1', 'nic2']) nic(host, name).setLink(false);
    host.run(LINK_POLL_US);
    guest(host, 'a').sendAll(frames(60, MAC.a));
    host.run(LINK_POLL_US);
    expect(host.nics.list().map(({ txBytes }) => txBytes)).toEqual(bytes);
    host.assertConserved();
  });

  it('case 27: DPDK, layers 2, 2+3, 3+4: two NICs are used exactly when what differs is in the policy', async () => {
    const differing = {
      MAC: (i: number) => ({ to: macOf(i) }),
      IP: (i: number) => ({ destination: i }),
      port: (i: number) => ({ port: i }),
    };
    const lines: string[] = [''];
    for (const layer of ['layer2', 'layer2+3', 'layer3+4'] as const) {
      for (const vlans of [[], [7], [7, 8]]) {
        const host = await started(hostOf(2, [macOf(1)]).distribute(use(flowHash, { layer })));
        const cells = Object.entries(differing).map(([what, about]) => {
          sendAll(
            host,
            'vm0',
            upTo(40).map((i) => datagram({ from: macOf(1), vlans, ...about(2 + i) })),
          );
          return `${what} ${takeSent(host).filter((sent) => sent.length > 0).length === 2 ? 'splits' : '-'}`.padEnd(14);
        });
        lines.push(`${layer.padEnd(10)}${`${vlans.length} tags`.padEnd(8)}${cells.join('')}`.trimEnd());
        host.assertConserved();
      }
    }
    expect(`${lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      layer2    0 tags  MAC splits    IP -          port -
      layer2    1 tags  MAC splits    IP -          port -
      layer2    2 tags  MAC splits    IP -          port -
      layer2+3  0 tags  MAC splits    IP splits     port -
      layer2+3  1 tags  MAC splits    IP splits     port -
      layer2+3  2 tags  MAC splits    IP splits     port -
      layer3+4  0 tags  MAC -         IP splits     port splits
      layer3+4  1 tags  MAC -         IP splits     port splits
      layer3+4  2 tags  MAC -         IP splits     port splits
      "
    `);
  });
});

/** What comes back: source and destination exchanged. */
function answered(sent: Uint8Array): Uint8Array {
  const answer = sent.slice();
  answer.set(sent.subarray(6, 12), 0);
  answer.set(sent.subarray(0, 6), 6);
  return answer;
}
