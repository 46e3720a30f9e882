import { describe, expect, it } from 'vitest';
import type { WrittenScenario } from '../src/scenario/schema.ts';
import { hostOf, simulate } from './one-host.ts';

/* The model of TCP held to what is known of TCP. */

const FRAME_BYTES = 1514;
const MEGABIT = 1e6;

const oneNic = (
  senders: WrittenScenario['senders'],
  network: NonNullable<WrittenScenario['network']>[string],
  more: Partial<WrittenScenario> = {},
): WrittenScenario => ({
  duration: '10s',
  warmUp: '2s',
  host: hostOf(['web']),
  senders,
  network: { uplink0: network },
  ...more,
});

/** Jain, Chiu and Hawe 1984: 1 when all have the same, 1/n when one has everything. */
function fairness(shares: readonly number[]): number {
  const sum = shares.reduce((all, share) => all + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((all, share) => all + share ** 2, 0));
}

const bottleneck = { delay: '10ms', bottleneckBps: '50Mbps', queueBytes: '128KiB' } as const;

describe.each(['cubic', 'reno'] as const)('%s', (congestion) => {
  it('fills a bottleneck whose queue holds a round trip, to 95% at least', async () => {
    const { vms } = await simulate(oneNic([{ vm: 'web', kind: 'tcp', congestion }], bottleneck));
    expect(vms[0]?.throughputBps).toBeGreaterThan(0.95 * 50 * MEGABIT);
    expect(vms[0]?.throughputBps).toBeLessThanOrEqual(50 * MEGABIT);
    expect(vms[0]?.retransmits).toBeGreaterThan(0);
  });

  it('shares a bottleneck between two flows within 10% of fair, though one came later', async () => {
    const senders = [
      { name: 'first', vm: 'web', kind: 'tcp', congestion },
      { name: 'second', vm: 'web', kind: 'tcp', congestion, start: '1s' },
    ] as const;
    const { flows } = await simulate(oneNic(senders, bottleneck, { duration: '60s' }));
    expect(fairness(flows.map(({ goodputBps }) => goodputBps))).toBeGreaterThan(0.9);
  });

  it('sends again what was lost, and nothing else', async () => {
    const { vms, flows } = await simulate(
      oneNic([{ vm: 'web', kind: 'tcp', congestion }], { ...bottleneck, lossRate: 0.01 }),
    );
    const [{ lostFrames, retransmits } = { lostFrames: 0, retransmits: 0 }] = vms;
    expect(lostFrames).toBeGreaterThan(20);
    // The last losses may not be known yet when the run ends.
    expect(retransmits).toBeGreaterThanOrEqual(lostFrames - 5);
    expect(retransmits).toBeLessThanOrEqual(lostFrames + 5);
    expect(flows[0]?.duplicates).toBeLessThanOrEqual(5);
  });
});

describe('a Reno flow under random loss', () => {
  // Mathis, Semke, Mahdavi and Ott 1997: rate = MSS / RTT · sqrt(3/2) / sqrt(p), every segment acknowledged.
  it.each([0.001, 0.003, 0.01])(
    'sends at the rate of the Mathis formula within a quarter at a loss of %d',
    async (p) => {
      const sender = { vm: 'web', kind: 'tcp', congestion: 'reno', delayedAck: false } as const;
      const scenario = oneNic([sender], { delay: '20ms', lossRate: p }, { duration: '100s', warmUp: '5s' });
      const { vms } = await simulate(scenario);
      const rttSeconds = 0.0403;
      const expectedBps = ((FRAME_BYTES * 8) / rttSeconds) * Math.sqrt(1.5 / p);
      expect((vms[0]?.throughputBps ?? 0) / expectedBps).toBeGreaterThan(0.75);
      expect((vms[0]?.throughputBps ?? 0) / expectedBps).toBeLessThan(1.25);
    },
  );
});

describe('time', () => {
  it('is the delay and the time on the line, to the grain of the clock, when nothing waits', async () => {
    const { vms } = await simulate(oneNic([{ vm: 'web', kind: 'constant', rateBps: '1Mbps' }], { delay: '7ms' }));
    const lineUs = (FRAME_BYTES * 8e6) / (100 * MEGABIT);
    expect(vms[0]?.latency.p50Us).toBeGreaterThan((7000 + lineUs) * 0.99);
    expect(vms[0]?.latency.p99Us).toBeLessThan(7000 + lineUs + 100);
  });

  it('of a transfer is that of its bytes at the bottleneck, and little more', async () => {
    const sender = { vm: 'web', kind: 'tcp', sizeBytes: '10MB' } as const;
    const { flows } = await simulate(oneNic([sender], { ...bottleneck, delay: '2ms' }));
    const atLeast = (10e6 * 8 * (FRAME_BYTES / 1460)) / (50 * MEGABIT);
    expect(flows[0]?.finishedSeconds).toBeGreaterThan(atLeast);
    expect(flows[0]?.finishedSeconds).toBeLessThan(atLeast * 1.1);
  });
});

describe('a shaping filter', () => {
  it.each([20, 5])('holds a greedy TCP at its limit of %d Mbit/s, within 1%', async (limit) => {
    const host = hostOf(['web'], { admission: { use: 'shaping-filter' } });
    const vms = host.vms?.map((vm) => ({ ...vm, bandwidth: { limitBps: limit * MEGABIT, burstBytes: 20_000 } })) ?? [];
    const scenario = oneNic([{ vm: 'web', kind: 'tcp', flows: 3 }], { delay: '5ms' }, { host: { ...host, vms } });
    const { vms: results } = await simulate(scenario);
    expect((results[0]?.throughputBps ?? 0) / (limit * MEGABIT)).toBeGreaterThan(0.99);
    expect((results[0]?.throughputBps ?? 0) / (limit * MEGABIT)).toBeLessThan(1.01);
  });
});
