import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './support/deadline.ts';
import { counted } from './support/interface-counters.ts';
import { requireParts } from './support/parts.ts';
import { PEER, RealRun } from './support/real-run.ts';
import { transfer } from './support/transfer.ts';

const VM = { name: 'a', mac: '52:54:00:00:00:0a', address: '10.77.0.11' };
const BYTES = 10 << 20;
/** iperf3 writes in blocks of this size, and now and then one more than it was asked to, or what the socket took of it. */
const BLOCK_BYTES = 128 << 10;
/** iperf3 stops at once when all is handed to the sender's socket: some of that may never leave it. */
const MOST_BYTES = 0.7 * BYTES;

const parts = requireParts('one guest over two uplinks', [
  ...(['root', 'namespaces', 'ip', 'ethtool', 'iperf3', 'setpriv'] as const),
  ...(['qemu-system-x86_64', 'guest-image'] as const),
]);

describe.skipIf(parts.skip).each(['round-robin', 'pending-load'])(
  'one virtual NIC of one Linux guest, under %s',
  (policy) => {
    let run: RealRun;

    beforeAll(async () => {
      run = await RealRun.start([VM], { distribution: { use: policy } });
    });
    afterAll(() => run?.close());

    /** What each uplink has carried when nothing more comes: both are not read in one moment. */
    async function quiet(): Promise<Awaited<ReturnType<RealRun['wire']>>> {
      let last = await run.wire();
      const stands = async () => {
        const earlier = last;
        await pause(100);
        last = await run.wire();
        return last.every(({ rxFrames }, uplink) => rxFrames === earlier[uplink]?.rxFrames) && last;
      };
      return until(stands, 20_000, 'quiet on both uplinks');
    }

    /** Transfers some data and answers what each uplink carried of it out of the host. */
    async function send(): Promise<{ frames: [number, number]; bytes: [number, number] }> {
      const before = await quiet();
      const { sum_sent: sent } = await transfer(run.guest(VM.name), PEER, 0, `-n ${BYTES}`);
      expect(sent.bytes).toBeGreaterThanOrEqual(BYTES);
      expect(sent.bytes).toBeLessThanOrEqual(BYTES + BLOCK_BYTES);
      const after = await quiet();
      const [first, second] = [counted(before[0], after[0]), counted(before[1], after[1])];
      return { frames: [first.rxFrames, second.rxFrames], bytes: [first.rxBytes, second.rxBytes] };
    }

    it('row 31: its data leaves over both NICs, of one speed, in like parts', async () => {
      const { frames, bytes } = await send();
      const total = bytes[0] + bytes[1];
      expect(total).toBeGreaterThan(MOST_BYTES);
      for (const part of bytes) expect(part / total).toBeGreaterThan(0.4);
      if (policy === 'round-robin') expect(Math.abs(frames[0] - frames[1])).toBeLessThanOrEqual(1);
    });

    it('row 38: its data leaves over either NIC alone, when the other is down', async () => {
      for (const [down, up] of [
        [0, 1],
        [1, 0],
      ] as const) {
        const failed = run.network.ports[down];
        const seen = (state: string) => async () => (await run.host.view()).nics[down]?.state === state;
        await run.lab.setLink(failed, 'down');
        await until(seen('down'), 20_000, 'word of the failure');
        const { bytes } = await send();
        expect(bytes[down]).toBe(0);
        expect(bytes[up]).toBeGreaterThan(MOST_BYTES);
        await run.lab.setLink(failed, 'up');
        await until(seen('up'), 20_000, 'word of the return');
      }
      for (const part of (await send()).bytes) expect(part).toBeGreaterThan(0.4 * MOST_BYTES);
    });

    it('accounts for every frame, and says the same as the wire', async () => {
      const same = async (): Promise<boolean> => {
        const [{ nics }, wire] = [await run.host.view(), await run.wire()];
        return nics.every(({ txFrames, hostFrames }, uplink) => txFrames + hostFrames === wire[uplink]?.rxFrames);
      };
      await until(same, 20_000, 'agreement of the host and the wire');
      for (const { subject, missing } of await run.host.close()) expect([subject, missing]).toEqual([subject, 0]);
    });
  },
);
