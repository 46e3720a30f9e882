import type { Explanation } from '@fairlead/sdk';
import { conformanceLaws, createInstance, MemoryMoves, testBatch, testNics, testVms } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import plugin, { type Weighted } from '../src/index.ts';

const THREE = { weights: { nic0: 5, nic1: 2 } }; // and 1

function made(options: object, nicCount = 3, vms = 64) {
  const nics = testNics(Array(nicCount).fill(1e9));
  const moves = new MemoryMoves();
  const policy = createInstance(plugin, options, {
    nics,
    moves,
    vms: testVms(Array.from({ length: vms }, () => ({}))),
  });
  const choose = (flows: readonly number[], vm = 0): number[] => {
    const batch = testBatch(
      flows.map(() => 64),
      { vm, flows },
    );
    policy.select(batch);
    return [...batch.nic.subarray(0, flows.length)];
  };
  const explain = (flow: number): Explanation => {
    const batch = testBatch([64], { flows: [flow] });
    policy.select(batch);
    return (policy as Weighted).explain(batch, 0);
  };
  return { nics, moves, choose, explain };
}

const upTo = (count: number): number[] => [...Array(count).keys()];

function counts(chosen: readonly number[], nicCount = 3): number[] {
  const found = Array<number>(nicCount).fill(0);
  for (const nic of chosen) found[nic]++;
  return found;
}

describe('weighted', () => {
  it('per frame: a NIC’s turns are as its weight, and spread', () => {
    const { choose } = made({ ...THREE, per: 'frame' });
    expect(choose(upTo(8)).join(' ')).toBe('0 1 0 0 2 0 1 0');
    expect(counts(choose(upTo(80)))).toEqual([50, 20, 10]);
  });

  it('per flow: flows are spread by weight, and each keeps its NIC', () => {
    const { choose } = made(THREE);
    const flows = upTo(1024);
    const first = upTo(4).flatMap((k) => choose(flows.slice(256 * k, 256 * (k + 1))));
    expect(counts(first)).toEqual([640, 256, 128]);
    expect(choose([7, 7, 7, 7])).toEqual(Array(4).fill(first[7]));
  });

  it('per VM: VMs are spread by weight, whatever their flows', () => {
    const { choose } = made({ ...THREE, per: 'vm' });
    const chosen = upTo(16).map((vm) =>
      choose(
        upTo(10).map((i) => i * 97 + vm),
        vm,
      ),
    );
    expect(chosen.every((nics) => new Set(nics).size === 1)).toBe(true);
    expect(counts(chosen.map(([nic]) => nic))).toEqual([10, 4, 2]);
  });

  it('sends over a NIC of weight 0 only while no other is available', () => {
    for (const per of ['frame', 'flow', 'vm']) {
      const { nics, choose } = made({ weights: { nic0: 0, nic1: 0 }, per });
      expect(new Set(choose(upTo(200)))).toEqual(new Set([2]));
      nics.setAvailable(0, 1);
      expect(choose(upTo(200)).every((nic) => nic < 2)).toBe(true);
      nics.setAvailable(0, 1, 2);
      expect(new Set(choose(upTo(200)))).toEqual(new Set([2]));
    }
  });

  it('law: when NICs leave, no flow moves but theirs, by weight, and each returns with its NIC', () => {
    const { nics, choose } = made({ weights: { nic0: 3, nic1: 1, nic2: 2, nic3: 2 } }, 4);
    const before = choose(upTo(256));
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 4 }), (available) => {
        nics.setAvailable(...available);
        const now = choose(upTo(256));
        const strayed = now.filter(
          (nic, i) => !available.includes(nic) || (available.includes(before[i]) && nic !== before[i]),
        );
        expect(strayed).toEqual([]);
        nics.setAvailable(0, 1, 2, 3);
        expect(choose(upTo(256))).toEqual(before);
      }),
    );
    nics.setAvailable(0, 1, 2);
    const without3 = upTo(4).flatMap((k) => choose(upTo(256).map((i) => 256 * k + i)));
    // Of 256 places 3 : 1 : 2 is 128, 43, 85; a random part of them deviates by 8.
    const [three = 0, one = 0, two = 0] = counts(without3, 4).map((places, nic) => places - [384, 128, 256, 0][nic]);
    expect([Math.abs(three - 128), Math.abs(one - 43), Math.abs(two - 85)].every((off) => off < 24)).toBe(true);
  });

  it('tells how many places moved with a NIC, and that they are back', () => {
    const { nics, moves, choose } = made({ weights: { nic0: 2 } }, 2);
    choose([1]);
    nics.setAvailable(1);
    choose([1]);
    nics.setAvailable(0, 1);
    choose([1]);
    const what = '683 of 1024 places of flows';
    expect(moves.entries).toEqual([
      { team: 0, what, from: [0], to: [1], cause: 'their NIC is not available' },
      { team: 0, what, from: [1], to: [0], cause: 'their own NIC is available again' },
    ]);
  });

  it('explains a NIC by the place that a flow has, and by whose place it is', () => {
    const { nics, choose, explain } = made(THREE);
    const flow = upTo(1024).find((at) => choose([at])[0] === 1) ?? -1;
    expect(explain(flow)).toEqual({
      why: `its flow has place ${flow} of 1024, which is here`,
      state: { per: 'flow', place: flow, weight: 2, places: 256 },
      rejected: new Map([
        [0, 'has 640 other places'],
        [2, 'has 128 other places'],
      ]),
    });
    nics.setAvailable(0);
    expect(explain(flow)).toMatchObject({ why: `its flow has place ${flow} of 1024, whose NIC nic1 is not available` });
  });

  it('explains a frame by turns and weights, and takes none of them', () => {
    const { choose, explain } = made({ ...THREE, per: 'frame' });
    const rejected = new Map([1, 2].map((nic) => [nic, `has weight ${3 - nic}, and its turn is another`]));
    expect(explain(0)).toEqual({ why: 'its turn, by weight', state: { per: 'frame', weight: 5 }, rejected });
    expect(choose(upTo(7)).join(' ')).toBe('1 0 0 2 0 1 0');
  });

  it('refuses a weight for a NIC that there is not', () => {
    expect(() => made({ weights: { nic9: 2 } })).toThrow(/no NIC is called "nic9".*options\.weights\.nic9/s);
  });
});

