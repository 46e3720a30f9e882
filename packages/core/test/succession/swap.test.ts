import {
  type AdmissionPolicy,
  definePlugin,
  isFairleadError,
  type LoadDistribution,
  Nics,
  type NicTable,
  Options,
  type PluginDefinition,
  type TransmitBatch,
  Type,
} from '@fairlead/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../src/host.ts';
import type { SwapNotice } from '../../src/succession/exchange.ts';
import { frame, macOf, markOf, sourceOf } from '../given/frames.ts';
import { guestOf, inlineHost, memoryNic, memoryVm, nicOf } from '../given/inline-host.ts';

/** What instances of the plugins below went through, in order. */
let diary: string[] = [];

interface CountingOptions {
  readonly name: string;
  readonly nic: number;
  readonly state: 'good' | 'none' | 'garbage' | 'throws' | 'function';
  readonly throwsAfter: number;
  readonly refuses: boolean;
}

const countingOptions = Type.Object(
  {
    name: Type.String({ default: 'a' }),
    nic: Type.Integer({ default: 0 }),
    state: Type.String({ default: 'good' }),
    throwsAfter: Type.Integer({ default: 1_000_000_000 }),
    refuses: Type.Boolean({ default: false }),
  },
  { additionalProperties: false },
);

/** Sends everything over one NIC and counts the batches, in its predecessors' time as well. */
class Counting implements LoadDistribution {
  static readonly inject = [Nics, Options];
  batches = 0;
  own = 0;

  constructor(
    private readonly nics: NicTable,
    private readonly options: CountingOptions,
  ) {
    if (options.name === 'broken') throw new Error('no way');
    diary.push(`made ${options.name}`);
  }

  select(batch: TransmitBatch): undefined {
    this.batches++;
    if (++this.own > this.options.throwsAfter) throw new Error('tired');
    batch.nic.fill(this.nics.available[this.options.nic], 0, batch.count);
  }

  exportState(): unknown {
    diary.push(`exported ${this.options.name}`);
    if (this.options.state === 'throws') throw new Error('mine');
    if (this.options.state === 'none') return undefined;
    if (this.options.state === 'function') return () => 1;
    return this.options.state === 'good' ? { batches: this.batches } : 'garbage';
  }

  importState(state: unknown, from: { name: string }): undefined {
    const { batches } = state as { batches?: unknown };
    if (this.options.refuses || typeof batches !== 'number') throw new Error('what is this?');
    diary.push(`${this.options.name} took ${batches} from ${from.name}`);
    this.batches = batches;
  }

  dispose(): undefined {
    diary.push(`disposed ${this.options.name}`);
  }
}

const counting = definePlugin({
  kind: 'load-distribution',
  name: 'counting',
  apiVersion: 1,
  options: countingOptions,
  implementation: Counting as never,
}) as unknown as PluginDefinition<'load-distribution'>;

const named = (name: string, more: Partial<CountingOptions> = {}) => ({
  definition: counting,
  options: { name, ...more },
});

async function hostOf(change: object = {}): Promise<{ host: Host; swaps: SwapNotice[]; faults: string[] }> {
  diary = [];
  const host = await inlineHost({ distribution: { use: 'counting' }, ...change }, [counting]);
  const swaps: SwapNotice[] = [];
  const faults: string[] = [];
  host.on('swap', (notice) => swaps.push(notice));
  host.on('fault', ({ plugin, fallback }) => faults.push(`${plugin}, then ${fallback}`));
  return { host, swaps, faults };
}

let mark = 0;
function send(host: Host, count = 1, vm = 0): void {
  for (let i = 0; i < count; i++) guestOf(host, `vm${vm}`).send(frame({ from: macOf(vm), mark: mark++ }));
  host.run(100);
}

const sentBy = (host: Host): number[] => ['nic0', 'nic1'].map((nic) => host.nics.status(nic).txFrames);

