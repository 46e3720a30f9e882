import {
  definePlugin,
  Nics,
  type NicTable,
  Options,
  type PluginDefinition,
  type TransmitBatch,
  Type,
} from '@fairlead/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WrittenHostConfig } from '../src/config.ts';
import type { Host } from '../src/host.ts';
import { NONE_STRAYED, strayedSlots } from './given/arena.ts';
import { BEYOND, BROADCAST, frame, MULTICAST, macOf } from './given/frames.ts';
import { guestOf, inlineHost, memoryNic, memoryVm, nicOf } from './given/inline-host.ts';

/* Policies that serve well for a while and then go wrong, in one way or another. */
const erraticOptions = Type.Object({ goodCalls: Type.Integer(), way: Type.Integer() });
type ErraticOptions = { goodCalls: number; way: number };

class ErraticAdmission {
  static inject = [Options];
  #calls = 0;
  constructor(readonly options: ErraticOptions) {}

  admit(batch: TransmitBatch): undefined {
    const { goodCalls, way } = this.options;
    for (let i = 0; i < batch.count; i += 3) batch.drop(i, 0);
    if (batch.count > 2) batch.queueFrom(batch.count - 1, 0);
    if (this.#calls++ < goodCalls) return undefined;
    if (way === 0) throw new Error('erratic');
    if (way === 1) return Promise.resolve() as unknown as undefined;
    batch.queuedFrom = way === 2 ? -1 : Number.NaN;
    return undefined;
  }
}

class ErraticDistribution {
  static inject = [Options, Nics];
  #calls = 0;
  constructor(
    readonly options: ErraticOptions,
    readonly nics: NicTable,
  ) {}

  select(batch: TransmitBatch): undefined {
    const { goodCalls, way } = this.options;
    const { nic, count } = batch;
    for (let i = 0; i < count; i++) nic[i] = this.nics.available[i % this.nics.availableCount];
    if (this.#calls++ < goodCalls) return undefined;
    if (way === 0) throw new Error('erratic');
    if (way === 1) return Promise.resolve() as unknown as undefined;
    nic[count - 1] = way === 2 ? -1 : 31;
    return undefined;
  }
}

const erratic = [
  definePlugin({
    kind: 'admission',
    name: 'erratic',
    apiVersion: 1,
    options: erraticOptions,
    implementation: ErraticAdmission,
  }),
  definePlugin({
    kind: 'load-distribution',
    name: 'erratic',
    apiVersion: 1,
    options: erraticOptions,
    implementation: ErraticDistribution,
  }),
] as unknown as PluginDefinition[];

const erraticUse = fc.record({
  use: fc.constant('erratic'),
  options: fc.record({ goodCalls: fc.integer({ min: 0, max: 12 }), way: fc.integer({ min: 0, max: 3 }) }),
});

const admission = fc.oneof(
  fc.constant(undefined),
  fc
    .constantFrom('queue', 'police')
    .map((mode) => ({ use: 'shaping-filter', options: { averageBps: '20Mbps', burstBytes: 4000, mode } })),
  fc.constant({ use: 'proportional-share' }),
  fc
    .tuple(erraticUse, fc.constantFrom(undefined, { use: 'shaping-filter', options: { averageBps: '20Mbps' } }))
    .map(([use, fallback]) => ({ ...use, ...(fallback === undefined ? {} : { fallback }) })),
);

const distribution = fc.oneof(
  fc.constantFrom(undefined, { use: 'round-robin' }, { use: 'pending-load' }, { use: 'vm-affinity' }),
  fc.constantFrom({ use: 'round-robin', options: { weighted: true } }),
  fc.tuple(erraticUse, fc.constantFrom(undefined, { use: 'pending-load' })).map(([use, fallback]) => ({
    ...use,
    ...(fallback === undefined ? {} : { fallback }),
  })),
);

const ringFrames = fc.constantFrom(8, 16, 64);
const hosts = fc.record({
  nics: fc.array(
    fc.record({
      speedBps: fc.constantFrom('2Mbps', '100Mbps', '10Gbps'),
      role: fc.constantFrom('active', 'active', 'standby', 'unused'),
      loss: fc.constantFrom(0, 0, 0.2),
      echo: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  vms: fc.array(
    fc.record({
      shared: fc.boolean(),
      shares: fc.integer({ min: 1, max: 9 }),
      priority: fc.integer({ min: 0, max: 2 }),
    }),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
  memory: fc.record({
    txRingFrames: ringFrames,
    rxRingFrames: ringFrames,
    nicRingFrames: fc.constant(64),
    poolFrames: fc.constantFrom(256, 512),
  }),
  runtime: fc.record({ kind: fc.constant('inline' as const), batchFrames: fc.constantFrom(1, 3, 32, 256) }),
  security: fc.record({ portSecurity: fc.boolean() }),
  admission,
  distribution,
  seed: fc.integer({ min: 0, max: 1000 }),
});
type GivenHost = typeof hosts extends fc.Arbitrary<infer T> ? T : never;

function written({
  nics,
  vms,
  admission: admit,
  distribution: distribute,
  ...rest
}: GivenHost): Partial<WrittenHostConfig> {
  const sharing = vms.some(({ shared }) => shared);
  return {
    ...rest,
    nics: nics.map(({ role, ...options }, i) => memoryNic(`nic${i}`, options, { role: i === 0 ? 'active' : role })),
    vms: vms.map(({ shared, ...bandwidth }, i) => {
      const { device, ...vm } = memoryVm(i, { bandwidth });
      return shared ? { ...vm, port: 'port' } : { ...vm, device };
    }),
    ...(sharing ? { ports: [{ name: 'port', device: { use: 'memory' } }] } : {}),
    ...(admit === undefined ? {} : { admission: admit }),
    ...(distribute === undefined ? {} : { distribution: distribute }),
  } as Partial<WrittenHostConfig>;
}

const bytes = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(60, 64, 1000, 1514) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 15 }) },
  { weight: 1, arbitrary: fc.constantFrom(2045, 2046, 2047, 3000, 70_000) },
);
const index = fc.nat({ max: 7 });
const target = fc.oneof(fc.constantFrom(BEYOND, BEYOND, BROADCAST, MULTICAST), index.map(macOf));

type Step =
  | { do: 'send'; by: number; from: number; to: string; bytes: number; count: number }
  | { do: 'arrive'; nic: number; from: string; to: string; bytes: number; count: number }
  | { do: 'run'; us: number }
  | { do: 'link'; nic: number; up: boolean }
  | { do: 'admin'; nic: number; up: boolean }
  | { do: 'suspend'; by: number }
  | { do: 'resume'; by: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('send' as const),
        by: index,
        // Mostly its own address; sometimes another's.
        from: fc.constantFrom(0, 0, 0, 0, 1, 99),
        to: target,
        bytes,
        count: fc.integer({ min: 1, max: 40 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('arrive' as const),
        nic: index,
        from: fc.oneof(fc.constant(BEYOND), index.map(macOf)),
        to: target,
        bytes,
        count: fc.integer({ min: 1, max: 80 }),
      }),
    },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('run' as const), us: fc.integer({ min: 0, max: 15_000 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom('link' as const, 'admin' as const), nic: index, up: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('suspend' as const, 'resume' as const), by: index }) },
  ),
  { maxLength: 40 },
);

