import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../given/deadline.ts';
import { endHost, type Observed, startHost } from '../given/worker-host.ts';

afterEach(endHost);

/** Rounds of four slices of 10 ms, as long as a window; a worker is busy when a single frame has passed in a round. */
const OBSERVE = { everyFrameBelowFps: 0, oneSliceIn: 4, sliceMs: 10 };
const detectors = [{ use: './weighing-detector.mjs', windowMs: 40 }];

/** What the detector has said of a VM last, as numbers. */
function said({ host }: Observed, vm: number): Record<string, number> {
  const { evidence = {} } = host.signals.heard().find((signal) => signal.vm === vm) ?? {};
  return Object.fromEntries(Object.entries(evidence).map(([name, value]) => [name, Number(value)]));
}
const accepted = ({ host }: Observed, vm: number): number => host.arena.vms.acceptedFrames[vm] ?? 0;

/** Has VM 0 send a few frames each millisecond until something holds. */
async function sending(observed: Observed, holds: () => boolean, what: string): Promise<void> {
  const more = (): boolean => {
    observed.send(0, 4);
    return holds();
  };
  await until(more, what, 25_000);
}

describe('a busy worker thread', () => {
  it('shows its detector slices of a weight and length, and no frame beyond them; all are sent', async () => {
    const observed = await startHost({ detectors, observe: OBSERVE });
    await sending(observed, () => (said(observed, 0)['slices'] ?? 0) >= 10, 'ten slices are shown');
    const { slices = 0, sliced = 0, whole = 0, ...row } = said(observed, 0);
    expect(row).toMatchObject({ beyond: 0, unlike: 0, weight: 4 });
    expect(row['sliceUs']).toBeCloseTo(10_000, 0);
    expect(sliced).toBeGreaterThanOrEqual(slices);
    expect(row['weighed']).toBe(whole + 4 * sliced);
    expect(whole + sliced).toBeLessThan(accepted(observed, 0));
    await observed.untilTransmitted(0, accepted(observed, 0));
    expect(observed.faults).toEqual([]);
    await observed.close();
  }, 30_000);

  it('has what it shows stand for all that passes: after fifty slices they are right by a tenth', async () => {
    const observed = await startHost({ detectors, observe: OBSERVE });
    const right = (): boolean => {
      const { slices = 0, weighed = 0, whole = 0 } = said(observed, 0);
      const passed = accepted(observed, 0) - whole;
      return slices >= 50 && Math.abs(weighed - whole - passed) <= passed / 10;
    };
    await sending(observed, right, 'the frames that were weighed are as many as there were');
    expect(observed.faults).toEqual([]);
    await observed.close();
  }, 30_000);

  it('does not keep another one from showing every frame', async () => {
    const observed = await startHost({ detectors, observe: OBSERVE }, 2);
    // VM 1 is on the other worker, and nothing has passed there before.
    await sending(observed, () => (said(observed, 0)['sliced'] ?? 0) > 0, 'VM 0 is shown in slices');
    observed.send(1, 1);
    await sending(observed, () => said(observed, 1)['weighed'] !== undefined, 'the frame of VM 1 is shown');
    expect(said(observed, 1)).toMatchObject({ whole: 1, sliced: 0, weighed: 1, slices: 0, beyond: 0 });
    await observed.close();
  }, 30_000);

  it('shows every frame when one slice in one is to be shown', async () => {
    const observed = await startHost({ detectors, observe: { ...OBSERVE, oneSliceIn: 1 } });
    await sending(observed, () => accepted(observed, 0) >= 500, 'five hundred frames are sent');
    await until(() => said(observed, 0)['whole'] === accepted(observed, 0), 'all of them are shown');
    expect(said(observed, 0)).toMatchObject({ sliced: 0, beyond: 0, weighed: accepted(observed, 0) });
    await observed.close();
  }, 30_000);
});
