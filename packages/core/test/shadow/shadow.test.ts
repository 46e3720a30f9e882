import {
  type AdmissionPolicy,
  DropReason,
  definePlugin,
  type LoadDistribution,
  Logger,
  Nics,
  type NicTable,
  Options,
  type PluginDefinition,
  Randomness,
  Time,
  type TransmitBatch,
  Type,
  Vms,
  type VmTable,
} from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../src/host.ts';
import type { ShadowSectionReport } from '../../src/shadow/shadow-report.ts';
import type { ShadowNotice } from '../../src/succession/exchange.ts';
import { frame, macOf } from '../given/frames.ts';
import { guestOf, inlineHost, memoryNic, memoryVm, nicOf } from '../given/inline-host.ts';

const noOptions = Type.Object({});
type Kind = 'admission' | 'load-distribution';
const plugin = <K extends Kind>(kind: K, name: string, implementation: unknown): PluginDefinition<K> =>
  definePlugin({ kind, name, apiVersion: 1, options: noOptions, implementation: implementation as never }) as never;
const given = <K extends Kind>(definition: PluginDefinition<K>) => ({ definition, options: {} });

/** Writes to all that it is given, and to all that it can reach from there. */
class Vandal implements AdmissionPolicy, LoadDistribution {
  static readonly inject = [Nics, Vms, Time, Randomness, Options, Logger];
  readonly #things: readonly unknown[];

  constructor(...things: readonly unknown[]) {
    this.#things = things;
  }