async function take(host: Host, step: Step): Promise<void> {
  const vmCount = host.config.vms.length;
  const nicName = (nic: number): string => (host.config.nics[nic % host.config.nics.length] as { name: string }).name;
  if (step.do === 'run') host.run(step.us);
  else if (step.do === 'link') nicOf(host, nicName(step.nic)).setLink(step.up);
  else if (step.do === 'admin') host.nics.setAdmin(nicName(step.nic), step.up);
  else if (step.do === 'suspend' || step.do === 'resume') await host.vms[step.do](`vm${step.by % vmCount}`);
  else {
    const one = (from: string): Uint8Array => frame({ from, to: step.to, bytes: step.bytes });
    for (let i = 0; i < step.count; i++) {
      if (step.do === 'arrive') nicOf(host, nicName(step.nic)).deliver(one(step.from));
      else {
        const vm = step.by % vmCount;
        guestOf(host, host.config.vms[vm]?.port ?? `vm${vm}`).send(one(macOf(vm + step.from)));
      }
    }
  }
}

/** Puts everything back into service and lets it run until it must be empty. */
async function runDry(host: Host): Promise<void> {
  for (const { name } of host.config.nics) {
    nicOf(host, name).setLink(true);
    host.nics.setAdmin(name, true);
  }
  for (const { name } of host.config.vms) await host.vms.resume(name);
  host.run(4_000_000, 1000);
}

describe('the conservation law', () => {
  it('holds whatever the host is made of and whatever happens to it, and every slot is in one place', async () => {
    await fc.assert(
      fc.asyncProperty(hosts, steps, async (given, list) => {
        const host = await inlineHost(written(given), erratic);
        try {
          for (const step of list) {
            await take(host, step);
            host.assertConserved();
          }
          await runDry(host);
          host.assertConserved();
          const waiting = host.accounts().filter(({ queued }) => queued > 0);
          expect(waiting).toEqual([]);
        } finally {
          await host.close();
        }
        host.assertConserved();
        expect(strayedSlots(host.arena.handle)).toEqual(NONE_STRAYED);
      }),
      { numRuns: 120 },
    );
  });
});
