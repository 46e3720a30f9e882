import { use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import roundRobin from '@fairlead/load-distribution-round-robin';
import { describe, expect, it } from 'vitest';
import { frames } from './support/frames.ts';
import {
  BYTE_PER_US,
  bytesGiven,
  guest,
  MAC,
  type SimulatedVm,
  settle,
  simulatedHost,
  started,
} from './support/hosts.ts';
import { SKEW_HEADING, skewLine, watchSkew } from './support/skew.ts';

const TEAMS = [
  [1, 1],
  [1, 1, 1, 1],
  [1, 1, 1, 1, 1, 1, 1, 1],
  [1, 2],
  [1, 2, 4],
  [1, 10],
  [1, 1, 10, 10],
];
const LONGEST_FRAME_BYTES = 1514;
const GRAIN_BYTES = 1514;

/** Four VMs that together want 1.2 times what the team has, each in its own way. */
function traffic(capacityBps: number): Record<'a' | 'b' | 'c' | 'd', SimulatedVm> {
  const rateBps = capacityBps * 0.3;
  return {
    a: { traffic: { rateBps, frameBytes: LONGEST_FRAME_BYTES } },
    b: { traffic: { rateBps, frameBytes: 300, pattern: 'poisson' } },
    c: { traffic: { rateBps: 2 * rateBps, frameBytes: 900, pattern: 'on-off', onUs: 50_000, offUs: 50_000 } },
    d: { traffic: { rateBps, frameBytes: LONGEST_FRAME_BYTES, pattern: 'poisson' } },
  };
}

describe('requirement 29: the algorithm is one that balances the load', () => {
  it('pending-load: no NIC is ever further ahead of another than the stated bound', async () => {
    const lines: string[] = [SKEW_HEADING];
    for (const speeds of TEAMS) {
      const speedsBps = speeds.map((speed) => speed * BYTE_PER_US);
      const capacityBps = speedsBps.reduce((sum, speed) => sum + speed);
      const host = await started(
        simulatedHost(speedsBps, traffic(capacityBps)).distribute(use(pendingLoad, { grainBytes: GRAIN_BYTES })),
      );
      const skew = watchSkew(host, 2e6, 200, { grainBytes: GRAIN_BYTES, longestFrameBytes: LONGEST_FRAME_BYTES });
      lines.push(skewLine(speeds, skew));
      expect(skew.worst).toBeLessThanOrEqual(1);
      expect(skew.looks).toBeGreaterThan(5000);
      // And so each sends what its speed makes its part of the whole.
      const total = skew.sentBytes.reduce((sum, bytes) => sum + bytes);
      for (const [i, bytes] of skew.sentBytes.entries()) {
        expect(Math.abs(bytes / total - speedsBps[i] / capacityBps)).toBeLessThan(0.01);
      }
      host.assertConserved();
    }
    expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      NICs, by speed                 of bound   % of the bytes
      1 : 1                              65 %   50.0  50.0
      1 : 1 : 1 : 1                      75 %   25.0  25.0  25.0  25.0
      1 : 1 : 1 : 1 : 1 : 1 : 1 : 1      76 %   12.5  12.5  12.5  12.5  12.5  12.5  12.5  12.5
      1 : 2                              70 %   33.3  66.7
      1 : 2 : 4                          77 %   14.3  28.6  57.1
      1 : 10                             89 %   9.1  90.9
      1 : 1 : 10 : 10                    88 %   4.5  4.5  45.5  45.5
      "
    `);
  });

  it.each([2, 3, 5, 8])('round-robin: over %i NICs no two ever differ by more than one frame', async (count) => {
    const host = await started(simulatedHost(Array(count).fill(1e9), { a: {}, b: {} }).distribute(use(roundRobin)));
    let worst = 0;
    for (let round = 0; round < 50; round++) {
      guest(host, round % 3 === 0 ? 'a' : 'b').sendAll(frames(1 + (round % 7), round % 3 === 0 ? MAC.a : MAC.b));
      settle(host);
      const given = bytesGiven(host);
      worst = Math.max(worst, Math.max(...given) - Math.min(...given));
    }
    expect(worst).toBe(1000);
    host.assertConserved();
  });
});
