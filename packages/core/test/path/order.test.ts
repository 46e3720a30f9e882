import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frame, macOf, markOf, sourceOf } from '../given/frames.ts';
import { guestOf, inlineHost, memoryNic, memoryVm, nicOf } from '../given/inline-host.ts';

describe('the order of a pinned VM’s frames', () => {
  const sends = fc.array(
    fc.record({
      vm: fc.nat({ max: 2 }),
      count: fc.integer({ min: 1, max: 30 }),
      runUs: fc.integer({ min: 0, max: 3000 }),
      bytes: fc.constantFrom(64, 700, 1514),
    }),
    { minLength: 1, maxLength: 30 },
  );

  it('is at its NIC what it was at the VM, under shaping and under shares', async () => {
    await fc.assert(
      fc.asyncProperty(
        sends,
        fc.constantFrom('shaping-filter', 'proportional-share'),
        fc.constantFrom(1, 5, 32),
        async (list, use, batchFrames) => {
          const host = await inlineHost({
            nics: [memoryNic('nic0', { speedBps: '50Mbps' }), memoryNic('nic1', { speedBps: '200Mbps' })],
            vms: [0, 1, 2].map((vm) => memoryVm(vm, { bandwidth: { limitBps: '40Mbps', burstBytes: 5000 } })),
            runtime: { kind: 'inline', batchFrames },
            admission: { use },
            distribution: { use: 'vm-affinity', options: { pins: { vm0: 'nic0', vm1: 'nic1', vm2: 'nic0' } } },
          });
          const given: number[][] = [[], [], []];
          const seen: number[][] = [[], [], []];
          const look = (): void => {
            for (const name of ['nic0', 'nic1']) {
              for (const one of nicOf(host, name).takeTransmitted()) {
                const vm = [0, 1, 2].find((candidate) => macOf(candidate) === sourceOf(one)) as number;
                expect(name).toBe(vm === 1 ? 'nic1' : 'nic0');
                seen[vm].push(markOf(one));
              }
            }
          };
          let mark = 0;
          for (const { vm, count, runUs, bytes: length } of list) {
            for (let i = 0; i < count; i++, mark++) {
              if (guestOf(host, `vm${vm}`).send(frame({ from: macOf(vm), bytes: length, mark }))) given[vm].push(mark);
            }
            host.run(runUs);
            look();
          }
          host.run(2_000_000, 500);
          look();
          expect(seen).toEqual(given);
          await host.close();
        },
      ),
      { numRuns: 40 },
    );
  });
});
