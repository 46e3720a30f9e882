import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { use } from '@fairlead/core';
import activeBackup from '@fairlead/load-distribution-active-backup';
import flowHash from '@fairlead/load-distribution-flow-hash';
import loadRebalance from '@fairlead/load-distribution-load-rebalance';
import originatingPort from '@fairlead/load-distribution-originating-port';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import roundRobin from '@fairlead/load-distribution-round-robin';
import vmAffinity from '@fairlead/load-distribution-vm-affinity';
import weighted from '@fairlead/load-distribution-weighted';
import { conformanceLaws, type Law } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import { frames, numberOf, upTo } from './support/frames.ts';
import { guest, MAC, nic, simulatedHost, started, takeSent } from './support/hosts.ts';

const together = { priority: true, reservations: true };
const inTunnels = { layer: 'layer2+3', encapsulated: true, weighted: true } as const;
const hurried = { granularity: 'bucket', intervalMs: 1, thresholdPercent: 0 } as const;
const inTurn = { weights: { nic0: 3 }, per: 'frame' } as const;
const pinned = { pins: { vm0: 'nic0' } };

/** Every bundled algorithm with its laws, and the forms in which a host uses it. */
const ALGORITHMS: Record<
  string,
  { laws: readonly Law[]; forms: readonly ReturnType<typeof use<'load-distribution', never>>[] }
> = {
  'active-backup': { laws: conformanceLaws(activeBackup), forms: [use(activeBackup)] },
  'flow-hash': {
    laws: conformanceLaws(flowHash, { options: [inTunnels] }),
    forms: [use(flowHash), use(flowHash, { layer: 'src-mac', weighted: true })],
  },
  'load-rebalance': {
    laws: conformanceLaws(loadRebalance, { options: [hurried] }),
    forms: [use(loadRebalance), use(loadRebalance, hurried)],
  },
  'originating-port': { laws: conformanceLaws(originatingPort), forms: [use(originatingPort)] },
  'pending-load': {
    laws: conformanceLaws(pendingLoad, { options: [together] }),
    forms: [
      use(pendingLoad),
      use(pendingLoad, together),
      use(pendingLoad, { granularity: 'flowlet' }),
      use(pendingLoad, { granularity: 'vm' }),
    ],
  },
  'round-robin': {
    laws: conformanceLaws(roundRobin),
    forms: [use(roundRobin), use(roundRobin, { weighted: true })],
  },
  weighted: {
    laws: conformanceLaws(weighted, { options: [inTurn] }),
    forms: [use(weighted), use(weighted, { per: 'vm' }), use(weighted, inTurn)],
  },
  'vm-affinity': { laws: conformanceLaws(vmAffinity, { options: [pinned] }), forms: [use(vmAffinity)] },
};

/** The NICs that are up, step by step: each leaves and returns, alone and with others, and once there is none. */
const UP = [[0, 1, 2], [1, 2], [2], [0, 2], [0], [0, 1], [1], [], [1, 2]];

describe('requirement 28: the NIC is selected by a load-distribution algorithm', () => {
  it('every bundled algorithm is tried here', () => {
    const bundled = readdirSync(fileURLToPath(new URL('../../plugins', import.meta.url)))
      .filter((folder) => folder.startsWith('load-distribution-'))
      .map((folder) => folder.slice('load-distribution-'.length));
    expect(Object.keys(ALGORITHMS).sort()).toEqual(bundled.sort());
  });

  describe.each(Object.entries(ALGORITHMS))('%s', (_name, { laws, forms }) => {
    it.each(laws)('$name', ({ check }) => {
      expect(check).not.toThrow();
    });

    it.each(forms)(
      'in a host: every frame leaves once, by a NIC that is there, while NICs come and go (%#)',
      async (used) => {
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
      },
    );
  });
});
