import shapingFilter, { options, ShapingFilter, type ShapingOptions } from '@fairlead/admission-shaping-filter';
import { type Host, use } from '@fairlead/core';
import { definePlugin, inject, Options, Vms, type VmTable } from '@fairlead/sdk';
import { expect, it } from 'vitest';
import { BROADCAST, frame, frames, numberOf } from '../requirements/support/frames.ts';
import { guest, MAC, settle, simulatedHost, started, takeSent, type VmName } from '../requirements/support/hosts.ts';
import { policed } from './support/drops.ts';

const GIGABIT = 1e9;

/** The instances that hosts have made, to look into their buckets. */
const made: ShapingFilter[] = [];
class LookedInto extends ShapingFilter {
  constructor(@inject(Vms) vms: VmTable, @inject(Options) given: ShapingOptions) {
    super(vms, given);
    made.push(this);
  }
}
const lookedInto = definePlugin({
  kind: 'admission',
  name: 'shaping-filter',
  apiVersion: 1,
  options,
  implementation: LookedInto,
});

/** Bits in the average bucket of the host's first VM. */
function bitsLeft(): number {
  const [bytes, nanoBits] = (made.at(-1) as ShapingFilter).exportState().columns as [Int32Array, Float64Array];
  return bytes[0] * 8 + nanoBits[0] / 1e9;
}

/** Bit/s that each VM has sent in ten seconds, after five that are not looked at. */
function ratesOf(host: Host, vms: readonly VmName[]): number[] {
  host.run(5e6);
  const before = vms.map((vm) => host.vms.status(vm).transmittedBytes);
  host.run(10e6);
  return vms.map((vm, i) => ((host.vms.status(vm).transmittedBytes - before[i]) * 8) / 10);
}

/** How far a figure is from what it should be, as a part of it. */
const offBy = (figure: number, wanted: number): number => Math.abs(figure - wanted) / wanted;

it('case 31: Open vSwitch, a meter of 1 kbit/s and 2000 bit: of 7, 5 and 5 frames of 60 bytes pass 4, 1 and 1', async () => {
  const meter = { averageBps: 1000, burstBytes: 250, mode: 'police' } as const;
  const host = await started(simulatedHost([GIGABIT], { a: {} }).admit(use(lookedInto, meter)));
  const outcome: number[][] = [];
  for (const [atMs, count] of [
    [0, 7],
    [870, 5],
    [880, 5],
  ] as const) {
    if (atMs > 0) host.run(atMs * 1000 - host.nowUs);
    guest(host, 'a').sendAll(frames(count, MAC.a, { bytes: 60 }));
    settle(host);
    outcome.push([host.nowUs / 1000, host.vms.status('a').transmittedFrames, bitsLeft()]);
  }
  expect(outcome).toEqual([
    [0, 4, 80],
    [870, 5, 470],
    [880, 6, 0],
  ]);
  expect(policed(host, 'a')).toBe(11);
  host.assertConserved();
});

it('case 33: Linux sch_tbf, VMs under a shaper of their own each keep their rate within 5%', async () => {
  const saturating = { rateBps: '100Mbps', frameBytes: 1500 } as const;
  const builder = simulatedHost([GIGABIT], {
    a: { traffic: saturating, bandwidth: { limitBps: '10Mbps' } },
    b: { traffic: saturating, bandwidth: { limitBps: '40Mbps' } },
    c: { traffic: saturating },
  });
  const host = await started(builder.admit(use(shapingFilter, { averageBps: '20Mbps', burstBytes: 8192 })));
  const [a, b, c] = ratesOf(host, ['a', 'b', 'c']);
  expect(Math.max(offBy(a, 10e6), offBy(b, 40e6), offBy(c, 20e6))).toBeLessThan(0.05);
  expect(policed(host, 'a') + policed(host, 'b') + policed(host, 'c')).toBe(0);
  host.assertConserved();
});

const copies = { framesPerSecond: 1, burstFrames: 1, mode: 'police' } as const;

it('case 32: Open vSwitch, metered copies: of two frames at one a second the second is dropped, the copies for local VMs use no NIC and are not metered', async () => {
  const host = await started(simulatedHost([GIGABIT], { a: {}, b: {}, c: {} }).admit(use(shapingFilter, copies)));
  guest(host, 'a').sendAll(frames(2, MAC.a, { destination: BROADCAST }));
  settle(host);
  host.run(1000);
  expect(takeSent(host)[0]?.map(numberOf)).toEqual([0]);
  expect([policed(host, 'a'), host.vms.status('b').rxFrames, host.vms.status('c').rxFrames]).toEqual([1, 2, 2]);
  host.assertConserved();
  host.run(1e6);
  guest(host, 'a').send(frame(MAC.a));
  settle(host);
  expect(takeSent(host)[0]).toHaveLength(1);
  host.assertConserved();
});

it('case 32: Open vSwitch, two VMs that send a copy each under one meter: both copies are metered', async () => {
  const shared = { ...copies, groups: [['a', 'b']] };
  const host = await started(simulatedHost([GIGABIT], { a: {}, b: {} }).admit(use(shapingFilter, shared)));
  for (let second = 0; second < 3; second++) {
    for (const vm of ['a', 'b'] as const) guest(host, vm).send(frame(MAC[vm], { number: second }));
    settle(host);
    expect(takeSent(host)[0]?.map(numberOf)).toEqual([second]);
    host.run(1e6);
  }
  expect(policed(host, 'a') + policed(host, 'b')).toBe(3);
  host.assertConserved();
});
