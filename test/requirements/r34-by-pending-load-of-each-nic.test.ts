import { use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import { describe, expect, it } from 'vitest';
import { frames } from './support/frames.ts';
import { BYTE_PER_US, bytesGiven, guest, MAC, nic, settle, simulatedHost, started } from './support/hosts.ts';

const FRAME_BYTES = 1000;

describe("requirement 34: one VM's data is spread over the NICs by what is pending on each", () => {
  it.each([
    { speeds: [1, 1], parts: [120, 120] },
    { speeds: [1, 2], parts: [80, 160] },
    { speeds: [1, 3], parts: [60, 180] },
    { speeds: [1, 2, 5], parts: [30, 60, 150] },
    { speeds: [2, 3, 5], parts: [48, 72, 120] },
  ])(
    'of 240 frames at once NICs of speeds $speeds get $parts, a frame and a grain more or less',
    async ({ speeds, parts }) => {
      const host = await started(
        simulatedHost(
          speeds.map((speed) => speed * BYTE_PER_US),
          { a: {} },
        ).distribute(use(pendingLoad, { grainBytes: FRAME_BYTES })),
      );
      guest(host, 'a').sendAll(frames(240, MAC.a, { bytes: FRAME_BYTES }));
      settle(host);
      const given = bytesGiven(host).map((bytes) => bytes / FRAME_BYTES);
      expect(given.reduce((sum, count) => sum + count)).toBe(240);
      for (const [i, part] of parts.entries()) expect(Math.abs(given[i] - part)).toBeLessThanOrEqual(2);
      host.assertConserved();
    },
  );

  it('a NIC that slows down while it has much to send gets nothing until the others have as long to send', async () => {
    const host = await started(
      simulatedHost([BYTE_PER_US, BYTE_PER_US], { a: {} }).distribute(use(pendingLoad, { grainBytes: FRAME_BYTES })),
    );
    guest(host, 'a').sendAll(frames(40, MAC.a, { bytes: FRAME_BYTES }));
    settle(host);
    expect(bytesGiven(host)).toEqual([20_000, 20_000]);
    nic(host, 'nic1').setSpeed(BYTE_PER_US / 2);
    host.run(10_000);
    const pending = host.nics.list().map((status) => status.pendingBytes);
    const ahead = (2 * pending[1] - pending[0]) / FRAME_BYTES;
    expect(ahead).toBeGreaterThan(10);
    const before = bytesGiven(host);
    guest(host, 'a').sendAll(frames(Math.floor(ahead), MAC.a, { bytes: FRAME_BYTES }));
    settle(host);
    expect(bytesGiven(host)[1]).toBe(before[1]);
    host.assertConserved();
  });
});
