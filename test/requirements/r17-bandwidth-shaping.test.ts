import shapingFilter from '@fairlead/admission-shaping-filter';
import { use } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { BYTE_PER_US, type SimulatedVm, settle, simulatedHost, started } from './support/hosts.ts';

/* 10 bytes/us on average, 30 at the peak. */
const AVERAGE_BPS = 10 * BYTE_PER_US;
const PEAK_BPS = 30 * BYTE_PER_US;
const BURST_BYTES = 30_000;
const PEAK_BURST_BYTES = 6000;
const FRAME_BYTES = 1000;
const STEP_US = 50;

type Traffic = NonNullable<SimulatedVm['traffic']>;

/** What went at one instant. */
interface Departure {
  readonly atUs: number;
  readonly bytes: number;
}

/** The most that went in any window, beyond what `rateBps` allows for its length: over all pairs of departures. */
function worstExcessBytes(departures: readonly Departure[], rateBps: number): number {
  let worst = 0;
  let endingHere = 0;
  let lastUs = 0;
  for (const { atUs, bytes } of departures) {
    // The worst window that ends here either goes on from the one before, or begins here.
    endingHere = Math.max(0, endingHere - (rateBps / 8e6) * (atUs - lastUs)) + bytes;
    lastUs = atUs;
    worst = Math.max(worst, endingHere);
  }
  return worst;
}

interface PeakOptions {
  readonly peakBps?: number;
  readonly peakBurstBytes?: number;
}

async function departuresOf(traffic: Traffic, options: PeakOptions, forUs: number) {
  const host = await started(
    simulatedHost([10e9], {
      a: { traffic, bandwidth: { limitBps: AVERAGE_BPS, burstBytes: BURST_BYTES } },
    }).admit(use(shapingFilter, options)),
  );
  const departures: Departure[] = [];
  let before = 0;
  // The clock stands still until nothing moves, so what went since the last look went at this time.
  for (settle(host); host.nowUs < forUs; host.run(STEP_US, STEP_US), settle(host)) {
    const { transmittedBytes } = host.vms.status('a');
    if (transmittedBytes > before) departures.push({ atUs: host.nowUs, bytes: transmittedBytes - before });
    before = transmittedBytes;
  }
  host.assertConserved();
  return { departures, totalBytes: before };
}

const loads: { name: string; traffic: Traffic; saturates: boolean }[] = [
  { name: 'steady at three times the average', traffic: { rateBps: 3 * AVERAGE_BPS }, saturates: true },
  { name: 'poisson at twice the average', traffic: { rateBps: 2 * AVERAGE_BPS, pattern: 'poisson' }, saturates: true },
  { name: 'poisson at just the average', traffic: { rateBps: AVERAGE_BPS, pattern: 'poisson' }, saturates: false },
  {
    name: 'in bursts at ten times the average, half of the time silent',
    traffic: { rateBps: 10 * AVERAGE_BPS, pattern: 'on-off', onUs: 7000, offUs: 7000 },
    saturates: true,
  },
  {
    name: 'in bursts after long silences',
    traffic: { rateBps: 10 * AVERAGE_BPS, pattern: 'on-off', onUs: 3000, offUs: 60_000 },
    saturates: false,
  },
];

describe('requirement 17: resources are shared by a filter that shapes the bandwidth of each VM', () => {
  it.each(loads)('load $name: average, peak and burst hold over every window', async ({ traffic, saturates }) => {
    const forUs = 1e6;
    const { departures, totalBytes } = await departuresOf(
      { ...traffic, frameBytes: FRAME_BYTES },
      { peakBps: PEAK_BPS, peakBurstBytes: PEAK_BURST_BYTES },
      forUs,
    );
    expect(departures.length).toBeGreaterThan(100);
    expect(worstExcessBytes(departures, AVERAGE_BPS)).toBeLessThanOrEqual(BURST_BYTES);
    expect(worstExcessBytes(departures, PEAK_BPS)).toBeLessThanOrEqual(PEAK_BURST_BYTES + FRAME_BYTES);
    // It does not keep the law by sending little.
    if (saturates) expect(totalBytes / ((AVERAGE_BPS / 8e6) * forUs)).toBeGreaterThan(0.99);
  });

  it('without a peak the whole burst goes at once, and not a byte more', async () => {
    const { departures } = await departuresOf({ rateBps: 400 * BYTE_PER_US, frameBytes: FRAME_BYTES }, {}, 100_000);
    expect(worstExcessBytes(departures, AVERAGE_BPS)).toBeGreaterThan(BURST_BYTES - FRAME_BYTES);
    expect(worstExcessBytes(departures, AVERAGE_BPS)).toBeLessThanOrEqual(BURST_BYTES);
    expect(worstExcessBytes(departures, PEAK_BPS)).toBeGreaterThan(PEAK_BURST_BYTES + FRAME_BYTES);
  });

  it('over 10 s the shaped rate is the average within 1 %', async () => {
    const seconds = 10;
    const host = await started(
      simulatedHost([10e9], {
        a: { traffic: { rateBps: 2 * AVERAGE_BPS }, bandwidth: { limitBps: AVERAGE_BPS, burstBytes: BURST_BYTES } },
      }).admit(use(shapingFilter)),
    );
    host.run(seconds * 1e6);
    const allowedBytes = (AVERAGE_BPS / 8) * seconds;
    const { transmittedBytes } = host.vms.status('a');
    expect(transmittedBytes).toBeLessThanOrEqual(allowedBytes + BURST_BYTES);
    expect(transmittedBytes).toBeGreaterThan(allowedBytes * 0.99);
    host.assertConserved();
  });
});
