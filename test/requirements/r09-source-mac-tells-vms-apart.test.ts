import { type Host, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import vmAffinity from '@fairlead/load-distribution-vm-affinity';
import { DROP_REASON_COUNT, DropReason } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { frame, numberOf, sourceOf, upTo } from './support/frames.ts';
import { guest, MAC, nic, simulatedHost, started, takeSent } from './support/hosts.ts';

describe('requirement 9: VMs are told apart by the source MAC in the header of the frame', () => {
  function oneTrunk(): Promise<Host> {
    return started(
      simulatedHost([1e9, 1e9], {})
        .port('trunk', use(memoryDevice))
        .vm('a', MAC.a, undefined, { port: 'trunk' })
        .vm('b', MAC.b, undefined, { port: 'trunk' })
        .distribute(use(vmAffinity, { pins: { a: 'nic0', b: 'nic1' } })),
    );
  }

  it('two VMs behind one port are two VMs by their MAC alone', async () => {
    const host = await oneTrunk();
    const trunk = guest(host, 'trunk');
    // Frames that differ in the source MAC and in their number, and in nothing else.
    trunk.sendAll(upTo(90).map((number) => frame(number % 3 === 0 ? MAC.a : MAC.b, { number })));
    host.run(10_000);
    expect(host.vms.status('a')).toMatchObject({ acceptedFrames: 30, transmittedFrames: 30 });
    expect(host.vms.status('b')).toMatchObject({ acceptedFrames: 60, transmittedFrames: 60 });

    const [first, second] = takeSent(host);
    expect(new Set(first.map(sourceOf))).toEqual(new Set([MAC.a]));
    expect(new Set(second.map(sourceOf))).toEqual(new Set([MAC.b]));
    expect(first.map(numberOf)).toEqual(upTo(90).filter((number) => number % 3 === 0));
    expect(second.map(numberOf)).toEqual(upTo(90).filter((number) => number % 3 !== 0));
    host.assertConserved();
  });

  it('a source MAC that neither has is neither, and goes nowhere', async () => {
    const host = await oneTrunk();
    guest(host, 'trunk').sendAll([frame(MAC.c), frame(MAC.a), frame('52:54:00:00:00:0f')]);
    host.run(10_000);
    expect(takeSent(host).map((seen) => seen.length)).toEqual([1, 0]);
    const { vms } = host.arena;
    // The port answers for what nobody owns with its first VM's account.
    expect(vms.refused[DropReason.Spoofed]).toBe(2);
    expect(host.vms.status('a')).toMatchObject({ acceptedFrames: 3, transmittedFrames: 1 });
    host.assertConserved();
  });

  it('a VM on a port of its own that takes the MAC of another is caught', async () => {
    const host = await started(simulatedHost([1e9], { a: {}, b: {} }));
    guest(host, 'b').sendAll([frame(MAC.a), frame(MAC.b, { number: 7 })]);
    host.run(10_000);
    expect(takeSent(host)[0].map(numberOf)).toEqual([7]);
    expect(host.vms.status('a').acceptedFrames).toBe(0);
    expect(host.arena.vms.dropped[DROP_REASON_COUNT + DropReason.Spoofed]).toBe(1);
    expect(nic(host, 'nic0').counters.sentFrames).toBe(1);
    host.assertConserved();
  });
});
