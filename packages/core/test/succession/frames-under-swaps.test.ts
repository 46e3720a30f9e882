import { type AdmissionPolicy, definePlugin, type PluginDefinition, type TransmitBatch, Type } from '@fairlead/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../src/host.ts';
import { frame, macOf, markOf, sourceOf } from '../given/frames.ts';
import { guestOf, inlineHost, memoryNic, memoryVm, nicOf } from '../given/inline-host.ts';
import { counting, fickle, named, send, sentBy } from './given.ts';

const admissions = [
  { use: 'shaping-filter', options: { averageBps: '300Mbps', burstBytes: 20_000 } },
  { use: 'shaping-filter', options: { averageBps: '80Mbps', burstBytes: 5000 } },
  { use: 'proportional-share' },
  { definition: fickle, options: { every: 2 } },
  { definition: fickle, options: { every: 3 } },
] as const;
const pinned = { use: 'vm-affinity', options: { pins: { vm0: 'nic0', vm1: 'nic1', vm2: 'nic0' } } };
const distributions = [
  { use: 'round-robin' },
  { use: 'round-robin', options: { weighted: true } },
  { use: 'pending-load' },
  pinned,
  named('x', { throwsAfter: 3 }),
] as const;

/** Frames of three VMs, numbered, under swaps; small queues, so that admitted frames wait for room on a NIC as well. */
class Traffic {
  readonly given: number[][] = [[], [], []];
  /** By VM, then NIC. */
  readonly seen: number[][][] = [0, 1, 2].map(() => [[], []]);
  #mark = 0;

  constructor(readonly host: Host) {}

  static async on(distribution: object): Promise<Traffic> {
    const host = await inlineHost(
      {
        nics: [memoryNic('nic0', { speedBps: '60Mbps' }), memoryNic('nic1', { speedBps: '200Mbps' })],
        vms: [0, 1, 2].map((vm) => memoryVm(vm, { bandwidth: { limitBps: '90Mbps', burstBytes: 5000 } })),
        runtime: { kind: 'inline', batchFrames: 16 },
        memory: { poolFrames: 2048, nicRingFrames: 64, txRingFrames: 64 },
        distribution: distribution as never,
      },
      [counting, fickle],
    );
    return new Traffic(host);
  }

