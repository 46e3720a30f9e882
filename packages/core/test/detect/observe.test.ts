import { DROP_REASON_COUNT, DropReason } from '@fairlead/sdk';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Host } from '../../src/host.ts';
import { recorder, type Shown } from '../given/detectors.ts';
import { BROADCAST, frame, macOf, markOf } from '../given/frames.ts';
import { guestOf, inlineHost, memoryNic, memoryVm, nicOf } from '../given/inline-host.ts';

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

const marks = (shown: readonly Shown[], vm: number, direction: Shown['direction']): number[] =>
  shown.flatMap((run) => (run.vm === vm && run.direction === direction ? run.frames.map(markOf) : []));
const counted = (shown: readonly Shown[], vm: number, direction: Shown['direction']): number =>
  shown.reduce((sum, run) => sum + (run.vm === vm && run.direction === direction ? run.frames.length : 0), 0);

describe('what a VM sends', () => {
  it('is shown once, in order, as a run of that VM', async () => {
    const { plugin, shown } = recorder();
    host = await inlineHost({ detectors: [{ use: 'recorder' }] }, [plugin]);
    for (let mark = 0; mark < 40; mark++) guestOf(host, 'vm1').send(frame({ from: macOf(1), mark, bytes: 60 + mark }));
    host.run(10_000);
    expect(shown).toHaveLength(1);
    expect(shown[0]).toMatchObject({ vm: 1, direction: 'outbound', bytes: 40 * 60 + (39 * 40) / 2 });
    expect(marks(shown, 1, 'outbound')).toEqual(Array.from({ length: 40 }, (_, mark) => mark));
    host.assertConserved();
  });

  it('is shown once however often it waits and is asked about again', async () => {
    const { plugin, shown } = recorder();
    const nics = [memoryNic('nic0', { speedBps: 1e6 })];
    const memory = { poolFrames: 1024, nicRingFrames: 64 };
    host = await inlineHost({ nics, memory, detectors: [{ use: 'recorder' }] }, [plugin]);
    const sent = Array.from({ length: 200 }, (_, mark) => mark);
    for (const mark of sent) guestOf(host, 'vm0').send(frame({ from: macOf(0), mark, bytes: 1000 }));
    host.run(50_000);
    expect(host.arena.txRings.length(0)).toBeGreaterThan(100); // they wait for a NIC that is slow
    host.run(3_000_000);
    expect(host.arena.txRings.length(0)).toBe(0);
    expect(marks(shown, 0, 'outbound')).toEqual(sent);
  });

  it('never counts for the VM whose address it forges', async () => {
    const { plugin, shown } = recorder();
    host = await inlineHost({ detectors: [{ use: 'recorder' }] }, [plugin]);
    for (let mark = 0; mark < 10; mark++) guestOf(host, 'vm0').send(frame({ from: macOf(1), mark }));
    host.run(10_000);
    expect([counted(shown, 0, 'outbound'), counted(shown, 1, 'outbound')]).toEqual([10, 0]);
    expect(host.arena.vms.dropped[DropReason.Spoofed]).toBe(10);
  });
});

describe('what comes for a VM', () => {
  it('is shown from the network and from another VM, and as sent by that one', async () => {
    const { plugin, shown } = recorder();
    host = await inlineHost({ detectors: [{ use: 'recorder' }] }, [plugin]);
    nicOf(host, 'nic0').deliver(frame({ from: '06:00:00:00:00:01', to: macOf(1), mark: 7 }));
    guestOf(host, 'vm0').send(frame({ from: macOf(0), to: macOf(1), mark: 8 }));
    host.run(10_000);
    expect(marks(shown, 1, 'inbound').sort()).toEqual([7, 8]);
    expect(marks(shown, 0, 'outbound')).toEqual([8]);
    expect(guestOf(host, 'vm1').counters.receivedFrames).toBe(2);
  });

  it('is shown to each VM that a broadcast reaches', async () => {
    const { plugin, shown } = recorder();
    host = await inlineHost({ detectors: [{ use: 'recorder' }] }, [plugin]);
    guestOf(host, 'vm0').send(frame({ from: macOf(0), to: BROADCAST, mark: 3 }));
    nicOf(host, 'nic0').deliver(frame({ from: '06:00:00:00:00:01', to: BROADCAST, mark: 4 }));
    host.run(10_000);
    expect(marks(shown, 0, 'inbound')).toEqual([4]);
    expect(marks(shown, 1, 'inbound').sort()).toEqual([3, 4]);
  });

  it('is shown also when its ring is full, and a flood in runs', async () => {
    const { plugin, shown } = recorder();
    const memory = { poolFrames: 1024, rxRingFrames: 8 };
    host = await inlineHost({ memory, detectors: [{ use: 'recorder' }] }, [plugin]);
    for (let mark = 0; mark < 60; mark++)
      nicOf(host, 'nic0').deliver(frame({ from: '06:00:00:00:00:01', to: macOf(0), mark }));
    host.run(10_000);
    expect(marks(shown, 0, 'inbound')).toEqual(Array.from({ length: 60 }, (_, mark) => mark));
    expect(shown.length).toBeLessThan(10);
    expect(host.arena.vms.rxDropped[DropReason.RingFull]).toBeGreaterThan(0);
    host.assertConserved();
  });
});

