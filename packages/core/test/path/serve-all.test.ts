import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Parking } from '../../src/path/parking.ts';
import { createServeAll, type ServeParts } from '../../src/path/serve-all.ts';
import { Turn } from '../../src/path/turn.ts';

const MOST_VMS = 700;

/** A loop of so many VMs, in which every ready one sends a frame at its turn; `served` says who had one. */
function given(vmCount: number) {
  const words = Math.ceil(vmCount / 32);
  const ready = new Int32Array(words);
  const held = new Int32Array(words);
  const served: number[] = [];
  const transmit = {
    finished: 0,
    serve(vm: number): Turn {
      served.push(vm);
      this.finished = 1;
      return Turn.Empty;
    },
  };
  const sweep = createServeAll({
    ...{ ready, held, vmCount, transmit, parking: new Parking(vmCount) },
    teams: { servingCount: 1 },
    warm: () => 0,
    drain: () => 0,
  } as unknown as ServeParts);
  return { ready, held, served, sweep };
}

const set = (words: Int32Array, vms: readonly number[]): void => {
  for (const vm of vms) words[vm >>> 5] |= 1 << (vm & 31);
};

const someOf = (vmCount: number) => fc.uniqueArray(fc.nat({ max: vmCount - 1 }), { maxLength: 40 });

describe('a sweep', () => {
  it('gives every ready VM a turn that is not held, once, from behind the one that sent last', () => {
    const sweeps = fc
      .integer({ min: 1, max: MOST_VMS })
      .chain((vmCount) =>
        fc.tuple(
          fc.constant(vmCount),
          fc.array(fc.tuple(someOf(vmCount), someOf(vmCount)), { minLength: 1, maxLength: 5 }),
        ),
      );
    fc.assert(
      fc.property(sweeps, ([vmCount, rounds]) => {
        const { ready, held, served, sweep } = given(vmCount);
        let from = 0;
        for (const [readyVms, heldVms] of rounds) {
          ready.fill(0);
          held.fill(0);
          set(ready, readyVms);
          set(held, heldVms);
          served.length = 0;
          const work = sweep(0);
          const due = readyVms.filter((vm) => !heldVms.includes(vm)).sort((a, b) => a - b);
          const expected = [...due.filter((vm) => vm >= from), ...due.filter((vm) => vm < from)];
          expect(served).toEqual(expected);
          expect(work).toBe(expected.length);
          const last = expected.at(-1);
          if (last !== undefined) from = (last + 1) % vmCount;
        }
      }),
    );
  });
});
