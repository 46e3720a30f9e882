import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { use } from '@fairlead/core';
import pendingLoad, { PendingLoad } from '@fairlead/load-distribution-pending-load';
import roundRobin, { RoundRobin } from '@fairlead/load-distribution-round-robin';
import vmAffinity, { VmAffinity } from '@fairlead/load-distribution-vm-affinity';
import { loadDistributionLaws, type MakeLoadDistribution } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import { frames, numberOf, upTo } from './support/frames.ts';
import { guest, MAC, nic, simulatedHost, started, takeSent } from './support/hosts.ts';

const PENDING_LOAD = { grainBytes: 1514, priority: false, priorityHoldUs: 10_000, reservations: false };

/** Every bundled algorithm, in its forms. */
const ALGORITHMS: Record<
  string,
  { make: MakeLoadDistribution; used: ReturnType<typeof use<'load-distribution', never>> }
> = {
  'round-robin': {
    make: ({ nics }) => new RoundRobin(nics, { weighted: false }),
    used: use(roundRobin),
  },
  'round-robin, weighted': {
    make: ({ nics }) => new RoundRobin(nics, { weighted: true }),
    used: use(roundRobin, { weighted: true }),
  },
  'pending-load': {
    make: ({ nics, vms }) => new PendingLoad(nics, vms, PENDING_LOAD),
    used: use(pendingLoad),
  },
  'pending-load, by priority and reservation': {
    make: ({ nics, vms }) => new PendingLoad(nics, vms, { ...PENDING_LOAD, priority: true, reservations: true }),
    used: use(pendingLoad, { priority: true, reservations: true }),
  },
  'vm-affinity': {
    make: ({ nics, vms }) => new VmAffinity(nics, vms, { pins: {} }),
    used: use(vmAffinity),
  },
};

/** The NICs that are up, step by step: each leaves and returns, alone and with others, and once there is none. */
const UP = [[0, 1, 2], [1, 2], [2], [0, 2], [0], [0, 1], [1], [], [1, 2]];

describe('requirement 28: the NIC is selected by a load-distribution algorithm', () => {
  it('every bundled algorithm is tried here', () => {
    const bundled = readdirSync(fileURLToPath(new URL('../../plugins', import.meta.url)))
      .filter((folder) => folder.startsWith('load-distribution-'))
      .map((folder) => folder.slice('load-distribution-'.length));
    const tried = new Set(Object.keys(ALGORITHMS).map((name) => name.split(',')[0]));
    expect([...tried].sort()).toEqual(bundled.sort());
  });

  describe.each(Object.entries(ALGORITHMS))('%s', (_name, { make, used }) => {
    it.each(loadDistributionLaws(make))('$name', ({ check }) => {
      expect(check).not.toThrow();
    });

    it('in a host: every frame leaves once, by a NIC that is there, while NICs come and go', async () => {
      const host = await started(simulatedHost([50e6, 100e6, 200e6], { a: {}, b: {} }).distribute(used));
      const faults: unknown[] = [];
      host.on('fault', (fault) => faults.push(fault));
      let sent = 0;
      for (const [step, up] of [...UP, ...UP, [0, 1, 2]].entries()) {
        for (const index of [0, 1, 2]) {
          const name = `nic${index}`;
          if (up.includes(index)) {
            nic(host, name).setLink(true);
            host.nics.setAdmin(name, true);
          } else if (step % 2 === 0) host.nics.setAdmin(name, false);
          else nic(host, name).setLink(false);
        }
        sent += guest(host, 'a').sendAll(frames(40, MAC.a, { number: sent }));
        sent += guest(host, 'b').sendAll(frames(40, MAC.b, { number: sent }));
        host.run(12_000);
      }
      host.run(200_000);
      expect(sent).toBe((2 * UP.length + 1) * 80);
      expect(
        takeSent(host)
          .flat()
          .map(numberOf)
          .sort((x, y) => x - y),
      ).toEqual(upTo(sent));
      expect(faults).toEqual([]);
      host.assertConserved();
    });
  });
});