describe('a swap', () => {
  it('makes the successor, hands the state over, lets it decide, and disposes of the predecessor after the probation', async () => {
    const { host, swaps } = await hostOf();
    send(host);
    send(host);
    diary = [];
    const notice = await host.swap('distribution', named('b', { nic: 1 }), { probationMs: 5 });
    expect(notice).toEqual({
      section: 'distribution',
      from: 'counting',
      to: 'counting',
      handedOver: true,
      cause: 'asked',
    });
    expect(swaps).toEqual([notice]);
    send(host);
    expect(sentBy(host)).toEqual([2, 1]);
    expect(diary).toEqual(['made b', 'exported a', 'b took 2 from counting']);
    host.run(4_800);
    expect(diary).toHaveLength(3);
    host.run(200);
    expect(diary.at(-1)).toBe('disposed a');
    host.assertConserved();
  });

  it('without a probation disposes of the predecessor at once', async () => {
    const { host } = await hostOf();
    await host.swap('distribution', named('b'), { probationMs: 0 });
    expect(diary).toEqual(['made a', 'made b', 'exported a', 'b took 0 from counting', 'disposed a']);
  });

  it.each([
    ['garbage', ['made b', 'exported a', 'disposed b', 'made b']],
    ['throws', ['made b', 'exported a']],
    ['none', ['made b', 'exported a']],
    ['function', ['made b', 'exported a']],
  ] as const)('of a predecessor whose state is %s lets the successor start afresh', async (state, expected) => {
    const { host } = await hostOf({ distribution: { use: 'counting', options: { state } } });
    diary = [];
    const warnings: string[] = [];
    host.on('log', ({ message }) => warnings.push(message));
    const { handedOver } = await host.swap('distribution', named('b'));
    expect(handedOver).toBe(false);
    // A successor that took in part of a state is not trusted with it: another one is made.
    expect([...diary].sort()).toEqual([...expected].sort());
    expect(warnings).toHaveLength(state === 'none' ? 0 : 1);
    send(host);
    expect(sentBy(host)).toEqual([1, 0]);
  });

  it.each([
    ['FAIRLEAD_ERR_PLUGIN_NOT_FOUND', { use: 'no-such-thing' }, 'distribution.use'],
    ['FAIRLEAD_ERR_PLUGIN_OPTIONS', named('b', { nic: 'left' as never }), 'distribution.options.nic'],
    ['FAIRLEAD_ERR_PLUGIN_CONSTRUCT', named('broken'), 'distribution'],
    ['FAIRLEAD_ERR_CONFIG_INVALID', { use: 'counting', fallback: {} }, 'distribution.fallback'],
    ['FAIRLEAD_ERR_PLUGIN_KIND', { definition: 'fickle', options: {} }, 'distribution.use'],
  ] as const)('that is refused with %s changes nothing', async (code, given, where) => {
    const { host, swaps } = await hostOf();
    const error = await host
      .swap(
        'distribution',
        (code === 'FAIRLEAD_ERR_PLUGIN_KIND' ? { definition: fickle, options: {} } : given) as never,
      )
      .catch((thrown: unknown) => thrown);
    expect(isFairleadError(error) && [error.code, error.where]).toEqual([code, where]);
    expect(swaps).toEqual([]);
    expect(host.policies.distribution).toBe('counting');
    send(host);
    expect(sentBy(host)).toEqual([1, 0]);
    expect(diary).toEqual(['made a']);
  });

  it('refuses a probation that is no time', async () => {
    const { host } = await hostOf();
    await expect(host.swap('distribution', named('b'), { probationMs: -1 })).rejects.toThrow('FAIRLEAD_ERR_SWAP');
    await expect(host.swap('distribution', named('b'), { probationMs: Number.NaN })).rejects.toThrow(
      'FAIRLEAD_ERR_SWAP',
    );
  });

  it('is refused by a host that is closed', async () => {
    const { host } = await hostOf();
    await host.close();
    expect(() => host.swap('distribution', named('b'))).toThrow('FAIRLEAD_ERR_HOST_STATE');
  });

  it('puts a policy into a place that had none', async () => {
    const { host } = await hostOf({ distribution: undefined });
    send(host);
    const { from, handedOver } = await host.swap('distribution', named('b', { nic: 1, throwsAfter: 1 }));
    expect([from, handedOver]).toEqual(['first-available', false]);
    send(host);
    send(host); // it fails, and what was before returns
    expect(sentBy(host)).toEqual([2, 1]);
  });

  it('of many at once does one after the other, in order', async () => {
    const { host, swaps } = await hostOf();
    await Promise.all(['b', 'c', 'd'].map((name) => host.swap('distribution', named(name), { probationMs: 0 })));
    expect(swaps).toHaveLength(3);
    expect(diary.filter((line) => line.startsWith('made'))).toEqual(['made a', 'made b', 'made c', 'made d']);
    expect(diary.filter((line) => line.startsWith('disposed'))).toEqual(['disposed a', 'disposed b', 'disposed c']);
  });
});

