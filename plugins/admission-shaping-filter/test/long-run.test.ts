import { TransmitBatch } from '@fairlead/sdk';
import { testRandom, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import { ShapingFilter } from '../src/index.ts';
import { TokenBuckets } from '../src/token-buckets.ts';
import { ExactBucket } from './exact-bucket.ts';
import { written } from './given.ts';
import { runOneVm } from './one-vm.ts';

const SECOND_NS = 1e9;

it('after ten million frames and four hours not a byte is missing or too many', () => {
  const averageBps = 333_337;
  const burst = 65_536;
  const policy = new ShapingFilter(testVms([{}]), written({ averageBps, burstBytes: burst }));
  const random = testRandom(7);
  const batch = new TransmitBatch(32);
  batch.bytes.fill(64);
  let nowNs = 0;
  let frames = 0;
  while (frames < 10_000_000 && nowNs < 10 * 3600 * SECOND_NS) {
    // Odd nanoseconds: a rounding for each refill would show after three hundred thousand of them.
    nowNs += 1 + Math.floor(random.next() * 98e6);
    batch.begin(0, 32, nowNs / 1000, 32);
    policy.admit(batch);
    frames += batch.queuedFrom;
    while (batch.queuedFrom === 32) {
      batch.begin(0, 32, nowNs / 1000, 32);
      policy.admit(batch);
      frames += batch.queuedFrom;
    }
  }
  expect(frames).toBeGreaterThanOrEqual(10_000_000);
  expect(nowNs).toBeGreaterThan(4 * 3600 * SECOND_NS);
  const earnedBytes = (BigInt(averageBps) * BigInt(nowNs)) / 8_000_000_000n;
  expect(frames).toBe(Number((BigInt(burst) + earnedBytes) / 64n));
});

it('the remainder beside the whole bytes is exact, whatever the rate and the depth', () => {
  const random = testRandom(11);
  for (const rateBps of [1, 7, 999_983, 1e9 - 63, 25e9 + 1, 400e9 - 7]) {
    const depthBytes = 2 ** 30;
    const clockNs = new Float64Array(1);
    const buckets = new TokenBuckets(Float64Array.of(rateBps), Int32Array.of(depthBytes), clockNs);
    const exact = new ExactBucket(rateBps, depthBytes);
    buckets.refill(0);
    buckets.tokens[0] = 0;
    exact.take(depthBytes);
    for (let i = 0; i < 20_000; i++) {
      clockNs[0] += Math.floor(random.next() ** 8 * 20e6);
      buckets.refill(0);
      exact.refill(clockNs[0]);
    }
    expect(BigInt(buckets.tokens[0]) * 8_000_000_000n + BigInt(buckets.earnings.remainder[0])).toBe(exact.level);
  }
});

describe('over ten seconds the shaped rate is within 1 % of the configured one', () => {
  // The host asks again at ticks of 64 µs.
  const tickNs = 64_000;
  it.each([
    { averageBps: 1e6, burstBytes: 3_000 },
    { averageBps: 20e6, burstBytes: 16_000 },
    { averageBps: 200e6, burstBytes: 65_536 },
    { averageBps: 1e9, burstBytes: 65_536 },
    { averageBps: 200e6, burstBytes: 65_536, peakBps: 1e9, peakBurstBytes: 16_000 },
  ])('%o', (options) => {
    const policy = new ShapingFilter(testVms([{}]), written(options));
    const count = Math.ceil((options.averageBps * 11) / 8 / 1514) + 100;
    const waiting = Array.from({ length: count }, () => ({ atNs: 0, bytes: 1514 }));
    const { sent, dropped } = runOneVm(policy, waiting, { tickNs, untilNs: 11 * SECOND_NS });
    expect(dropped).toEqual([]);
    // The first second takes the burst away.
    const bytes = sent.filter((frame) => frame.atNs > SECOND_NS).reduce((sum, frame) => sum + frame.bytes, 0);
    const shapedBps = (bytes * 8) / 10;
    expect(Math.abs(shapedBps / options.averageBps - 1)).toBeLessThan(0.01);
  });
});