  offer(count: number, bytes: number): void {
    for (let i = 0; i < count; i++) {
      const vm = this.#mark % 3;
      if (guestOf(this.host, `vm${vm}`).send(frame({ from: macOf(vm), bytes, mark: this.#mark })))
        this.given[vm]?.push(this.#mark);
      this.#mark++;
    }
  }

  look(): void {
    for (const nic of [0, 1]) {
      for (const one of nicOf(this.host, `nic${nic}`).takeTransmitted()) {
        const vm = [0, 1, 2].findIndex((candidate) => macOf(candidate) === sourceOf(one));
        this.seen[vm]?.[nic]?.push(markOf(one));
      }
    }
  }

  /** Lets what waits go, and says what is wrong with what came out. */
  end(): object {
    this.host.run(5_000_000, 500);
    this.look();
    this.host.assertConserved();
    const sorted = (marks: number[]): number[] => [...marks].sort((a, b) => a - b);
    const got = this.seen.map((byNic) => sorted(byNic.flat()));
    const reordered = this.seen.flat().filter((marks) => marks.join() !== sorted(marks).join()).length;
    return { lostOrDoubled: got.filter((marks, vm) => marks.join() !== this.given[vm]?.join()).length, reordered };
  }
}

const WELL = { lostOrDoubled: 0, reordered: 0 };

describe('frames under swaps', () => {
  it('are neither lost, doubled nor reordered by 1,000 swaps under load', { timeout: 60_000 }, async () => {
    const traffic = await Traffic.on(pinned);
    for (let i = 0; i < 1000; i++) {
      traffic.offer(6, [64, 700, 1514][i % 3] as number);
      traffic.host.run(i % 4 === 0 ? 0 : 70);
      await traffic.host.swap('admission', admissions[i % admissions.length] as never, { probationMs: i % 3 });
      traffic.look();
    }
    expect(traffic.given.flat().length).toBeGreaterThan(2000);
    expect(traffic.end()).toEqual(WELL);
    await traffic.host.close();
  });

  it('keep their order on each NIC when load distributions are exchanged, some of which fail', async () => {
    const step = fc.record({
      section: fc.constantFrom('admission', 'distribution'),
      which: fc.nat({ max: 4 }),
      count: fc.integer({ min: 0, max: 40 }),
      bytes: fc.constantFrom(64, 700, 1514),
      runUs: fc.constantFrom(0, 40, 300),
      probationMs: fc.constantFrom(0, 1, 10_000),
      link: fc.constantFrom('same', 'same', 'same', 'down', 'up'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const traffic = await Traffic.on({ use: 'round-robin' });
        for (const { section, which, count, bytes, runUs, probationMs, link } of steps) {
          traffic.offer(count, bytes);
          traffic.host.run(runUs);
          if (link !== 'same') nicOf(traffic.host, 'nic1').setLink(link === 'up');
          const choice = section === 'admission' ? admissions[which] : distributions[which];
          await traffic.host.swap(section as 'admission', choice as never, { probationMs });
          traffic.look();
        }
        nicOf(traffic.host, 'nic1').setLink(true);
        const { lostOrDoubled, reordered } = traffic.end() as typeof WELL;
        expect(lostOrDoubled).toBe(0);
        // A NIC that goes down gives its frames to the other, behind newer ones of the same VM that are there already.
        if (steps.every(({ link }) => link === 'same')) expect(reordered).toBe(0);
        await traffic.host.close();
      }),
      { numRuns: 60 },
    );
  });

  it.each(['shaping-filter', 'proportional-share'])(
    'are held to the limit of their VM by %s however often it is exchanged for itself: no burst is given twice',
    async (use) => {
      const burstBytes = 20_000;
      const host = await inlineHost({
        nics: [memoryNic('nic0')],
        vms: [memoryVm(0, { bandwidth: { limitBps: '10Mbps', burstBytes } }), memoryVm(1)],
        admission: { use },
      });
      for (let i = 0; i < 100; i++) {
        for (let k = 0; k < 4; k++) guestOf(host, 'vm0').send(frame({ from: macOf(0), bytes: 1000 }));
        host.run(1000);
        const { handedOver } = await host.swap('admission', { use }, { probationMs: i % 3 });
        expect(handedOver).toBe(true);
      }
      // 100 ms at 10 Mbit/s are 125,000 bytes.
      const { transmittedBytes } = host.vms.status('vm0');
      expect(transmittedBytes).toBeLessThanOrEqual(burstBytes + 125_000 + 1000);
      expect(transmittedBytes).toBeGreaterThan(125_000);
      host.assertConserved();
      await host.close();
    },
  );

  it('go on behind the NIC that round-robin served last', async () => {
    const host = await inlineHost({ distribution: { use: 'round-robin' } });
    for (let i = 0; i < 10; i++) {
      send(host);
      await host.swap('distribution', { use: 'round-robin', options: { weighted: i % 2 === 0 } });
    }
    expect(sentBy(host)).toEqual([5, 5]);
    await host.close();
  });

  it('that were admitted and wait for room on a NIC are not asked about again by a successor', async () => {
    const asked: number[] = [];
    class Asking implements AdmissionPolicy {
      admit(batch: TransmitBatch): undefined {
        asked.push(batch.count);
      }
    }
    const asking = definePlugin({
      kind: 'admission',
      name: 'asking',
      apiVersion: 1,
      options: Type.Object({}),
      implementation: Asking as never,
    }) as unknown as PluginDefinition<'admission'>;
    const traffic = await Traffic.on({ use: 'counting' });
    const { host } = traffic;
    await host.swap('admission', { definition: asking, options: {} });
    for (let i = 0; i < 20; i++) {
      traffic.offer(48, 1514);
      host.pass();
      await host.swap('admission', { definition: asking, options: {} }, { probationMs: 0 });
    }
    expect(traffic.end()).toEqual(WELL);
    expect(asked.reduce((sum, count) => sum + count, 0)).toBe(traffic.given.flat().length);
    await host.close();
  });
});
