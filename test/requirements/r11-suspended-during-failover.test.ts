import { type Host, use } from '@fairlead/core';
import vmAffinity from '@fairlead/load-distribution-vm-affinity';
import suspend from '@fairlead/responder-suspend';
import { definePlugin, type Hypervisor, Type, type VmRef, type VmStatus } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { frames, numberOf, sourceOf, upTo } from './support/frames.ts';
import { BYTE_PER_US, guest, MAC, nic, runWithResponders, simulatedHost, started, takeSent } from './support/hosts.ts';

const FRAMES = 100;
const calls: string[] = [];

/** Writes down what it is told to do. */
class Diary implements Hypervisor {
  start = async (): Promise<void> => undefined;
  suspend = async (vm: VmRef): Promise<void> => void calls.push(`suspend ${vm.name}`);
  resume = async (vm: VmRef): Promise<void> => void calls.push(`resume ${vm.name}`);
  stop = async (): Promise<void> => undefined;
  migrate = async (): Promise<void> => undefined;
  throttle = async (): Promise<void> => undefined;
  status = async (): Promise<VmStatus> => 'running';
}

const diary = definePlugin({
  kind: 'hypervisor',
  name: 'diary',
  apiVersion: 1,
  options: Type.Object({}),
  implementation: Diary,
});

/** VMs a and b may use nic0 and nic1, c only nic2; a and c ask to be suspended, b does not. */
async function given(): Promise<Host> {
  calls.length = 0;
  return started(
    simulatedHost([BYTE_PER_US, BYTE_PER_US, BYTE_PER_US], {
      a: { suspendOnFailover: true },
      b: {},
      c: { suspendOnFailover: true, team: 'other' },
    })
      .team('uplinks', { active: ['nic0', 'nic1'] })
      .team('other', { active: ['nic2'] })
      .memory({ nicRingFrames: 64 })
      .distribute(use(vmAffinity, { pins: { a: 'nic0', b: 'nic1' } }))
      .hypervisor(use(diary))
      .onSignal('failover', [use(suspend)]),
  );
}

const states = (host: Host): string[] => host.vms.list().map(({ name, state }) => `${name} ${state}`);

describe('requirement 11: a VM whose data could have gone over a NIC is suspended while that NIC fails over, and resumed after', () => {
  it('the hypervisor pauses it for exactly that time, no other VM, and nothing that it sent is lost', async () => {
    const host = await given();
    for (const vm of ['a', 'b', 'c'] as const) guest(host, vm).sendAll(frames(FRAMES, MAC[vm]));
    host.run(5500);
    const before = takeSent(host).flat();
    expect(states(host)).toEqual(['a running', 'b running', 'c running']);

    const onTheWire = nic(host, 'nic0').counters.sentFrames;
    nic(host, 'nic0').setLink(false);
    let suspendedMs = 0;
    let otherwise = 0;
    for (let ms = 0; ms < 300; ms++) {
      await runWithResponders(host, 1);
      const inProgress = host.nics.status('nic0').failover;
      const suspended = host.vms.status('a').state === 'suspended';
      if (suspended) suspendedMs++;
      if (suspended !== inProgress) otherwise++;
      expect(states(host).slice(1)).toEqual(['b running', 'c running']);
    }
    expect(suspendedMs).toBeGreaterThan(3);
    expect(otherwise).toBe(0);
    expect(calls).toEqual(['suspend a', 'resume a']);

    // What nic0 had taken when its link went is the wire's; everything else of a left over nic1, in order.
    const sent = [...before, ...takeSent(host).flat()];
    const ofA = sent.filter((one) => sourceOf(one) === MAC.a).map(numberOf);
    expect(ofA).toEqual(upTo(FRAMES));
    expect(onTheWire).toBeGreaterThan(0);
    host.assertConserved();
  });

  it('is not suspended when a NIC fails over that its data could not have used', async () => {
    const host = await given();
    guest(host, 'c').sendAll(frames(FRAMES, MAC.c));
    host.run(1000);
    nic(host, 'nic2').setLink(false);
    await runWithResponders(host, 50);
    expect(host.nics.status('nic2').failover).toBe(true); // there is no other NIC for what waits
    expect(states(host)).toEqual(['a running', 'b running', 'c suspended']);
    expect(calls).toEqual(['suspend c']);

    nic(host, 'nic2').setLink(true);
    await runWithResponders(host, 150);
    expect(states(host)).toEqual(['a running', 'b running', 'c running']);
    expect(takeSent(host)[2]?.map(numberOf)).toEqual(upTo(FRAMES));
    host.assertConserved();
  });
});
