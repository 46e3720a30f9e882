import proportionalShare from '@fairlead/admission-proportional-share';
import { createHost, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import simulatedHypervisor from '@fairlead/hypervisor-simulated';
import memoryNic from '@fairlead/nic-driver-memory';
import { describe, expect, it } from 'vitest';
import { frames } from './support/frames.ts';
import { guest, MAC, started } from './support/hosts.ts';

describe('requirement 21: the VM manager and the resource manager can be one unit', () => {
  it('one call composes both in one process, and what one does the other knows at once', async () => {
    const host = await started(
      createHost()
        .inline()
        .nic('nic0', use(memoryNic, { speedBps: 30e6 }))
        .vm('a', MAC.a, use(memoryDevice), { bandwidth: { shares: 1 } })
        .vm('b', MAC.b, use(memoryDevice), { bandwidth: { shares: 2 } })
        .admit(use(proportionalShare))
        .hypervisor(use(simulatedHypervisor)),
    );
    const { vms, resources } = host;
    expect([resources.entitlement('a'), resources.entitlement('b')]).toEqual([10e6, 20e6]);

    // The order of the events: the share has been taken away by the time that the state is told.
    const seen: [string, number][] = [];
    host.on('vm', ({ vm, state }) => seen.push([`${vm} ${state}`, resources.entitlement('a')]));
    await vms.suspend('b');
    await vms.resume('b');
    await vms.stop('a');
    await vms.start('a');
    expect(seen).toEqual([
      ['b suspended', 30e6],
      ['b running', 10e6],
      ['a stopped', 0],
      ['a running', 10e6],
    ]);

    guest(host, 'a').sendAll(frames(10, MAC.a));
    guest(host, 'b').sendAll(frames(10, MAC.b));
    host.run(100_000);
    expect(vms.list().map((vm) => vm.transmittedFrames)).toEqual([10, 10]);
    // Nothing of it runs anywhere else.
    expect(process.getActiveResourcesInfo().filter((kind) => /process/i.test(kind))).toEqual([]);
    host.assertConserved();
  });
});
