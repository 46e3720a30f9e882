import shapingFilter from '@fairlead/admission-shaping-filter';
import { createHost, type Host, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import memoryNic from '@fairlead/nic-driver-memory';
import { describe, expect, it } from 'vitest';
import { frame } from '../requirements/support/frames.ts';
import { guest, MAC, settle, simulatedHost, started, type VmName } from '../requirements/support/hosts.ts';
import { policed } from './support/drops.ts';

const GIGABIT = 1e9;
const POLICE = { averageBps: '80Mbps', burstBytes: 16 * 1024, mode: 'police' } as const;
const SATURATING = { rateBps: '160Mbps', frameBytes: 1500, pattern: 'poisson' } as const;

/** What VMs sent in ten seconds, by a number in their status. */
function inTenSeconds(host: Host, vms: readonly VmName[], figure: 'transmittedBytes' | 'transmittedFrames'): number[] {
  host.run(10e6);
  for (const vm of vms) expect(policed(host, vm)).toBeGreaterThan(0);
  host.assertConserved();
  return vms.map((vm) => host.vms.status(vm)[figure]);
}

const offBy = (figure: number, wanted: number): number => Math.abs(figure - wanted) / wanted;

describe('case 34: Linux tc_police', () => {
  it('case 34: a VM that saturates 80 Mbit/s with 16 kB gets it within 10%, and what is over is dropped', async () => {
    const host = await started(
      simulatedHost([GIGABIT], { a: { traffic: SATURATING } }).admit(use(shapingFilter, POLICE)),
    );
    const [bytes = 0] = inTenSeconds(host, ['a'], 'transmittedBytes');
    expect(offBy((bytes * 8) / 10, 80e6)).toBeLessThan(0.1);
  });

  it('case 34: one policer that two VMs share obeys one budget', async () => {
    const builder = simulatedHost([GIGABIT], { a: { traffic: SATURATING }, b: { traffic: SATURATING } });
    const host = await started(builder.admit(use(shapingFilter, { ...POLICE, groups: [['a', 'b']] })));
    const [a = 0, b = 0] = inTenSeconds(host, ['a', 'b'], 'transmittedBytes');
    expect(offBy(((a + b) * 8) / 10, 80e6)).toBeLessThan(0.1);
    expect(Math.min(a, b)).toBeGreaterThan(0);
  });

  it('case 34: so do two VMs behind one shared port', async () => {
    const builder = createHost()
      .inline()
      .admit(use(shapingFilter, { ...POLICE, groups: [['a', 'b']] }));
    builder.nic('nic0', use(memoryNic)).port('shared', use(memoryDevice));
    const host = await started(
      builder.vm('a', MAC.a, undefined, { port: 'shared' }).vm('b', MAC.b, undefined, { port: 'shared' }),
    );
    // Twice the rate, by both in turn.
    for (let ms = 0; ms < 2000; ms++) {
      for (const vm of ['a', 'b'] as const)
        for (let i = 0; i < 10; i++) guest(host, 'shared').send(frame(MAC[vm], { bytes: 1000 }));
      host.run(1000);
    }
    const sent = (['a', 'b'] as const).map((vm) => host.vms.status(vm).transmittedBytes);
    expect(offBy((sent.reduce((sum, bytes) => sum + bytes) * 8) / 2, 80e6)).toBeLessThan(0.1);
    expect(policed(host, 'a') + policed(host, 'b')).toBeGreaterThan(15_000);
    host.assertConserved();
  });

  it('case 34: 2000 frames a second are passed within 10%, whatever their length', async () => {
    const traffic = { rateBps: '4Mbps', frameBytes: 100, pattern: 'poisson' } as const;
    const options = { framesPerSecond: 2000, burstFrames: 16, mode: 'police' } as const;
    const host = await started(simulatedHost([GIGABIT], { a: { traffic } }).admit(use(shapingFilter, options)));
    const [framesSent = 0] = inTenSeconds(host, ['a'], 'transmittedFrames');
    expect(offBy(framesSent / 10, 2000)).toBeLessThan(0.1);
  });

  it('case 34: a frame longer than the burst never conforms, which serves as the MTU of a policer: 10 exceed, 3 pass', async () => {
    const options = { averageBps: GIGABIT, burstBytes: 1042, mode: 'police' } as const;
    const host = await started(simulatedHost([GIGABIT], { a: {} }).admit(use(shapingFilter, options)));
    for (const [count, bytes] of [
      [5, 1043],
      [3, 1042],
      [5, 1500],
    ] as const) {
      for (let i = 0; i < count; i++) {
        guest(host, 'a').send(frame(MAC.a, { bytes }));
        settle(host);
        host.run(100);
      }
    }
    expect([policed(host, 'a'), host.vms.status('a').transmittedFrames]).toEqual([10, 3]);
    host.assertConserved();
  });
});
