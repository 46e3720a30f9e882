import { isPluginDefinition, type NicTable, TransmitBatch } from '@fairlead/sdk';
import { conformanceLaws, testNics, testVms } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import definition, { PendingLoad } from '../src/index.ts';
import { bytesByNic, DEFAULTS, drain, drainUs, send } from './policy.ts';

const ONE_VM = testVms([{}]);
const FULL = 1514;

describe('pending-load', () => {
  it('is a plugin definition', () => {
    expect(isPluginDefinition(definition)).toBe(true);
    expect([definition.kind, definition.name]).toEqual(['load-distribution', 'pending-load']);
  });

  it('changes its choice when only the pending bytes change', () => {
    const nics = testNics([1e9, 1e9, 1e9]);
    const policy = new PendingLoad(nics, ONE_VM, DEFAULTS);
    for (const idle of [2, 0, 1]) {
      nics.pendingBytes.fill(100_000);
      nics.pendingBytes[idle] = 0;
      expect(send(policy, nics, [64, 64, 64])).toEqual([idle, idle, idle]);
    }
  });

  it('weighs pending bytes by speed', () => {
    const nics = testNics([1e9, 10e9]);
    nics.pendingBytes.set([10_000, 80_000]);
    const policy = new PendingLoad(nics, ONE_VM, DEFAULTS);
    expect(send(policy, nics, [64])).toEqual([1]);
    nics.pendingBytes.set([10_000, 120_000]);
    expect(send(policy, nics, [64])).toEqual([0]);
  });

  it('chooses the NIC that is finished with a frame first, though a slower one has less pending', () => {
    const nics = testNics([10e6, 1e9]);
    nics.pendingBytes.set([0, 20_000]);
    expect(send(new PendingLoad(nics, ONE_VM, DEFAULTS), nics, [FULL])).toEqual([1]);
  });

  it('stays with a NIC until it is one grain ahead of the runner-up', () => {
    const nics = testNics([1e9, 1e9]);
    const policy = new PendingLoad(nics, ONE_VM, { ...DEFAULTS, grainBytes: 128 });
    expect(send(policy, nics, Array(12).fill(64))).toEqual([0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1]);
  });

  it('counts the frames it has given in the same batch', () => {
    const nics = testNics([1e9, 1e9, 1e9]);
    const chosen = send(new PendingLoad(nics, ONE_VM, DEFAULTS), nics, Array(9).fill(FULL));
    expect(bytesByNic(chosen, Array(9).fill(FULL), 3)).toEqual([3 * FULL, 3 * FULL, 3 * FULL]);
  });

  it('lets idle NICs of one speed take turns from batch to batch', () => {
    const nics = testNics([1e9, 1e9, 1e9]);
    const policy = new PendingLoad(nics, ONE_VM, DEFAULTS);
    const chosen = [0, 1, 2, 3, 4, 5].flatMap(() => {
      nics.pendingBytes.fill(0);
      return send(policy, nics, [64]);
    });
    expect(chosen).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it('gives the slower NIC proportionally less', () => {
    const nics = testNics([1e9, 3e9, 10e9]);
    const policy = new PendingLoad(nics, ONE_VM, DEFAULTS);
    const bytes = Array<number>(256).fill(FULL);
    for (let batch = 0; batch < 200; batch++) send(policy, nics, bytes);
    const parts = [...nics.pendingBytes].map((sum) => sum / (200 * 256 * FULL));
    for (const [nic, part] of [1 / 14, 3 / 14, 10 / 14].entries()) expect(parts[nic]).toBeCloseTo(part, 3);
  });

  it('follows a NIC that leaves, one that returns, and a speed that changes', () => {
    const nics = testNics([1e9, 1e9, 1e9]);
    const policy = new PendingLoad(nics, ONE_VM, DEFAULTS);
    const frames = Array<number>(60).fill(FULL);
    const parts = (): number[] => {
      nics.pendingBytes.fill(0);
      return bytesByNic(send(policy, nics, frames), frames, 3).map((sum) => sum / FULL);
    };
    expect(parts()).toEqual([20, 20, 20]);
    nics.setAvailable(0, 2);
    expect(parts()).toEqual([30, 0, 30]);
    nics.setAvailable(1);
    expect(parts()).toEqual([0, 60, 0]);
    nics.setAvailable(0, 1, 2);
    nics.speedBps[2] = 4e9;
    expect(parts()).toEqual([10, 10, 40]);
  });

  it('counts a NIC that does not say its speed as the slowest that does', () => {
    const frames = Array<number>(50).fill(FULL);
    const parts = (...speedsBps: number[]): number[] => {
      const nics = testNics(speedsBps);
      return bytesByNic(send(new PendingLoad(nics, ONE_VM, DEFAULTS), nics, frames), frames, speedsBps.length);
    };
    expect(parts(0, 1e9, 3e9)).toEqual(parts(1e9, 1e9, 3e9));
    expect(parts(1e9, Number.POSITIVE_INFINITY, 3e9)).toEqual(parts(1e9, 1e9, 3e9));
    expect(parts(0, 1e9, 3e9)).not.toEqual(parts(3e9, 1e9, 3e9));
    expect(parts(0, 0)).toEqual(parts(1e9, 1e9));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1e300, 1e300])(
    'ends, on NICs there are, with %d bytes pending',
    (load) => {
      const nics = testNics([1e9, 1e9, 10e9]);
      const policy = new PendingLoad(nics, ONE_VM, DEFAULTS);
      for (const loads of [
        [load, load, load],
        [load, 0, load],
        [0, load, 0],
      ]) {
        nics.pendingBytes.set(loads);
        for (const nic of send(policy, nics, Array(256).fill(FULL))) expect([0, 1, 2]).toContain(nic);
      }
    },
  );

  it('takes a batch of 256 frames over 32 NICs with a choice for every frame, and the next one', () => {
    const nics = testNics(Array(32).fill(1e9));
    const policy = new PendingLoad(nics, ONE_VM, { ...DEFAULTS, grainBytes: 1 });
    const batch = new TransmitBatch();
    const frames = Array<number>(256).fill(FULL);
    for (let round = 1; round <= 4; round++) {
      send(policy, nics, frames, {}, batch);
      expect([...nics.pendingBytes]).toEqual(Array(32).fill(8 * round * FULL));
    }
  });
});

const speed = fc.constantFrom(10e6, 100e6, 1e9, 2.5e9, 10e9, 25e9);
const run = fc.record({
  speedsBps: fc.array(speed, { minLength: 2, maxLength: 16 }),
  grainBytes: fc.constantFrom(1, 64, 1514, 9000),
  batches: fc.array(
    fc.record({
      bytes: fc.array(fc.integer({ min: 14, max: FULL }), { minLength: 1, maxLength: 64 }),
      thenUs: fc.constantFrom(0, 0, 1, 10, 100, 1000),
    }),
    { minLength: 1, maxLength: 40 },
  ),
});

/** By how much the worst pair of NICs is over the bound; not positive while the law holds. */
function overBoundUs(nics: NicTable, grainBytes: number): number {
  let worstUs = Number.NEGATIVE_INFINITY;
  for (let more = 0; more < nics.count; more++) {
    for (let less = 0; less < nics.count; less++) {
      if (more === less) continue;
      const boundUs = (grainBytes * 8e6) / nics.speedBps[less] + (FULL * 8e6) / nics.speedBps[more];
      worstUs = Math.max(worstUs, drainUs(nics, more) - drainUs(nics, less) - boundUs);
    }
  }
  return worstUs;
}

describe('law: pending-load keeps the skew between NICs under its bound', () => {
  it('drain times differ by no more than a grain on the one and a frame on the other, whatever is sent when', () => {
    fc.assert(
      fc.property(run, ({ speedsBps, grainBytes, batches }) => {
        const nics = testNics(speedsBps);
        const policy = new PendingLoad(nics, ONE_VM, { ...DEFAULTS, grainBytes });
        for (const { bytes, thenUs } of batches) {
          send(policy, nics, bytes);
          expect(overBoundUs(nics, grainBytes)).toBeLessThanOrEqual(1e-6);
          drain(nics, thenUs);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [2, 3028],
    [3, 3028],
    [8, 3028],
    [16, 3028],
  ])('%i NICs of one speed never differ by more than %i bytes', (nicCount, boundBytes) => {
    const nics = testNics(Array(nicCount).fill(1e9));
    const policy = new PendingLoad(nics, ONE_VM, DEFAULTS);
    let worstBytes = 0;
    for (let batch = 0; batch < 500; batch++) {
      send(policy, nics, Array(1 + ((batch * 7) % 64)).fill([64, 590, FULL][batch % 3]));
      worstBytes = Math.max(worstBytes, Math.max(...nics.pendingBytes) - Math.min(...nics.pendingBytes));
      drain(nics, (batch % 5) * 20);
    }
    expect(worstBytes).toBeLessThanOrEqual(boundBytes);
    expect(worstBytes).toBeGreaterThan(0);
  });
});

describe('as every load distribution, pending-load', () => {
  const together = { priority: true, reservations: true };
  it.each(conformanceLaws(definition, { options: [together] }))('$name', ({ check }) => expect(check).not.toThrow());
});
