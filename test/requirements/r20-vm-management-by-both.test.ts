import { use } from '@fairlead/core';
import suspend from '@fairlead/responder-suspend';
import { describe, expect, it } from 'vitest';
import { frames } from './support/frames.ts';
import { BYTE_PER_US, guest, MAC, nic, runWithResponders, simulatedHost, started } from './support/hosts.ts';

const LOW = 1;
const HIGH = 9;

describe('requirement 20: what is done with the VMs follows from the state of the NICs and of the VMs', () => {
  it.each([
    { nicFails: false, priority: LOW, state: 'running' },
    { nicFails: true, priority: LOW, state: 'suspended' },
    { nicFails: true, priority: HIGH, state: 'running' },
    { nicFails: false, priority: HIGH, state: 'running' },
  ])(
    'NIC fails over: $nicFails, priority of the VM: $priority: it is $state',
    async ({ nicFails, priority, state }) => {
      const host = await started(
        simulatedHost([BYTE_PER_US], { a: { suspendOnFailover: true } })
          .memory({ nicRingFrames: 64 })
          .onSignal('failover', [use(suspend, { maxPriority: 5 })]),
      );
      host.resources.setAllocation('a', { priority });
      guest(host, 'a').sendAll(frames(40, MAC.a));
      host.run(2000);
      nic(host, 'nic0').setLink(!nicFails);
      await runWithResponders(host, 20);
      expect(host.nics.status('nic0').failover).toBe(nicFails);
      expect(host.vms.status('a').state).toBe(state);

      // With the NIC back, whatever was done is undone.
      nic(host, 'nic0').setLink(true);
      await runWithResponders(host, 20);
      expect(host.vms.status('a').state).toBe('running');
      await runWithResponders(host, 100);
      expect(host.vms.status('a').transmittedFrames).toBe(40);
      host.assertConserved();
    },
  );
});
