import { type Host, type HostBuilder, use } from '@fairlead/core';
import activeBackup from '@fairlead/load-distribution-active-backup';
import flowHash from '@fairlead/load-distribution-flow-hash';
import loadRebalance from '@fairlead/load-distribution-load-rebalance';
import originatingPort from '@fairlead/load-distribution-originating-port';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import roundRobin from '@fairlead/load-distribution-round-robin';
import vmAffinity from '@fairlead/load-distribution-vm-affinity';
import weighted from '@fairlead/load-distribution-weighted';
import { describe, expect, it } from 'vitest';
import { frame } from './support/frames.ts';
import { BYTE_PER_US, chosenNic, enableOnly, guest, MAC, simulatedHost, started } from './support/hosts.ts';

const ALGORITHMS: Record<string, (builder: HostBuilder) => HostBuilder> = {
  'round-robin': (builder) => builder.distribute(use(roundRobin)),
  'round-robin, weighted': (builder) => builder.distribute(use(roundRobin, { weighted: true })),
  'pending-load': (builder) => builder.distribute(use(pendingLoad)),
  'pending-load, by VM': (builder) => builder.distribute(use(pendingLoad, { granularity: 'vm' })),
  'vm-affinity': (builder) => builder.distribute(use(vmAffinity, { pins: { a: 'nic0', b: 'nic1' } })),
  'active-backup': (builder) => builder.distribute(use(activeBackup)),
  'originating-port': (builder) => builder.distribute(use(originatingPort)),
  'flow-hash': (builder) => builder.distribute(use(flowHash)),
  'flow-hash, src-mac': (builder) => builder.distribute(use(flowHash, { layer: 'src-mac' })),
  'load-rebalance': (builder) => builder.distribute(use(loadRebalance)),
  weighted: (builder) => builder.distribute(use(weighted, { weights: { nic1: 3 }, per: 'frame' })),
  '(none)': (builder) => builder,
};

/* Twelve frames: of which VM, and how long. */
const FRAMES = 'abaabbbaabab'.split('').map((vm, i) => ({ vm: vm as 'a' | 'b', bytes: i % 3 === 0 ? 1500 : 200 }));

function choices(host: Host): string {
  return FRAMES.map(({ vm, bytes }) =>
    chosenNic(host, () => guest(host, vm).send(frame(MAC[vm], { bytes }))).slice('nic'.length),
  ).join(' ');
}

describe('requirement 39: when both NICs are available a load-distribution algorithm decides', () => {
  it('the same frames, by each algorithm: with both NICs available its own way, with one that one', async () => {
    const lines: string[] = [`${'frames of'.padEnd(24)}${FRAMES.map(({ vm }) => vm).join(' ')}`];
    for (const [name, distribute] of Object.entries(ALGORITHMS)) {
      // The second NIC is three times as fast.
      const make = () => started(distribute(simulatedHost([BYTE_PER_US, 3 * BYTE_PER_US], { a: {}, b: {} })));
      const both = await make();
      expect(both.nics.list().map((status) => status.available)).toEqual([true, true]);
      lines.push(`${name.padEnd(24)}${choices(both)}`);
      both.assertConserved();

      for (const left of ['0', '1']) {
        const one = await make();
        enableOnly(one, [`nic${left}`]);
        expect(choices(one)).toBe(FRAMES.map(() => left).join(' '));
        one.assertConserved();
      }
    }
    expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      frames of               a b a a b b b a a b a b
      round-robin             0 1 0 1 0 1 0 1 0 1 0 1
      round-robin, weighted   1 0 1 1 1 0 1 1 1 0 1 1
      pending-load            1 1 1 1 1 1 1 0 0 0 1 1
      pending-load, by VM     0 1 0 0 1 1 1 0 0 1 0 1
      vm-affinity             0 1 0 0 1 1 1 0 0 1 0 1
      active-backup           0 0 0 0 0 0 0 0 0 0 0 0
      originating-port        0 1 0 0 1 1 1 0 0 1 0 1
      flow-hash               1 1 1 1 1 1 1 1 1 1 1 1
      flow-hash, src-mac      1 1 1 1 1 1 1 1 1 1 1 1
      load-rebalance          0 1 0 0 1 1 1 0 0 1 0 1
      weighted                1 0 1 1 1 0 1 1 1 0 1 1
      (none)                  0 0 0 0 0 0 0 0 0 0 0 0
      "
    `);
  });
});