describe('under random traffic', () => {
  const places = fc.record({
    vm: fc.nat(3),
    to: fc.nat(6),
    forged: fc.boolean(),
    bytes: fc.integer({ min: 14, max: 1514 }),
  });
  const arrivals = fc.record({ to: fc.nat(5), bytes: fc.integer({ min: 14, max: 1514 }), nic: fc.nat(1) });
  const steps = fc.array(
    fc.oneof(
      fc.record({ sent: fc.array(places, { minLength: 1, maxLength: 40 }) }),
      fc.record({ came: fc.array(arrivals, { minLength: 1, maxLength: 40 }) }),
      fc.record({ link: fc.boolean() }),
    ),
    { minLength: 1, maxLength: 30 },
  );
  const destination = (to: number): string => (to < 4 ? macOf(to) : to === 4 ? BROADCAST : '06:00:00:00:00:99');

  it('every frame that was accepted or offered is shown once, to the VM whose it is', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (course) => {
        const { plugin, shown } = recorder();
        const running = await inlineHost(
          {
            nics: [memoryNic('nic0', { speedBps: 20e6 }), memoryNic('nic1', { speedBps: 20e6 })],
            vms: [memoryVm(0), memoryVm(1), memoryVm(2), memoryVm(3)],
            memory: { poolFrames: 4096, txRingFrames: 16, rxRingFrames: 8, nicRingFrames: 64 },
            detectors: [{ use: 'recorder', windowMs: 1 }],
          },
          [plugin],
        );
        for (const step of course) {
          if ('sent' in step) {
            for (const { vm, to, forged, bytes } of step.sent)
              guestOf(running, `vm${vm}`).send(
                frame({ from: macOf(forged ? (vm + 1) % 4 : vm), to: destination(to), bytes }),
              );
          } else if ('came' in step) {
            for (const { to, bytes, nic } of step.came)
              nicOf(running, `nic${nic}`).deliver(frame({ from: '06:00:00:00:00:01', to: destination(to), bytes }));
          } else nicOf(running, 'nic0').setLink(step.link);
          running.run(500);
        }
        nicOf(running, 'nic0').setLink(true);
        running.run(2_000_000);
        running.assertConserved();
        const { vms, txRings } = running.arena;
        for (let vm = 0; vm < 4; vm++) {
          const inRing = sum(vms.refused, vm); // these never came to be in the ring
          expect(txRings.length(vm)).toBe(0);
          expect(counted(shown, vm, 'outbound')).toBe((vms.acceptedFrames[vm] as number) - inRing);
          const noSlot = vms.rxDropped[vm * DROP_REASON_COUNT + DropReason.PoolEmpty] as number;
          expect(counted(shown, vm, 'inbound')).toBe((vms.rxOfferedFrames[vm] as number) - noSlot);
        }
        await running.close();
      }),
      { numRuns: 60 },
    );
  });
});

function sum(column: Float64Array, row: number): number {
  let total = 0;
  for (let i = 0; i < DROP_REASON_COUNT; i++) total += column[row * DROP_REASON_COUNT + i] as number;
  return total;
}
