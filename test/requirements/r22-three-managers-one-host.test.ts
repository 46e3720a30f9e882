import shapingFilter from '@fairlead/admission-shaping-filter';
import { createHost, type Host, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import simulatedHypervisor from '@fairlead/hypervisor-simulated';
import roundRobin from '@fairlead/load-distribution-round-robin';
import memoryNic, { type MemoryNic } from '@fairlead/nic-driver-memory';
import { describe, expect, it } from 'vitest';
import { frames, numberOf, upTo } from './support/frames.ts';
import { BYTE_PER_US, guest, MAC, started, takeSent } from './support/hosts.ts';

describe('requirement 22: VM manager, resource manager and NIC manager can be integrated in one kernel', () => {
  function build(): ReturnType<typeof createHost> {
    return createHost()
      .inline()
      .announce({ count: 0 })
      .nic('nic0', use(memoryNic, { keep: true }))
      .nic('nic1', use(memoryNic, { keep: true }))
      .vm('a', MAC.a, use(memoryDevice), { bandwidth: { limitBps: BYTE_PER_US, burstBytes: 1000 } })
      .admit(use(shapingFilter))
      .distribute(use(roundRobin))
      .hypervisor(use(simulatedHypervisor));
  }

  it('createHost() gives all three, and one path of the frames obeys all three', async () => {
    const host = await started(build());
    expect([host.vms, host.resources, host.nics].map((manager) => manager.constructor.name)).toEqual([
      'VmManager',
      'ResourceManager',
      'NicManager',
    ]);
    guest(host, 'a').sendAll(frames(10, MAC.a));
    host.run(2500); // three frames: the burst, and one for each millisecond
    host.nics.setAdmin('nic0', false);
    host.run(2000); // two more
    host.resources.setAllocation('a', { limitBps: 3 * BYTE_PER_US });
    await host.vms.suspend('a');
    host.run(10_000);
    expect(takeSent(host).map((seen) => seen.map(numberOf))).toEqual([
      [0, 2],
      [1, 3, 4, 5, 6, 7, 8, 9],
    ]);
    expect(host.vms.status('a')).toMatchObject({ state: 'suspended', transmittedFrames: 10 });
    host.assertConserved();
  });

  it('they read and write the same tables, which the policies read too', async () => {
    const host = await started(build());
    const { vms, nics } = host.arena;
    host.resources.setAllocation('a', { limitBps: 5e6, priority: 4 });
    host.nics.setAdmin('nic1', false);
    await host.vms.suspend('a');
    expect([vms.limitBps[0], vms.priority[0], vms.entitledBps[0]]).toEqual([5e6, 4, 0]);
    expect([nics.state[0], nics.state[1]]).toEqual([1, 0]);
    await host.vms.resume('a');
    expect(vms.entitledBps[0]).toBe(5e6);
    expect(host.nics.capacityBps).toBe(1e9);
    host.assertConserved();
  });

  it('all three start as one and end as one', async () => {
    const built: Host = await build().build();
    expect(built.vms.status('a').state).toBe('stopped');
    expect(() => built.pass()).toThrow(/FAIRLEAD_ERR_HOST_STATE/);
    const host = await built.start();
    expect(host.vms.status('a').state).toBe('running');
    guest(host, 'a').sendAll(frames(1, MAC.a));
    host.run(1000);
    host.assertConserved();
    await host.close();
    expect(() => host.run(1)).toThrow(/FAIRLEAD_ERR_HOST_STATE/);
    expect(host.nics.driver<MemoryNic>('nic0').takeTransmitted().map(numberOf)).toEqual(upTo(1));
    host.assertConserved();
  });
});