  #wreck(thing: unknown): void {
    if (typeof thing !== 'object' || thing === null) return;
    const object = thing as Record<string, unknown>;
    for (const key of Object.keys(object)) {
      const value = object[key];
      if (ArrayBuffer.isView(value)) new Uint8Array(value.buffer).fill(0xff);
      else if (Array.isArray(value)) for (let i = 0; i < value.length; i++) Reflect.set(value, i, 'mine');
      Reflect.set(object, key, typeof value === 'number' ? Number.NaN : undefined);
    }
  }

  admit(batch: TransmitBatch): undefined {
    for (const thing of [...this.#things, batch]) this.#wreck(thing);
  }

  sweep(): undefined {
    for (const thing of this.#things) this.#wreck(thing);
  }

  select(batch: TransmitBatch): undefined {
    for (const thing of [...this.#things, batch]) this.#wreck(thing);
  }
}

/** A vandal whose answers are well-formed, so that it is never put aside. */
class PoliteVandal extends Vandal {
  readonly #nics: NicTable;
  readonly #vms: VmTable;

  constructor(nics: NicTable, vms: VmTable, ...more: readonly unknown[]) {
    super(nics, vms, ...more);
    this.#nics = nics;
    this.#vms = vms;
  }

  override admit(batch: TransmitBatch): undefined {
    batch.drop(0, DropReason.Policed);
    batch.queueFrom(1, batch.nowUs);
    batch.bytes.fill(9);
    batch.flow.fill(9);
    this.#scribble();
  }

  override sweep(): undefined {
    this.#scribble();
  }

  override select(batch: TransmitBatch): undefined {
    batch.nic.fill(this.#nics.available[this.#nics.availableCount - 1], 0, batch.count);
    batch.bytes.fill(9);
    batch.verdict.fill(9);
    this.#scribble();
  }

  #scribble(): void {
    for (const column of Object.values({ ...this.#nics, ...this.#vms }))
      if (ArrayBuffer.isView(column)) new Uint8Array(column.buffer).fill(7);
  }
}

class Thrower {
  admit(): undefined {
    throw new Error('not me');
  }
  select(): undefined {
    throw new Error('not me');
  }
}

class Promiser {
  admit(): unknown {
    return Promise.resolve();
  }
  select(): unknown {
    return Promise.resolve();
  }
}

class Nonsense {
  admit(batch: TransmitBatch): undefined {
    batch.queuedFrom = -3;
  }
  select(batch: TransmitBatch): undefined {
    batch.nic.fill(31);
  }
}

const shadows: Record<string, unknown> = { Vandal, PoliteVandal, Thrower, Promiser, Nonsense };

/** A host under load whose policies depend on everything that a shadow might touch. */
async function run(admissionShadow?: object, distributionShadow?: object): Promise<{ host: Host; bytes: string }> {
  const host = await inlineHost({
    nics: [memoryNic('nic0', { speedBps: '60Mbps' }), memoryNic('nic1', { speedBps: '200Mbps' })],
    vms: [0, 1, 2].map((vm) => memoryVm(vm, { bandwidth: { limitBps: '50Mbps', burstBytes: 8000, shares: vm + 1 } })),
    runtime: { kind: 'inline', batchFrames: 16 },
    memory: { poolFrames: 2048, nicRingFrames: 64, txRingFrames: 64 },
    admission: { use: 'proportional-share' },
    distribution: { use: 'pending-load' },
  });
  if (admissionShadow !== undefined) await host.shadow('admission', admissionShadow as never);
  if (distributionShadow !== undefined) await host.shadow('distribution', distributionShadow as never);
  const out: string[] = [];
  for (let i = 0; i < 200; i++) {
    for (let k = 0; k < 9; k++) {
      const vm = (i + k) % 3;
      guestOf(host, `vm${vm}`).send(
        frame({ from: macOf(vm), bytes: [64, 700, 1514][k % 3] as number, mark: i * 9 + k }),
      );
    }
    if (i === 100) nicOf(host, 'nic1').setLink(false);
    if (i === 140) nicOf(host, 'nic1').setLink(true);
    host.run(400);
    for (const nic of ['nic0', 'nic1'])
      for (const one of nicOf(host, nic).takeTransmitted()) out.push(`${nic} ${Buffer.from(one).toString('base64')}`);
  }
  host.assertConserved();
  return { host, bytes: out.join('\n') };
}

const sectionOf = (host: Host, section: string): ShadowSectionReport | undefined =>
  host.shadowReport().sections.find((one) => one.section === section);

describe('what is sent', () => {
  it.each(Object.keys(shadows))('is the same with the shadow %s beside both policies as with none', async (name) => {
    const { bytes } = await run();
    const watched = await run(
      given(plugin('admission', 'bad', shadows[name])),
      given(plugin('load-distribution', 'bad', shadows[name])),
    );
    expect(watched.bytes).toBe(bytes);
    expect(bytes.split('\n').length).toBeGreaterThan(500);
    const aside = name === 'PoliteVandal' ? 'watching' : 'aside';
    expect(['admission', 'distribution'].map((section) => sectionOf(watched.host, section)?.state)).toEqual([
      aside,
      aside,
    ]);
  });

  it('is the same with sound shadows', async () => {
    const { bytes } = await run();
    const watched = await run({ use: 'shaping-filter' }, { use: 'round-robin' });
    expect(watched.bytes).toBe(bytes);
    expect(sectionOf(watched.host, 'distribution')?.matrix).toHaveLength(4);
  });
});

describe('a shadow that fails', () => {
  it.each([
    ['Thrower', 'select() failed for VM vm0: not me'],
    ['Promiser', 'select() failed for VM vm0: select returned a value; a kernel must return undefined'],
    ['Nonsense', 'select() failed for VM vm0: chose NIC 31, which is not available'],
  ])('(%s) is put aside alone, and told of once', async (name, message) => {
    const host = await inlineHost();
    const notices: ShadowNotice[] = [];
    const faults: unknown[] = [];
    host.on('shadow', (notice) => notices.push(notice));
    host.on('fault', (fault) => faults.push(fault));
    await host.shadow('distribution', given(plugin('load-distribution', 'bad', shadows[name])));
    for (let i = 0; i < 3; i++) {
      guestOf(host, 'vm0').send(frame({ from: macOf(0) }));
      host.run(100);
    }
    expect(notices).toEqual([
      { section: 'distribution', shadow: 'bad', state: 'set', message: '' },
      { section: 'distribution', shadow: 'bad', state: 'aside', message },
    ]);
    expect(faults).toEqual([]);
    expect(sectionOf(host, 'distribution')).toMatchObject({ state: 'aside', faults: [message], frames: 0 });
    expect(nicOf(host, 'nic0').takeTransmitted()).toHaveLength(3);
  });

  it('cannot be made, and nothing is watched', async () => {
    const host = await inlineHost();
    class Unmade {
      constructor() {
        throw new Error('no');
      }
      select(): undefined {}
    }
    const unmade = given(plugin('load-distribution', 'unmade', Unmade));
    await expect(host.shadow('distribution', unmade)).rejects.toThrow('FAIRLEAD_ERR_PLUGIN_CONSTRUCT');
    expect(host.shadowReport().sections).toEqual([]);
  });
});

/** Admits what conforms to a rate that it counts by itself, as a shaper does. */
const shaped = (use: string, averageBps: string) => ({ use, options: { averageBps, burstBytes: 1600 } });

describe('the report', () => {
  it('says that a shadow of the same policy agrees on everything', async () => {
    const host = await inlineHost({
      admission: { ...shaped('shaping-filter', '10Mbps'), shadow: shaped('shaping-filter', '10Mbps') },
      distribution: { use: 'round-robin', shadow: { use: 'round-robin' } },
    });
    for (let i = 0; i < 20; i++) guestOf(host, 'vm0').send(frame({ from: macOf(0), bytes: 1000 }));
    host.run(100_000);
    const admission = sectionOf(host, 'admission');
    expect(admission).toMatchObject({
      real: 'shaping-filter',
      shadow: 'shaping-filter',
      state: 'watching',
      differences: [],
    });
    // One goes at once; each of the others is counted when it is first made to wait, and when it goes.
    expect(admission?.matrix).toEqual([
      { real: 'admit', shadow: 'admit', frames: 20, bytes: 20_000 },
      { real: 'queue', shadow: 'queue', frames: 19, bytes: 19_000 },
    ]);
    expect(admission?.vms).toEqual([{ vm: 'vm0', frames: 39, same: 39 }]);
    expect(sectionOf(host, 'distribution')).toMatchObject({ frames: 20, same: 20 });
  });

  it('of a more generous shadow says what would have gone at once, each frame once', async () => {
    const host = await inlineHost({
      admission: { use: 'shaping-filter', options: { averageBps: '8Mbps', burstBytes: 1000 } },
    });
    await host.shadow('admission', { use: 'shaping-filter', options: { averageBps: '1Gbps', burstBytes: 64_000 } });
    for (let i = 0; i < 10; i++) guestOf(host, 'vm0').send(frame({ from: macOf(0), bytes: 1000 }));
    host.run(100_000);
    expect(sectionOf(host, 'admission')?.matrix).toEqual([
      { real: 'admit', shadow: 'admit', frames: 10, bytes: 10_000 },
      { real: 'queue', shadow: 'admit', frames: 9, bytes: 9000 },
    ]);
    expect(sectionOf(host, 'admission')?.differences[0]).toMatchObject({
      vm: 'vm0',
      real: 'queue',
      shadow: 'admit',
      bytes: 1000,
    });
  });

  it('of a stricter shadow says what would have waited or been dropped', async () => {
    const host = await inlineHost({ admission: { use: 'shaping-filter', options: { averageBps: '1Gbps' } } });
    await host.shadow('admission', {
      use: 'shaping-filter',
      options: { averageBps: '8Mbps', burstBytes: 1000, mode: 'police' },
    });
    for (let i = 0; i < 10; i++) guestOf(host, 'vm0').send(frame({ from: macOf(0), bytes: 1000 }));
    host.run(100_000);
    expect(sectionOf(host, 'admission')?.matrix).toEqual([
      { real: 'admit', shadow: 'admit', frames: 1, bytes: 1000 },
      { real: 'admit', shadow: 'drop', frames: 9, bytes: 9000 },
    ]);
  });

  it('of a load distribution counts by NIC, and keeps the first differences with what the NICs were like', async () => {
    const host = await inlineHost({ distribution: { use: 'vm-affinity', options: { pins: { vm0: 'nic0' } } } });
    await host.shadow('distribution', { use: 'round-robin' });
    for (let i = 0; i < 100; i++) guestOf(host, 'vm0').send(frame({ from: macOf(0), bytes: 100 }));
    host.run(10_000);
    const report = sectionOf(host, 'distribution');
    expect(report?.matrix).toEqual([
      { real: 'nic0', shadow: 'nic0', frames: 50, bytes: 5000 },
      { real: 'nic0', shadow: 'nic1', frames: 50, bytes: 5000 },
    ]);
    expect(report?.differences).toHaveLength(32);
    expect(report?.differences[0]).toMatchObject({
      vm: 'vm0',
      real: 'nic0',
      shadow: 'nic1',
      backlogFrames: 100,
      limitBps: null,
      nics: [
        { name: 'nic0', available: true, pendingBytes: 0, speedBps: 1e9 },
        { name: 'nic1', available: true, pendingBytes: 0, speedBps: 1e9 },
      ],
    });
    expect(JSON.parse(JSON.stringify(host.shadowReport()))).toEqual(host.shadowReport());
  });

  it('goes on over a swap of the policy that decides, and ends with the shadow', async () => {
    const host = await inlineHost({ distribution: { use: 'vm-affinity', options: { pins: { vm0: 'nic0' } } } });
    await host.shadow('distribution', { use: 'vm-affinity', options: { pins: { vm0: 'nic1' } } });
    const send = (): void => {
      guestOf(host, 'vm0').send(frame({ from: macOf(0), bytes: 100 }));
      host.run(100);
    };
    send();
    await host.swap('distribution', { use: 'vm-affinity', options: { pins: { vm0: 'nic1' } } });
    send();
    expect(sectionOf(host, 'distribution')).toMatchObject({ frames: 2, same: 1 });
    await host.shadow('distribution', undefined);
    send();
    expect(host.shadowReport()).toEqual({ version: 1, sections: [] });
  });

  it('can be read when the host is closed', async () => {
    const host = await inlineHost({ distribution: { use: 'round-robin', shadow: { use: 'round-robin' } } });
    guestOf(host, 'vm0').send(frame({ from: macOf(0) }));
    host.run(100);
    await host.close();
    expect(sectionOf(host, 'distribution')).toMatchObject({ frames: 1, same: 1 });
  });
});
