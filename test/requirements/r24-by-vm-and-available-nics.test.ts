import { use } from '@fairlead/core';
import vmAffinity from '@fairlead/load-distribution-vm-affinity';
import { describe, expect, it } from 'vitest';
import { frame } from './support/frames.ts';
import { chosenNic, enableOnly, guest, MAC, simulatedHost, started } from './support/hosts.ts';

const NICS = ['nic0', 'nic1', 'nic2'];
const SETS = [1, 2, 3, 4, 5, 6, 7].map((mask) => NICS.filter((_, i) => (mask >> i) & 1));

describe('requirement 24: the NIC is selected by which VM sends and which NICs are available', () => {
  it('for every VM and every set of available NICs', async () => {
    const host = await started(
      simulatedHost([1e9, 1e9, 1e9], { a: {}, b: {}, c: {}, d: {} }).distribute(
        use(vmAffinity, { pins: { a: 'nic1', b: ['nic2', 'nic0'], c: 'nic0' } }),
      ),
    );
    const table = SETS.map((available) => {
      host.run(1000); // what was sent has left, so nothing is held back for order's sake
      enableOnly(host, available);
      const chosen = (['a', 'b', 'c', 'd'] as const).map((vm) => {
        const name = chosenNic(host, () => guest(host, vm).send(frame(MAC[vm])));
        expect(available).toContain(name);
        return name;
      });
      return [
        available
          .map((name) => name.at(-1))
          .join(' ')
          .padEnd(9),
        ...chosen,
      ].join('  ');
    });
    expect(`\navailable  a     b     c     d\n${table.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      available  a     b     c     d
      0          nic0  nic0  nic0  nic0
      1          nic1  nic1  nic1  nic1
      0 1        nic1  nic0  nic0  nic0
      2          nic2  nic2  nic2  nic2
      0 2        nic2  nic2  nic0  nic0
      1 2        nic1  nic2  nic1  nic2
      0 1 2      nic1  nic2  nic0  nic0
      "
    `);
    host.assertConserved();
  });
});
