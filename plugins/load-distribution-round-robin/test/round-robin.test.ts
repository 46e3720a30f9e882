import { isPluginDefinition } from '@fairlead/sdk';
import { conformanceLaws, testBatch, testNics } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import definition, { RoundRobin } from '../src/index.ts';
import { MAX_TURN_FRAMES } from '../src/turn.ts';

function choose(policy: RoundRobin, frames: number): number[] {
  const batch = testBatch(Array(frames).fill(64));
  policy.select(batch);
  return [...batch.nic.subarray(0, frames)];
}

/** Frames by NIC. */
function countByNic(chosen: readonly number[], nicCount: number): number[] {
  const frames = Array<number>(nicCount).fill(0);
  for (const nic of chosen) frames[nic]++;
  return frames;
}

function chooseMany(policy: RoundRobin, frames: number): number[] {
  const chosen: number[] = [];
  while (chosen.length < frames) chosen.push(...choose(policy, Math.min(256, frames - chosen.length)));
  return chosen;
}

describe('round-robin', () => {
  it('is a plugin definition', () => {
    expect(isPluginDefinition(definition)).toBe(true);
    expect([definition.kind, definition.name]).toEqual(['load-distribution', 'round-robin']);
  });

  it('gives one frame to each NIC in turn, across batches', () => {
    const policy = new RoundRobin(testNics([1e9, 1e9, 10e9]), { weighted: false });
    expect([...choose(policy, 4), ...choose(policy, 1), ...choose(policy, 2)]).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  it('goes on behind the NIC it served last when one leaves and when it returns', () => {
    const nics = testNics([1e9, 1e9, 1e9]);
    const policy = new RoundRobin(nics, { weighted: false });
    expect(choose(policy, 2)).toEqual([0, 1]);
    nics.setAvailable(0, 1);
    expect(choose(policy, 3)).toEqual([0, 1, 0]);
    nics.setAvailable(0, 1, 2);
    expect(choose(policy, 4)).toEqual([1, 2, 0, 1]);
    nics.setAvailable(2);
    expect(choose(policy, 3)).toEqual([2, 2, 2]);
  });

  it('explains each frame of a batch by its place in the turn', () => {
    const policy = new RoundRobin(testNics([2e9, 1e9]), { weighted: true });
    const batch = testBatch([64, 64, 64, 64]);
    policy.select(batch);
    const said = [0, 1, 2, 3].map((i) => policy.explain(batch, i));
    expect([...batch.nic.subarray(0, 4)]).toEqual([0, 1, 0, 0]);
    expect(said.map(({ why }) => why)).toEqual([0, 1, 2, 0].map((place) => `its turn: place ${place} of 3`));
    expect(said.map(({ rejected }) => [...(rejected ?? [])])).toEqual([
      [[1, 'its turn is 1 frame later']],
      [[0, 'its turn is 1 frame later']],
      [[1, 'its turn is 2 frames later']],
      [[1, 'its turn is 1 frame later']],
    ]);
    expect(choose(policy, 1)).toEqual([1]); // and the turn goes on as if nobody had asked
  });

  it('looks neither at the load nor, without weights, at the speed', () => {
    const nics = testNics([1e6, 100e9]);
    nics.pendingBytes[0] = 1e9;
    expect(choose(new RoundRobin(nics, { weighted: false }), 4)).toEqual([0, 1, 0, 1]);
  });

  it('law: in any stretch of frames NICs differ by one frame at most, while the set of NICs stands', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 32 }),
        fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 8 }),
        fc.nat(1000),
        (nicCount, batches, from) => {
          const policy = new RoundRobin(testNics(Array(nicCount).fill(1e9)), { weighted: false });
          const chosen = batches.flatMap((frames) => choose(policy, frames));
          const frames = countByNic(chosen.slice(from % chosen.length), nicCount);
          expect(Math.max(...frames) - Math.min(...frames)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe('round-robin by speed', () => {
  it('spreads the turns of a fast NIC between those of slow ones', () => {
    const policy = new RoundRobin(testNics([1e9, 1e9, 4e9]), { weighted: true });
    expect(choose(policy, 12)).toEqual([2, 0, 2, 1, 2, 2, 2, 0, 2, 1, 2, 2]);
  });

  it('law: every whole turn has each NIC exactly as often as its speed says', () => {
    const speedsGbps = fc.array(fc.constantFrom(1, 2.5, 5, 10, 25, 40, 100), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(speedsGbps, fc.nat(500), (gbps, start) => {
        const policy = new RoundRobin(testNics(gbps.map((speed) => speed * 1e9)), { weighted: true });
        // A turn of twice as many frames as there are Gbit/s together is whole whatever the divisor.
        const turn = 2 * gbps.reduce((sum, speed) => sum + speed, 0);
        const chosen = chooseMany(policy, start + turn).slice(start);
        expect(countByNic(chosen, gbps.length)).toEqual(gbps.map((speed) => 2 * speed));
      }),
    );
  });

  it('law: with speeds that have no short turn, each NIC is within one frame in a thousand of its part', () => {
    const speedsBps = fc.array(fc.integer({ min: 50e6, max: 1e9 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(speedsBps, (speeds) => {
        const policy = new RoundRobin(testNics(speeds), { weighted: true });
        const frames = countByNic(chooseMany(policy, 20 * MAX_TURN_FRAMES), speeds.length);
        const totalBps = speeds.reduce((sum, speed) => sum + speed, 0);
        for (const [nic, speedBps] of speeds.entries()) {
          // Half a place for its own rounding, three at most for the others', and the cut-off last turn.
          expect(Math.abs(frames[nic] / (20 * MAX_TURN_FRAMES) - speedBps / totalBps)).toBeLessThan(
            3.5 / MAX_TURN_FRAMES,
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  it('serves a NIC ten thousand times slower too', () => {
    const policy = new RoundRobin(testNics([10e6, 100e9]), { weighted: true });
    expect(countByNic(chooseMany(policy, 2 * MAX_TURN_FRAMES + 2), 2)).toEqual([2, 2 * MAX_TURN_FRAMES]);
  });

  it('counts a NIC that does not say its speed as the slowest that does', () => {
    expect(countByNic(choose(new RoundRobin(testNics([0, 1e9, 3e9]), { weighted: true }), 5), 3)).toEqual([1, 1, 3]);
    expect(countByNic(choose(new RoundRobin(testNics([0, 0]), { weighted: true }), 4), 2)).toEqual([2, 2]);
    const endless = testNics([Number.POSITIVE_INFINITY, 1e9]);
    expect(countByNic(choose(new RoundRobin(endless, { weighted: true }), 4), 2)).toEqual([2, 2]);
  });

  it('follows a speed that changes while the set of NICs stands', () => {
    const nics = testNics([1e9, 1e9]);
    const policy = new RoundRobin(nics, { weighted: true });
    expect(countByNic(choose(policy, 8), 2)).toEqual([4, 4]);
    nics.speedBps[1] = 3e9;
    expect(countByNic(choose(policy, 8), 2)).toEqual([2, 6]);
  });

  it('shares by speed among those that are left', () => {
    const nics = testNics([1e9, 10e9, 2e9]);
    const policy = new RoundRobin(nics, { weighted: true });
    choose(policy, 5);
    nics.setAvailable(0, 2);
    expect(countByNic(choose(policy, 9), 3)).toEqual([3, 0, 6]);
  });
});

describe('as every load distribution, round-robin', () => {
  it.each(conformanceLaws(definition))('$name', ({ check }) => expect(check).not.toThrow());
});
