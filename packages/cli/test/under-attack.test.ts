import type { SimulationResult, WrittenScenario } from '@fairlead/simulator';
import { simulate } from '@fairlead/simulator';
import { describe, expect, it } from 'vitest';

const bases = [import.meta.url];
/** The attack begins here, at the beginning of a window. */
const BEGINS = 10;

type Host = WrittenScenario['host'];
const hostOf = (speedBps: `${number}Mbps`, more: Partial<Host>): Host => ({
  nics: [{ name: 'uplink0', driver: { use: 'memory', options: { speedBps } } }],
  vms: ['web', 'db', 'mail'].map((name, i) => ({ name, mac: `52:54:00:00:00:0${i + 1}`, device: { use: 'memory' } })),
  ...more,
});

/** Mixed clean traffic: 200 connections a second to one VM, bulk of TCP, and calls; and what is added to it. */
const mixed = (added: WrittenScenario['senders'], seed = 1): WrittenScenario => ({
  duration: '16s',
  seed,
  host: hostOf('1000Mbps', { detectors: [{ use: 'syn-flood' }] }),
  network: { uplink0: { delay: '1ms' } },
  senders: [
    { vm: 'web', kind: 'clients', perSecond: 200 },
    { vm: 'db', kind: 'tcp', sizeBytes: '64MiB', flows: 4 },
    { vm: 'mail', kind: 'constant', rateBps: '2Mbps', spacing: 'poisson' },
    ...added,
  ],
});
const signals = ({ events }: SimulationResult) => events.filter(({ text }) => text.includes(' signals attack '));

describe('the syn-flood detector in a simulation', () => {
  it.each([
    [2, 3],
    [10, 1],
  ])('signals a SYN flood of %i times the baseline within %i windows of a second', async (times, windows) => {
    const flood = { vm: 'web', kind: 'flood', perSecond: 200 * times, start: `${BEGINS}s`, stop: '15s' } as const;
    const [first, ...others] = signals(await simulate(mixed([flood]), {}, { bases }));
    expect(first?.text).toMatch(/^syn-flood signals attack on VM web /);
    expect(first?.seconds).toBeGreaterThan(BEGINS);
    expect(first?.seconds).toBeLessThanOrEqual(BEGINS + windows);
    expect(others).toEqual([]);
  });

  it('leaves a flash crowd of 20 times the baseline alone, every client of which is served', async () => {
    const crowd = {
      vm: 'web',
      kind: 'flash-crowd',
      perSecond: 4000,
      rise: '1s',
      start: `${BEGINS}s`,
      stop: '15s',
    } as const;
    const result = await simulate(mixed([crowd]), {}, { bases });
    expect(signals(result)).toEqual([]);
    const connections = result.flows.find(({ kind }) => kind === 'flash-crowd')?.connections;
    expect(connections).toMatchObject({ begun: connections?.completed, failed: 0 });
    expect(connections?.begun).toBeGreaterThan(17_000);
  });

  it('decides alike when the simulation is run again', async () => {
    const flood = { vm: 'web', kind: 'flood', perSecond: 2000, start: '3s', stop: '4s' } as const;
    const short = { ...mixed([flood]), duration: '5s' } as const;
    const [first, second] = [await simulate(short, {}, { bases }), await simulate(short, {}, { bases })];
    expect(JSON.stringify(second)).toBe(JSON.stringify(first));
  });
});

/** A flood whose answers fill the NIC, and what is done about it. */
const flooded = (responder: object): WrittenScenario => ({
  duration: '20s',
  host: hostOf('100Mbps', {
    detectors: [{ use: 'volume' }],
    signals: [{ on: 'attack', ttlMs: 30_000, responders: [responder] }],
  } as Partial<Host>),
  network: { uplink0: { delay: '2ms' } },
  senders: [
    { vm: 'web', kind: 'constant', rateBps: '2Mbps', spacing: 'poisson' },
    { vm: 'db', kind: 'constant', rateBps: '30Mbps' },
    { vm: 'mail', kind: 'constant', rateBps: '20Mbps', spacing: 'poisson' },
    { vm: 'web', kind: 'flood', protocol: 'udp', perSecond: 10_000, answerBytes: 1400, start: `${BEGINS}s` },
  ],
});

describe('neighbours of a VM whose answers to a flood fill the NIC', () => {
  it.each([
    ['suspended', { use: 'suspend' }],
    ['limited to 5 Mbit/s outbound', { use: 'rate-limit', options: { outboundBps: '5Mbps' } }],
  ])('have their throughput and latency back within a second of the signal when it is %s', async (_, responder) => {
    const { series, events, accounts } = await simulate(flooded(responder), {}, { bases });
    const signalled =
      events.find(({ text }) => text.startsWith('volume signals attack on VM web'))?.seconds ?? Infinity;
    expect(signalled).toBeLessThan(BEGINS + 5);
    expect(events.some(({ text }) => / of VM web by .* is standing/.test(text))).toBe(true);
    const at = (seconds: number): number => Math.round(seconds / series.intervalSeconds);
    for (const name of ['db', 'mail']) {
      const own = series.vms.find((vm) => vm.name === name);
      const meanOf = (values: readonly (number | null)[] = [], from: number, to: number): number => {
        const some = values.slice(at(from), at(to)).map((value) => value ?? 0);
        return some.reduce((sum, value) => sum + value, 0) / some.length;
      };
      const [before, during, after] = [
        [BEGINS - 4, BEGINS],
        [BEGINS + 1, signalled],
        [signalled + 1, 20],
      ] as const;
      const throughput = (span: readonly [number, number]): number => meanOf(own?.throughputBps, ...span);
      const latency = (span: readonly [number, number]): number => meanOf(own?.p50Us, ...span);
      expect(latency(during)).toBeGreaterThan(5 * latency(before)); // it did harm
      expect(throughput(after)).toBeGreaterThan(0.95 * throughput(before));
      expect(latency(after)).toBeLessThan(1.5 * latency(before));
    }
    expect(accounts.filter(({ missing }) => missing !== 0)).toEqual([]);
  });
});