describe('a successor that fails on probation', () => {
  it('makes way for its predecessor, with the state that it had, and not for the fallback', async () => {
    const { host, swaps, faults } = await hostOf({
      distribution: { use: 'counting', fallback: { use: 'round-robin' } },
    });
    send(host);
    await host.swap('distribution', named('b', { nic: 1, throwsAfter: 1 }), { probationMs: 1000 });
    send(host);
    send(host);
    await Promise.resolve();
    expect(faults).toEqual(['counting, then counting']);
    expect(sentBy(host)).toEqual([2, 1]);
    expect(swaps.map(({ cause, handedOver }) => [cause, handedOver])).toEqual([
      ['asked', true],
      ['probation', false],
    ]);
    expect(diary.at(-1)).toBe('disposed b');
    host.run(2_000_000);
    expect(diary).not.toContain('disposed a');
    host.assertConserved();
  });

  it('leaves the fallback to its predecessor', async () => {
    const { host, faults } = await hostOf({
      distribution: { use: 'counting', options: { throwsAfter: 2 }, fallback: { use: 'round-robin' } },
    });
    await host.swap('distribution', named('b', { throwsAfter: 1 }));
    for (let i = 0; i < 6; i++) send(host);
    expect(faults).toEqual(['counting, then counting', 'counting, then round-robin']);
    expect(host.nics.status('nic0').txFrames + host.nics.status('nic1').txFrames).toBe(6);
  });

  it('after its probation makes way for the configured fallback', async () => {
    const { host, faults } = await hostOf({ distribution: { use: 'counting', fallback: { use: 'round-robin' } } });
    await host.swap('distribution', named('b', { throwsAfter: 1 }), { probationMs: 1 });
    host.run(2_000);
    for (let i = 0; i < 4; i++) send(host);
    expect(faults).toEqual(['counting, then round-robin']);
  });

  it('does not bring back a policy that had failed itself: the fallback that serves for it goes on', async () => {
    const { host, faults } = await hostOf({
      distribution: { use: 'counting', options: { throwsAfter: 1 }, fallback: { use: 'round-robin' } },
    });
    for (let i = 0; i < 3; i++) send(host);
    await host.swap('distribution', named('b', { throwsAfter: 1 }));
    for (let i = 0; i < 3; i++) send(host);
    expect(faults).toEqual(['counting, then round-robin', 'counting, then round-robin']);
    expect(host.policies.distribution).toBe('round-robin');
  });

  it('cannot be followed by one more swap to a place of two predecessors', async () => {
    const { host } = await hostOf();
    await host.swap('distribution', named('b'));
    await host.swap('distribution', named('c', { throwsAfter: 0 }));
    expect(diary).toContain('disposed a');
    send(host);
    await Promise.resolve();
    expect(diary.slice(-2)).toEqual(['disposed a', 'disposed c']);
  });
});

/** Drops nothing, and makes every VM wait for a while now and then. */
class Fickle implements AdmissionPolicy {
  static readonly inject = [Options];
  #calls = 0;
  constructor(private readonly options: { every: number }) {}
  admit(batch: TransmitBatch): undefined {
    if (++this.#calls % this.options.every === 0) batch.queueFrom(batch.count >> 1, batch.nowUs + 120);
  }
}

const fickle = definePlugin({
  kind: 'admission',
  name: 'fickle',
  apiVersion: 1,
  options: Type.Object({ every: Type.Integer({ default: 2 }) }),
  implementation: Fickle as never,
}) as unknown as PluginDefinition<'admission'>;

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