describe('a successor', () => {
  const from = { name: 'weighted' };
  const after = (before: Weighted, nics: ReturnType<typeof testNics>, options: object): Weighted => {
    const successor = createInstance(plugin, options, { nics }) as Weighted;
    successor.importState(structuredClone(before.exportState()), from);
    return successor;
  };
  const placesOf = (policy: Weighted): Int32Array => policy.exportState().homes;

  it('with the same weights leaves every place where it was, and goes on with the turns', () => {
    const nics = testNics([1e9, 1e9, 1e9]);
    const options = { ...THREE, per: 'frame' };
    const before = createInstance(plugin, options, { nics }) as Weighted;
    const choose = (policy: Weighted, frames: number): number[] => {
      const batch = testBatch(Array(frames).fill(64));
      policy.select(batch);
      return [...batch.nic.subarray(0, frames)];
    };
    choose(before, 3);
    const successor = after(before, nics, options);
    expect(choose(successor, 5).join(' ')).toBe('0 2 0 1 0'); // as if there had been one of them: 0 1 0 | 0 2 0 1 0
    expect(placesOf(successor)).toEqual(placesOf(before));
  });

  it('with other weights moves as many places as these ask for, and no more', () => {
    const nics = testNics([1e9, 1e9, 1e9]);
    const before = createInstance(plugin, THREE, { nics }) as Weighted; // 640, 256 and 128 places
    const successor = after(before, nics, { weights: { nic0: 4, nic1: 3 } }); // 512, 384 and 128
    const [was, is] = [placesOf(before), placesOf(successor)];
    expect(was.filter((nic, place) => nic !== is[place])).toHaveLength(128);
    expect(counts([...is])).toEqual([512, 384, 128]);
    // And back again: what had moved is again where the weights want it, and as much of it.
    expect(counts([...placesOf(after(successor, nics, THREE))])).toEqual([640, 256, 128]);
  });

  it('refuses places on NICs that there are not', () => {
    const before = createInstance(plugin, {}, { nics: testNics([1e9, 1e9, 1e9]) }) as Weighted;
    expect(() => after(before, testNics([1e9, 1e9]), {})).toThrow('it has places on other NICs');
  });
});

describe('as every load distribution, weighted', () => {
  it.each(conformanceLaws(plugin, { options: [{ weights: { nic0: 0 }, per: 'frame' }, { weights: { nic0: 3 } }] }))(
    '$name',
    ({ check }) => expect(check).not.toThrow(),
  );
});
