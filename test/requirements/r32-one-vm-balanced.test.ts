import { use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import { describe, expect, it } from 'vitest';
import { BYTE_PER_US, simulatedHost, started } from './support/hosts.ts';
import { SKEW_HEADING, skewLine, watchSkew } from './support/skew.ts';

const FRAME_BYTES = 1000;

describe("requirement 32: one VM's data is spread over the NICs by load balancing", () => {
  it('what its one virtual NIC sends is spread within the stated bound', async () => {
    const lines: string[] = [SKEW_HEADING];
    for (const speeds of [
      [1, 1],
      [1, 1, 1],
      [1, 3],
      [1, 2, 5],
    ]) {
      const speedsBps = speeds.map((speed) => speed * BYTE_PER_US);
      const capacityBps = speedsBps.reduce((sum, speed) => sum + speed);
      const host = await started(
        simulatedHost(speedsBps, {
          a: { traffic: { rateBps: capacityBps, frameBytes: FRAME_BYTES, pattern: 'poisson' } },
        }).distribute(use(pendingLoad, { grainBytes: FRAME_BYTES })),
      );
      const skew = watchSkew(host, 2e6, 200, { grainBytes: FRAME_BYTES, longestFrameBytes: FRAME_BYTES });
      lines.push(skewLine(speeds, skew));
      expect(skew.worst).toBeLessThanOrEqual(1);
      expect(skew.looks).toBeGreaterThan(1000);
      host.assertConserved();
    }
    expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      NICs, by speed                 of bound   % of the bytes
      1 : 1                              50 %   50.0  50.0
      1 : 1 : 1                          50 %   33.4  33.3  33.3
      1 : 3                              88 %   24.6  75.4
      1 : 2 : 5                          75 %   12.1  25.0  62.9
      "
    `);
  });
});
